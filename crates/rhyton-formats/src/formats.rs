//! The file formats, one file each, found by content when reading and by extension when writing.
//! Not here: what a configuration means. To add one: a file with its `FORMAT`, its `mod` line and
//! its line in [`FORMATS`].

mod archive;
mod assets;
mod groups;
mod h5;
mod keras;
mod npz;
mod safetensors;

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::atomic::{self, Sink};
use crate::{Error, ModelFile, Result};

/// Every file format. The first whose content check passes reads a file, whatever its name; the
/// extension chooses for writing.
///
/// Of formats that begin alike, the narrower one stands first: an `.npz` is an archive too, and
/// `.weights.h5` ends in `.h5`.
pub static FORMATS: &[Format] =
    &[npz::FORMAT, keras::FORMAT, h5::WEIGHTS_FORMAT, h5::FORMAT, safetensors::FORMAT];

/// One file format.
#[derive(Debug)]
pub struct Format {
    extensions: &'static [&'static str],
    description: &'static str,
    has_configuration: bool,
    form: WeightForm,
    detect: fn(&[u8]) -> bool,
    read: fn(Vec<u8>) -> Result<ModelFile>,
    write: fn(&ModelFile, &mut dyn Sink) -> Result<()>,
}

/// How a format names variables; the part of a [`ModelFile`] that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightForm {
    /// By Keras 3's groups: [`ModelFile::weights`].
    Groups,
    /// By layer, in order: [`ModelFile::layers`].
    Layers,
    /// By path in the model: [`ModelFile::named`].
    Named,
}

impl Format {
    /// The format that a file's name asks for.
    ///
    /// # Errors
    /// [`Error::UnknownExtension`] with the extensions there are.
    pub fn of(path: impl AsRef<Path>) -> Result<&'static Self> {
        let name = path.as_ref().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        FORMATS
            .iter()
            .find(|format| format.extensions.iter().any(|extension| lower.ends_with(extension)))
            .ok_or_else(|| Error::UnknownExtension { name, expected: extensions() })
    }

    /// How the names of its files end, with the dot.
    pub fn extension(&self) -> &'static str {
        self.extensions[0]
    }

    /// What it is, in a few words.
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// Whether it holds a model; otherwise it holds weights alone.
    pub fn has_configuration(&self) -> bool {
        self.has_configuration
    }

    /// How it names variables.
    pub fn form(&self) -> WeightForm {
        self.form
    }

    /// Writes a model in this format into memory.
    ///
    /// # Errors
    /// [`Error::Name`] for what can't be named so.
    pub fn write_bytes(&self, model: &ModelFile) -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        (self.write)(model, &mut bytes)?;
        Ok(bytes.into_inner())
    }
}

/// Reads a model file, or a folder that holds the members of a `.keras` file.
///
/// The content decides the format. Memory stays within a small multiple of the file, and no code
/// in it runs.
///
/// # Errors
/// [`Error::File`] with the path and the cause.
pub fn read(path: impl AsRef<Path>) -> Result<ModelFile> {
    let path = path.as_ref();
    read_path(path).map_err(in_file(path))
}

/// Reads a model file from memory.
///
/// # Errors
/// Every [`Error`] about content.
pub fn read_bytes(bytes: &[u8]) -> Result<ModelFile> {
    read_owned(bytes.to_vec())
}

/// Writes a model file in the format of its extension, whole or not at all: a temporary file in
/// the same folder takes its place once it is on the disk.
///
/// # Errors
/// [`Error::File`] with the path and the cause; a file that was there is then unchanged.
pub fn write(path: impl AsRef<Path>, model: &ModelFile) -> Result<()> {
    let path = path.as_ref();
    Format::of(path)
        .and_then(|format| atomic::write(path, |sink| (format.write)(model, sink)))
        .map_err(in_file(path))
}

/// Writes a model in the `.keras` format into memory.
///
/// # Errors
/// [`Error::Name`] for a group or asset that can't be named so.
pub fn write_bytes(model: &ModelFile) -> Result<Vec<u8>> {
    keras::FORMAT.write_bytes(model)
}

