use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rhyton::{Fit, History, Model, Verbose};
use rhyton_data::{Dataset, Part};
use serde_json::{Value, json};

use super::{Command, Context, Run, load_any};
use crate::data::{Reading, fit_inputs, inputs};
use crate::destination::Destination;
use crate::output::named_values;

pub(super) const COMMAND: Command = Command::of::<Train>("train");

/// Trains a model on data (the train part, if the data has parts) and writes it
///
/// Weights and the optimizer's state go on from where the file left them. Arrays `x_val` and `y_val`
/// of an .npz are used for validation.
#[derive(Debug, clap::Args)]
struct Train {
    /// A compiled model: a .keras or .h5 file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// digits, mnist, fashion-mnist, a folder of IDX files, or an .npz or .csv file with labels
    #[arg(long, value_name = "DATA")]
    data: PathBuf,
    /// The trained model: a .keras file
    #[arg(long, value_name = "OUT.keras")]
    output: PathBuf,
    /// Loss and metrics of every epoch: a JSON file
    #[arg(long, value_name = "H.json")]
    history: Option<PathBuf>,
    /// How often all samples are seen
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Samples that make a step
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// The share of the samples, from the end, that is kept for validation
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    validation_split: f64,
    /// Keep the order of the samples
    #[arg(long)]
    no_shuffle: bool,
    /// Seed of the order of samples and of random layers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How much samples of a class count, e.g. 3=2.5,7=0.5; others count once
    #[arg(long, value_name = "CLASS=WEIGHT", value_delimiter = ',', value_parser = class_weight)]
    class_weight: Vec<(i64, f64)>,
    #[command(flatten)]
    choices: Choices,
    #[command(flatten)]
    reading: Reading,
}

// What replaces the file's own training configuration; the optimizer then starts anew.
#[derive(Debug, clap::Args)]
struct Choices {
    /// Train with this loss instead of the file's (the optimizer starts anew)
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Train with this optimizer instead of the file's
    #[arg(long, value_name = "NAME")]
    optimizer: Option<String>,
    /// Measure these metrics instead of the file's, separated by commas (the optimizer starts anew)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    metrics: Option<Vec<String>>,
}

impl Run for Train {
    fn run(self, cx: &Context) -> Result<()> {
        let output = Destination::file(&self.output, &["keras"])?;
        let history = self.history.as_ref().map(|path| Destination::file(path, &[])).transpose()?;
        let mut model = self.choices.load(&self.model, cx)?;
        self.choices.compile(&mut model)?;
        if !model.is_compiled() {
            let file = self.model.display();
            bail!("{file}: the model is not compiled; pass --loss (and --optimizer, --metrics)");
        }
        let mut dataset = self.reading.load(&self.data, Part::Train, cx)?;
        dataset.require_targets()?;
        fit_inputs(&mut dataset, &model)?;
        let found = model.fit(inputs(&dataset), &dataset.targets, self.fit(&dataset, cx)?)?;
        model.save(output.path())?;
        if let Some(history) = history {
            history.write_json(&self.history_json(&found, &dataset)?)?;
        }
        cx.output.note(&format!("{} epochs -> {}", found.epoch.len(), self.output.display()));
        Ok(())
    }
}

impl Train {
    fn fit<'a>(&self, dataset: &'a Dataset, cx: &Context) -> Result<Fit<'a>> {
        let verbose = if cx.output.quiet { Verbose::Silent } else { Verbose::Auto };
        let mut fit = Fit::new()
            .epochs(self.epochs as usize)
            .batch_size(self.batch_size as usize)
            .validation_split(self.validation_split)
            .shuffle(!self.no_shuffle)
            .seed(self.seed)
            .class_weight(self.class_weight.iter().copied())
            .verbose(verbose);
        if let Some(weights) = &dataset.sample_weight {
            fit = fit.sample_weight(weights);
        }
        if let Some(validation) = &dataset.validation {
            validation.require_targets()?;
            fit = fit.validation_data(inputs(validation), &validation.targets);
            if let Some(weights) = &validation.sample_weight {
                fit = fit.validation_sample_weight(weights);
            }
        }
        Ok(fit)
    }

    /// What Keras' `History` holds: `epoch`, `history`, `params`.
    fn history_json(&self, history: &History, dataset: &Dataset) -> Result<Value> {
        let values = history.history.iter().map(|(name, values)| (name, values.as_slice()));
        let rows = dataset.rows()?;
        let share = if dataset.validation.is_some() { 0.0 } else { self.validation_split };
        let trained = (rows as f64 * (1.0 - share)).floor() as usize;
        let steps = trained.div_ceil(self.batch_size as usize);
        Ok(json!({
            "epoch": history.epoch,
            "history": named_values(values),
            "params": {"epochs": self.epochs, "steps": steps, "batch_size": self.batch_size},
        }))
    }
}

impl Choices {
    /// The model; where loss and optimizer are chosen, the file's own need not be readable.
    fn load(&self, path: &Path, cx: &Context) -> Result<Model> {
        if self.loss.is_none() || self.optimizer.is_none() {
            return Ok(Model::load(path)?);
        }
        let (model, unread) = load_any(path)?;
        if let Some(error) = unread {
            let note = "the file's own training can't be read, metrics are those of --metrics";
            cx.output.note(&format!("{note}: {error:#}"));
        }
        Ok(model)
    }

    /// Compiles the model anew if anything was chosen.
    fn compile(&self, model: &mut Model) -> Result<()> {
        if self.loss.is_none() && self.optimizer.is_none() && self.metrics.is_none() {
            return Ok(());
        }
        let mut compile = model.compilation().unwrap_or_default();
        if let Some(loss) = &self.loss {
            compile = compile.loss(loss.as_str());
        }
        if let Some(optimizer) = &self.optimizer {
            compile = compile.optimizer(optimizer.as_str());
        }
        if let Some(metrics) = &self.metrics {
            let names = metrics.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
            compile = compile.metrics(names);
        }
        Ok(model.compile(compile)?)
    }
}

fn class_weight(text: &str) -> Result<(i64, f64), String> {
    let read = || {
        let (class, weight) = text.split_once('=')?;
        let weight: f64 = weight.trim().parse().ok()?;
        Some((class.trim().parse().ok()?, weight)).filter(|_| weight.is_finite())
    };
    read().ok_or_else(|| "expected a class number and a weight, such as 3=2.5".to_owned())
}
