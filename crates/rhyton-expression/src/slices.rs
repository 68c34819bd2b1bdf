//! An expression over slices, node by node in blocks, with every operation's result rounded to one
//! of the formats that networks compute in.

mod functions;
mod rounding;
mod zones;

use crate::functions::Function;
use crate::over_axis::AxisFunction;
use crate::syntax::{Binary, Expression, Node, NodeId};

pub(crate) use rounding::Rounding;

/// Elements of a block: the values of a few nodes stay in the first cache.
const BLOCK: usize = 256;

/// An expression with values of its parameters, ready to run over many inputs.
///
/// With a rounding other than [`Rounding::Float64`] every operation is computed in f64 and rounded
/// once, which for float32 is the correctly rounded operation.
pub(crate) struct Program {
    steps: Vec<Step>,
    rounding: Rounding,
    /// One buffer for each value that is alive at the same time; the first is the input's.
    buffers: Vec<Vec<f64>>,
    root: usize,
    cost: u64,
    /// What has been done so far, in units of an addition.
    work: u64,
}

#[derive(Clone, Copy)]
struct Step {
    operation: Operation,
    /// Buffers: the result's and the operands'.
    to: usize,
    from: [usize; 3],
}

#[derive(Clone, Copy)]
enum Operation {
    Negate,
    Not,
    Function(Function),
    Binary(Binary),
    Select,
    /// The first operand, as it is.
    First,
    Line(AxisFunction),
}

impl Program {
    /// Prepares the expression; parameters as for [`Expression::evaluate`].
    pub(crate) fn new(expression: &Expression, parameters: &[f64], rounding: Rounding) -> Self {
        let mut builder = Layout::new(expression, parameters, rounding);
        for index in 0..expression.nodes.len() {
            builder.place(NodeId(index as u32));
        }
        let root = builder.slots[expression.root.index()];
        let round = u64::from(rounding != Rounding::Float64);
        let cost = builder.steps.iter().map(|step| step.operation.cost() + round).sum::<u64>() + 1;
        Self { steps: builder.steps, rounding, buffers: builder.buffers, root, cost, work: 0 }
    }

    /// The most that one input costs, in units of an addition (about half a nanosecond).
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    /// What all runs so far have cost, in the same units: less than the cost where functions did
    /// not need to be computed.
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    /// The value at every input.
    pub(crate) fn run(&mut self, x: &[f64], out: &mut [f64]) {
        self.run_watched(x, out, |_, _, _| {});
    }

    /// The value at one input.
    pub(crate) fn at(&mut self, x: f64) -> f64 {
        let mut out = [0.0];
        self.run(&[x], &mut out);
        out[0]
    }

    /// For every input a number that stays the same as long as all choices do: which branch, which
    /// side of a maximum, which sign under `abs`, which whole number.
    pub(crate) fn choices(&mut self, x: &[f64], out: &mut [u64]) {
        let mut values = vec![0.0; x.len()];
        out.fill(0);
        self.run_watched(x, &mut values, |operation, start, [a, b, to]| {
            let out = &mut out[start..start + to.len()];
            for (((code, a), b), to) in out.iter_mut().zip(a).zip(b).zip(to) {
                let choice = operation.choice(*a, *b, *to);
                *code = (*code ^ choice).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
            }
        });
    }

    /// Runs, and shows every choosing operation its operands and its result in each block.
    fn run_watched(
        &mut self,
        x: &[f64],
        out: &mut [f64],
        mut watch: impl FnMut(Operation, usize, [&[f64]; 3]),
    ) {
        assert_eq!(x.len(), out.len(), "one result for each input");
        for (place, (x, out)) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)).enumerate() {
            let count = x.len();
            self.buffers[0][..count].copy_from_slice(x);
            self.rounding.apply(&mut self.buffers[0][..count]);
            let round = u64::from(self.rounding != Rounding::Float64);
            for step in &self.steps {
                let mut to = std::mem::take(&mut self.buffers[step.to]);
                let [a, b, c] = step.from.map(|from| &self.buffers[from][..count]);
                let cost = step.operation.run(&mut to[..count], a, b, c) + round;
                self.work += cost * count as u64;
                self.rounding.apply(&mut to[..count]);
                if step.operation.chooses() {
                    watch(step.operation, place * BLOCK, [a, b, &to[..count]]);
                }
                self.buffers[step.to] = to;
            }
            out.copy_from_slice(&self.buffers[self.root][..count]);
        }
    }
}

