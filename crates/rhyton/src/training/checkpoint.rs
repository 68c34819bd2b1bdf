//! The file of a training that can go on: a header in JSON and arrays, with checksums.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `RHYTONCP` |
//! | 4 | version, little-endian like all numbers: 1 |
//! | 8 | length of the header in bytes |
//! | 4 | CRC-32C of the header |
//! | … | the header: [`Header`] as JSON |
//! | … | the arrays that the header lists, one after another, little-endian, row-major |
//! | 4 | CRC-32C of the arrays |

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rhyton_tensor::{Array, DType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crc32c::crc32c;
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"RHYTONCP";
const VERSION: u32 = 1;
/// What stands before the header.
const PREFIX_BYTES: u64 = 24;
/// Much more than any training has; a file that claims more is damaged.
const HEADER_BYTES_MAX: u64 = 64 << 20;

/// Everything of a checkpoint that is not an array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The version of the library that wrote it; nothing depends on it.
    pub(super) rhyton: String,
    /// What has to be the same for the training to go on.
    pub(super) identity: Map<String, Value>,
    /// The epoch to go on with.
    pub(super) epoch: usize,
    /// How many of its steps are done, where it has begun.
    pub(super) batch: Option<usize>,
    /// What its order of samples is counted by, where it has begun.
    pub(super) order: Option<u64>,
    /// Whether a callback has asked to end the training.
    pub(super) stop: bool,
    /// The epochs in the history, and its names; the values are arrays.
    pub(super) history_epoch: Vec<usize>,
    pub(super) history_names: Vec<String>,
    pub(super) callbacks: Vec<CallbackHeader>,
    /// The arrays: history by name, variables, callbacks'.
    pub(super) arrays: Vec<ArrayHeader>,
}

/// A callback's state without its arrays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CallbackHeader {
    pub(super) name: String,
    pub(super) values: Value,
    /// How many arrays it has.
    pub(super) arrays: usize,
}

/// What an array is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArrayHeader {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
}

impl ArrayHeader {
    pub(super) fn of(name: String, array: &Array) -> Self {
        Self { name, dtype: array.dtype().name().to_owned(), shape: array.shape().to_vec() }
    }

    /// The element type, and the size in bytes, which no address space need hold.
    fn measure(&self) -> Option<(DType, u64)> {
        let dtype: DType = self.dtype.parse().ok()?;
        let count = rhyton_tensor::volume(&self.shape).ok()? as u64;
        Some((dtype, count.checked_mul(dtype.size_bytes() as u64)?))
    }
}

/// Writes a checkpoint in the place of the one before, at once or not at all. `array` gives the
/// arrays that the header lists, one at a time.
pub(super) fn write(
    path: &Path,
    header: &Header,
    mut array: impl FnMut(usize) -> Result<Array>,
) -> Result<()> {
    let failed = |error: io::Error| in_file(path, format!("can't write the checkpoint: {error}"));
    let unfinished = unfinished(path);
    let file = File::create(&unfinished).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let text = serde_json::to_vec(header)
        .map_err(|error| in_file(path, format!("a callback's state is no JSON: {error}")))?;
    let mut prefix = MAGIC.to_vec();
    prefix.extend(VERSION.to_le_bytes());
    prefix.extend((text.len() as u64).to_le_bytes());
    prefix.extend(crc32c(0, &text).to_le_bytes());
    out.write_all(&prefix).and_then(|()| out.write_all(&text)).map_err(failed)?;
    let mut sum = 0;
    for place in 0..header.arrays.len() {
        let array = array(place)?;
        sum = crc32c(sum, array.bytes());
        out.write_all(array.bytes()).map_err(failed)?;
    }
    out.write_all(&sum.to_le_bytes()).map_err(failed)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)?;
    sync_folder(path).map_err(failed)
}

/// The checkpoint in a file; `None` where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<(Header, Vec<Array>)>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(in_file(path, format!("can't open the checkpoint: {error}"))),
        Ok(file) => file,
    };
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut file = BufReader::new(file);
    let header = read_header(&mut file, size).map_err(|what| in_file(path, what))?;
    let arrays = read_arrays(&mut file, &header).map_err(|what| in_file(path, what))?;
    Ok(Some((header, arrays)))
}

/// Removes a checkpoint, and what an interrupted write of it left.
pub(crate) fn remove(path: &Path) -> Result<()> {
    for path in [path, &unfinished(path)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(in_file(path, format!("can't remove the checkpoint: {error}")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The checkpoint while it is written, always under the same name so that an interrupted one is
/// overwritten.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".tmp");
    PathBuf::from(name)
}

/// A rename is durable only once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if cfg!(unix) { File::open(folder.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
}

pub(super) fn in_file(path: &Path, what: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), what: what.into() }
}

fn damaged(what: &str) -> String {
    format!("the checkpoint is damaged ({what}); delete it to start the training anew")
}

fn read_exact<const N: usize>(file: &mut impl Read) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(|_end| damaged("it ends too early"))?;
    Ok(bytes)
}

