use std::path::PathBuf;

use anyhow::Result;
use rhyton::{Evaluate as EvaluateOptions, Logs, Model};
use rhyton_data::Part;
use serde_json::{Map, Value};

use super::{Command, Context, Run};
use crate::data::{Reading, fit_inputs, inputs};
use crate::output::{named_values, table};

pub(super) const COMMAND: Command = Command::of::<Evaluate>("evaluate");

/// Loss and metrics of a model on data (the test part, if the data has parts)
#[derive(Debug, clap::Args)]
struct Evaluate {
    /// A compiled model: a .keras or .h5 file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// digits, mnist, fashion-mnist, a folder of IDX files or of images by class, or an .npz or .csv
    /// file with labels
    #[arg(long, value_name = "DATA")]
    data: PathBuf,
    /// Samples that are run at once
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    #[command(flatten)]
    reading: Reading,
    /// Print JSON: the values by name
    #[arg(long)]
    json: bool,
}

impl Run for Evaluate {
    fn run(self, cx: &Context) -> Result<()> {
        let mut model = Model::load(&self.model)?;
        let mut dataset = self.reading.load(&self.data, Part::Test, cx)?;
        dataset.require_targets()?;
        fit_inputs(&mut dataset, &model)?;
        let mut options = EvaluateOptions::new().batch_size(self.batch_size as usize);
        if let Some(weights) = &dataset.sample_weight {
            options = options.sample_weight(weights);
        }
        let logs = model.evaluate(inputs(&dataset), &dataset.targets, options)?;
        if self.json {
            let logs: Vec<(&String, [f64; 1])> =
                loss_first(&logs).map(|(name, value)| (name, [value])).collect();
            let values = named_values(logs.iter().map(|(name, value)| (*name, value.as_slice())));
            // There is one epoch.
            let first = |value: Value| value.get(0).cloned().unwrap_or_default();
            let values = values.into_iter().map(|(name, value)| (name, first(value)));
            return cx.output.json(&Value::Object(values.collect::<Map<_, _>>()));
        }
        let rows: Vec<Vec<String>> = loss_first(&logs)
            .map(|(name, value)| vec![name.clone(), format!("{value:.6}")])
            .collect();
        cx.output.text(&table(&rows, &[1]))
    }
}

/// The values with the loss before the metrics.
fn loss_first(logs: &Logs) -> impl Iterator<Item = (&String, f64)> {
    let is_loss = |(name, _): &(&String, &f64)| *name == "loss";
    let (loss, metrics): (Vec<_>, Vec<_>) = logs.iter().partition(is_loss);
    loss.into_iter().chain(metrics).map(|(name, value)| (name, *value))
}
