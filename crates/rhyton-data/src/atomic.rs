use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::{Error, Result};

/// Writes a file so that readers see the old content or the whole new one: a temporary file beside
/// the target, flushed to the disk, then renamed over it. A target that is no regular file (a pipe,
/// a device) is written directly.
///
/// # Errors
/// [`Error::Io`] with the path; whatever `write` returns.
pub(crate) fn write(
    path: &Path,
    write: impl FnOnce(&mut dyn WriteSeek) -> Result<()>,
) -> Result<()> {
    // A link keeps pointing where it did: the file behind it is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| match fs::read_link(path) {
        Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
        Err(_) => path.to_owned(),
    });
    let existing = fs::metadata(&target).ok();
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return write_through(path, write);
    }
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rhyton-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(Error::io(path, "write"))?;
    let mut buffered = BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush().map_err(Error::io(path, "write"))?;
    drop(buffered);
    if let Some(metadata) = existing {
        let permissions = metadata.permissions();
        file.as_file().set_permissions(permissions).map_err(Error::io(path, "write"))?;
    }
    file.as_file().sync_all().map_err(Error::io(path, "write"))?;
    file.persist(&target).map_err(|error| Error::io(path, "write")(error.error))?;
    sync_folder(folder);
    Ok(())
}

/// Writes a file of these bytes so that readers see the old content or the whole new one.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<()> {
    write(path, |file| file.write_all(content).map_err(Error::io(path, "write")))
}

/// What a format's writer needs; zip archives seek back to fill in sizes.
pub(crate) trait WriteSeek: Write + std::io::Seek {}
impl<T: Write + std::io::Seek> WriteSeek for T {}

/// Builds the content in memory, for targets that can't be renamed over or sought in.
fn write_through(path: &Path, write: impl FnOnce(&mut dyn WriteSeek) -> Result<()>) -> Result<()> {
    let mut content = std::io::Cursor::new(Vec::new());
    write(&mut content)?;
    fs::write(path, content.into_inner()).map_err(Error::io(path, "write"))
}

/// Makes the rename itself durable. A file system that can't sync a folder has still renamed.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_content_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        write(&path, |file| file.write_all(b"old").map_err(Error::io(&path, "write"))).unwrap();
        let failed = write(&path, |file| {
            file.write_all(b"half of the new").map_err(Error::io(&path, "write"))?;
            Err(Error::BatchSize)
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/out.bin");
        let error = write(&path, |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("missing/out.bin: can't write"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_yet_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("real", &link).unwrap();
        write(&link, |out| out.write_all(b"new").map_err(Error::io(&link, "write"))).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(folder.path().join("real")).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, |out| out.write_all(b"new").map_err(Error::io(&link, "write"))).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }
}
