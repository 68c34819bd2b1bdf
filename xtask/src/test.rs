//! `cargo xtask test`: every test that needs Rust only, or the comparisons with live oracles.

use std::process::Command;

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
const EXAMPLES: [(&str, &[&str]); 6] = [
    ("autoencoder", &["--epochs", "1", "--samples", "512"]),
    ("deep_plain", &["--epochs", "1", "--seeds", "1", "--samples", "256"]),
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
    // Always the whole workspace: for a part of it cargo unifies features anew and builds all again.
    let cargo = |arguments: &[&str]| {
        let mut command = steps::cargo(arguments);
        command.current_dir(tree::root());
        command
    };
    steps.program("examples", &mut cargo(&["build", "--workspace", "--examples"]))?;
    let built = oracles::target_folder()?.join("debug").join("examples");
    for (name, short) in EXAMPLES {
        let program = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        steps.program(name, Command::new(program).args(short).current_dir(tree::root()))?;
    }
    let measure = built.join(format!("exhaustive{}", std::env::consts::EXE_SUFFIX));
    let mut measure = Command::new(measure);
    measure.args(["--inputs", "18"]).stdout(std::process::Stdio::null());
    steps.program("errors of functions", &mut measure)?;
    steps.program("doc tests", &mut cargo(&["test", "--doc", "--workspace"]))?;
    let (name, arguments): (_, &[&str]) = if nextest {
        ("nextest", &["nextest", "run", "--workspace"])
    } else {
        ("tests", &["test", "--workspace", "--lib", "--bins", "--tests"])
    };
    steps.close(name, &mut cargo(arguments))
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
