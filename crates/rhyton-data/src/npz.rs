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
use crate::{Error, Result, atomic, npy};

/// From this size on a member needs zip64 fields.
const ZIP32_BYTES_MAX: usize = 0xFFFF_0000;

/// Reads every array, in the archive's order, under its member's name without `.npy`.
///
/// # Errors
/// [`Error::Io`]; [`Error::Content`] naming the array for a damaged archive or member, members
/// that overlap or claim more than the archive can hold, and whatever [`npy::read`] refuses.
pub fn read(path: &Path) -> Result<Vec<(String, Array)>> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    let file_bytes = file.metadata().map_err(Error::io(path, "read"))?.len();
    let whole = Origin::new(path, "archive");
    let mut archive =
        ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(whole, &error))?;
    // Overlapping members would let a small file claim any amount of memory.
    if archive.has_duplicate_names()
        || archive.has_overlapping_entries().map_err(|error| damaged(whole, &error))?
    {
        let advice = "the archive is damaged; write it again with numpy.savez";
        return Err(whole.content("distinct members", "members that overlap", advice));
    }
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| damaged(whole, &error))?;
        let name = member.name().map_err(|error| damaged(whole, &error))?.into_owned();
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let place = format!("array `{name}`");
        let origin = Origin::new(path, &place);
        let (claimed, packed) = (member.size(), member.compressed_size());
        if packed > file_bytes || claimed > packed.saturating_mul(DEFLATE_RATIO_MAX) {
            let expected = format!("at most what {packed} packed bytes can hold");
            let advice = "the archive is damaged; write it again with numpy.savez";
            return Err(origin.content(expected, format!("{claimed} bytes"), advice));
        }
        let array = npy::read_from(&mut member, claimed, origin)?;
        expect_end(&mut member, origin)?;
        arrays.push((name, array));
    }
    Ok(arrays)
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
