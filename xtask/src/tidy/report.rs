//! The size report: lines per crate, the longest functions, the share of documented items.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::outline::{self, Function};
use crate::tree::Tree;

/// How many of the longest functions are listed.
const FUNCTIONS_SHOWN: usize = 5;

/// The figures of one crate.
#[derive(Default)]
struct Size {
    code: usize,
    tests: usize,
    examples: usize,
    public: usize,
    documented: usize,
}

impl Size {
    fn add(&mut self, other: &Self) {
        self.code += other.code;
        self.tests += other.tests;
        self.examples += other.examples;
        self.public += other.public;
        self.documented += other.documented;
    }

    fn row(&self, name: &str) -> String {
        format!(
            "{name:<20} {:>7} {:>7} {:>9} {:>7} {:>12}\n",
            self.code,
            self.tests,
            self.examples,
            self.public,
            share(self.documented, self.public)
        )
    }
}

/// The report as text.
///
/// # Errors
///
/// If a source file is no Rust.
pub(super) fn report(tree: &Tree) -> Result<String> {
    let mut crates: BTreeMap<&str, Size> = BTreeMap::new();
    let mut functions: Vec<(&str, Function)> = Vec::new();
    let mut longest_file = ("", 0);
    for (path, text) in tree.texts("rs") {
        let Some(name) = crate_of(path) else { continue };
        let size = crates.entry(name).or_default();
        let lines = text.lines().count();
        if path.contains("/examples/") {
            size.examples += lines;
            continue;
        }
        if outline::is_test(path) {
            size.tests += lines;
            continue;
        }
        let outline = outline::outline(text).with_context(|| format!("{path} does not parse"))?;
        let code = lines - outline.test_lines;
        size.add(&Size {
            code,
            tests: outline.test_lines,
            examples: 0,
            public: outline.public,
            documented: outline.documented,
        });
        if code > longest_file.1 {
            longest_file = (path, code);
        }
        functions.extend(outline.functions.into_iter().map(|function| (path, function)));
    }
    Ok(table(&crates) + &longest(functions, longest_file))
}

fn crate_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("crates/").unwrap_or(path);
    let (name, _) = rest.split_once('/')?;
    (path.starts_with("crates/") || name == "xtask").then_some(name)
}

fn table(crates: &BTreeMap<&str, Size>) -> String {
    let mut text = format!(
        "{:<20} {:>7} {:>7} {:>9} {:>7} {:>12}\n",
        "crate", "code", "tests", "examples", "pub", "documented"
    );
    let mut total = Size::default();
    for (name, size) in crates {
        total.add(size);
        text += &size.row(name);
    }
    text + &total.row("total")
}

fn longest(mut functions: Vec<(&str, Function)>, longest_file: (&str, usize)) -> String {
    functions.sort_by_key(|(_, function)| std::cmp::Reverse(function.lines));
    let mut lengths: Vec<usize> = functions.iter().map(|(_, function)| function.lines).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let count = functions.len();
    let mut text = format!("\nfunctions: {count}, median {median} lines; the longest:\n");
    for (path, function) in functions.iter().take(FUNCTIONS_SHOWN) {
        let _ =
            writeln!(text, "{:>5}  {} ({path}:{})", function.lines, function.name, function.line);
    }
    let (path, lines) = longest_file;
    let _ = writeln!(text, "longest file without its tests: {lines} lines ({path})");
    text
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1} %", 100.0 * part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_per_crate_and_in_all() {
        let tree = Tree::of(&[
            (
                "crates/rhyton-a/src/lib.rs",
                "/// A.\npub fn a() {\n}\npub fn b() {}\n#[cfg(test)]\nmod tests {\n}\n",
            ),
            ("crates/rhyton-a/tests/it/main.rs", "\n\n"),
            ("crates/rhyton-a/examples/mnist.rs", "\n"),
            ("xtask/src/main.rs", "fn main() {}\n"),
            ("docs/snippet.rs", "not counted"),
        ]);
        let expected = "\
crate                   code   tests  examples     pub   documented
rhyton-a                   4       5         1       2       50.0 %
xtask                      1       0         0       0            -
total                      5       5         1       2       50.0 %

functions: 3, median 1 lines; the longest:
    2  a (crates/rhyton-a/src/lib.rs:2)
    1  b (crates/rhyton-a/src/lib.rs:4)
    1  main (xtask/src/main.rs:1)
longest file without its tests: 4 lines (crates/rhyton-a/src/lib.rs)
";
        assert_eq!(report(&tree).unwrap(), expected);
    }

    #[test]
    fn a_file_that_does_not_parse_is_named() {
        let tree = Tree::of(&[("crates/rhyton-a/src/lib.rs", "fn {")]);
        let error = report(&tree).unwrap_err().to_string();
        assert_eq!(error, "crates/rhyton-a/src/lib.rs does not parse");
    }
}
