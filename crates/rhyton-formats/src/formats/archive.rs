use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};

use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::assets;
use crate::atomic::Sink;
use crate::limits::{self, MEMBERS_MAX};
use crate::{Error, Result};

/// The most memory that a member's declared size alone is given.
const RESERVED_MAX: u64 = 64 << 20;

/// Whether bytes begin as an archive does.
pub(super) fn detect(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The name of the first member of an archive, as far as it is in `head`.
pub(super) fn first_name(head: &[u8]) -> Option<&[u8]> {
    const FIXED_BYTES: usize = 30;
    let length = head.get(26..28).filter(|_| head.starts_with(b"PK\x03\x04"))?;
    let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
    head.get(FIXED_BYTES..FIXED_BYTES + length)
}

/// An archive whose names and sizes have been checked.
pub(super) struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    names: BTreeSet<String>,
    unpacked_max: u64,
    unpacked: u64,
}

impl Archive {
    /// Reads the directory of an archive.
    ///
    /// # Errors
    /// [`Error::Archive`] for damage, names that occur twice and members that share bytes,
    /// [`Error::MemberName`], [`Error::TooLarge`].
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self> {
        let unpacked_max = limits::unpacked_bytes_max(bytes.len() as u64);
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
        if zip.len() > MEMBERS_MAX {
            let (limit, received) = (MEMBERS_MAX as u64, zip.len() as u64);
            return Err(Error::TooLarge { what: "members".to_owned(), limit, received });
        }
        if zip.has_duplicate_names() || zip.has_overlapping_files().map_err(|e| damaged(&e))? {
            let reason = "members share a name or their bytes".to_owned();
            return Err(Error::Archive { reason });
        }
        let mut names = BTreeSet::new();
        for name in zip.file_names() {
            let name = name.map_err(|e| damaged(&e))?;
            assets::check(name.trim_end_matches('/'))?;
            names.insert(name.into_owned());
        }
        Ok(Self { zip, names, unpacked_max, unpacked: 0 })
    }

    /// The members' names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The most that all members together may have.
    pub(super) fn unpacked_bytes_max(&self) -> u64 {
        self.unpacked_max
    }

    /// The bytes of a member if it is there, unless they are more than `limit`.
    pub(super) fn read(&mut self, member: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        if !self.names.contains(member) {
            return Ok(None);
        }
        let limit = limit.min(self.unpacked_max.saturating_sub(self.unpacked));
        let failed = |error: &dyn ToString| Error::Member {
            member: member.to_owned(),
            reason: error.to_string(),
        };
        let file = self.zip.by_name(member).map_err(|error| failed(&error))?;
        let declared = file.size();
        let too_large = |received| Error::TooLarge {
            what: format!("member `{member}`: unpacked bytes"),
            limit,
            received,
        };
        if declared > limit {
            return Err(too_large(declared));
        }
        // The declared size may be a lie either way: never reserve by it alone.
        let mut bytes = Vec::with_capacity(declared.min(RESERVED_MAX) as usize);
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        let received = bytes.len() as u64;
        if received > limit {
            return Err(too_large(received));
        }
        self.unpacked += received;
        Ok(Some(bytes))
    }
}

/// Writes members one behind the other, stored as they are, dated 1980 as Keras does: the same
/// model gives the same bytes.
pub(super) struct Writer<'a> {
    zip: ZipWriter<&'a mut dyn Sink>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink) -> Self {
        Self { zip: ZipWriter::new(sink) }
    }

    pub(super) fn member(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        const LARGE_BYTES: usize = 1 << 31;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o600)
            .large_file(bytes.len() > LARGE_BYTES);
        written(self.zip.start_file(name, options))?;
        self.zip.write_all(bytes).map_err(Error::io("write it"))
    }

    pub(super) fn finish(self) -> Result<()> {
        let sink = written(self.zip.finish())?;
        sink.flush().map_err(Error::io("write it"))
    }
}

fn damaged(error: &ZipError) -> Error {
    Error::Archive { reason: error.to_string() }
}

fn written<T>(result: ZipResult<T>) -> Result<T> {
    result.map_err(|error| match error {
        ZipError::Io(cause) => Error::Io { action: "write it", cause },
        error => damaged(&error),
    })
}
