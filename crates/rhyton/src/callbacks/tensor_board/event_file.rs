//! A file of events: `TFRecord`s with masked checksums.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::event;
use crate::crc32c::crc32c;

const PREFIX: &str = "events.out.tfevents.";

#[derive(Debug)]
pub(super) struct EventFile {
    file: File,
    length: u64,
    record: Vec<u8>,
}

/// A name for the files of a training that no other has: time, process, count.
pub(super) fn new_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = elapsed.map_or(0, |elapsed| elapsed.as_secs());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{seconds:010}.rhyton.{}.{count}.v2", std::process::id())
}

/// Whether a text from a file is such a name, and no path to elsewhere.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
    text.starts_with(PREFIX) && text.chars().all(plain)
}

impl EventFile {
    /// Goes on with a file after its first bytes, or begins it where there are none.
    pub(super) fn open(path: &Path, length: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(false).open(path)?;
        let found = file.metadata()?.len();
        let length = if found < length { 0 } else { length };
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        let mut opened = Self { file, length, record: Vec::new() };
        if length == 0 {
            opened.write(&event::file_version())?;
        }
        Ok(opened)
    }

    /// How long the file is.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Writes an event in one piece, so that an interruption leaves whole ones.
    pub(super) fn write(&mut self, event: &[u8]) -> io::Result<()> {
        let length = (event.len() as u64).to_le_bytes();
        self.record.clear();
        self.record.extend(length);
        self.record.extend(masked(&length).to_le_bytes());
        self.record.extend(event);
        self.record.extend(masked(event).to_le_bytes());
        self.file.write_all(&self.record)?;
        self.length += self.record.len() as u64;
        Ok(())
    }
}

/// The checksum that records have: turned and moved, since checksums of checksums are weak.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(0, bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train").join(new_name());
        let mut file = EventFile::open(&path, 0).unwrap();
        let begun = file.length();
        file.write(b"first").unwrap();
        let kept = file.length();
        assert_eq!(kept - begun, 8 + 4 + 5 + 4);
        let whole = fs::read(&path).unwrap();
        file.write(b"lost").unwrap();
        drop(file);
        EventFile::open(&path, kept).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
        fs::remove_file(&path).unwrap();
        assert_eq!(EventFile::open(&path, kept).unwrap().length(), begun);
        assert_ne!(new_name(), new_name());
        assert!(is_name(&new_name()) && !is_name("events.out.tfevents./../x"));
    }
}
