use std::cmp::Ordering;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhyton_tensor::{Array, DType};

use crate::stored::ReadRows;
use crate::{Dataset, Error, Result, Stored, image_file};

/// Images in files, all brought to one size, as float32.
#[derive(Debug, Clone)]
struct Images {
    files: Arc<Files>,
    height: usize,
    width: usize,
    channels: usize,
    /// Every channel's pixels together, `[channels, height, width]`.
    planar: bool,
    /// Values stay 0 … 255.
    raw: bool,
    sample: Vec<usize>,
}

/// Many files in few folders: a path for each of millions of files would be mostly repetition.
#[derive(Debug)]
struct Files {
    folders: Vec<PathBuf>,
    /// The place of the file's folder, and the file's name.
    names: Vec<(u32, OsString)>,
}

impl Files {
    fn path(&self, index: usize) -> PathBuf {
        let (folder, name) = &self.names[index];
        self.folders[*folder as usize].join(name)
    }
}

/// The images of a folder: those in its folders, whose names in order are the classes 0, 1, …; or
/// those in the folder itself, which then have no labels. `None` if there are none.
///
/// Files come in the order of their names, where runs of digits compare as numbers (`2.png` before
/// `10.png`). Only the first image is looked at; the others are decoded batch by batch.
///
/// # Errors
/// [`Error::Io`]; what is wrong with the first image.
pub(crate) fn open(folder: &Path, raw: bool) -> Result<Option<Dataset>> {
    let entries = list(folder)?;
    if !entries.images.is_empty() {
        let names = entries.images.into_iter().map(|name| (0, name)).collect();
        let files = Files { folders: vec![folder.to_owned()], names };
        return Ok(Some(dataset(folder, files, None, raw)?));
    }
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    let folders: Vec<PathBuf> = entries.folders.iter().map(|name| folder.join(name)).collect();
    for (class, class_folder) in folders.iter().enumerate() {
        for name in list(class_folder)?.images {
            names.push((class as u32, name));
            labels.push(class as i32);
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let labels = Array::from_slice(&[labels.len()], &labels)?;
    Ok(Some(dataset(folder, Files { folders, names }, Some(labels), raw)?))
}

/// One image as a set of one sample.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_file(path: &Path, raw: bool) -> Result<Dataset> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_owned();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    dataset(path, Files { folders: vec![folder], names: vec![(0, name)] }, None, raw)
}

fn dataset(source: &Path, files: Files, labels: Option<Array>, raw: bool) -> Result<Dataset> {
    let first = image_file::read(&files.path(0), None)?;
    let images = Images {
        files: Arc::new(files),
        height: first.height,
        width: first.width,
        channels: first.channels,
        planar: false,
        raw,
        sample: vec![first.height, first.width, first.channels],
    };
    Ok(Dataset::of(source, crate::Column::Stored(Stored::new(Arc::new(images))), labels))
}

impl ReadRows for Images {
    fn dtype(&self) -> DType {
        DType::F32
    }

    fn sample(&self) -> &[usize] {
        &self.sample
    }

    fn rows(&self) -> usize {
        self.files.names.len()
    }

    fn read(&self, first: usize, place: &mut [u8]) -> Result<()> {
        let mut values = vec![0.0_f32; self.sample.iter().product()];
        let size = values.len() * size_of::<f32>();
        for (index, bytes) in place.chunks_exact_mut(size).enumerate() {
            let pixels = image_file::read(&self.files.path(first + index), Some(self.channels))?;
            let scale = |value: f32| if self.raw { value } else { value / 255.0 };
            pixels.resize_into((self.height, self.width), self.planar, scale, &mut values);
            for (place, value) in bytes.chunks_exact_mut(size_of::<f32>()).zip(&values) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
        Ok(())
    }

    /// The model's size and number of channels; what it leaves open is the first image's.
    fn fitted(&self, expected: &[Option<usize>]) -> Option<Arc<dyn ReadRows>> {
        let colour = |size: Option<usize>| matches!(size, Some(1 | 3));
        let mut fitted = self.clone();
        match *expected {
            [height, width, channels] if channels.is_none() || colour(channels) => {
                fitted.resize(height, width, channels);
                fitted.sample = vec![fitted.height, fitted.width, fitted.channels];
            }
            [channels, height, width] if colour(channels) => {
                fitted.resize(height, width, channels);
                fitted.planar = true;
                fitted.sample = vec![fitted.channels, fitted.height, fitted.width];
            }
            [height, width] => {
                fitted.resize(height, width, Some(1));
                fitted.sample = vec![fitted.height, fitted.width];
            }
            [Some(count)] => {
                let pixels = self.height * self.width;
                fitted.channels = [1, 3].into_iter().find(|channels| pixels * channels == count)?;
                fitted.sample = vec![count];
            }
            _ => return None,
        }
        Some(Arc::new(fitted))
    }
}

impl Images {
    fn resize(&mut self, height: Option<usize>, width: Option<usize>, channels: Option<usize>) {
        self.height = height.unwrap_or(self.height).max(1);
        self.width = width.unwrap_or(self.width).max(1);
        self.channels = channels.unwrap_or(self.channels);
    }
}

/// What is in a folder, each in order.
struct Entries {
    images: Vec<OsString>,
    folders: Vec<OsString>,
}

fn list(folder: &Path) -> Result<Entries> {
    let (mut images, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(Error::io(folder, "list"))? {
        let entry = entry.map_err(Error::io(folder, "list"))?;
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let mut kind = entry.file_type().map_err(Error::io(folder, "list"))?;
        if kind.is_symlink() {
            let path = entry.path();
            kind = fs::metadata(&path).map_err(Error::io(&path, "open"))?.file_type();
        }
        if kind.is_dir() && !hidden {
            folders.push(name);
        } else if kind.is_file() && !hidden && image_file::is_name(Path::new(&name)) {
            images.push(name);
        }
    }
    folders.sort_unstable();
    images.sort_by(|a, b| by_number(&a.to_string_lossy(), &b.to_string_lossy()).then(a.cmp(b)));
    Ok(Entries { images, folders })
}

/// The order of names in which runs of digits are numbers.
fn by_number(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some(&first), Some(&second)) = (a.first(), b.first()) {
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (x, y) = (digits(&mut a), digits(&mut b));
            let order = x.len().cmp(&y.len()).then(x.cmp(y));
            if order.is_ne() {
                return order;
            }
        } else if first == second {
            (a, b) = (&a[1..], &b[1..]);
        } else {
            return first.cmp(&second);
        }
    }
    a.len().cmp(&b.len())
}

/// Takes the digits at the start, without leading zeros.
fn digits<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    let zeros = taken.iter().take_while(|byte| **byte == b'0').count();
    &taken[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InputShape;

    fn write(path: &Path, width: u32, value: u8) {
        image::GrayImage::from_pixel(width, 2, image::Luma([value])).save(path).unwrap();
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (class, name, value) in
            [("b", "10.png", 30_u8), ("b", "2.png", 20), ("a", "x.PNG", 255), ("c", "y.jpg", 90)]
        {
            fs::create_dir_all(folder.path().join(class)).unwrap();
            write(&folder.path().join(class).join(name), 3, value);
        }
        fs::write(folder.path().join("b/notes.txt"), "no image").unwrap();
        folder
    }

    fn all(dataset: &Dataset) -> Array {
        let crate::Column::Stored(stored) = &dataset.inputs[0].1 else { panic!("in memory") };
        stored.to_array().unwrap()
    }

    #[test]
    fn folders_are_classes() {
        let folder = folder();
        let set = open(folder.path(), true).unwrap().unwrap();
        assert_eq!(set.targets[0].array().unwrap().view::<i32>(), &[0, 1, 1, 2]);
        let images = all(&set);
        assert_eq!(images.shape(), &[4, 2, 3, 1]);
        let firsts: Vec<f32> = images.view::<f32>().chunks(6).map(|image| image[0]).collect();
        assert_eq!(firsts[..3], [255.0, 20.0, 30.0]);
        assert!((firsts[3] - 90.0).abs() <= 2.0);
        let scaled = open(folder.path(), false).unwrap().unwrap();
        assert_eq!(all(&scaled).view::<f32>()[0], 1.0);
        assert!(open(&folder.path().join("b/notes.txt"), true).is_err());
        let flat = open(&folder.path().join("b"), true).unwrap().unwrap();
        assert!(flat.targets.is_empty());
        assert_eq!(flat.rows().unwrap(), 2);
        let one = open_file(&folder.path().join("b/2.png"), true).unwrap();
        assert_eq!(all(&one).view::<f32>(), &[20.0; 6]);
        let empty = tempfile::tempdir().unwrap();
        assert!(open(empty.path(), true).unwrap().is_none());
    }

    #[test]
    fn a_model_decides_size_and_channels() {
        let folder = folder();
        write(&folder.path().join("a/z.png"), 6, 255);
        let fitted = |sample: &[Option<usize>]| {
            let mut set = open(folder.path(), true).unwrap().unwrap();
            set.reshape_inputs_to(&[InputShape { name: "images", sample }])
                .map(|()| all(&set).shape().to_vec())
        };
        assert_eq!(fitted(&[Some(4), Some(5), Some(3)]).unwrap(), [5, 4, 5, 3]);
        assert_eq!(fitted(&[Some(3), Some(4), Some(5)]).unwrap(), [5, 3, 4, 5]);
        assert_eq!(fitted(&[None, None, None]).unwrap(), [5, 2, 3, 1]);
        assert_eq!(fitted(&[Some(8), Some(8)]).unwrap(), [5, 8, 8]);
        assert_eq!(fitted(&[Some(6)]).unwrap(), [5, 6]);
        assert_eq!(fitted(&[Some(18)]).unwrap(), [5, 18]);
        assert!(matches!(fitted(&[Some(7)]), Err(Error::Shape { .. })));
    }

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["b", "a10", "a2", "a02", "a", "a2b"];
        names.sort_by(|a, b| by_number(a, b).then(a.cmp(b)));
        assert_eq!(names, ["a", "a02", "a2", "a2b", "a10", "b"]);
    }
}
