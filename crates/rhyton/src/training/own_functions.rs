//! The definitions of losses and metrics of the user's own in `rhyton.json`, so that a file loads
//! anywhere with no registration.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhyton_formats::ModelFile;
use rhyton_graph::Spec;
use rhyton_tensor::DType;
use serde_json::{Value, json};

use super::choices::{LossChoice, MetricChoice};
use super::compile::Compiled;
use super::tracked::target_spec;
use crate::Result;
use crate::losses::{PairFunction, stored};
use crate::models::Model;

/// The functions by name, each with what it is used with.
#[derive(Default)]
struct Uses(BTreeMap<String, Use>);

/// A function, and the targets and predictions that it is used with.
type Use = (Arc<PairFunction>, Vec<(Spec, Spec)>);

impl Uses {
    fn add(&mut self, function: Option<Arc<PairFunction>>, (y_true, y_pred): (Spec, Spec)) {
        let Some(function) = function else { return };
        let name = function.name().to_owned();
        let (_, uses) = self.0.entry(name).or_insert((function, Vec::new()));
        if !uses.contains(&(y_true.clone(), y_pred.clone())) {
            uses.push((y_true, y_pred));
        }
    }

    fn write(self, key: &str, file: &mut ModelFile) -> Result<()> {
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        for (name, (function, uses)) in self.0 {
            all.extend(stored::write(&function, &uses)?.map(|value| (name, value)));
        }
        if !all.is_empty() {
            file.rhyton.get_or_insert_with(|| json!({}))[key] = json!(all);
        }
        Ok(())
    }
}

/// Adds the definitions to a file. What a Rust function is used with is known once the model has been
/// trained or evaluated; before, targets are taken to be like predictions.
pub(super) fn write(model: &Model, compiled: &Compiled, file: &mut ModelFile) -> Result<()> {
    let names = model.network.output_names();
    let objectives = &compiled.objectives;
    let losses = objectives.losses.of_each("loss", &names)?;
    let metrics = objectives.metrics.of_each("metrics", &names)?;
    let weighted = objectives.weighted_metrics.of_each("weighted_metrics", &names)?;
    let (mut of_losses, mut of_metrics) = (Uses::default(), Uses::default());
    for (place, (_, y_pred)) in model.outputs().into_iter().enumerate() {
        let specs = specs(compiled, place, &y_pred);
        of_losses.add(LossChoice::function(&losses[place]), specs.clone());
        for metric in metrics[place].iter().chain(&weighted[place]) {
            of_metrics.add(MetricChoice::function(metric), specs.clone());
        }
    }
    of_losses.write("losses", file)?;
    of_metrics.write("metrics", file)
}

/// Targets and predictions of an output as losses and metrics see them.
fn specs(compiled: &Compiled, output: usize, y_pred: &Spec) -> (Spec, Spec) {
    let half = matches!(y_pred.dtype, DType::F16 | DType::BF16);
    let seen = if half { y_pred.with_dtype(DType::F32) } else { y_pred.clone() };
    let target = compiled.tracked.as_ref().and_then(|tracked| {
        let objective = tracked.objectives.get(output)?;
        let target = tracked.targets.get(objective.target?)?;
        Some(target_spec(objective.loss.as_deref(), target, y_pred))
    });
    (target.unwrap_or_else(|| seen.clone()), seen)
}
