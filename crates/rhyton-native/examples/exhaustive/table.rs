//! The tables of `docs/accuracy.md`, and what exceeds its bound.

use crate::errors::Worst;
use crate::kernels::Kernel;
use crate::pairs::{Pair, PairRow};
use crate::sweep::Row;

/// Units in the last place that a function may be off, and one computed in f64 and rounded once.
const BOUND: f64 = 4.0;
const EXACT_BOUND: f64 = 1.0;

/// Lines of the tables, and complaints.
#[derive(Default)]
pub(crate) struct Tables {
    unary: String,
    binary: String,
    pub(crate) complaints: Vec<String>,
}

impl Tables {
    pub(crate) fn unary(&mut self, kernel: &Kernel, row: &Row) {
        let count = if kernel.slope.is_some() { 2 } else { 1 };
        let columns = ["value", "slope"];
        self.judge((kernel.name, &columns[..count]), &row.worst, row.differing);
        let line = line(kernel.name, &row.worst, (count, 8), kernel.is_wide());
        self.unary.push_str(&line);
    }

    pub(crate) fn binary(&mut self, pair: &Pair, row: &PairRow) {
        let columns = ["value", "slope by a", "slope by b"];
        self.judge((pair.name, &columns), &row.worst, row.differing);
        let line = line(pair.name, &row.worst, (3, 16), false);
        self.binary.push_str(&line);
    }

    /// Holds a row to the bounds.
    fn judge(&mut self, (name, columns): (&str, &[&str]), worst: &[Worst], differing: u64) {
        if differing > 0 {
            self.complaints
                .push(format!("{name}: {differing} results differ between instruction sets"));
        }
        let (fast, exact) = worst.split_at(worst.len() / 2);
        for (results, bound) in [(fast, BOUND), (exact, EXACT_BOUND)] {
            for (worst, column) in results.iter().zip(columns) {
                if worst.error > bound {
                    let Worst { error, at } = worst;
                    self.complaints.push(format!(
                        "{name}, {column}: {error} ULP at {at:x}, more than {bound}"
                    ));
                }
            }
        }
    }

    /// What was measured, in Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if !self.unary.is_empty() {
            text +=
                "| function | value | slope | exact value | exact slope |\n|---|---|---|---|---|\n";
            text += &self.unary;
        }
        if !self.binary.is_empty() {
            text += "\n| function | value | slope by a | slope by b | exact value | exact slope by a | exact slope by b |\n|---|---|---|---|---|---|---|\n";
            text += &self.binary;
        }
        text
    }
}

/// A row: `count` cells and as many exact ones, with inputs of so many hexadecimal digits.
fn line(name: &str, worst: &[Worst], (count, digits): (usize, usize), wide: bool) -> String {
    let mut line = format!("| `{name}` |");
    let half = worst.len() / 2;
    for (place, worst) in worst.iter().enumerate() {
        if place % half >= count {
            line += " – |";
        } else if wide && place < half {
            line += " as exact |";
        } else if worst.error == 0.0 {
            line += " 0 |";
        } else {
            let Worst { error, at } = worst;
            let text = format!(" {error:.3} at `{at:0digits$x}` |");
            line += &text;
        }
    }
    line.push('\n');
    line
}
