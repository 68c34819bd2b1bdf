use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Where a format writes: a buffered temporary file, or a cursor over a vector.
pub(crate) trait Sink: Write + Seek {}
impl<T: Write + Seek> Sink for T {}

/// Writes a file whole or not at all: into a temporary file beside it, which takes its place once
/// it is on the disk. Whatever fails, a file that was there stays as it was.
pub(crate) fn write(path: &Path, fill: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<()> {
    let target = followed(path);
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let permissions = target.metadata().ok().map(|metadata| metadata.permissions());
    let file = temporary(folder).map_err(Error::io("create a temporary file beside it"))?;
    let mut buffered = BufWriter::new(file);
    fill(&mut buffered)?;
    let file = buffered
        .into_inner()
        .map_err(|error| Error::Io { action: "write it", cause: error.into_error() })?;
    if let Some(permissions) = permissions {
        file.as_file()
            .set_permissions(permissions)
            .map_err(Error::io("keep the permissions it had"))?;
    }
    file.as_file().sync_all().map_err(Error::io("bring it to the disk"))?;
    file.persist(&target)
        .map_err(|error| Error::Io { action: "put it in place", cause: error.error })?;
    sync_folder(folder);
    Ok(())
}

/// The file that a link stands for, so that saving keeps the link; one that is still to be written
/// too.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| match fs::read_link(path) {
        Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
        Err(_) => path.to_owned(),
    })
}

/// Named after nothing: the target's own name may be as long as names can be.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rhyton-").suffix(".tmp");
    open_to_others(&mut builder);
    builder.tempfile_in(folder)
}

/// Gives a new file what `open` does, before the process' mask; temporary ones are private.
#[cfg(unix)]
fn open_to_others(builder: &mut tempfile::Builder<'_, '_>) {
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
}

#[cfg(not(unix))]
fn open_to_others(_builder: &mut tempfile::Builder<'_, '_>) {}

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
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.keras");
        write(&path, |sink| sink.write_all(b"old").map_err(Error::io("write"))).unwrap();
        let failed = write(&path, |sink| {
            sink.write_all(b"half").map_err(Error::io("write"))?;
            Err(Error::NotAFile { received: "a test" })
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_replaces_and_keeps_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.keras");
        fs::write(&path, b"old").unwrap();
        let before = fs::metadata(&path).unwrap().permissions();
        write(&path, |sink| sink.write_all(b"new").map_err(Error::io("write"))).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions(), before);
        assert!(write(&folder.path().join("missing/model.keras"), |_| Ok(())).is_err());
        assert!(write(folder.path(), |_| Ok(())).is_err(), "a folder is no file");
    }

    #[test]
    fn a_name_may_be_as_long_as_names_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n".repeat(255));
        write(&path, |sink| sink.write_all(b"new").map_err(Error::io("write"))).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_yet_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("real", &link).unwrap();
        write(&link, |sink| sink.write_all(b"new").map_err(Error::io("write"))).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(folder.path().join("real")).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_write_through_a_link_keeps_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, b"old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, |sink| sink.write_all(b"new").map_err(Error::io("write"))).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
