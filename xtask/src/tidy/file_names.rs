//! Names that say nothing about what is in a file, and `mod.rs`.

use super::Finding;
use crate::tree::Tree;

const EMPTY_NAMES: [&str; 10] =
    ["utils", "util", "helpers", "helper", "common", "misc", "base", "types", "other", "others"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sources = tree.files.iter().filter(|file| is_source(&file.path));
    sources.filter_map(|file| Some(Finding::file(&file.path, complaint(&file.path)?))).collect()
}

fn is_source(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| ["rs", "py"].contains(&extension))
}

fn complaint(path: &str) -> Option<String> {
    if path.ends_with("/mod.rs") {
        return Some("is a mod.rs: use `name.rs` beside the folder `name/`".to_owned());
    }
    let words = path.split('/').map(|part| part.split_once('.').map_or(part, |(stem, _)| stem));
    let empty = words.into_iter().find(|word| EMPTY_NAMES.contains(word))?;
    Some(format!("`{empty}` says nothing: name the file or folder after the one concept in it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> bool {
        !check(&Tree::of(&[(path, "")])).is_empty()
    }

    #[test]
    fn empty_names_are_found_in_files_and_folders() {
        for path in [
            "crates/a/src/utils.rs",
            "crates/a/src/common/x.rs",
            "crates/a/tests/common/server.rs",
            "oracles/keras/helpers.py",
            "crates/a/src/layers/mod.rs",
        ] {
            assert!(found(path), "{path}");
        }
    }

    #[test]
    fn telling_names_are_not() {
        for path in ["crates/a/src/base64.rs", "crates/a/src/dtype.rs", "docs/other.md"] {
            assert!(!found(path), "{path}");
        }
    }
}