/// The header of a file of this size.
fn read_header(file: &mut impl Read, size: u64) -> Result<Header, String> {
    let magic: [u8; 8] = read_exact(file)?;
    if &magic != MAGIC {
        return Err("expected a checkpoint of a training, received something else; name another \
                    file, or delete this one"
            .to_owned());
    }
    let version = u32::from_le_bytes(read_exact(file)?);
    if version != VERSION {
        return Err(format!(
            "expected a checkpoint of version {VERSION}, received {version}; go on with the \
             Rhyton that wrote it, or delete it to start the training anew"
        ));
    }
    let length = u64::from_le_bytes(read_exact(file)?);
    let sum = u32::from_le_bytes(read_exact(file)?);
    if length > HEADER_BYTES_MAX || length > size.saturating_sub(PREFIX_BYTES) {
        return Err(damaged("its header is longer than the file"));
    }
    let mut text = vec![0; length as usize];
    file.read_exact(&mut text).map_err(|_end| damaged("it ends too early"))?;
    if crc32c(0, &text) != sum {
        return Err(damaged("the checksum of its header differs"));
    }
    let header: Header = serde_json::from_slice(&text)
        .map_err(|error| damaged(&format!("its header can't be read: {error}")))?;
    let measure = |array: &ArrayHeader| array.measure().map(|(_, bytes)| bytes);
    let needed = header.arrays.iter().try_fold(PREFIX_BYTES + length + 4, |sum, array| {
        measure(array).and_then(|bytes| sum.checked_add(bytes))
    });
    if needed != Some(size) {
        return Err(damaged("its arrays have another size than the file"));
    }
    Ok(header)
}

/// The arrays, whose sizes have been checked against the file's.
fn read_arrays(file: &mut impl Read, header: &Header) -> Result<Vec<Array>, String> {
    let mut sum = 0;
    let mut arrays = Vec::with_capacity(header.arrays.len());
    for wanted in &header.arrays {
        let (dtype, _) = wanted.measure().ok_or_else(|| damaged("an array has no size"))?;
        let mut array = Array::zeros(dtype, &wanted.shape);
        file.read_exact(array.bytes_mut()).map_err(|_end| damaged("it ends too early"))?;
        sum = crc32c(sum, array.bytes());
        arrays.push(array);
    }
    if u32::from_le_bytes(read_exact(file)?) != sum {
        return Err(damaged("the checksum of its arrays differs"));
    }
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(arrays: Vec<ArrayHeader>) -> Header {
        Header {
            rhyton: "0".to_owned(),
            identity: Map::new(),
            epoch: 3,
            batch: Some(2),
            order: Some(u64::MAX),
            stop: false,
            history_epoch: vec![0, 1, 2],
            history_names: Vec::new(),
            callbacks: Vec::new(),
            arrays,
        }
    }

    fn stored(folder: &Path) -> (PathBuf, Header, Array) {
        let path = folder.join("a.checkpoint");
        let array = Array::from_slice(&[2, 2], &[0.5_f32, f32::NAN, -0.0, 1e-45]).unwrap();
        let header = header(vec![ArrayHeader::of("w".to_owned(), &array)]);
        write(&path, &header, |_| Ok(array.clone())).unwrap();
        (path, header, array)
    }

    #[test]
    fn what_is_written_is_read_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, header, array) = stored(folder.path());
        let (read_header, arrays) = read(&path).unwrap().unwrap();
        assert_eq!(read_header, header);
        assert_eq!(arrays[0].bytes(), array.bytes());
        fs::write(unfinished(&path), "half").unwrap();
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(read(&path).unwrap().is_none());
        remove(&path).unwrap();
    }

    #[test]
    fn a_failed_write_leaves_the_checkpoint_before() {
        let folder = tempfile::tempdir().unwrap();
        let (path, header, _) = stored(folder.path());
        let before = fs::read(&path).unwrap();
        write(&path, &header, |_| Err(Error::data("a", "test", "nothing", "this"))).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    /// Every byte is covered: no change and no cut is taken for a checkpoint.
    #[test]
    fn every_damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _, _) = stored(folder.path());
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 0x40;
            fs::write(&path, &changed).unwrap();
            read(&path).unwrap_err();
            fs::write(&path, &whole[..place]).unwrap();
            read(&path).unwrap_err();
        }
        fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.ends_with("the checkpoint is damaged (its arrays have another size than the file); delete it to start the training anew"), "{error}");
    }

    /// A header may claim anything; nothing is allocated for it.
    #[test]
    fn huge_claims_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.checkpoint");
        let huge = |shape: Vec<usize>| ArrayHeader {
            name: "w".to_owned(),
            dtype: "float64".to_owned(),
            shape,
        };
        for shape in [vec![1 << 40], vec![usize::MAX, usize::MAX], vec![usize::MAX]] {
            write(&path, &header(vec![huge(shape)]), |_| Ok(Array::scalar(1.0_f64))).unwrap();
            read(&path).unwrap_err();
        }
        let mut claim = fs::read(&path).unwrap();
        claim[12..20].copy_from_slice(&(1_u64 << 60).to_le_bytes());
        fs::write(&path, claim).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("its header is longer than the file"), "{error}");
        fs::write(&path, b"RHYTONCP\x02\0\0\0").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("of version 1, received 2"), "{error}");
        fs::write(&path, "a text that is none").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("received something else"), "{error}");
    }
}
