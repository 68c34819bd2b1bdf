//! Functions over an axis: what they are called, their values on one line of elements, their
//! composites over tensors.
//!
//! Every value in an expression has the shape of `x`; a function over an axis takes its argument line
//! by line along the axis that the activation names (its parameter `axis`, default −1). A sum, mean
//! or extremum stands at every place of its line, so `x / sum(x)` needs no other notation, and
//! `sum(1)` is the line's length, `cumsum(1)` the places 1, 2, ….

use rhyton_graph as graph;
use rhyton_graph::Tensor;

/// The functions of a line of numbers along the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AxisFunction {
    /// The sum of the line, at every place.
    Sum,
    /// The mean of the line, at every place.
    Mean,
    /// The greatest of the line, at every place; NaN if one is.
    Greatest,
    /// The least of the line, at every place; NaN if one is.
    Least,
    /// The line in ascending order.
    Sort,
    /// At each place the sum of the line up to it.
    CumulativeSum,
    /// eᵃ / sum(eᵃ), shifted by the greatest so that nothing overflows.
    Softmax,
    /// log(softmax(a)) without the detour.
    LogSoftmax,
}

struct Row {
    function: AxisFunction,
    name: &'static str,
    aliases: &'static [&'static str],
    evaluate: fn(&mut [f64]),
    lower: fn(&Tensor, isize) -> Tensor,
}

/// In the order of the variants.
const ROWS: &[Row] = &[
    Row {
        function: AxisFunction::Sum,
        name: "sum",
        aliases: &["reduce_sum"],
        evaluate: |line| everywhere(line, |line| line.iter().sum()),
        lower: |a, axis| graph::sum(a, Some(&[axis]), true),
    },
    Row {
        function: AxisFunction::Mean,
        name: "mean",
        aliases: &["reduce_mean"],
        evaluate: |line| everywhere(line, |line| line.iter().sum::<f64>() / line.len() as f64),
        lower: |a, axis| graph::mean(a, Some(&[axis]), true),
    },
    Row {
        function: AxisFunction::Greatest,
        name: "amax",
        aliases: &["reduce_max"],
        evaluate: |line| everywhere(line, |line| extreme(line, f64::max)),
        lower: |a, axis| graph::max(a, Some(&[axis]), true),
    },
    Row {
        function: AxisFunction::Least,
        name: "amin",
        aliases: &["reduce_min"],
        evaluate: |line| everywhere(line, |line| extreme(line, f64::min)),
        lower: |a, axis| graph::min(a, Some(&[axis]), true),
    },
    Row {
        function: AxisFunction::Sort,
        name: "sort",
        aliases: &[],
        evaluate: sort,
        lower: |a, axis| graph::sort(a, Some(axis)),
    },
    Row {
        function: AxisFunction::CumulativeSum,
        name: "cumsum",
        aliases: &["cumulative_sum"],
        evaluate: accumulate,
        lower: |a, axis| graph::cumsum(a, Some(axis)),
    },
    Row {
        function: AxisFunction::Softmax,
        name: "softmax",
        aliases: &[],
        evaluate: softmax,
        lower: graph::softmax,
    },
    Row {
        function: AxisFunction::LogSoftmax,
        name: "log_softmax",
        aliases: &[],
        evaluate: log_softmax,
        lower: graph::log_softmax,
    },
];

/// Shorthands over an axis, written out at once: name and definition.
///
/// `sparsemax`: Martins & Astudillo 2016, arXiv 1602.02068: the threshold comes from the sorted line.
pub(crate) const PRELUDE_OVER_AXIS: &[(&str, &str)] = &[
    ("logsumexp", "m = amax(x); m + log(sum(exp(x - m)))"),
    (
        "sparsemax",
        "z = x - amax(x); d = -sort(-z); s = 1 + cumsum(1) * d > cumsum(d); \
         max(z - (sum(where(s, d, 0)) - 1) / sum(s), 0)",
    ),
];

impl AxisFunction {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Every function over an axis, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.function)
    }

    /// Canonical name, as printed.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Replaces the elements of one line by the function's values, in f64.
    pub fn evaluate(self, line: &mut [f64]) {
        (self.row().evaluate)(line);
    }

    /// The function of a tensor along an axis; a result of the tensor's rank, of size 1 along the
    /// axis where it is the same at every place.
    pub(crate) fn lower(self, a: &Tensor, axis: isize) -> Tensor {
        (self.row().lower)(a, axis)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        ROWS.iter()
            .find(|row| row.name == name || row.aliases.contains(&name))
            .map(|row| row.function)
    }
}

/// The names of this file, aliases and shorthands included. They came with language 2 and are not
/// reserved: a text of language 1 that binds one of them keeps its meaning.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let rows = ROWS.iter().flat_map(|row| row.aliases.iter().chain([&row.name])).copied();
    rows.chain(PRELUDE_OVER_AXIS.iter().map(|(name, _)| *name))
}

fn everywhere(line: &mut [f64], reduce: impl Fn(&[f64]) -> f64) {
    let value = reduce(line);
    line.fill(value);
}

fn extreme(line: &[f64], choose: fn(f64, f64) -> f64) -> f64 {
    let better = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { choose(a, b) };
    line.iter().copied().reduce(better).unwrap_or(f64::NAN)
}

fn sort(line: &mut [f64]) {
    // NaN stands last.
    line.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())));
}

fn accumulate(line: &mut [f64]) {
    let mut total = 0.0;
    for value in line {
        total += *value;
        *value = total;
    }
}

fn softmax(line: &mut [f64]) {
    let greatest = extreme(line, f64::max);
    for value in &mut *line {
        *value = (*value - greatest).exp();
    }
    let total: f64 = line.iter().sum();
    for value in line {
        *value /= total;
    }
}

fn log_softmax(line: &mut [f64]) {
    let greatest = extreme(line, f64::max);
    for value in &mut *line {
        *value -= greatest;
    }
    let total = line.iter().map(|value| value.exp()).sum::<f64>().ln();
    for value in line {
        *value -= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_variants() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.function as usize, index, "{}", row.name);
            assert_eq!(AxisFunction::named(row.name), Some(row.function));
        }
        assert_eq!(AxisFunction::LogSoftmax as usize + 1, ROWS.len());
    }

    #[test]
    fn lines_are_computed_as_named() {
        let run = |function: AxisFunction, line: [f64; 3]| {
            let mut line = line;
            function.evaluate(&mut line);
            line
        };
        assert_eq!(run(AxisFunction::Sum, [3.0, -1.0, 2.0]), [4.0; 3]);
        assert_eq!(run(AxisFunction::Greatest, [3.0, -1.0, 2.0]), [3.0; 3]);
        assert!(run(AxisFunction::Least, [3.0, f64::NAN, 2.0])[0].is_nan());
        assert_eq!(run(AxisFunction::Sort, [3.0, -1.0, 2.0]), [-1.0, 2.0, 3.0]);
        assert_eq!(run(AxisFunction::CumulativeSum, [3.0, -1.0, 2.0]), [3.0, 2.0, 4.0]);
        assert_eq!(run(AxisFunction::Softmax, [1e4, 1e4, -1e4]), [0.5, 0.5, 0.0]);
    }
}
