use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_pure::{AttrValue, Dataset, File, FormatError, Group, Layout, Source};
use rhyton_tensor::{Array, volume};

use super::element::{Element, element};
use super::{Attribute, Node, joined};
use crate::limits::{self, GROUP_DEPTH_MAX, OBJECTS_MAX, RANK_MAX};
use crate::{Error, Result};

/// Reads a whole HDF5 file. Links of any kind but hard ones are never followed, and neither
/// external nor virtual datasets are.
///
/// # Errors
/// [`Error::Hdf5`] for damage, [`Error::TooLarge`] past the limits, [`Error::ElementType`] and
/// [`Error::Elements`] for a dataset that is no array.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Node> {
    let stored = bytes.len() as u64;
    let left = AtomicU64::new(limits::parser_bytes_max(stored));
    let file = File::from_source(Bounded { bytes, left }).map_err(|e| Error::hdf5("", &e))?;
    let unpacked_max = limits::unpacked_bytes_max(stored);
    let mut reader = Reader { objects: 0, unpacked: 0, unpacked_max };
    reader.group(&file.root(), "", 0)
}

/// The file's bytes, given out a bounded number of times: structures that refer to each other in
/// circles, or to one large one from everywhere, end in an error instead of a hang.
struct Bounded {
    bytes: Vec<u8>,
    left: AtomicU64,
}

impl Source for Bounded {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        // A read costs time even when it is short.
        const READ_COST: u64 = 32;
        let cost = buffer.len() as u64 + READ_COST;
        let spend = |left: u64| left.checked_sub(cost);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_err() {
            let reason = "its structures refer to each other more often than an honest file's do";
            return Err(FormatError::Source(reason.to_owned()));
        }
        let found = usize::try_from(offset)
            .ok()
            .and_then(|start| self.bytes.get(start..start.checked_add(buffer.len())?))
            .ok_or(FormatError::UnexpectedEof {
                expected: (offset as usize).saturating_add(buffer.len()),
                available: self.bytes.len(),
            })?;
        buffer.copy_from_slice(found);
        Ok(())
    }
}

/// What has been read so far, against the limits.
struct Reader {
    objects: usize,
    unpacked: u64,
    unpacked_max: u64,
}

impl Reader {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<Node> {
        if depth > GROUP_DEPTH_MAX {
            return Err(too_large(path, "nested groups", GROUP_DEPTH_MAX as u64, depth as u64));
        }
        let damaged = |error| Error::hdf5(path, &error);
        let mut node = Node::default();
        for (name, value) in group.attrs().map_err(damaged)? {
            if let Some(attribute) = attribute(&value) {
                node.attributes.insert(name, attribute);
            }
        }
        let datasets = group.iter_datasets().map_err(damaged)?;
        self.count(path, datasets.len())?;
        for (name, dataset) in datasets {
            let array = self.dataset(&dataset, &joined(path, &name))?;
            node.arrays.insert(name, array);
        }
        let groups = group.iter_groups().map_err(damaged)?;
        self.count(path, groups.len())?;
        for (name, group) in groups {
            let child = self.group(&group, &joined(path, &name), depth + 1)?;
            node.groups.insert(name, child);
        }
        Ok(node)
    }

    fn count(&mut self, path: &str, members: usize) -> Result<()> {
        self.objects = self.objects.saturating_add(members);
        if self.objects > OBJECTS_MAX {
            let (limit, received) = (OBJECTS_MAX as u64, self.objects as u64);
            return Err(too_large(path, "groups and variables", limit, received));
        }
        Ok(())
    }

    fn dataset(&mut self, dataset: &Dataset, path: &str) -> Result<Array> {
        let damaged = |error| Error::hdf5(path, &error);
        let shape = self.shape(dataset, path)?;
        let datatype = dataset.datatype().map_err(damaged)?;
        let attributes = dataset.attrs().map_err(damaged)?;
        let label = attributes.get("dtype").and_then(text);
        let Some(element) = element(&datatype, label) else {
            return Err(Error::ElementType {
                path: path.to_owned(),
                received: datatype.to_string(),
            });
        };
        let size = element.dtype.size_bytes();
        let overflow = |_wide| too_large(path, "elements", isize::MAX as u64 / 8, u64::MAX);
        let expected = volume(&shape).map_err(overflow)? * size;
        self.unpack(path, expected as u64)?;
        if let Layout::Chunked { chunk_shape, .. } = dataset.layout().map_err(damaged)? {
            let chunk = chunk_shape.iter().fold(size as u64, |bytes, &n| bytes.saturating_mul(n));
            if chunk > self.unpacked_max {
                return Err(too_large(path, "bytes of a chunk", self.unpacked_max, chunk));
            }
        }
        let mut raw = dataset.read_raw().map_err(damaged)?;
        if raw.len() != expected {
            let (path, received) = (path.to_owned(), raw.len());
            return Err(Error::Elements { path, shape, expected, received });
        }
        if let Element { big_endian: true, .. } = element {
            raw.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        Array::from_bytes(element.dtype, &shape, &raw).map_err(|e| Error::hdf5(path, &e))
    }

    fn shape(&self, dataset: &Dataset, path: &str) -> Result<Vec<usize>> {
        let shape = dataset.shape().map_err(|error| Error::hdf5(path, &error))?;
        if shape.len() > RANK_MAX {
            return Err(too_large(path, "axes", RANK_MAX as u64, shape.len() as u64));
        }
        let axes = shape.iter().map(|&size| usize::try_from(size));
        axes.collect::<Result<_, _>>()
            .map_err(|_wide| too_large(path, "elements", self.unpacked_max, u64::MAX))
    }

    /// Accounts for a variable before its memory is asked for.
    fn unpack(&mut self, path: &str, bytes: u64) -> Result<()> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > self.unpacked_max {
            return Err(too_large(path, "bytes of variables", self.unpacked_max, self.unpacked));
        }
        Ok(())
    }
}

/// An attribute of text. h5py stores a list without texts as one without numbers.
fn attribute(value: &AttrValue) -> Option<Attribute> {
    if let AttrValue::F64Array(list) = value
        && list.is_empty()
    {
        return Some(Attribute::List(Vec::new()));
    }
    let is_list = matches!(
        value,
        AttrValue::StringArray(_)
            | AttrValue::AsciiStringArray(_)
            | AttrValue::VarLenAsciiCharArray(_)
            | AttrValue::VarLenStringArray(_)
            | AttrValue::VarLenAsciiStringArray(_)
            | AttrValue::StringArraySized { .. }
            | AttrValue::AsciiStringArraySized { .. }
    );
    match value.as_strings()? {
        list if is_list && !list.is_empty() => Some(Attribute::List(list.to_vec())),
        _ => text(value).map(Attribute::from),
    }
}

/// The text of a scalar attribute; one without characters arrives as a list without strings.
fn text(value: &AttrValue) -> Option<&str> {
    match value.as_strings() {
        Some([]) => Some(""),
        _ => value.as_str(),
    }
}

fn too_large(path: &str, what: &str, limit: u64, received: u64) -> Error {
    Error::TooLarge { what: format!("weights `/{path}`: {what}"), limit, received }
}