/// Whether a path is worth handing to [`read`] for a model: a file whose first bytes are those of a
/// format that holds models, or a folder with `config.json` and weights. Never an error.
pub fn is_model_file(path: impl AsRef<Path>) -> bool {
    const HEAD_BYTES: u64 = 1024;
    let path = path.as_ref();
    if path.is_dir() {
        return keras::is_folder(path);
    }
    let mut head = Vec::new();
    path.is_file()
        && fs::File::open(path)
            .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
            .is_ok_and(|_| {
                let format = FORMATS.iter().find(|format| (format.detect)(&head));
                format.is_some_and(|format| format.has_configuration || (h5::FORMAT.detect)(&head))
            })
}

fn read_path(path: &Path) -> Result<ModelFile> {
    let metadata = fs::metadata(path).map_err(Error::io("open it"))?;
    if metadata.is_dir() {
        return keras::read_folder(path);
    }
    // A pipe or device has no end.
    if !metadata.is_file() {
        return Err(Error::NotAFile { received: "a pipe, socket or device" });
    }
    let mut bytes = Vec::new();
    // A sparse file can claim more than there is memory.
    bytes.try_reserve_exact(metadata.len() as usize).map_err(|_refused| Error::TooLarge {
        what: "bytes of a file that is read into memory".to_owned(),
        limit: isize::MAX as u64,
        received: metadata.len(),
    })?;
    fs::File::open(path)
        .and_then(|file| file.take(metadata.len()).read_to_end(&mut bytes))
        .map_err(Error::io("read it"))?;
    read_owned(bytes)
}

fn read_owned(bytes: Vec<u8>) -> Result<ModelFile> {
    let format = FORMATS.iter().find(|format| (format.detect)(&bytes));
    match format {
        Some(format) => (format.read)(bytes),
        None => Err(Error::UnknownContent { received: describe(&bytes), expected: extensions() }),
    }
}

/// The extensions, those of whole models first.
fn extensions() -> Vec<&'static str> {
    let (models, weights): (Vec<_>, Vec<_>) =
        FORMATS.iter().partition(|format| format.has_configuration);
    models.into_iter().chain(weights).map(Format::extension).collect()
}

fn in_file(path: &Path) -> impl FnOnce(Error) -> Error {
    move |cause| Error::File { path: path.to_owned(), cause: Box::new(cause) }
}

/// What people hand over by mistake, told by its first bytes.
fn describe(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "an empty file",
        [b'{' | b'[', ..] => "text that looks like JSON",
        _ if bytes.starts_with(b"version https://git-lfs") => {
            "a Git LFS pointer (fetch the file itself with `git lfs pull`)"
        }
        [b'<', ..] => "text that looks like a web page",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_consistent() {
        for format in FORMATS {
            assert!(!format.description.is_empty());
            assert!(!(format.detect)(b""), "{}", format.extension());
            for extension in format.extensions {
                assert!(extension.starts_with('.'));
                // An extension that an earlier format's ends with would never be found.
                let found = Format::of(format!("model{}", extension.to_uppercase())).unwrap();
                assert_eq!(found.extension(), format.extension());
            }
        }
    }

    #[test]
    fn an_unknown_extension_or_content_says_what_is_known() {
        let model = ModelFile::default();
        insta::assert_snapshot!(
            write("model.h6", &model).unwrap_err().to_string(),
            @"`model.h6`: file name: expected one that ends in .keras, .h5, .npz, .weights.h5, .safetensors, received `model.h6`; rename or convert it"
        );
        insta::assert_snapshot!(
            read_bytes(b"version https://git-lfs.github.com/spec/v1").unwrap_err().to_string(),
            @r#"expected a model file (.keras, .h5, .npz, .weights.h5, .safetensors), received a Git LFS pointer (fetch the file itself with `git lfs pull`); save it again with Keras 3's `model.save("name.keras")`"#
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_refused() {
        let error = read("/dev/zero").unwrap_err().to_string();
        assert!(error.contains("received a pipe, socket or device"), "{error}");
        assert!(!is_model_file("/dev/zero"));
    }
}
