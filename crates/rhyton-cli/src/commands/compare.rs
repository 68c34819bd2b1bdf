//! `compare`: the same network trained once for each activation and seed.

mod experiment;
mod report;
mod sweep;

use std::path::PathBuf;

use anyhow::Result;

use super::{Command, Context, Run};
use crate::destination::Destination;
use experiment::Experiment;
use report::{Report, Row};
use sweep::{Candidate, Sweep};

pub(super) const COMMAND: Command = Command::of::<Compare>("compare");

/// Trains the same network once per activation and seed, and compares accuracy and time
///
/// All activations of a seed start from the same seed's weights and see the samples in the same
/// order. Accuracy is that after the last epoch, on samples not trained on: the test part of data
/// that has parts, else its `x_val` and `y_val`, else its last fifth. Seconds per epoch are the median
/// over all epochs and seeds.
#[derive(Debug, clap::Args)]
struct Compare {
    /// Names, names with parameters as in "swish(beta=1.5)", or expressions in x
    #[arg(value_name = "ACT", required = true)]
    activations: Vec<String>,
    /// Values of a parameter, each a row of its own, as in "beta=0.5,1,2"; activations without the
    /// parameter stay one row
    #[arg(long, value_name = "NAME=NUMBER,...", allow_hyphen_values = true)]
    sweep: Option<Sweep>,
    /// digits, mnist, fashion-mnist, a folder of IDX files, or an .npz or .csv file with labels
    #[arg(long, value_name = "DATA", default_value = "digits")]
    data: PathBuf,
    /// Keep pixels as 0 ... 255 instead of dividing them by 255
    #[arg(long)]
    raw: bool,
    /// A .keras or .h5 file, or a .toml file that describes a model, whose hidden activations (but
    /// linear) are replaced; default: Flatten, Dense(256), Dense(100), BatchNormalization, Dense(10,
    /// softmax)
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Replace only in layers whose names match, as in "dense_*"
    #[arg(long, value_name = "GLOB")]
    only: Option<String>,
    /// How many seeds, counted from 0
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    seeds: u32,
    /// How often all samples are seen
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Samples that make a step
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Write report.json into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Print JSON, the same as report.json, instead of the table
    #[arg(long)]
    json: bool,
}

impl Run for Compare {
    fn run(self, cx: &Context) -> Result<()> {
        let candidates = sweep::candidates(&self.activations, self.sweep.as_ref())?;
        let folder = self.report.as_ref();
        let file =
            folder.map(|folder| Destination::in_folder(folder, "report.json")).transpose()?;
        let experiment = Experiment::prepare(&self, cx)?;
        // What does not fit the network shows now, not after the other rows' training.
        for Candidate { label, activation } in &candidates {
            experiment.check(label, activation)?;
        }
        let report = self.train_all(&experiment, &candidates, cx)?;
        if let Some(file) = file {
            file.write_json(&report.json())?;
            cx.output.note(&format!("report -> {}", file.path().display()));
        }
        if self.json { cx.output.json(&report.json()) } else { cx.output.text(&report.table()) }
    }
}

impl Compare {
    /// Trains seed by seed, so that a machine that slows down slows all rows alike.
    fn train_all(
        &self,
        experiment: &Experiment,
        candidates: &[Candidate],
        cx: &Context,
    ) -> Result<Report> {
        let mut rows: Vec<Row> = candidates.iter().map(|one| Row::new(&one.label)).collect();
        let total = rows.len() * self.seeds as usize;
        let mut done = 0;
        for seed in 0..u64::from(self.seeds) {
            for (row, candidate) in rows.iter_mut().zip(candidates) {
                let outcome = experiment.train(&candidate.activation, seed)?;
                done += 1;
                let (name, accuracy) = (&row.activation, outcome.accuracy);
                let seconds: f64 = outcome.epoch_seconds.iter().sum();
                cx.output.note(&format!(
                    "{done}/{total}  {name}  seed {seed}  accuracy {accuracy:.4}  {seconds:.1} s"
                ));
                row.add(outcome);
            }
        }
        Ok(Report { rows })
    }
}
