//! `cargo xtask check`: everything that can be said without running the tests.

use anyhow::{Result, bail};
use clap::Args;

use crate::steps::{self, Steps};
use crate::tidy;
use crate::tree;

/// Format, lints, tidiness, documentation, and the library without its default features.
#[derive(Args)]
pub(crate) struct Check {
    /// Also run the tools that are installed apart: typos, cargo-shear, cargo-deny.
    #[arg(long)]
    full: bool,
}

/// A tool that not everybody has.
struct Tool {
    name: &'static str,
    /// The program and the arguments that tell whether it is there.
    probe: &'static [&'static str],
    run: &'static [&'static str],
    get: &'static str,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "typos",
        probe: &["typos", "--version"],
        run: &["typos", "--config", ".config/typos.toml"],
        get: "cargo install typos-cli --locked",
    },
    Tool {
        name: "shear",
        probe: &["cargo", "shear", "--version"],
        run: &["cargo", "shear"],
        get: "cargo install cargo-shear --locked",
    },
    Tool {
        name: "deny",
        probe: &["cargo", "deny", "--version"],
        run: &["cargo", "deny", "check", "--config", ".config/deny.toml"],
        get: "cargo install cargo-deny --locked",
    },
];

impl Check {
    /// Runs the steps in order.
    ///
    /// # Errors
    ///
    /// The first step that fails, by name.
    pub(crate) fn run(self) -> Result<()> {
        let mut steps = Steps::new("check");
        let mut cargo = |name: &str, arguments: &[&str]| {
            steps.program(name, steps::cargo(arguments).current_dir(tree::root()))
        };
        cargo("fmt", &["fmt", "--all", "--check"])?;
        cargo("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
        steps.run("tidy", tidy::check)?;
        let mut doc = steps::cargo(&["doc", "--workspace", "--no-deps"]);
        doc.current_dir(tree::root()).env("RUSTDOCFLAGS", "-Dwarnings");
        steps.program("doc", &mut doc)?;
        steps.program(
            "inference only",
            steps::cargo(&["check", "--package", "rhyton", "--no-default-features"])
                .current_dir(tree::root()),
        )?;
        if self.full {
            for tool in &TOOLS {
                run_tool(&mut steps, tool)?;
            }
        }
        steps.finish();
        Ok(())
    }
}

/// Runs a tool that is there; a tool that is not is said, with how to get it.
fn run_tool(steps: &mut Steps, tool: &Tool) -> Result<()> {
    if !steps::succeeds(&mut program(tool.probe)?) {
        steps.note(format!("{} is not installed, so not run; get it: {}", tool.name, tool.get));
        return Ok(());
    }
    steps.program(tool.name, &mut program(tool.run)?)
}

fn program(words: &[&str]) -> Result<std::process::Command> {
    let [program, arguments @ ..] = words else { bail!("a tool has a program") };
    let mut command = std::process::Command::new(program);
    command.args(arguments).current_dir(tree::root());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Tool = Tool {
        name: "absent",
        probe: &["no-such-program", "--version"],
        run: &["no-such-program"],
        get: "nowhere",
    };

    #[test]
    fn an_absent_tool_is_no_failure() {
        run_tool(&mut Steps::new("check"), &ABSENT).unwrap();
    }

    #[test]
    fn a_tool_that_fails_is_a_failure() {
        let failing = Tool { probe: &["cargo", "--version"], run: &["cargo", "--bad"], ..ABSENT };
        run_tool(&mut Steps::new("check"), &failing).unwrap_err();
    }
}
