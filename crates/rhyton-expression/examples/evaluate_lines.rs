//! Evaluates many expressions in one process, for comparisons with other evaluators.
//!
//! Each line of standard input is `points TAB parameters TAB text`: numbers separated by commas,
//! `name=number` separated by commas, and the expression with its line ends written `\n`. Each line
//! of standard output is `parsed`, the values, the derivatives by x and those by each parameter
//! named, separated by tabs; or `refused`, the position, the length and the message; both end with
//! the microseconds that parsing took, the least of three times: the process may be stopped meanwhile.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use rhyton_expression::{Error, Expression, ParseError, Variable};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut fields = line.splitn(3, '\t');
        let mut field = || fields.next().unwrap_or_default();
        let (points, parameters, text) = (field(), field(), field().replace("\\n", "\n"));
        let points: Vec<f64> = points.split(',').filter_map(|x| x.parse().ok()).collect();
        let named = parameters.split(',').filter_map(|part| part.split_once('='));
        let named: Vec<(&str, f64)> =
            named.filter_map(|(name, value)| Some((name, value.parse().ok()?))).collect();
        let (parsed, microseconds) = timed(&text);
        let answer = match parsed {
            Ok(expression) => match evaluated(&expression, &points, &named) {
                Ok(columns) => format!("parsed\t{columns}"),
                Err(error) => format!("refused\t0\t0\t{error}"),
            },
            Err(error) => format!("refused\t{}\t{}\t{error}", error.position, error.length),
        };
        writeln!(out, "{answer}\t{microseconds}")?;
    }
    out.flush()
}

fn timed(text: &str) -> (Result<Expression, ParseError>, u128) {
    let once = || {
        let start = Instant::now();
        (Expression::parse(text), start.elapsed().as_micros())
    };
    let (parsed, first) = once();
    (parsed, first.min(once().1).min(once().1))
}

/// Values and derivatives; a parameter that the expression does not have counts for nothing.
fn evaluated(
    expression: &Expression,
    points: &[f64],
    named: &[(&str, f64)],
) -> Result<String, Error> {
    let has = |name: &str| expression.parameters().iter().any(|known| known.name == name);
    let given: Vec<(&str, f64)> = named.iter().copied().filter(|(name, _)| has(name)).collect();
    let values = expression.parameter_values(&given)?;
    let column = |function: &Expression| {
        let results = points.iter().map(|x| format!("{:e}", function.evaluate(*x, &values)));
        results.collect::<Vec<_>>().join(",")
    };
    let mut columns = vec![column(expression), column(&expression.derivative(Variable::Input)?)];
    for (name, _) in named {
        columns.push(if has(name) {
            column(&expression.derivative(Variable::Parameter(name))?)
        } else {
            vec!["0"; points.len()].join(",")
        });
    }
    Ok(columns.join("\t"))
}
