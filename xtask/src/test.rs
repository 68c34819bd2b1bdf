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
    cargo("doc tests", &["test", "--doc", "--package", "rhyton", "--package", "rhyton-tensor"])?;
    let (name, arguments): (_, &[&str]) = if nextest {
        ("nextest", &["nextest", "run", "--workspace"])
    } else {
        ("tests", &["test", "--workspace", "--lib", "--bins", "--tests"])
    };
    steps.close(name, steps::cargo(arguments).current_dir(tree::root()))
}
