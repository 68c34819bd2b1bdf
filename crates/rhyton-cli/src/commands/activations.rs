//! The activations: the list of them, `eval`, their values at points, and `check`, what can be told
//! of one before it is used.

mod check;
mod evaluate;
mod exhaustive;
mod points;
mod report;

use anyhow::Result;
use clap::Subcommand;
use rhyton::activations::{ACTIVATIONS, BuiltIn};
use serde_json::{Map, Value, json};

use super::{Command, Context, Run};
use crate::output::{number, table};

pub(super) const COMMAND: Command = Command::of::<Activations>("activations");

/// Lists the built-in activations, computes the values of any, or reviews one
#[derive(Debug, clap::Args)]
struct Activations {
    /// Print JSON: name, aliases, formula, parameters with their defaults, kind
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    Eval(evaluate::Eval),
    Check(check::Check),
}

impl Run for Activations {
    fn run(self, cx: &Context) -> Result<()> {
        match self.action {
            Some(Action::Eval(eval)) => eval.run(self.json, cx),
            Some(Action::Check(check)) => check.run(self.json, cx),
            None if self.json => cx.output.json(&ACTIVATIONS.iter().map(entry).collect()),
            None => cx.output.text(&list()),
        }
    }
}

fn entry(activation: &BuiltIn) -> Value {
    let parameters = activation.parameters.iter();
    let parameters: Map<String, Value> =
        parameters.map(|p| (p.name.to_owned(), number(p.default))).collect();
    json!({
        "name": activation.name,
        "aliases": activation.aliases,
        "formula": activation.text(),
        "parameters": parameters,
        "kind": activation.kind(),
    })
}

fn list() -> String {
    let header = ["name", "aliases", "parameters", "formula"].map(str::to_owned).to_vec();
    let rows = ACTIVATIONS.iter().map(|activation| {
        let parameters: Vec<String> =
            activation.parameters.iter().map(|p| format!("{}={}", p.name, p.default)).collect();
        vec![
            activation.name.to_owned(),
            activation.aliases.join(", "),
            parameters.join(", "),
            activation.text().to_owned(),
        ]
    });
    table(&std::iter::once(header).chain(rows).collect::<Vec<_>>(), &[])
}
