//! `cargo xtask corrupt-gradients`: flips the sign of every gradient rule in turn and shows which
//! check notices. The flipping is a test of `rhyton-graph`, which `cargo xtask test` runs too.

use anyhow::{Context as _, Result, ensure};

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
    let printed = steps::output(&mut steps::cargo(&arguments))
        .context("a wrong gradient rule goes unnoticed")?;
    println!("{printed}");
    ensure!(
        has_table(&printed),
        "no table of rules was printed: is `{TEST}` still the test that makes it?"
    );
    Ok(())
}

/// Whether the test ran: one that is not found succeeds without a word.
fn has_table(printed: &str) -> bool {
    let mut lines = printed.lines().skip_while(|line| !line.contains("operand  caught by"));
    lines.next().is_some() && lines.next().is_some_and(|row| !row.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::has_table;

    #[test]
    fn a_test_that_is_gone_is_noticed() {
        assert!(!has_table("\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed\n"));
        assert!(!has_table("rule             operand  caught by\n"));
        assert!(has_table("running 1 test\nrule    operand  caught by\nadd    0  add\n\n"));
    }
}
