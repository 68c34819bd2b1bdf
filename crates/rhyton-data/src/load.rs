use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rhyton_tensor::{Array, DType};

use crate::error::Origin;
use crate::idx_folder::pixels;
use crate::{
    Dataset, Error, Part, Result, csv, digits, idx, idx_folder, image_file, image_folder, npy, npz,
};

/// The data sets that are known by name.
pub const NAMES: [&str; 3] = ["digits", "mnist", "fashion-mnist"];

/// Where systems install data sets: Debian's place, and the one for what is added by hand.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/share/datasets", "/usr/local/share/datasets"];

/// What to load of a data set, and where to look for it.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The part of a set that has parts; other data is taken whole.
    pub part: Part,
    /// Keep pixels as 0 … 255 instead of dividing them by 255.
    pub raw: bool,
    /// Folders that hold data sets in sub-folders named like them; searched before the system's.
    pub folders: Vec<PathBuf>,
    /// What arrays of an `.npz` or `.npy` may take in memory; those beyond it stay in their file
    /// and are read row by row if they are uncompressed and in C order. Default 256 MiB.
    pub memory_bytes: u64,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { part: Part::default(), raw: false, folders: Vec::new(), memory_bytes: 256 << 20 }
    }
}

/// Loads a data set: a name of [`NAMES`], a folder with IDX files named as MNIST's, a folder of
/// PNG or JPEG images (in a folder for each class, or without labels), or a file: `.npz`, `.npy`,
/// `.csv`, IDX, an image.
///
/// Images, those of named sets, IDX and Kaggle's CSV among them, become float32, `value / 255` unless
/// [`LoadOptions::raw`]; their labels int32. Arrays of `.npz` and `.npy` are taken as stored
/// ([`Dataset::from_arrays`]). A name wins over a folder so called; write `./digits` for that.
///
/// # Errors
/// [`Error::Unknown`], [`Error::NotInstalled`], [`Error::MissingFile`], [`Error::Io`], and what the
/// readers of the formats refuse.
pub fn load(source: impl AsRef<Path>, options: &LoadOptions) -> Result<Dataset> {
    let source = source.as_ref();
    let dataset = match source.to_str() {
        Some("digits") => {
            let (images, labels) = digits::read(options.part)?;
            Ok(image_set(source, &images, Some(&labels), options.raw))
        }
        Some("mnist") => {
            const ADVICE: &str = "put the four files train-images-idx3-ubyte.gz, … of \
                                  https://storage.googleapis.com/cvdf-datasets/mnist into one of \
                                  these, or pass the folder that holds them";
            read_folder(&find("mnist", ADVICE, options)?, options)
        }
        Some("fashion-mnist") => {
            const ADVICE: &str = "install Debian's package dataset-fashion-mnist, or pass a folder \
                                  with the four files of \
                                  https://github.com/zalandoresearch/fashion-mnist";
            read_folder(&find("fashion-mnist", ADVICE, options)?, options)
        }
        name => read_path(source, name, options),
    }?;
    dataset.rows()?;
    Ok(dataset)
}

fn find(name: &'static str, advice: &'static str, options: &LoadOptions) -> Result<PathBuf> {
    let system = SYSTEM_FOLDERS.iter().map(PathBuf::from);
    let looked: Vec<PathBuf> =
        options.folders.iter().cloned().chain(system).map(|folder| folder.join(name)).collect();
    let found = looked.iter().find(|folder| folder.is_dir()).cloned();
    found.ok_or(Error::NotInstalled { name, looked, advice })
}

fn read_path(path: &Path, name: Option<&str>, options: &LoadOptions) -> Result<Dataset> {
    match fs::metadata(path) {
        Err(source) => {
            let like_a_name = name.is_some_and(|name| !name.contains(['/', '\\', '.']));
            if source.kind() == std::io::ErrorKind::NotFound && like_a_name {
                let name = path.display().to_string();
                return Err(Error::Unknown { name, known: NAMES.to_vec() });
            }
            return Err(Error::io(path, "open")(source));
        }
        Ok(metadata) if metadata.is_dir() => return read_folder(path, options),
        // Reading the first bytes of a pipe would take them away, and wait for ever for none.
        Ok(metadata) if !metadata.is_file() => {
            let origin = Origin::new(path, "file");
            let expected = "a regular file or a folder";
            let advice = "write what comes through a pipe to a file first";
            return Err(origin.content(expected, "something else", advice));
        }
        Ok(_) => {}
    }
    let mut start = Vec::new();
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    file.take(6).read_to_end(&mut start).map_err(Error::io(path, "read"))?;
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    match start.as_slice() {
        _ if is_csv => csv_set(path, options.raw),
        [b'P', b'K', ..] => Dataset::from_arrays(path, npz::open(path, options.memory_bytes)?),
        start if start == npy::MAGIC => {
            Ok(Dataset::of(path, npy::open(path, options.memory_bytes)?, None::<Array>))
        }
        start if image_file::is_start(start) => image_folder::open_file(path, options.raw),
        [0, 0, ..] => idx_set(path, options.raw),
        start if start.starts_with(&idx::GZIP_MAGIC) => idx_set(path, options.raw),
        start => {
            let origin = Origin::new(path, "first bytes");
            let expected = "an .npz, .npy, .csv, IDX, PNG or JPEG file";
            let advice = "convert the data, e.g. numpy.savez(file, x=images, y=labels)";
            Err(origin.content(expected, format!("`{}`", start.escape_ascii()), advice))
        }
    }
}

fn read_folder(folder: &Path, options: &LoadOptions) -> Result<Dataset> {
    if !idx_folder::is_one(folder)
        && let Some(images) = image_folder::open(folder, options.raw)?
    {
        return Ok(images);
    }
    let (images, labels) = idx_folder::read(folder, options.part)?;
    Ok(image_set(folder, &images, labels.as_ref(), options.raw))
}

fn image_set(source: &Path, images: &Array, labels: Option<&Array>, raw: bool) -> Dataset {
    Dataset::of(source, pixels(images, raw), labels.map(|labels| labels.cast(DType::I32)))
}

/// A lone IDX file: images if it has axes beyond the samples', else values as stored.
fn idx_set(path: &Path, raw: bool) -> Result<Dataset> {
    let array = idx::read(path)?;
    let x = if array.rank() > 1 { pixels(&array, raw) } else { array };
    Ok(Dataset::of(path, x, None::<Array>))
}

/// Kaggle's digits (`label,pixel0,…` or `pixel0,…`) are images; another table keeps its values, and
/// a first column `label` is the target.
fn csv_set(path: &Path, raw: bool) -> Result<Dataset> {
    let table = csv::read(path)?;
    let labelled = table.header.first().is_some_and(|name| name == "label");
    let columns = table.header.get(usize::from(labelled)..).unwrap_or_default();
    let pixels = !columns.is_empty()
        && columns.iter().enumerate().all(|(index, name)| *name == format!("pixel{index}"));
    let labels = if labelled { Some(table.integers(0, path)?) } else { None };
    let mut x = table.columns_from(usize::from(labelled));
    if pixels && !raw {
        x.view_mut::<f32>().iter_mut().for_each(|pixel| *pixel /= 255.0);
    }
    Ok(Dataset::of(path, x, labels))
}

#[cfg(test)]
mod tests;