/// Gives buffers to values while steps are laid out.
struct Layout<'a> {
    nodes: &'a [Node],
    scalars: Vec<Option<f64>>,
    rounding: Rounding,
    last_use: Vec<usize>,
    slots: Vec<usize>,
    free: Vec<usize>,
    buffers: Vec<Vec<f64>>,
    steps: Vec<Step>,
}

impl<'a> Layout<'a> {
    fn new(expression: &'a Expression, parameters: &[f64], rounding: Rounding) -> Self {
        let nodes = expression.nodes();
        let mut last_use: Vec<usize> = (0..nodes.len()).collect();
        for (index, node) in nodes.iter().enumerate() {
            for operand in node.operands() {
                last_use[operand.index()] = index;
            }
        }
        last_use[expression.root.index()] = usize::MAX;
        Self {
            nodes,
            scalars: scalars(expression, parameters, rounding),
            rounding,
            last_use,
            slots: vec![0; nodes.len()],
            free: Vec::new(),
            buffers: vec![vec![0.0; BLOCK]],
            steps: Vec::new(),
        }
    }

    fn place(&mut self, id: NodeId) {
        let index = id.index();
        if let Some(value) = self.scalars[index] {
            // What does not depend on the input keeps its buffer for good.
            self.slots[index] = self.buffers.len();
            self.buffers.push(vec![self.rounding.of(value); BLOCK]);
            return;
        }
        let node = self.nodes[index];
        let operation = match node {
            Node::Constant(_) | Node::Parameter(_) | Node::Input => return,
            Node::Negate(_) => Operation::Negate,
            Node::Not(_) => Operation::Not,
            Node::Function(function, _) => Operation::Function(function),
            Node::Binary(binary, _, _) => Operation::Binary(binary),
            Node::Select { .. } => Operation::Select,
            Node::Stated { .. } => Operation::First,
            Node::OverAxis(function, _) => Operation::Line(function),
        };
        let to = self.free.pop().unwrap_or_else(|| {
            self.buffers.push(vec![0.0; BLOCK]);
            self.buffers.len() - 1
        });
        let mut from = [0; 3];
        for (from, operand) in from.iter_mut().zip(node.operands()) {
            *from = self.slots[operand.index()];
        }
        let mut done: Vec<NodeId> = node
            .operands()
            .filter(|operand| self.last_use[operand.index()] == index)
            .filter(|operand| self.scalars[operand.index()].is_none())
            .filter(|operand| self.nodes[operand.index()] != Node::Input)
            .collect();
        done.dedup();
        done.sort_unstable();
        done.dedup();
        self.free.extend(done.iter().map(|operand| self.slots[operand.index()]));
        self.slots[index] = to;
        self.steps.push(Step { operation, to, from });
    }
}

/// The values of nodes that do not depend on the input.
fn scalars(expression: &Expression, parameters: &[f64], rounding: Rounding) -> Vec<Option<f64>> {
    let mut values: Vec<Option<f64>> = Vec::with_capacity(expression.nodes.len());
    for node in expression.nodes() {
        let at = |id: NodeId| values[id.index()];
        let value = match *node {
            Node::Constant(number) => Some(number.value()),
            Node::Input => None,
            Node::Parameter(p) => {
                Some(parameters.get(p).copied().unwrap_or(expression.parameters[p].default))
            }
            Node::Negate(a) => at(a).map(|a| -a),
            Node::Not(a) => at(a).map(|a| 1.0 - a),
            Node::Function(function, a) => at(a).map(|a| function.evaluate(a)),
            Node::Binary(binary, a, b) => at(a).zip(at(b)).map(|(a, b)| binary.evaluate(a, b)),
            Node::Select { condition, then, otherwise } => at(condition)
                .zip(at(then).zip(at(otherwise)))
                .map(|(c, (then, otherwise))| if c == 1.0 { then } else { otherwise }),
            Node::Stated { value, .. } => at(value),
            Node::OverAxis(function, a) => at(a).map(|a| alone(function, a)),
        };
        values.push(value.map(|value| rounding.of(value)));
    }
    values
}

