use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{CONFIG, METADATA, Members, RHYTON, WEIGHTS, read_members};
use crate::formats::assets;
use crate::limits::{FOLDER_DEPTH_MAX, MEMBERS_MAX};
use crate::{Error, ModelFile, Result};

/// Whether a folder has what a model needs.
pub(in crate::formats) fn is_folder(path: &Path) -> bool {
    path.join(CONFIG).is_file() && path.join(WEIGHTS).is_file()
}

/// Reads the unpacked form of a `.keras` file: `model.save(…, zipped=False)`, or a snapshot of a
/// model hub.
pub(in crate::formats) fn read_folder(path: &Path) -> Result<ModelFile> {
    read_members(&mut Folder { path: path.to_owned() })
}

struct Folder {
    path: PathBuf,
}

impl Members for Folder {
    fn read(&mut self, member: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let path = self.path.join(member);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Error::Io { action: "open a file of it", cause }),
        };
        if !metadata.is_file() {
            return Err(Error::Member {
                member: member.to_owned(),
                reason: "expected a regular file, received something else".to_owned(),
            });
        }
        let received = metadata.len();
        if received > limit {
            return Err(Error::TooLarge { what: format!("file `{member}`"), limit, received });
        }
        let mut bytes = Vec::new();
        fs::File::open(&path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(Error::io("read a file of it"))?;
        Ok(Some(bytes))
    }

    fn assets(&mut self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let root = self.path.join("assets");
        if root.is_dir() {
            list_assets(&root, "", 0, &mut found)?;
        }
        found.sort();
        Ok(found)
    }

    fn sample(&mut self) -> Vec<String> {
        let names = [METADATA, CONFIG, WEIGHTS, RHYTON, "model.weights.npz"];
        let there = names.into_iter().filter(|name| self.path.join(name).exists());
        there.map(str::to_owned).collect()
    }

    /// Files aren't packed: what is read is what is stored, so only assets' sum needs a bound, and
    /// weights may be as large as the disk holds.
    fn unpacked_bytes_max(&self) -> u64 {
        isize::MAX as u64
    }
}

/// Links below `assets` are refused: they could lead anywhere.
fn list_assets(folder: &Path, path: &str, depth: usize, found: &mut Vec<String>) -> Result<()> {
    let limits =
        [("nested asset folders", depth, FOLDER_DEPTH_MAX), ("assets", found.len(), MEMBERS_MAX)];
    for (what, received, limit) in limits {
        if received > limit {
            let (limit, received) = (limit as u64, received as u64);
            return Err(Error::TooLarge { what: what.to_owned(), limit, received });
        }
    }
    for entry in fs::read_dir(folder).map_err(Error::io("list its assets"))? {
        let entry = entry.map_err(Error::io("list its assets"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = crate::hdf5::joined(path, &name);
        assets::check(&path)?;
        let kind = entry.file_type().map_err(Error::io("list its assets"))?;
        if kind.is_dir() {
            list_assets(&entry.path(), &path, depth + 1, found)?;
        } else if kind.is_file() {
            found.push(path);
        } else {
            return Err(Error::MemberName { name: path });
        }
    }
    Ok(())
}
