use anyhow::Result;
use rhyton::Activation;
use rhyton::activations::{BuiltIn, BuiltInParameter};

use crate::commands::Context;
use crate::output::table;

/// Shows what is known of a built-in activation: parameters, ranges, limits, pitfalls, source
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// A name or alias
    #[arg(value_name = "NAME")]
    name: String,
}

impl Show {
    /// Prints it; JSON as in the list if it was asked for before `show`.
    ///
    /// # Errors
    /// A name that no built-in has.
    pub(super) fn run(self, json: bool, cx: &Context) -> Result<()> {
        let Some(activation) = BuiltIn::find(&self.name) else {
            Activation::parse(&self.name)?;
            anyhow::bail!(
                "activations show: `{}` is no built-in; `rhyton activations` lists those",
                self.name
            );
        };
        if json {
            return cx.output.json(&super::entry(activation));
        }
        cx.output.text(&table(&rows(activation), &[]))
    }
}

fn rows(activation: &BuiltIn) -> Vec<Vec<String>> {
    let mut rows = vec![vec!["name".to_owned(), activation.name.to_owned()]];
    let mut add = |key: &str, value: String| rows.push(vec![key.to_owned(), value]);
    if !activation.aliases.is_empty() {
        add("also", activation.aliases.join(", "));
    }
    add("kind", activation.kind().to_owned());
    add("formula", activation.text().to_owned());
    for BuiltInParameter { name, default, range, per_channel } in activation.parameters {
        let trained = if *per_channel { "; meant to be trained for each channel" } else { "" };
        add("parameter", format!("{name} = {default}: {range}{trained}"));
    }
    if let Some(limits) = activation.limits {
        let (minus, plus) = (limits.at_minus_infinity, limits.at_infinity);
        add("limits", format!("{minus} at -inf, {plus} at inf, {} at NaN", limits.at_nan));
    }
    if let Some((place, least)) = activation.minimum {
        add("least", format!("{least} at {place}"));
    }
    if activation.wide {
        add("precision", "computed in float64, rounded to float32".to_owned());
    }
    activation.traps.iter().for_each(|trap| add("mind", (*trap).to_owned()));
    add("source", activation.source.to_owned());
    rows
}