/// A function over an axis, of a line that is one element.
fn alone(function: AxisFunction, value: f64) -> f64 {
    let mut line = [value];
    function.evaluate(&mut line);
    line[0]
}

impl Operation {
    /// Computes, and says what each value cost.
    fn run(self, to: &mut [f64], a: &[f64], b: &[f64], c: &[f64]) -> u64 {
        match self {
            Self::Negate => map(to, a, |a| -a),
            Self::Not => map(to, a, |a| 1.0 - a),
            Self::First => to.copy_from_slice(a),
            Self::Line(function) => map(to, a, |a| alone(function, a)),
            Self::Function(function) => {
                if !functions::apply(function, to, a) {
                    return zones::COST;
                }
            }
            Self::Binary(Binary::Power) => return power(to, a, b),
            Self::Binary(binary) => combine(binary, to, a, b),
            Self::Select => {
                for (((to, c), then), otherwise) in to.iter_mut().zip(a).zip(b).zip(c) {
                    *to = if *c == 1.0 { *then } else { *otherwise };
                }
            }
        }
        self.cost()
    }

    /// Whether the result's formula differs between inputs.
    fn chooses(self) -> bool {
        match self {
            Self::Negate | Self::Not | Self::Select | Self::First | Self::Line(_) => false,
            Self::Function(function) => matches!(
                function,
                Function::Abs
                    | Function::Sign
                    | Function::Relu
                    | Function::Floor
                    | Function::Ceil
                    | Function::Round
            ),
            Self::Binary(binary) => {
                binary.is_comparison() || matches!(binary, Binary::Maximum | Binary::Minimum)
            }
        }
    }

    /// What was chosen: for extrema and signs by the operands, elsewhere by the result.
    fn choice(self, a: f64, b: f64, result: f64) -> u64 {
        let order = |a: f64, b: f64| a.partial_cmp(&b).map_or(3, |order| order as i8 as u64);
        match self {
            Self::Binary(Binary::Maximum | Binary::Minimum) => order(a, b),
            Self::Function(Function::Abs | Function::Sign | Function::Relu) => order(a, 0.0),
            _ => result.to_bits(),
        }
    }

    /// In units of an addition; measured once, so that budgets do not depend on the machine.
    fn cost(self) -> u64 {
        match self {
            Self::Function(function) => functions::cost(function),
            Self::Binary(Binary::Divide) => 4,
            Self::Binary(Binary::Power) => 60,
            Self::Line(_) => 40,
            Self::Negate | Self::Not | Self::Binary(_) | Self::Select | Self::First => 1,
        }
    }
}

fn map(to: &mut [f64], a: &[f64], f: impl Fn(f64) -> f64) {
    for (to, a) in to.iter_mut().zip(a) {
        *to = f(*a);
    }
}

fn zip(to: &mut [f64], a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        *to = f(*a, *b);
    }
}

/// Powers, as products where the exponent is one small whole number, a single one where all are
/// equal; what each cost.
fn power(to: &mut [f64], a: &[f64], b: &[f64]) -> u64 {
    match (zones::uniform(a), zones::uniform(b)) {
        (Some(base), Some(exponent)) => to.fill(Binary::Power.evaluate(base, exponent)),
        (_, Some(2.0)) => map(to, a, |a| a * a),
        (_, Some(3.0)) => map(to, a, |a| a * a * a),
        (_, Some(4.0)) => map(to, a, |a| (a * a) * (a * a)),
        _ => {
            combine(Binary::Power, to, a, b);
            return Operation::Binary(Binary::Power).cost();
        }
    }
    zones::COST
}

