//! NumPy's `.npz`: a zip archive of `.npy` members, stored or deflated.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use rhyton_tensor::Array;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::bounded::{DEFLATE_RATIO_MAX, expect_end};
use crate::error::Origin;
use crate::npy::Located;
use crate::{Column, Error, Result, atomic, npy};

/// From this size on a member needs zip64 fields.
const ZIP32_BYTES_MAX: usize = 0xFFFF_0000;

/// Reads every array, in the archive's order, under its member's name without `.npy`.
///
/// # Errors
/// [`Error::Io`]; [`Error::Content`] naming the array for a damaged archive or member, members
/// that overlap or claim more than the archive can hold, and whatever [`npy::read`] refuses.
pub fn read(path: &Path) -> Result<Vec<(String, Array)>> {
    let mut archive = Archive::open(path)?;
    (0..archive.members.len()).map(|index| archive.read_member(index, path)).collect()
}

/// As [`read`], but large arrays stay in the file: from the smallest on, arrays are read while they
/// fit into `memory_bytes` together; of the others, those that are stored uncompressed and in C
/// order are read row by row when they are needed. Their checksum is not compared then.
///
/// # Errors
/// As [`read`].
pub fn open(path: &Path, memory_bytes: u64) -> Result<Vec<(String, Column)>> {
    let mut archive = Archive::open(path)?;
    let count = archive.members.len();
    let mut by_size: Vec<usize> = (0..count).collect();
    by_size.sort_by_key(|&index| archive.members[index]);
    let (mut left, mut large) = (memory_bytes, vec![false; count]);
    for index in by_size {
        match left.checked_sub(archive.members[index]) {
            Some(rest) => left = rest,
            None => large[index] = true,
        }
    }
    let member = |(index, large)| {
        if large && let Some(stored) = archive.stored_member(index, path)? {
            return Ok(stored);
        }
        archive.read_member(index, path).map(|(name, array)| (name, array.into()))
    };
    large.into_iter().enumerate().map(member).collect()
}

/// An archive whose members are distinct.
struct Archive {
    zip: ZipArchive<BufReader<File>>,
    file_bytes: u64,
    /// The bytes that each member claims, unpacked.
    members: Vec<u64>,
}

impl Archive {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path, "open"))?;
        let file_bytes = file.metadata().map_err(Error::io(path, "read"))?.len();
        let whole = Origin::new(path, "archive");
        let mut zip =
            ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(whole, &error))?;
        // Overlapping members would let a small file claim any amount of memory.
        if zip.has_duplicate_names()
            || zip.has_overlapping_entries().map_err(|error| damaged(whole, &error))?
        {
            let advice = "the archive is damaged; write it again with numpy.savez";
            return Err(whole.content("distinct members", "members that overlap", advice));
        }
        let mut members = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            let member = zip.by_index_raw(index).map_err(|error| damaged(whole, &error))?;
            members.push(member.size());
        }
        Ok(Self { zip, file_bytes, members })
    }

    fn read_member(&mut self, index: usize, path: &Path) -> Result<(String, Array)> {
        let whole = Origin::new(path, "archive");
        let mut member = self.zip.by_index(index).map_err(|error| damaged(whole, &error))?;
        let name = array_name(&member.name().map_err(|error| damaged(whole, &error))?);
        let place = format!("array `{name}`");
        let origin = Origin::new(path, &place);
        let (claimed, packed) = (member.size(), member.compressed_size());
        if packed > self.file_bytes || claimed > packed.saturating_mul(DEFLATE_RATIO_MAX) {
            let expected = format!("at most what {packed} packed bytes can hold");
            let advice = "the archive is damaged; write it again with numpy.savez";
            return Err(origin.content(expected, format!("{claimed} bytes"), advice));
        }
        let array = npy::read_from(&mut member, claimed, origin)?;
        expect_end(&mut member, origin)?;
        Ok((name, array))
    }

    /// A member whose rows can be read by position.
    fn stored_member(&mut self, index: usize, path: &Path) -> Result<Option<(String, Column)>> {
        let whole = Origin::new(path, "archive");
        let mut member = self.zip.by_index(index).map_err(|error| damaged(whole, &error))?;
        let name = array_name(&member.name().map_err(|error| damaged(whole, &error))?);
        let (Some(start), CompressionMethod::Stored) = (member.data_start(), member.compression())
        else {
            return Ok(None);
        };
        let size = member.size();
        let place = format!("array `{name}`");
        if start.checked_add(size).is_none_or(|end| end > self.file_bytes) {
            let expected = format!("a member within the {} bytes of the file", self.file_bytes);
            let advice = "the archive is cut off; write it again with numpy.savez";
            let received = format!("{size} bytes from byte {start} on");
            return Err(Origin::new(path, &place).content(expected, received, advice));
        }
        let located = Located { path, name: &place, start, size_bytes: size };
        let region = npy::region(&mut member, located)?;
        Ok(region.map(|region| (name, Column::Stored(region.into_stored()))))
    }
}

/// The member's name without `.npy`.
fn array_name(member: &str) -> String {
    member.strip_suffix(".npy").unwrap_or(member).to_owned()
}

/// Writes the arrays, atomically and in their order, as stored members that NumPy reads.
///
/// # Errors
/// [`Error::Io`]; [`Error::DuplicateName`].
pub fn write<'a>(
    path: &Path,
    arrays: impl IntoIterator<Item = (&'a str, &'a Array)>,
) -> Result<()> {
    let arrays: Vec<_> = arrays.into_iter().collect();
    let mut names = HashSet::new();
    if let Some((name, _)) = arrays.iter().find(|(name, _)| !names.insert(*name)) {
        return Err(Error::DuplicateName { name: (*name).to_owned() });
    }
    atomic::write(path, |file| {
        let mut archive = ZipWriter::new(file);
        for (name, array) in arrays {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .large_file(array.bytes().len() >= ZIP32_BYTES_MAX);
            archive.start_file(format!("{name}.npy"), options).map_err(unwritten(path))?;
            npy::write_to(&mut archive, array).map_err(Error::io(path, "write"))?;
        }
        archive.finish().map_err(unwritten(path))?;
        Ok(())
    })
}

fn damaged(origin: Origin<'_>, error: &ZipError) -> Error {
    let advice = "the archive is damaged, encrypted, or packed by a method other than stored and \
                  deflate; write it again with numpy.savez";
    origin.content("a zip archive of .npy members", error.to_string(), advice)
}

fn unwritten(path: &Path) -> impl Fn(ZipError) -> Error + '_ {
    move |error| Error::io(path, "write")(error.into())
}

#[cfg(test)]
mod tests;
