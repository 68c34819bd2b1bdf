use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use rhyton::description::{Description, FitDefaults};
use rhyton::{Augmentation, Fit, History, Model, Verbose};
use rhyton_data::{Dataset, Overlap, Part};
use serde_json::{Value, json};

use super::{Command, Context, Run, load_any};
use crate::callbacks::Watching;
use crate::data::{Reading, fit_inputs, inputs};
use crate::destination::Destination;
use crate::model;
use crate::output::named_values;

pub(super) const COMMAND: Command = Command::of::<Train>("train");

/// Trains a model on data (the train part, if the data has parts) and writes it
///
/// Weights and the optimizer's state go on from where the file left them. Arrays `x_val` and `y_val`
/// of an .npz are used for validation.
#[derive(Debug, clap::Args)]
struct Train {
    /// A compiled model: a .keras or .h5 file; or a .toml file that describes one
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// digits, mnist, fashion-mnist, a folder of IDX files or of images by class, or an .npz or .csv
    /// file with labels
    #[arg(long, value_name = "DATA")]
    data: PathBuf,
    /// The trained model: a .keras file
    #[arg(long, value_name = "OUT.keras")]
    output: PathBuf,
    /// Loss and metrics of every epoch: a JSON file
    #[arg(long, value_name = "H.json")]
    history: Option<PathBuf>,
    /// How often all samples are seen [default: what a description says, or 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Samples that make a step [default: what a description says, or 32]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
    /// The share of the samples, from the end, that is kept for validation [default: what a
    /// description says, or 0]
    #[arg(long, value_name = "SHARE")]
    validation_split: Option<f64>,
    /// Keep that share of every class, drawn from the seed
    #[arg(long)]
    stratify: bool,
    /// Random changes of training images, e.g. rotation=10,zoom=0.1,shift=0.1 (also flip, crop,
    /// contrast, brightness, fill), or a .json file of Keras' Random... layers
    #[arg(long, value_name = "CHANGES")]
    augment: Option<String>,
    /// Keep the order of the samples
    #[arg(long)]
    no_shuffle: bool,
    /// Seed of the order of samples and of random layers, and of a described model's first weights
    /// [default: what a description says, or 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How much samples of a class count, e.g. 3=2.5,7=0.5; others count once
    #[arg(long, value_name = "CLASS=WEIGHT", value_delimiter = ',', value_parser = class_weight)]
    class_weight: Vec<(i64, f64)>,
    #[command(flatten)]
    choices: Choices,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    reading: Reading,
}

// What replaces the file's own training configuration; the optimizer then starts anew.
#[derive(Debug, clap::Args)]
struct Choices {
    /// Train with this loss instead of the file's: a name, or an expression such as
    /// `square(y_true - y_pred)` (the optimizer starts anew)
    #[arg(long, value_name = "NAME|EXPR")]
    loss: Option<String>,
    /// Train with this optimizer instead of the file's
    #[arg(long, value_name = "NAME")]
    optimizer: Option<String>,
    /// Measure these metrics instead of the file's, separated by commas (the optimizer starts anew)
    #[arg(long, value_name = "NAMES")]
    metrics: Option<String>,
}

impl Run for Train {
    fn run(self, cx: &Context) -> Result<()> {
        let output = Destination::file(&self.output, &["keras"])?;
        let history = self.history.as_ref().map(|path| Destination::file(path, &[])).transpose()?;
        let description = model::description(&self.model)?;
        let plan = self.plan(description.as_ref().map(Description::fit));
        let mut model = match &description {
            Some(description) => model::described(&self.model, description, plan.seed)?,
            None => self.choices.load(&self.model, cx)?,
        };
        self.watching.check(&self.model, output.path())?;
        self.choices.compile(&mut model)?;
        if !model.is_compiled() {
            let file = self.model.display();
            bail!("{file}: the model is not compiled; pass --loss (and --optimizer, --metrics)");
        }
        let augmentation = self.augmentation()?;
        let mut dataset = self.reading.load(&self.data, Part::Train, cx)?;
        dataset.require_targets()?;
        fit_inputs(&mut dataset, &model)?;
        let dataset = self.split(&plan, dataset)?;
        warn_of_overlap(&dataset, cx)?;
        let fit = self.fit(&plan, &dataset, cx)?.augment(augmentation);
        let loss = if dataset.validation.is_some() { "val_loss" } else { "loss" };
        let fit = self.watching.add_to(fit, (loss, cx.output.quiet), output.path());
        let found = model.fit(inputs(&dataset), &dataset.targets, fit)?;
        model.save(output.path())?;
        if let Some(history) = history {
            history.write_json(&plan.history_json(&found, &dataset)?)?;
        }
        self.watching.finish(output.path())?;
        let count = found.epoch.len();
        let epochs = if count == 1 { "epoch" } else { "epochs" };
        cx.output.note(&format!("{count} {epochs} -> {}", self.output.display()));
        Ok(())
    }
}

