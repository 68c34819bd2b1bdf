//! Crate roots and list files open with what is here, in at most ten lines.

use super::Finding;
use crate::tree::Tree;

const HEADER_LINES_MAX: usize = 10;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("rs") {
        let Some(kind) = kind(tree, path) else { continue };
        let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
        if lines == 0 {
            let message = format!("is {kind}: open it with `//!`: what is here and how to add one");
            findings.push(Finding::line(path, 1, message));
        } else if lines > HEADER_LINES_MAX {
            let message = format!(
                "{lines} lines of `//!`, at most {HEADER_LINES_MAX}: long prose belongs in docs/"
            );
            findings.push(Finding::line(path, 1, message));
        }
    }
    findings
}

/// What makes the header necessary.
fn kind(tree: &Tree, path: &str) -> Option<&'static str> {
    if path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs") {
        return Some("a crate root");
    }
    if !path.contains("/src/") {
        return None;
    }
    let children = format!("{}/", path.strip_suffix(".rs")?);
    let lists = tree
        .texts("rs")
        .any(|(other, _)| other.strip_prefix(&children).is_some_and(|child| child != "tests.rs"));
    lists.then_some("a list file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn roots_and_lists_need_a_header() {
        let found = messages(&[
            ("crates/a/src/lib.rs", "mod layers;\n"),
            ("crates/a/src/layers.rs", "mod dense;\n"),
            ("crates/a/src/layers/dense.rs", ""),
            ("crates/a/src/layers/dense/tests.rs", ""),
            ("xtask/src/main.rs", "//! Tasks.\n"),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|message| message.starts_with("is a crate root")));
        assert!(found.iter().any(|message| message.starts_with("is a list file")));
    }

    #[test]
    fn headers_are_short() {
        let ten = "//! line\n".repeat(10);
        assert_eq!(messages(&[("crates/a/src/lib.rs", &ten)]), [""; 0]);
        let eleven = format!("{ten}//! line\n");
        assert_eq!(messages(&[("crates/a/src/lib.rs", &eleven)]).len(), 1);
    }
}
