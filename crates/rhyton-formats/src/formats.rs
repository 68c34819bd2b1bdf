//! The file formats, one file each, found by content when reading and by extension when writing.
//! Not here: what a configuration means. To add one: a file with its `FORMAT`, its `mod` line and
//! its line in [`FORMATS`].

mod keras;

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::atomic::{self, Sink};
use crate::{Error, ModelFile, Result};

/// Every file format. The first whose content check passes reads a file, whatever its name; the
/// extension chooses for writing.
pub static FORMATS: &[Format] = &[keras::FORMAT];

/// One file format.
#[derive(Debug)]
pub struct Format {
    extension: &'static str,
    description: &'static str,
    detect: fn(&[u8]) -> bool,
    read: fn(Vec<u8>) -> Result<ModelFile>,
    write: fn(&ModelFile, &mut dyn Sink) -> Result<()>,
}

impl Format {
    /// How the names of its files end, with the dot.
    pub fn extension(&self) -> &'static str {
        self.extension
    }

    /// What it is, in a few words.
    pub fn description(&self) -> &'static str {
        self.description
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
    let by_name = format_of(path);
    by_name
        .and_then(|format| atomic::write(path, |sink| (format.write)(model, sink)))
        .map_err(in_file(path))
}

/// Writes a model in the `.keras` format into memory.
///
/// # Errors
/// [`Error::Name`] for a group or asset that can't be named so.
pub fn write_bytes(model: &ModelFile) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    (keras::FORMAT.write)(model, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// Whether a path is worth handing to [`read`]: a file whose first bytes are those of a format, or
/// a folder with `config.json` and weights. Never an error.
pub fn is_model_file(path: impl AsRef<Path>) -> bool {
    const HEAD_BYTES: u64 = 64;
    let path = path.as_ref();
    if path.is_dir() {
        return keras::is_folder(path);
    }
    let mut head = Vec::new();
    path.is_file()
        && fs::File::open(path)
            .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
            .is_ok_and(|_| FORMATS.iter().any(|format| (format.detect)(&head)))
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

fn format_of(path: &Path) -> Result<&'static Format> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    FORMATS
        .iter()
        .find(|format| name.ends_with(format.extension))
        .ok_or_else(|| Error::UnknownExtension { name, expected: extensions() })
}

fn extensions() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.extension).collect()
}

fn in_file(path: &Path) -> impl FnOnce(Error) -> Error {
    move |cause| Error::File { path: path.to_owned(), cause: Box::new(cause) }
}

/// What people hand over by mistake, told by its first bytes.
fn describe(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "an empty file",
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file (`.h5`)",
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
            assert!(format.extension.starts_with('.') && !format.description.is_empty());
            assert!(!(format.detect)(b""), "{}", format.extension);
        }
        let mut extensions = extensions();
        extensions.dedup();
        assert_eq!(extensions.len(), FORMATS.len());
    }

    #[test]
    fn an_unknown_extension_or_content_says_what_is_known() {
        let model = ModelFile::default();
        insta::assert_snapshot!(
            write("model.h6", &model).unwrap_err().to_string(),
            @"`model.h6`: file name: expected one that ends in .keras, received `model.h6`; rename or convert it"
        );
        insta::assert_snapshot!(
            read_bytes(b"\x89HDF\r\n\x1a\n").unwrap_err().to_string(),
            @r#"expected a model file (.keras), received an HDF5 file (`.h5`); save it again with Keras 3's `model.save("name.keras")`"#
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