/// As [`Binary::evaluate`], one loop for each operator.
fn combine(binary: Binary, to: &mut [f64], a: &[f64], b: &[f64]) {
    match binary {
        Binary::Add => zip(to, a, b, |a, b| a + b),
        Binary::Subtract => zip(to, a, b, |a, b| a - b),
        Binary::Multiply => zip(to, a, b, |a, b| a * b),
        Binary::Divide => zip(to, a, b, |a, b| a / b),
        Binary::Maximum => {
            zip(to, a, b, |a, b| {
                if a >= b {
                    a
                } else if b > a {
                    b
                } else {
                    a + b
                }
            });
        }
        Binary::Minimum => {
            zip(to, a, b, |a, b| {
                if a <= b {
                    a
                } else if b < a {
                    b
                } else {
                    a + b
                }
            });
        }
        Binary::Less => zip(to, a, b, |a, b| f64::from(a < b)),
        Binary::LessEqual => zip(to, a, b, |a, b| f64::from(a <= b)),
        Binary::Greater => zip(to, a, b, |a, b| f64::from(a > b)),
        Binary::GreaterEqual => zip(to, a, b, |a, b| f64::from(a >= b)),
        other => zip(to, a, b, |a, b| other.evaluate(a, b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: &[&str] = &[
        "x * sigmoid(beta * x)",
        "x * tanh(softplus(x))",
        "where(x > 0, x, alpha * expm1(x))",
        "t = max(min(x, 3), -2 * beta); t * t - abs(x) + floor(x) / 7",
        "(x > 1 or not x < -1) * round(x) ^ 2 + sign(x)",
        "erfc(x) + log(x) - log1p(x) * erf(x) + rsqrt(x)",
        "2 * beta + 1",
    ];

    fn points() -> Vec<f64> {
        let mut points: Vec<f64> = (-700..700).map(|i| f64::from(i) / 37.0).collect();
        points.extend([0.0, 1e-300, -1e300, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
        points
    }

    #[test]
    fn slices_agree_with_the_evaluation_of_one_number() {
        for text in TEXTS {
            let expression = Expression::parse(text).unwrap();
            let parameters: Vec<f64> = expression.parameters().iter().map(|_| 1.5).collect();
            let mut program = Program::new(&expression, &parameters, Rounding::Float64);
            let points = points();
            let mut values = vec![0.0; points.len()];
            program.run(&points, &mut values);
            for (x, value) in points.iter().zip(values) {
                let expected = expression.evaluate(*x, &parameters);
                let near = (value - expected).abs() <= 2e-14 * expected.abs();
                let both_nan = value.is_nan() && expected.is_nan();
                assert!(near || both_nan || value == expected, "{text} at {x}: {value} {expected}");
            }
        }
    }

    #[test]
    fn every_operation_is_rounded() {
        let expression = Expression::parse("x * x + 0.1").unwrap();
        let mut program = Program::new(&expression, &[], Rounding::Float32);
        for x in [0.1_f32, 3.3, -1e20, 1e-30] {
            let expected = x * x + 0.1;
            assert_eq!(program.at(f64::from(x)) as f32, expected);
        }
    }

    #[test]
    fn choices_change_where_branches_do() {
        let expression = Expression::parse("max(0.1x, x) + where(x > 2, 1, abs(x - 3))").unwrap();
        let mut program = Program::new(&expression, &[], Rounding::Float64);
        let mut codes = [0; 6];
        program.choices(&[-2.0, -1.0, 0.5, 1.5, 2.5, 3.5], &mut codes);
        assert_eq!(codes[0], codes[1]);
        assert_eq!(codes[2], codes[3]);
        let distinct: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), 4);
    }
}
