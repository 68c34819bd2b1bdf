//! `cargo xtask corrupt-gradients`: flips the sign of every gradient rule in turn and shows which
//! check notices. The flipping is a test of `rhyton-graph`, which `cargo xtask test` runs too.

use anyhow::{Context as _, Result};

use crate::steps;

const TEST: &str = "testing::tests::every_corrupted_gradient_is_caught";

/// Prints the table of rules, operands and the cases that caught them.
///
/// # Errors
///
/// If a corrupted rule is not caught.
pub(crate) fn run() -> Result<()> {
    let arguments =
        ["test", "--quiet", "-p", "rhyton-graph", "--lib", "--", "--nocapture", "--exact", TEST];
    steps::succeed(&mut steps::cargo(&arguments)).context("a wrong gradient rule goes unnoticed")
}
