//! Compares two models, or files of weights: `sides` brings both into the same words, then
//! `configuration` and `weights` find what differs. To compare something else: a file here, and its
//! part in both reports below.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Answer, Command, Context, Run};
use crate::output::{number, table};

mod configuration;
mod sides;
mod weights;

use configuration::ConfigDifference;
use weights::WeightDifference;

pub(super) const COMMAND: Command = Command { failure: 2, ..Command::of::<Diff>("diff") };

/// Shows how two models, or files of weights, differ
///
/// Exit code 0 if they are the same, 1 if they differ, 2 if they can't be compared. Configurations
/// are compared without regard to the format and to what is left out because it is the default;
/// weights by path, element by element.
#[derive(Debug, clap::Args)]
struct Diff {
    /// A model or weights: .keras, .h5, .weights.h5, .safetensors, .npz
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The other one
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Print JSON: whether they are the same, and all differences
    #[arg(long)]
    json: bool,
}

impl Run for Diff {
    fn run(self, cx: &Context) -> Result<()> {
        let (a, b) = sides::read(&self.a, &self.b)?;
        let configuration = configuration::differences(&a.config, &b.config);
        let weights = weights::differences(&a.weights, &b.weights);
        let same = configuration.is_empty() && weights.is_empty();
        if self.json {
            cx.output.json(&as_json(same, &configuration, &weights))?;
        } else {
            cx.output.text(&as_text(&configuration, &weights, a.weights.len()))?;
        }
        if same { Ok(()) } else { Err(Answer(1).into()) }
    }
}

/// The layers of differing weights: their paths without the last part.
fn layers(weights: &[WeightDifference]) -> BTreeSet<&str> {
    let layer = |name| str::rsplit_once(name, '/').map_or(name, |(layer, _)| layer);
    weights.iter().map(|difference| layer(difference.name.as_str())).collect()
}

fn as_json(same: bool, configuration: &[ConfigDifference], weights: &[WeightDifference]) -> Value {
    let configuration: Vec<Value> = configuration
        .iter()
        .map(|difference| json!({"path": difference.path, "a": difference.a, "b": difference.b}))
        .collect();
    let list: Vec<Value> = weights
        .iter()
        .map(|difference| {
            json!({
                "name": difference.name,
                "a": difference.a,
                "b": difference.b,
                "max_abs_diff": difference.largest.map(number),
            })
        })
        .collect();
    json!({
        "same": same,
        "configuration": configuration,
        "weights": list,
        "layers": layers(weights),
    })
}

fn as_text(
    configuration: &[ConfigDifference],
    weights: &[WeightDifference],
    count: usize,
) -> String {
    let mut text = String::new();
    if !configuration.is_empty() {
        text.push_str("Configuration:\n");
        let rows = configuration.iter().map(|difference| {
            let shown = |value: &Option<Value>| {
                value.as_ref().map_or("(absent)".to_owned(), configuration::shortened)
            };
            let change = format!("{} -> {}", shown(&difference.a), shown(&difference.b));
            vec![String::new(), difference.path.clone(), change]
        });
        text.push_str(&table(&rows.collect::<Vec<_>>(), &[]));
    }
    if !weights.is_empty() {
        text.push_str("Weights:\n");
        let rows = weights.iter().map(|difference| {
            let shown = |side: &Option<String>| side.clone().unwrap_or("(absent)".to_owned());
            let change = match difference.largest {
                Some(largest) => format!("max|difference| {largest:.6e}"),
                None => format!("{} -> {}", shown(&difference.a), shown(&difference.b)),
            };
            vec![String::new(), difference.name.clone(), change]
        });
        text.push_str(&table(&rows.collect::<Vec<_>>(), &[]));
        let layers: Vec<&str> = layers(weights).into_iter().collect();
        text.extend(["Layers that differ: ", &layers.join(", "), "\n"]);
    }
    if text.is_empty() {
        text = format!("the same: configuration and {count} arrays\n");
    }
    text
}
