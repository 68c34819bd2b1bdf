use std::path::{Path, PathBuf};

use rhyton_tensor::{Array, DType};

use crate::{Error, Part, Result, idx};

/// The images and, if their file is there, the labels of one part of an IDX folder with MNIST's
/// file names; [`Part::All`] joins both parts.
///
/// # Errors
/// [`Error::MissingFile`]; whatever [`idx::read`] refuses; parts whose shapes differ.
pub(crate) fn read(folder: &Path, part: Part) -> Result<(Array, Option<Array>)> {
    match part {
        Part::Train => read_part(folder, "train"),
        Part::Test => read_part(folder, "t10k"),
        Part::All => {
            let (train, test) = (read_part(folder, "train")?, read_part(folder, "t10k")?);
            let labels = match (train.1, test.1) {
                (Some(train), Some(test)) => Some(joined(&train, &test, folder)?),
                _ => None,
            };
            Ok((joined(&train.0, &test.0, folder)?, labels))
        }
    }
}

/// Whether the folder holds one of the files.
pub(crate) fn is_one(folder: &Path) -> bool {
    let names = |part| [names(part, "images", 3), names(part, "labels", 1)].concat();
    ["train", "t10k"].iter().any(|part| find(folder, &names(part)).is_some())
}

fn read_part(folder: &Path, part: &str) -> Result<(Array, Option<Array>)> {
    let images = names(part, "images", 3);
    let path = find(folder, &images).ok_or_else(|| Error::MissingFile {
        folder: folder.to_owned(),
        names: images,
        advice: "an IDX folder holds train-images-idx3-ubyte, train-labels-idx1-ubyte, \
                 t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (for one part pass --part); a \
                 folder of images holds a folder of .png or .jpg files for each class",
    })?;
    let labels = find(folder, &names(part, "labels", 1));
    Ok((idx::read(&path)?, labels.map(|path| idx::read(&path)).transpose()?))
}

/// Both spellings in use, each looked for plain and gzipped.
fn names(part: &str, what: &str, rank: usize) -> Vec<String> {
    ["-", "."].map(|separator| format!("{part}-{what}{separator}idx{rank}-ubyte")).to_vec()
}

fn find(folder: &Path, names: &[String]) -> Option<PathBuf> {
    let candidates = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    candidates.map(|name| folder.join(name)).find(|path| path.is_file())
}

/// The rows of both arrays, one after the other.
fn joined(first: &Array, second: &Array, folder: &Path) -> Result<Array> {
    if first.dtype() != second.dtype() || first.shape().get(1..) != second.shape().get(1..) {
        let origin = crate::error::Origin::new(folder, "test part");
        let show = |array: &Array| format!("{} of shape {:?}", array.dtype(), array.shape());
        let advice = "the parts belong to different sets; load one of them with --part";
        return Err(origin.content(format!("samples like {}", show(first)), show(second), advice));
    }
    let mut shape = first.shape().to_vec();
    shape[0] += second.shape()[0];
    let bytes = [first.bytes(), second.bytes()].concat();
    Ok(Array::from_bytes(first.dtype(), &shape, &bytes)?)
}

/// Pixels as float32: bytes divided by 255 unless `raw`; other element types keep their values.
pub(crate) fn pixels(images: &Array, raw: bool) -> Array {
    let mut result = images.cast(DType::F32);
    if images.dtype() == DType::U8 && !raw {
        result.view_mut::<f32>().iter_mut().for_each(|pixel| *pixel /= 255.0);
    }
    result
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(path: &Path, sizes: &[u32], values: &[u8]) {
        let mut bytes = vec![0, 0, 8, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(values);
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn parts_labels_and_both_spellings_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write(&at("train-images-idx3-ubyte"), &[2, 1, 1], &[0, 255]);
        write(&at("train-labels.idx1-ubyte"), &[2], &[7, 8]);
        write(&at("t10k-images.idx3-ubyte"), &[1, 1, 1], &[51]);
        let (images, labels) = read(folder.path(), Part::Train).unwrap();
        assert_eq!(pixels(&images, false).view::<f32>(), &[0.0, 1.0]);
        assert_eq!(pixels(&images, true).view::<f32>(), &[0.0, 255.0]);
        assert_eq!(labels.unwrap().view::<u8>(), &[7, 8]);
        let (images, labels) = read(folder.path(), Part::All).unwrap();
        assert_eq!(images.view::<u8>(), &[0, 255, 51]);
        assert!(labels.is_none());
        write(&at("t10k-labels-idx1-ubyte"), &[1], &[9]);
        let (_, labels) = read(folder.path(), Part::All).unwrap();
        assert_eq!(labels.unwrap().view::<u8>(), &[7, 8, 9]);
        write(&at("t10k-images.idx3-ubyte"), &[1, 1, 2], &[5, 6]);
        let message = read(folder.path(), Part::All).unwrap_err().to_string();
        assert!(message.contains("received uint8 of shape [1, 1, 2]"), "{message}");
    }

    #[test]
    fn a_missing_part_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = read(folder.path(), Part::Test).unwrap_err().to_string();
        assert!(message.contains("t10k-images-idx3-ubyte or t10k-images.idx3-ubyte"), "{message}");
    }
}
