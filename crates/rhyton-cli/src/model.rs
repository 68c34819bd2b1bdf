use std::path::Path;

use anyhow::{Result, anyhow};
use rhyton::{LoadOptions, Model};
use rhyton_formats::ModelFile;

/// The model that a file's contents describe; errors name the file.
///
/// # Errors
/// As [`Model::from_file`].
pub(crate) fn of_file(path: &Path, file: &ModelFile, options: &LoadOptions) -> Result<Model> {
    Model::from_file(file, options).map_err(|error| anyhow!("{}: {error}", path.display()))
}
