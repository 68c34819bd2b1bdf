use anyhow::{Result, bail};
use rhyton::Activation;
use serde_json::{Value, json};

use super::points::Points;
use crate::commands::Context;
use crate::output::{number, table};

/// Prints values and derivatives of an activation at points, in float32 as training computes them
#[derive(Debug, clap::Args)]
pub(super) struct Eval {
    /// A name, a name with parameters as in "swish(beta=1.5)", or an expression in x
    #[arg(value_name = "ACT")]
    activation: String,
    /// Points: "start..end:step" with both ends, numbers separated by commas, or an .npy file
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true)]
    x: Points,
    /// Sets a parameter; can be given several times
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_setting)]
    set: Vec<(String, f64)>,
    /// Compute in float64 and round once, instead of as training computes
    #[arg(long)]
    exact: bool,
    /// Print JSON: a list of x, y, dy
    #[arg(long)]
    json: bool,
}

impl Eval {
    /// Computes and prints, JSON also if it was asked for before `eval`.
    ///
    /// # Errors
    /// What the activation's text or parameters fail with; a function that is not of one number.
    pub(super) fn run(self, json: bool, cx: &Context) -> Result<()> {
        let mut activation = Activation::parse(&self.activation)?;
        for (name, value) in &self.set {
            activation = activation.with(name, *value)?;
        }
        if activation.definition()?.is_over_axis() {
            let name = &self.activation;
            bail!("activations eval: expected a function of one number, `{name}` works on an axis");
        }
        let x = self.x.read()?;
        let [y, dy] =
            if self.exact { activation.evaluate_exactly(&x)? } else { activation.evaluate(&x)? };
        let (x, y, dy) = (x.view::<f32>(), y.view::<f32>(), dy.view::<f32>());
        let rows = x.iter().zip(y).zip(dy).map(|((x, y), dy)| [*x, *y, *dy]);
        if self.json || json {
            return cx.output.json(&rows.map(entry).collect());
        }
        let header = ["x", "y", "dy"].map(str::to_owned).to_vec();
        let rows = rows.map(|row| row.map(|value| format!("{value:?}")).to_vec());
        let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
        cx.output.text(&table(&rows, &[0, 1, 2]))
    }
}

fn entry([x, y, dy]: [f32; 3]) -> Value {
    let value = |value: f32| number(f64::from(value));
    json!({"x": value(x), "y": value(y), "dy": value(dy)})
}

pub(super) fn parse_setting(text: &str) -> Result<(String, f64), String> {
    let expected = || "expected NAME=NUMBER, as in beta=1.5".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(expected)?;
    let value = value.trim().parse().map_err(|_not_a_number| expected())?;
    Ok((name.trim().to_owned(), value))
}
