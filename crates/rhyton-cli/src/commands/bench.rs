use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use rhyton::ops::StepProfile;
use rhyton::{Array, DType, LoadOptions, Model, Profile};
use serde_json::{Value, json};

use super::{Command, Context, Run};
use crate::model;
use crate::output::table;

pub(super) const COMMAND: Command = Command::of::<Bench>("bench");

/// How long a model takes for a prediction or a step of training, and where the time goes
#[derive(Debug, clap::Args)]
struct Bench {
    /// A .keras or .h5 file, or a .toml file that describes a model
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Samples of a run; their values are made up
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// A step of training, as the model is compiled, instead of a prediction; the file stays as it is
    #[arg(long)]
    train: bool,
    /// Show every step of the engine: its time, rates, bytes, layer and kernel
    #[arg(long)]
    explain: bool,
    /// Runs, of which the medians are told
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Print JSON: totals and all steps
    #[arg(long)]
    json: bool,
}

impl Run for Bench {
    fn run(self, cx: &Context) -> Result<()> {
        let batch = self.batch as usize;
        let mut model = self.load()?;
        let inputs = made_up(&model.inputs(), batch)?;
        let profile = if self.train {
            train(&mut model, &inputs, batch, self.rounds as usize)?
        } else {
            model.profile_predict(&inputs.iter().collect::<Vec<_>>(), self.rounds as usize)?
        };
        if self.json {
            return cx.output.json(&self.as_json(&model, &profile));
        }
        if self.explain {
            if profile.steps.is_empty() {
                bail!("the backend `{}` does not tell what its steps take", model.backend());
            }
            cx.output.text(&steps_table(&profile.steps))?;
        }
        let what = if self.train { "a step of training" } else { "a prediction" };
        cx.output.text(&format!(
            "{what} for {batch} samples: {:.3} ms, {:.0} samples/s (median of {}, backend {})\n",
            profile.seconds * 1e3,
            batch as f64 / profile.seconds,
            self.rounds,
            model.backend()
        ))
    }
}

impl Bench {
    fn load(&self) -> Result<Model> {
        if let Some(description) = model::description(&self.model)? {
            return model::described(&self.model, &description, 0);
        }
        if self.train {
            return Ok(Model::load(&self.model)?);
        }
        let options = LoadOptions { compile: false, ..LoadOptions::default() };
        Ok(Model::load_with(&self.model, &options)?)
    }

    fn as_json(&self, model: &Model, profile: &Profile) -> Value {
        let total = total(&profile.steps);
        let steps = profile.steps.iter().map(|step| {
            json!({
                "kernel": step.kernel,
                "layer": step.path,
                "seconds": step.seconds,
                "share": step.seconds / total,
                "operations": step.operations,
                "bytes": step.bytes,
                "live_bytes": step.live_bytes,
            })
        });
        json!({
            "model": file_name(&self.model),
            "purpose": if self.train { "train" } else { "predict" },
            "batch": self.batch,
            "backend": model.backend(),
            "rounds": self.rounds,
            "seconds": profile.seconds,
            "samples_per_second": f64::from(self.batch) / profile.seconds,
            "steps": steps.collect::<Vec<_>>(),
        })
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Profiles training on made-up targets: of the outputs' shapes, or class numbers where the loss wants
/// those.
fn train(model: &mut Model, inputs: &[Array], batch: usize, rounds: usize) -> Result<Profile> {
    let outputs = model.outputs();
    let like = outputs.iter().map(|(_, spec)| {
        Array::try_zeros(spec.dtype, &spec.shape.bind(batch)).map_err(anyhow::Error::from)
    });
    let like = like.collect::<Result<Vec<_>>>()?;
    let classes: Vec<Array> = outputs
        .iter()
        .map(|(_, spec)| {
            let sizes = spec.shape.bind(batch);
            let sizes = sizes.split_last().map_or(&[] as &[usize], |(_, first)| first);
            Ok(Array::try_zeros(DType::I32, sizes)?)
        })
        .collect::<Result<_>>()?;
    let inputs: Vec<&Array> = inputs.iter().collect();
    match model.profile_training(inputs.clone(), &classes, rounds) {
        Ok(profile) => Ok(profile),
        Err(error @ rhyton::Error::State { .. }) => Err(error.into()),
        Err(_) => Ok(model.profile_training(inputs, &like, rounds)?),
    }
}

/// A batch of inputs: fractions from 0 to 1 for floats, zeros for the rest, which any layer takes.
fn made_up(inputs: &[(String, rhyton::ops::Spec)], batch: usize) -> Result<Vec<Array>> {
    let array = |(name, spec): &(String, rhyton::ops::Spec)| {
        let refused = |error| anyhow!("input `{name}` for {batch} samples: {error}");
        let mut array = Array::try_zeros(spec.dtype, &spec.shape.bind(batch)).map_err(refused)?;
        if spec.dtype == DType::F32 {
            for (place, value) in array.view_mut::<f32>().iter_mut().enumerate() {
                *value = (place * 7919 % 1009) as f32 / 1009.0;
            }
        }
        Ok(array)
    };
    inputs.iter().map(array).collect()
}

fn total(steps: &[StepProfile]) -> f64 {
    steps.iter().map(|step| step.seconds).sum::<f64>().max(f64::MIN_POSITIVE)
}

/// One line for each step, in the order of the run, and their sum.
fn steps_table(steps: &[StepProfile]) -> String {
    let total = total(steps);
    let heading =
        ["step", "µs", "share", "GFLOP/s", "GB/s", "moved MB", "live MB", "layer", "kernel"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let megabytes = |bytes: usize| format!("{:.2}", bytes as f64 / 1e6);
    for (place, step) in steps.iter().enumerate() {
        let rate = |amount: f64| format!("{:.1}", amount / step.seconds.max(1e-9) / 1e9);
        rows.push(vec![
            place.to_string(),
            format!("{:.1}", step.seconds * 1e6),
            format!("{:.1}%", 100.0 * step.seconds / total),
            rate(step.operations),
            rate(step.bytes as f64),
            megabytes(step.bytes),
            megabytes(step.live_bytes),
            step.path.clone(),
            step.kernel.clone(),
        ]);
    }
    let operations: f64 = steps.iter().map(|step| step.operations).sum();
    let bytes: usize = steps.iter().map(|step| step.bytes).sum();
    let live = steps.iter().map(|step| step.live_bytes).max().unwrap_or(0);
    rows.push(vec![
        "all".to_owned(),
        format!("{:.1}", total * 1e6),
        "100.0%".to_owned(),
        format!("{:.1}", operations / total / 1e9),
        format!("{:.1}", bytes as f64 / total / 1e9),
        megabytes(bytes),
        megabytes(live),
    ]);
    table(&rows, &[0, 1, 2, 3, 4, 5, 6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_with_rates_and_their_sum() {
        let step = |kernel: &str, seconds, operations| StepProfile {
            kernel: kernel.to_owned(),
            path: "model/dense".to_owned(),
            seconds,
            operations,
            bytes: 2_000_000,
            live_bytes: 500_000,
        };
        let steps = [step("product 1x[128, 784, 256]", 1e-4, 51.4e6), step("chain", 3e-4, 0.0)];
        insta::assert_snapshot!(steps_table(&steps), @r"
        step     µs   share  GFLOP/s  GB/s  moved MB  live MB  layer        kernel
           0  100.0   25.0%    514.0  20.0      2.00     0.50  model/dense  product 1x[128, 784, 256]
           1  300.0   75.0%      0.0   6.7      2.00     0.50  model/dense  chain
         all  400.0  100.0%    128.5  10.0      4.00     0.50
        ");
    }
}
