use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use rhyton::{Array, LoadOptions, Model, Predict as PredictOptions};
use rhyton_data::{Part, csv, npy, npz};

use super::{Command, Context, Run};
use crate::data::{Reading, fit_inputs, inputs};
use crate::destination::Destination;

pub(super) const COMMAND: Command = Command::of::<Predict>("predict");

/// Writes a model's outputs for the samples of a file (the test part, if the data has parts)
#[derive(Debug, clap::Args)]
struct Predict {
    /// A .keras or .h5 file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// .npz (inputs named as the model's, or x0, x1, ...; x for one), .npy, .csv, IDX, a .png or
    /// .jpg image, a folder of images, or a data set by name
    #[arg(long, value_name = "IN")]
    input: PathBuf,
    /// .npz (y0, y1, ...), .npy for a model with one output, or .csv with a row for each sample
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
    /// Samples that are run at once
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Write Kaggle's .csv instead: each sample's number, from 1 on, and the label of its largest
    /// output; of a single output, 1 where it is above 0.5
    #[arg(long)]
    submission: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Run for Predict {
    fn run(self, cx: &Context) -> Result<()> {
        let formats: &[&str] = if self.submission { &["csv"] } else { &["npz", "npy", "csv"] };
        let output = Destination::file(&self.output, formats)?;
        let options = LoadOptions { compile: false, ..LoadOptions::default() };
        let model = Model::load_with(&self.model, &options)?;
        let count = model.outputs().len();
        if has_extension(&output, "npy") && count != 1 {
            bail!(
                "{}: .npy holds one array, the model has {count} outputs; use .npz",
                self.output.display()
            );
        }
        if self.submission && count != 1 {
            bail!("predict: --submission needs a model with one output, this one has {count}");
        }
        let mut dataset = self.reading.load(&self.input, Part::Test, cx)?;
        fit_inputs(&mut dataset, &model)?;
        let options = PredictOptions::new().batch_size(self.batch_size as usize);
        let outputs = model.predict(inputs(&dataset), options)?;
        if self.submission {
            write_submission(&output, &outputs[0])?;
        } else {
            write(&output, &outputs)?;
        }
        let rows = dataset.rows()?;
        cx.output.note(&format!("{rows} samples -> {}", self.output.display()));
        Ok(())
    }
}

fn has_extension(path: &Destination, extension: &str) -> bool {
    path.path().extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// Kaggle's form: a line for each sample, numbered from 1 on, with the place of its largest output, or
/// whether the only one, a probability, is above one half.
fn write_submission(output: &Destination, scores: &Array) -> Result<()> {
    let [_, classes] = *scores.shape() else {
        let shape = scores.shape();
        bail!(
            "predict: --submission needs one score for each class, received outputs of {shape:?}"
        );
    };
    let all = scores.to_f64();
    if classes == 1 && !all.iter().all(|score| (0.0..=1.0).contains(score)) {
        bail!(
            "predict: --submission needs one score for each class, or one probability, received \
             single outputs outside 0 to 1; use an .npy or .csv without --submission"
        );
    }
    let mut text = "ImageId,Label\n".to_owned();
    for (row, scores) in all.chunks_exact(classes.max(1)).enumerate() {
        let larger = |best: usize, place: usize| {
            if scores[place] > scores[best] { place } else { best }
        };
        let label = match scores {
            [probability] => usize::from(*probability > 0.5),
            _ => (1..scores.len()).fold(0, larger),
        };
        writeln!(text, "{},{label}", row + 1)?;
    }
    Ok(rhyton_data::replace_file(output.path(), text.as_bytes())?)
}

fn write(output: &Destination, arrays: &[Array]) -> Result<()> {
    if has_extension(output, "npy") {
        return Ok(npy::write(output.path(), &arrays[0])?);
    }
    if has_extension(output, "csv") {
        return Ok(csv::write(output.path(), &arrays.iter().collect::<Vec<_>>())?);
    }
    let names: Vec<String> = (0..arrays.len()).map(|place| format!("y{place}")).collect();
    Ok(npz::write(output.path(), names.iter().map(String::as_str).zip(arrays))?)
}
