use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use rhyton::description::Description;
use rhyton::{LoadOptions, Model};
use rhyton_formats::ModelFile;

/// The model that a file's contents describe; errors name the file.
///
/// # Errors
/// As [`Model::from_file`].
pub(crate) fn of_file(path: &Path, file: &ModelFile, options: &LoadOptions) -> Result<Model> {
    Model::from_file(file, options).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// Bytes of a description; a hundred thousand layers fit.
const DESCRIPTION_BYTES_MAX: u64 = 16 << 20;

/// The description in a `.toml` file; `None` for a file with another extension.
///
/// # Errors
/// A file that can't be read; what is wrong in it, with line and column.
pub(crate) fn description(path: &Path) -> Result<Option<Description>> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !extension.is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        return Ok(None);
    }
    let mut text = String::new();
    let read = File::open(path)
        .and_then(|file| file.take(DESCRIPTION_BYTES_MAX + 1).read_to_string(&mut text));
    read.map_err(|error| anyhow!("{}: can't read it: {error}", path.display()))?;
    if text.len() as u64 > DESCRIPTION_BYTES_MAX {
        bail!("{}: expected at most {DESCRIPTION_BYTES_MAX} bytes, received more", path.display());
    }
    Ok(Some(text.parse().map_err(|error| located(path, &error))?))
}

/// The model that a description describes, with first weights from a seed.
///
/// # Errors
/// What is wrong in it, with line and column.
pub(crate) fn described(path: &Path, description: &Description, seed: u64) -> Result<Model> {
    description.model(seed).map_err(|error| located(path, &error))
}

/// `model.toml:7:3: …`, which editors make a link of.
fn located(path: &Path, error: &rhyton::Error) -> anyhow::Error {
    let separator = if matches!(error, rhyton::Error::Description { .. }) { "" } else { " " };
    anyhow!("{}:{separator}{error}", path.display())
}
