//! The activations: the list of them, `show`, what is known of one, `eval`, values at points, and
//! `check`, what can be told of one before it is used.

mod check;
mod evaluate;
mod exhaustive;
mod points;
mod report;
mod show;

use anyhow::Result;
use clap::Subcommand;
use rhyton::activations::{ACTIVATIONS, BuiltIn};
use serde_json::{Map, Value, json};

use super::{Command, Context, Run};
use crate::output::{number, table};

/// Names and formulas are cut to these widths in the list, so that a line has 80 columns at most;
/// `show` has all of them.
const NAMES_WIDTH: usize = 26;
const FORMULA_WIDTH: usize = 39;

pub(super) const COMMAND: Command = Command::of::<Activations>("activations");

/// Lists the built-in activations, shows or reviews one, or computes the values of any
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
    Show(show::Show),
}

impl Run for Activations {
    fn run(self, cx: &Context) -> Result<()> {
        match self.action {
            Some(Action::Eval(eval)) => eval.run(self.json, cx),
            Some(Action::Check(check)) => check.run(self.json, cx),
            Some(Action::Show(show)) => show.run(self.json, cx),
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
    let header = ["name", "kind", "formula"].map(str::to_owned).to_vec();
    let rows = ACTIVATIONS.iter().map(|activation| {
        let names = [&[activation.name], activation.aliases].concat().join(", ");
        let kind = activation.kind().to_owned();
        vec![cut(&names, NAMES_WIDTH), kind, cut(activation.text(), FORMULA_WIDTH)]
    });
    table(&std::iter::once(header).chain(rows).collect::<Vec<_>>(), &[])
}

/// The text, or as much of its beginning as fits with `…` behind it.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{}…", kept.trim_end())
}
