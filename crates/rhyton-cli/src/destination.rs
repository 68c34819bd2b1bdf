use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

/// Where a result will be written. Checked before the work begins, so that an hour of training is
/// not lost to a typo.
#[derive(Debug, Clone)]
pub(crate) struct Destination(PathBuf);

impl Destination {
    /// A file that can be written, with one of these extensions (none: any).
    ///
    /// # Errors
    /// When the folder is missing or closed to us, the path is a folder, or the extension another.
    pub(crate) fn file(path: &Path, extensions: &[&str]) -> Result<Self> {
        let shown = path.display();
        let extension = path.extension().map(|text| text.to_string_lossy().to_lowercase());
        if !extensions.is_empty()
            && !extensions.iter().any(|known| extension.as_deref() == Some(known))
        {
            let known = extensions.iter().map(|known| format!(".{known}")).collect::<Vec<_>>();
            bail!("{shown}: expected a file name that ends in {}", known.join(", "));
        }
        if path.is_dir() {
            bail!("{shown}: expected a file, received a folder");
        }
        if path.exists() && !path.is_file() {
            return Ok(Self(path.to_owned()));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            bail!("{shown}: the folder {} does not exist; create it first", folder.display());
        }
        tempfile::tempfile_in(folder)
            .map_err(|error| anyhow!("{shown}: can't write in its folder: {error}"))?;
        Ok(Self(path.to_owned()))
    }

    /// A file in a folder, which is made if only it is missing.
    ///
    /// # Errors
    /// As [`Destination::file`].
    pub(crate) fn in_folder(folder: &Path, name: &str) -> Result<Self> {
        if !folder.is_dir() {
            fs::create_dir(folder)
                .map_err(|error| anyhow!("{}: can't make the folder: {error}", folder.display()))?;
        }
        Self::file(&folder.join(name), &[])
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes JSON: the file that was there stays until the new one is whole.
    ///
    /// # Errors
    /// The system's, with the path.
    pub(crate) fn write_json(&self, value: &Value) -> Result<()> {
        let text = format!("{value:#}\n");
        Ok(rhyton_data::replace_file(&self.0, text.as_bytes())?)
    }
}

/// The folder of a file; the current one for a bare name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
