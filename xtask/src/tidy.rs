//! `cargo xtask tidy`: the rules of the house that a program can check, and the size report.
//!
//! One check per file of `tidy/`: a function from the tree to what it found. Add one as a file, a
//! `mod` line and a row of `CHECKS`, with tests on small trees that make it fail.

use anyhow::{Result, bail};
use clap::Args;

use crate::tree::{self, Tree};

mod dependencies;
mod file_names;
mod file_size;
mod goldens;
mod headers;
mod imports;
mod lists;
mod outline;
mod report;
mod unsafe_places;
mod workplace;

/// Names, sizes, headers, imports, unsafe code, goldens; with `--report`, the sizes.
#[derive(Args)]
pub(crate) struct Tidy {
    /// Print lines per crate, the longest functions and the share of documented items.
    #[arg(long)]
    report: bool,
}

impl Tidy {
    /// Checks, or reports.
    ///
    /// # Errors
    ///
    /// If anything was found.
    pub(crate) fn run(self) -> Result<()> {
        if self.report {
            print!("{}", report::report(&Tree::read(tree::root())?)?);
            return Ok(());
        }
        check()
    }
}

/// Something to put right.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: Option<usize>,
    message: String,
}

impl Finding {
    fn file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }

    fn line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), message: message.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.path, self.message),
            None => write!(formatter, "{}: {}", self.path, self.message),
        }
    }
}

type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: [(&str, Check); 9] = [
    ("dependencies", dependencies::check),
    ("file names", file_names::check),
    ("file size", file_size::check),
    ("goldens", goldens::check),
    ("headers", headers::check),
    ("imports", imports::check),
    ("lists", lists::check),
    ("unsafe places", unsafe_places::check),
    ("workplace", workplace::check),
];

/// Runs every check on the checkout.
///
/// # Errors
///
/// If anything was found; the findings are printed.
pub(crate) fn check() -> Result<()> {
    let findings = findings(&Tree::read(tree::root())?);
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {} to put right", findings.len());
    }
    Ok(())
}

fn findings(tree: &Tree) -> Vec<String> {
    let found = |(name, check): &(&str, Check)| {
        check(tree).iter().map(|finding| format!("{finding} [{name}]")).collect::<Vec<_>>()
    };
    CHECKS.iter().flat_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_tidy() {
        let findings = findings(&Tree::read(tree::root()).unwrap());
        assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
    }

    #[test]
    fn findings_name_their_place_and_check() {
        let tree = Tree::of(&[("crates/rhyton-tensor/src/utils.rs", "")]);
        let found = findings(&tree);
        assert!(
            found.iter().any(|line| line.starts_with("crates/rhyton-tensor/src/utils.rs: ")
                && line.ends_with("[file names]")),
            "{found:?}"
        );
    }
}
