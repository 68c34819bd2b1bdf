//! Which losses and metrics belong to which outputs: as they are given, and resolved for data.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhyton_graph::Spec;

use super::choices::{LossChoice, MetricChoice};
use super::per_output::PerOutput;
use super::tracked::{Watched, target_spec};
use crate::losses::Loss;
use crate::{Error, Result};

/// Losses, their weights and metrics, as `compile` is given them.
#[derive(Debug, Clone)]
pub(crate) struct Objectives {
    pub(crate) losses: PerOutput<LossChoice>,
    pub(crate) loss_weights: PerOutput<Option<f64>>,
    pub(crate) metrics: PerOutput<Vec<MetricChoice>>,
    pub(crate) weighted_metrics: PerOutput<Vec<MetricChoice>>,
}

impl Default for Objectives {
    fn default() -> Self {
        Self {
            losses: PerOutput::Same(LossChoice::None),
            loss_weights: PerOutput::Same(None),
            metrics: PerOutput::Same(Vec::new()),
            weighted_metrics: PerOutput::Same(Vec::new()),
        }
    }
}

/// What is trained at an output, for data of known specifications.
#[derive(Debug)]
pub(crate) struct Objective {
    /// Which of the targets belongs to it; `None` where there is none.
    pub(crate) target: Option<usize>,
    pub(crate) loss: Option<Arc<dyn Loss>>,
    /// What the loss is multiplied by.
    pub(crate) weight: Option<f64>,
}

impl Objectives {
    /// Refuses what does not fit the outputs, and names that nothing has.
    pub(crate) fn check(&self, outputs: &[String]) -> Result<()> {
        let losses = self.losses.of_each("loss", outputs)?;
        losses.iter().try_for_each(LossChoice::check)?;
        self.loss_weights.of_each("loss_weights", outputs)?;
        for (argument, metrics) in
            [("metrics", &self.metrics), ("weighted_metrics", &self.weighted_metrics)]
        {
            let metrics = metrics.of_each(argument, outputs)?;
            metrics.iter().flatten().try_for_each(MetricChoice::check)?;
        }
        Ok(())
    }

    /// The losses of all outputs for targets of these specifications. There is a target for each
    /// output, or for each that has a loss.
    pub(crate) fn resolve(
        &self,
        outputs: &[(String, Spec)],
        (method, targets): (&'static str, &[Spec]),
    ) -> Result<Vec<Objective>> {
        let names = names(outputs);
        let losses = self.losses.of_each("loss", &names)?;
        let weights = self.loss_weights.of_each("loss_weights", &names)?;
        let trained = losses.iter().filter(|loss| !matches!(loss, LossChoice::None)).count();
        if trained == 0 {
            return Err(Error::State {
                what: "no loss to compute".to_owned(),
                advice: "give `compile` a loss".to_owned(),
            });
        }
        let all = targets.len() == outputs.len();
        if !all && targets.len() != trained {
            let expected = format!("{} arrays", outputs.len());
            return Err(Error::data(method, "targets", expected, targets.len()));
        }
        let mut objectives = Vec::new();
        let mut next = 0;
        for ((choice, weight), (_, y_pred)) in losses.iter().zip(weights).zip(outputs) {
            if !all && matches!(choice, LossChoice::None) {
                objectives.push(Objective { target: None, loss: None, weight });
                continue;
            }
            let loss = choice.resolve(&targets[next], y_pred)?;
            objectives.push(Objective { target: Some(next), loss, weight });
            next += 1;
        }
        Ok(objectives)
    }

    /// The metrics of all outputs with their keys in logs.
    pub(crate) fn watch(
        &self,
        outputs: &[(String, Spec)],
        (method, targets): (&'static str, &[Spec]),
        objectives: &[Objective],
    ) -> Result<Vec<Watched>> {
        let names = names(outputs);
        let mut keys = Keys::of(&names, objectives);
        let mut watched = Vec::new();
        for (argument, weighted, metrics) in
            [("metrics", false, &self.metrics), ("weighted_metrics", true, &self.weighted_metrics)]
        {
            let metrics = metrics.of_each(argument, &names)?;
            for (output, choices) in metrics.iter().enumerate() {
                let (name, y_pred) = &outputs[output];
                for choice in choices {
                    let objective = &objectives[output];
                    let Some(target) = objective.target else {
                        let expected = format!("targets for `{name}`, which has metrics");
                        return Err(Error::data(method, "targets", expected, targets.len()));
                    };
                    let y_true = target_spec(objective.loss.as_deref(), &targets[target], y_pred);
                    let metric = choice.resolve(&y_true, y_pred)?;
                    let states = metric.states(&y_true, y_pred)?;
                    let key = keys.key(name, metric.name(), weighted);
                    watched.push(Watched { key, output, weighted, metric, states });
                }
            }
        }
        Ok(watched)
    }
}

fn names(outputs: &[(String, Spec)]) -> Vec<String> {
    outputs.iter().map(|(name, _)| name.clone()).collect()
}

/// Keys of metrics in logs, made different as Keras does.
struct Keys {
    several: bool,
    seen: BTreeMap<String, usize>,
}

impl Keys {
    /// The keys of losses, which are taken: a metric called `loss` is `loss_1`.
    fn of(outputs: &[String], objectives: &[Objective]) -> Self {
        let several = outputs.len() > 1;
        let with_loss = outputs.iter().zip(objectives).filter(|(_, o)| o.loss.is_some());
        let of_outputs = with_loss.map(|(name, _)| format!("{name}_loss"));
        let of_outputs: Vec<String> = of_outputs.filter(|_| several).collect();
        let all = std::iter::once("loss".to_owned()).chain(of_outputs);
        Self { several, seen: all.map(|key| (key, 1)).collect() }
    }

    /// `name`, or `output_name` where there are several outputs; the second of a key is `key_1`, or
    /// `weighted_name` for a weighted metric.
    fn key(&mut self, output: &str, name: &str, weighted: bool) -> String {
        let of_output =
            |name: &str| if self.several { format!("{output}_{name}") } else { name.to_owned() };
        let mut key = of_output(name);
        if weighted && self.seen.contains_key(&key) {
            key = of_output(&format!("weighted_{name}"));
        }
        let count = self.seen.entry(key.clone()).or_default();
        *count += 1;
        match *count {
            1 => key,
            count => format!("{key}_{}", count - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses::MeanSquaredError;

    #[test]
    fn keys_differ_as_in_keras() {
        let mut keys = Keys { several: true, seen: BTreeMap::new() };
        let found: Vec<String> = [
            ("a", "mse", false),
            ("b", "mae", false),
            ("b", "mae", false),
            ("a", "mse", true),
            ("a", "mse", true),
            ("a", "mae", true),
        ]
        .map(|(output, name, weighted)| keys.key(output, name, weighted))
        .to_vec();
        let expected = ["a_mse", "b_mae", "b_mae_1", "a_weighted_mse", "a_weighted_mse_1", "a_mae"];
        assert_eq!(found, expected);
        let mut keys = Keys { several: false, seen: BTreeMap::new() };
        assert_eq!(keys.key("a", "mse", false), "mse");
        let objective = || Objective {
            target: Some(0),
            loss: Some(Arc::new(MeanSquaredError::default())),
            weight: None,
        };
        let names = ["a".to_owned(), "b".to_owned()];
        let mut keys = Keys::of(&names, &[objective(), objective()]);
        assert_eq!(keys.key("a", "loss", false), "a_loss_1");
        let mut keys = Keys::of(&names[..1], &[objective()]);
        assert_eq!(keys.key("a", "loss", false), "loss_1");
    }
}
