use std::path::Path;

use anyhow::Result;
use rhyton::{Array, Model};
use rhyton_data::{Dataset, InputShape, LoadOptions, Part};

use crate::commands::Context;

// Not a doc comment: clap would take it for the command's description.
// How data is read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Reading {
    /// Which samples of data that comes in parts: train, test or all
    #[arg(long, value_parser = parse_part, value_name = "PART")]
    part: Option<Part>,
    /// Keep pixels as 0 ... 255 instead of dividing them by 255
    #[arg(long)]
    raw: bool,
}

impl Reading {
    /// Loads a named set, a folder or a file; `part` unless another was asked for.
    ///
    /// # Errors
    /// What the readers refuse.
    pub(crate) fn load(&self, source: &Path, part: Part, cx: &Context) -> Result<Dataset> {
        load(source, self.part.unwrap_or(part), self.raw, cx)
    }
}

/// Loads a part of a named set, a folder or a file.
///
/// # Errors
/// What the readers refuse.
pub(crate) fn load(source: &Path, part: Part, raw: bool, cx: &Context) -> Result<Dataset> {
    let folders = cx.settings.data_folders.clone();
    Ok(rhyton_data::load(source, &LoadOptions { part, raw, folders })?)
}

/// Gives the inputs the order and shapes that the model wants.
///
/// # Errors
/// When there are others, or of another size.
pub(crate) fn fit_inputs(dataset: &mut Dataset, model: &Model) -> Result<()> {
    let inputs = model.inputs();
    let samples: Vec<Vec<Option<usize>>> = inputs
        .iter()
        .map(|(_, spec)| spec.shape.iter().skip(1).map(|size| size.fixed_size()).collect())
        .collect();
    let shapes: Vec<InputShape<'_>> = inputs
        .iter()
        .zip(&samples)
        .map(|((name, _), sample)| InputShape { name, sample })
        .collect();
    Ok(dataset.reshape_inputs_to(&shapes)?)
}

/// The arrays that the model takes.
pub(crate) fn inputs(dataset: &Dataset) -> Vec<&Array> {
    dataset.inputs.iter().map(|(_, array)| array).collect()
}

fn parse_part(text: &str) -> Result<Part, String> {
    match text {
        "train" => Ok(Part::Train),
        "test" => Ok(Part::Test),
        "all" => Ok(Part::All),
        _ => Err("expected train, test or all".to_owned()),
    }
}
