//! The hard limit of a file's length.

use super::Finding;
use super::outline;
use crate::tree::Tree;

/// Code without its tests; a file of tests counts whole.
const LINES_MAX: usize = 800;

/// The map of the project must stay readable at one sitting.
const ARCHITECTURE_LINES_MAX: usize = 400;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("rs").chain(tree.texts("py")) {
        if path.contains("/generated/") {
            continue;
        }
        let lines = text.lines().count() - outline::inner_test_lines(path, text);
        if lines > LINES_MAX {
            let message =
                format!("{lines} lines of code, at most {LINES_MAX}: split it by concept");
            findings.push(Finding::file(path, message));
        }
    }
    let architecture = "ARCHITECTURE.md";
    let lines = tree.text(architecture).map_or(0, |text| text.lines().count());
    if lines > ARCHITECTURE_LINES_MAX {
        let message =
            format!("{lines} lines, at most {ARCHITECTURE_LINES_MAX}: move prose to docs/");
        findings.push(Finding::file(architecture, message));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_counts_and_its_tests_do_not() {
        let limit = "const A: u8 = 0;\n".repeat(LINES_MAX);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{limit}}}\n");
        let fits = format!("{limit}{tests}");
        let too_long = format!("{limit}const B: u8 = 0;\n{tests}");
        let tree = |path, text: &str| check(&Tree::of(&[(path, text)]));
        assert_eq!(tree("crates/a/src/lib.rs", &fits), []);
        assert_eq!(tree("crates/a/src/generated/table.rs", &too_long), []);
        assert_eq!(
            tree("crates/a/src/lib.rs", &too_long)[0].message,
            "801 lines of code, at most 800: split it by concept"
        );
        assert_eq!(tree("crates/a/src/lib/tests.rs", &limit), []);
        assert_eq!(tree("crates/a/src/lib/tests.rs", &format!("{limit}\n")).len(), 1);
        assert_eq!(tree("oracles/keras/test_a.py", &"\n".repeat(LINES_MAX + 1)).len(), 1);
    }

    #[test]
    fn the_map_has_its_own_limit() {
        let map = |lines| check(&Tree::of(&[("ARCHITECTURE.md", "line\n".repeat(lines).as_str())]));
        assert_eq!(map(400), []);
        assert_eq!(map(401).len(), 1);
    }
}
