//! The files of the checkout, read once, so that every check is a function of text.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};

use crate::steps;

/// A file larger than this is data, not text to check.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// The files that are, or are about to be, committed.
pub(crate) struct Tree {
    /// Sorted by path.
    pub(crate) files: Vec<File>,
}

/// One file of the tree.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) size_bytes: u64,
    /// `None` for binary or very large files.
    pub(crate) text: Option<String>,
}

impl Tree {
    /// Reads what git tracks or would add; without git, everything but build output.
    ///
    /// # Errors
    ///
    /// If a folder or file can't be read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut paths = match tracked(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        paths.sort();
        paths.dedup();
        let mut files = Vec::new();
        for path in paths {
            let absolute = root.join(&path);
            // A tracked file may be deleted in the working tree; a link has its target's checks.
            let Ok(metadata) = absolute.symlink_metadata() else { continue };
            if !metadata.is_file() {
                continue;
            }
            let size_bytes = metadata.len();
            let text = if size_bytes <= TEXT_BYTES_MAX {
                let bytes = std::fs::read(&absolute)
                    .with_context(|| format!("{} can't be read", absolute.display()))?;
                String::from_utf8(bytes).ok()
            } else {
                None
            };
            files.push(File { path, size_bytes, text });
        }
        Ok(Self { files })
    }

    /// A tree in memory, for the tests of checks.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut files: Vec<File> = files
            .iter()
            .map(|(path, text)| File {
                path: (*path).to_owned(),
                size_bytes: text.len() as u64,
                text: Some((*text).to_owned()),
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path)?.text.as_deref()
    }

    /// Path and text of all files with this extension.
    pub(crate) fn texts(&self, extension: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(move |file| {
            let (_, found) = file.path.rsplit_once('.')?;
            Some((file.path.as_str(), file.text.as_deref()?)).filter(|_| found == extension)
        })
    }
}

/// The root of the workspace from which cargo runs this program.
///
/// Two checkouts may share a target folder and with it this binary, so what cargo says at run time
/// comes before what it said when the program was built.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "cargo's own variable, no setting")]
        let running = std::env::var_os("CARGO_MANIFEST_DIR");
        let manifest = running.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        manifest.parent().expect("xtask lies one level below the root").to_owned()
    })
}

/// What git lists; `None` without git or outside a checkout.
fn tracked(root: &Path) -> Option<Vec<String>> {
    let listed = steps::output(Command::new("git").current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]));
    Some(listed.ok()?.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// Every file but those under `target` and hidden folders that are not the project's.
fn walked(root: &Path) -> Result<Vec<String>> {
    const OURS: [&str; 3] = [".cargo", ".ci", ".config"];
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let absolute = root.join(&folder);
        let entries = std::fs::read_dir(&absolute)
            .with_context(|| format!("{} can't be listed", absolute.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                let foreign = name.starts_with('.') && !OURS.contains(&name.as_str());
                if !foreign && name != "target" && name != "__pycache__" {
                    folders.push(path);
                }
            } else {
                paths.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_and_the_walk_find_the_sources() {
        let walked = walked(root()).unwrap();
        assert!(walked.contains(&"xtask/src/tree.rs".to_owned()));
        assert!(!walked.iter().any(|path| path.starts_with("target/")));
        if let Some(tracked) = tracked(root()) {
            assert!(tracked.contains(&"xtask/src/tree.rs".to_owned()));
        }
    }

    #[test]
    fn binary_files_have_a_size_but_no_text() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.bin"), [0xff, 0xfe, 0]).unwrap();
        std::fs::write(folder.path().join("b.txt"), "text").unwrap();
        let tree = Tree::read(folder.path()).unwrap();
        let seen = tree
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.size_bytes, file.text.is_some()));
        assert_eq!(seen.collect::<Vec<_>>(), [("a.bin", 3, false), ("b.txt", 4, true)]);
    }
}
