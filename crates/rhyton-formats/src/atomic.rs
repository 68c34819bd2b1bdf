use std::path::Path;

pub(crate) use rhyton_data::WriteSeek as Sink;

use crate::{Error, Result};

/// Writes a model's file whole or not at all: [`rhyton_data::replace_with`].
pub(crate) fn write(path: &Path, fill: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<()> {
    rhyton_data::replace_with(path, |action, cause| Error::Io { action, cause }, fill)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
