//! `cargo xtask test`: every test that needs Rust only, or the comparisons with live oracles.

use anyhow::Result;
use clap::Args;

use crate::oracles;
use crate::steps::{self, Steps};
use crate::tree;

/// Tests, documentation tests and examples; with `--oracles`, the comparisons with live Keras.
#[derive(Args)]
pub(crate) struct Test {
    #[command(flatten)]
    oracles: oracles::Oracles,
}

impl Test {
    /// Runs the steps in order.
    ///
    /// # Errors
    ///
    /// The first step that fails, by name.
    pub(crate) fn run(self) -> Result<()> {
        let steps = Steps::new("test");
        if self.oracles.asked() { self.oracles.run(steps) } else { rust(steps) }
    }
}

/// The library's examples with arguments that make them short.
const EXAMPLES: [(&str, &[&str]); 5] = [
    ("autoencoder", &["--epochs", "1", "--samples", "512"]),
    ("digits_cnn", &["--epochs", "1", "--samples", "256"]),
    ("extend_with_swish", &[]),
    ("fine_tune", &[]),
    ("tabular_mixed_inputs", &[]),
];

/// The test runner comes last: its summary is what a reader looks for.
fn rust(mut steps: Steps) -> Result<()> {
    let nextest = steps::succeeds(&mut steps::cargo(&["nextest", "--version"]));
    if !nextest {
        steps.note("cargo-nextest is not installed: tests run without time limits".to_owned());
    }
    let mut cargo = |name: &str, arguments: &[&str]| {
        steps.program(name, steps::cargo(arguments).current_dir(tree::root()))
    };
    cargo("examples", &["build", "--workspace", "--examples"])?;
    for (name, short) in EXAMPLES {
        let run = ["run", "--quiet", "--package", "rhyton", "--example", name, "--"];
        cargo(name, &[&run[..], short].concat())?;
    }
    cargo("doc tests", &["test", "--doc", "--package", "rhyton", "--package", "rhyton-tensor"])?;
    let (name, arguments): (_, &[&str]) = if nextest {
        ("nextest", &["nextest", "run", "--workspace"])
    } else {
        ("tests", &["test", "--workspace", "--lib", "--bins", "--tests"])
    };
    steps.close(name, steps::cargo(arguments).current_dir(tree::root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_of_the_library_is_run() {
        let folder = tree::root().join("crates/rhyton/examples");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<String> =
            names.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        assert_eq!(names, EXAMPLES.map(|(name, _)| name));
    }
}
