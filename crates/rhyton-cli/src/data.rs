use std::path::Path;

use anyhow::Result;
use rhyton::Model;
use rhyton_data::{Dataset, InputShape, LoadOptions, Part, Rows};

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
    pub(crate) raw: bool,
    /// What arrays may take in memory; larger ones stay in their .npz or .npy file, if it is
    /// uncompressed, and are read row by row
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    memory: u32,
}

impl Reading {
    /// Loads a named set, a folder or a file; `part` unless another was asked for.
    ///
    /// # Errors
    /// What the readers refuse.
    pub(crate) fn load(&self, source: &Path, part: Part, cx: &Context) -> Result<Dataset> {
        let options = LoadOptions {
            part: self.part.unwrap_or(part),
            raw: self.raw,
            folders: cx.settings.data_folders.clone(),
            memory_bytes: u64::from(self.memory) << 20,
        };
        Ok(rhyton_data::load(source, &options)?)
    }
}

/// Loads a part of a named set, a folder or a file.
///
/// # Errors
/// What the readers refuse.
pub(crate) fn load(source: &Path, part: Part, raw: bool, cx: &Context) -> Result<Dataset> {
    let folders = cx.settings.data_folders.clone();
    let options = LoadOptions { part, raw, folders, ..LoadOptions::default() };
    Ok(rhyton_data::load(source, &options)?)
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

/// The columns that the model takes.
pub(crate) fn inputs(dataset: &Dataset) -> Vec<Rows<'_>> {
    dataset.inputs.iter().map(|(_, column)| column.as_rows()).collect()
}

fn parse_part(text: &str) -> Result<Part, String> {
    match text {
        "train" => Ok(Part::Train),
        "test" => Ok(Part::Test),
        "all" => Ok(Part::All),
        _ => Err("expected train, test or all".to_owned()),
    }
}
