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
    let file =
        temporary(&target, folder).map_err(Error::io("create a temporary file beside it"))?;
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
    sync_folder(folder).map_err(Error::io("bring its folder to the disk"))
}

/// The file that a link stands for, so that saving keeps the link.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn temporary(target: &Path, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&name).suffix(".tmp");
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

/// A rename is durable only once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
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