impl Train {
    /// What the flags say, or else a description, or else Keras.
    fn plan(&self, described: Option<&FitDefaults>) -> Plan {
        let described = described.copied().unwrap_or_default();
        Plan {
            epochs: self.epochs.or(described.epochs).unwrap_or(1) as usize,
            batch_size: self.batch_size.or(described.batch_size).unwrap_or(32) as usize,
            validation_split: self
                .validation_split
                .or(described.validation_split)
                .unwrap_or_default(),
            shuffle: !self.no_shuffle && described.shuffle.unwrap_or(true),
            seed: self.seed.or(described.seed).unwrap_or_default(),
        }
    }

    /// Sets samples for validation apart, if any are wanted.
    fn split(&self, plan: &Plan, dataset: Dataset) -> Result<Dataset> {
        let asked = self.stratify || self.validation_split.is_some_and(|share| share != 0.0);
        if asked && dataset.validation.is_some() {
            bail!(
                "train: the data has samples for validation of its own (x_val, y_val); leave out \
                 --validation-split and --stratify"
            );
        }
        if plan.validation_split == 0.0 {
            if self.stratify {
                bail!(
                    "--stratify: expected a share of every class, received none; pass --validation-split"
                );
            }
            return Ok(dataset);
        }
        if self.stratify {
            return Ok(dataset.split_stratified(plan.validation_split, plan.seed)?);
        }
        Ok(dataset.split_tail(plan.validation_split)?)
    }

    fn class_weights(&self) -> Result<BTreeMap<i64, f64>> {
        let mut weights = BTreeMap::new();
        for &(class, weight) in &self.class_weight {
            if weights.insert(class, weight).is_some() {
                bail!("--class-weight: expected each class once, received {class} twice");
            }
        }
        Ok(weights)
    }

    fn augmentation(&self) -> Result<Augmentation> {
        let Some(text) = &self.augment else { return Ok(Augmentation::new()) };
        let path = Path::new(text);
        let is_file = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        let augmentation = if is_file {
            let text = fs::read_to_string(path)
                .map_err(|error| anyhow!("{}: can't read: {error}", path.display()))?;
            Augmentation::from_keras_text(&text, path)?
        } else {
            Augmentation::from_text(text)?
        };
        if self.reading.raw && !augmentation.has_value_range() {
            return Ok(augmentation.value_range(0.0, 255.0));
        }
        Ok(augmentation)
    }

    fn fit<'a>(&self, plan: &Plan, dataset: &'a Dataset, cx: &Context) -> Result<Fit<'a>> {
        let verbose = if cx.output.quiet { Verbose::Silent } else { Verbose::Auto };
        let mut fit = Fit::new()
            .epochs(plan.epochs)
            .batch_size(plan.batch_size)
            .shuffle(plan.shuffle)
            .seed(plan.seed)
            .class_weight(self.class_weights()?)
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
}

/// How long and on what is trained, once flags and description are put together.
struct Plan {
    epochs: usize,
    batch_size: usize,
    validation_split: f64,
    shuffle: bool,
    seed: u64,
}

impl Plan {
    /// What Keras' `History` holds: `epoch`, `history`, `params`.
    fn history_json(&self, history: &History, dataset: &Dataset) -> Result<Value> {
        let values = history.history.iter().map(|(name, values)| (name, values.as_slice()));
        let steps = dataset.rows()?.div_ceil(self.batch_size);
        Ok(json!({
            "epoch": history.epoch,
            "history": named_values(values),
            "params": {"epochs": self.epochs, "steps": steps, "batch_size": self.batch_size},
        }))
    }
}

/// Tells when samples for validation copy samples that are trained on: what they then measure is
/// memory.
fn warn_of_overlap(dataset: &Dataset, cx: &Context) -> Result<()> {
    let Some(validation) = dataset.validation.as_deref().filter(|_| !cx.output.quiet) else {
        return Ok(());
    };
    let ([(_, training)], [(_, held)]) = (&dataset.inputs[..], &validation.inputs[..]) else {
        return Ok(());
    };
    let found = Overlap::find(training.as_rows(), held.as_rows())?;
    if let Some((copy, original)) = found.example.filter(|_| found.is_suspect()) {
        let Overlap { compared, equal, aligned, changed, .. } = found;
        let others =
            if aligned == 0 { "the others".to_owned() } else { format!("{aligned} others") };
        cx.output.note(&format!(
            "warning: samples for validation copy samples that are trained on: {equal} of {compared} \
             are equal, {changed} of {others} are rotated, shifted or zoomed (validation sample \
             {copy} is training sample {original}); what they measure is too good"
        ));
    }
    Ok(())
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
            let names = between_commas(metrics).into_iter().map(str::trim);
            compile = compile.metrics(names.filter(|name| !name.is_empty()));
        }
        Ok(model.compile(compile)?)
    }
}

/// The parts of a list; commas within parentheses, those of expressions, don't part it.
fn between_commas(list: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = list.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts.collect()
}

fn class_weight(text: &str) -> Result<(i64, f64), String> {
    let read = || {
        let (class, weight) = text.split_once('=')?;
        let weight: f64 = weight.trim().parse().ok()?;
        Some((class.trim().parse().ok()?, weight)).filter(|_| weight.is_finite())
    };
    read().ok_or_else(|| "expected a class number and a weight, such as 3=2.5".to_owned())
}
