use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Writes a file whole or not at all, for an error type of the caller's: into a temporary file beside
/// the target, which takes its place once it is on the disk. Whatever fails, a file that was there
/// stays as it was. A link keeps pointing where it did; a target that is no regular file (a pipe, a
/// device) is written directly. `failed` makes an error of what was being done and why it failed.
///
/// # Errors
/// Those of `failed`; whatever `fill` returns.
pub fn replace_with<E>(
    path: &Path,
    failed: impl Fn(&'static str, io::Error) -> E,
    fill: impl FnOnce(&mut dyn WriteSeek) -> Result<(), E>,
) -> Result<(), E> {
    let target = followed(path);
    let existing = fs::metadata(&target).ok();
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        let mut content = io::Cursor::new(Vec::new());
        fill(&mut content)?;
        return fs::write(path, content.into_inner()).map_err(|error| failed("write it", error));
    }
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    let file = temporary(folder);
    let file = file.map_err(|error| failed("create a temporary file beside it", error))?;
    let mut buffered = BufWriter::new(file);
    fill(&mut buffered)?;
    let file = buffered.into_inner().map_err(|error| failed("write it", error.into_error()))?;
    if let Some(metadata) = existing {
        let kept = file.as_file().set_permissions(metadata.permissions());
        kept.map_err(|error| failed("keep the permissions it had", error))?;
    }
    file.as_file().sync_all().map_err(|error| failed("bring it to the disk", error))?;
    file.persist(&target).map_err(|error| failed("put it in place", error.error))?;
    sync_folder(folder);
    Ok(())
}

/// As [`replace_with`], with this crate's error.
pub(crate) fn write(
    path: &Path,
    fill: impl FnOnce(&mut dyn WriteSeek) -> Result<()>,
) -> Result<()> {
    replace_with(path, |_, error| Error::io(path, "write")(error), fill)
}

/// Writes a file of these bytes so that readers see the old content or the whole new one.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<()> {
    write(path, |file| file.write_all(content).map_err(Error::io(path, "write")))
}

/// What a format's writer needs; zip archives seek back to fill in sizes.
pub trait WriteSeek: Write + io::Seek {}
impl<T: Write + io::Seek> WriteSeek for T {}

/// The file that a link stands for, one that is still to be written too.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| match fs::read_link(path) {
        Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
        Err(_) => path.to_owned(),
    })
}

/// Named after nothing: the target's own name may be as long as names can be. What it may be read by
/// is what `open` gives, before the process' mask; temporary files are private otherwise.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rhyton-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
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
