//! Committed text names no one's machine.

use super::Finding;
use crate::tree::Tree;

/// Folders of the machine on which something was written, in two halves so that this file passes.
const PLACES: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("../sha", "red/"),
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let Some(text) = &file.text else { continue };
        for (index, line) in text.lines().enumerate() {
            if let Some(place) = PLACES.iter().find(|place| begins_a_path(line, place)) {
                let message = format!("names a folder of one machine: `{place}`");
                findings.push(Finding::line(&file.path, index + 1, message));
            }
        }
        if file.path.ends_with("Cargo.lock") {
            findings.extend(foreign_sources(&file.path, text));
        }
    }
    findings
}

/// Whether a path starts here: `/a/` counts in `"/a/b"` and not in `https://x/a/b`.
fn begins_a_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || "._-/}$".contains(c)))
    })
}

/// Packages that are not from crates.io.
fn foreign_sources(path: &str, lock: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in lock.lines().enumerate() {
        if let Some(source) = line.strip_prefix("source = ")
            && source.trim_matches('"') != CRATES_IO
        {
            let message = format!("a package comes from {source}: expected crates.io");
            findings.push(Finding::line(path, index + 1, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        check(&Tree::of(&[("docs/a.md", text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn folders_of_a_machine_are_found() {
        for place in PLACES {
            assert_eq!(lines(&format!("first\nsee `{place}x`\n")), [Some(2)], "{place}");
            assert_eq!(lines(&format!("{place}x")), [Some(1)], "{place}");
        }
    }

    #[test]
    fn addresses_and_longer_paths_are_not() {
        let folder = PLACES[0];
        for text in [
            format!("https://example.org{folder}x"),
            format!("target{folder}x"),
            format!("$DIR{folder}x"),
        ] {
            assert_eq!(lines(&text), [], "{text}");
        }
    }

    #[test]
    fn the_lock_file_names_crates_io_only() {
        let lock = format!("source = \"{CRATES_IO}\"\nsource = \"git+https://example.org/x\"\n");
        let found = check(&Tree::of(&[("Cargo.lock", lock.as_str())]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].line, Some(2));
    }
}
