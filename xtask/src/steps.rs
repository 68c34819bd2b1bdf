//! Running one step after another: each prints its name and time, the first failure ends the run.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The steps of one command, in the order they ran.
pub(crate) struct Steps {
    command: &'static str,
    done: Vec<(String, Duration)>,
    notes: Vec<String>,
}

impl Steps {
    /// No steps yet; `command` names them in messages (`check`).
    pub(crate) fn new(command: &'static str) -> Self {
        Self { command, done: Vec::new(), notes: Vec::new() }
    }

    /// Runs `step` under `name`.
    ///
    /// # Errors
    ///
    /// The step's own, with its name in front.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("── {}: {name}", self.command);
        let start = Instant::now();
        let result = step();
        let elapsed = start.elapsed();
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        println!("── {}: {name}: {verdict} in {:.1} s", self.command, elapsed.as_secs_f64());
        self.done.push((name.to_owned(), elapsed));
        result.with_context(|| format!("step `{name}` of `cargo xtask {}` failed", self.command))
    }

    /// Runs a program as the step `name`.
    ///
    /// # Errors
    ///
    /// If it can't be started or ends non-zero.
    pub(crate) fn program(&mut self, name: &str, program: &mut Command) -> Result<()> {
        self.run(name, || succeed(program))
    }

    /// Keeps a line for the end, where it is not scrolled away.
    pub(crate) fn note(&mut self, line: String) {
        println!("── {}: {line}", self.command);
        self.notes.push(line);
    }

    /// Prints the table of steps and the notes.
    pub(crate) fn finish(self) {
        let total: Duration = self.done.iter().map(|(_, time)| *time).sum();
        self.table();
        println!("{:>8.1} s  cargo xtask {}: all steps ok", total.as_secs_f64(), self.command);
    }

    /// Runs a last program after the table, so that its own summary closes the output.
    ///
    /// # Errors
    ///
    /// If it can't be started or ends non-zero.
    pub(crate) fn close(self, name: &str, program: &mut Command) -> Result<()> {
        self.table();
        println!("── {}: {name}", self.command);
        succeed(program)
            .with_context(|| format!("step `{name}` of `cargo xtask {}` failed", self.command))
    }

    fn table(&self) {
        println!();
        for (name, time) in &self.done {
            println!("{:>8.1} s  {name}", time.as_secs_f64());
        }
        for note in &self.notes {
            println!("      note  {note}");
        }
    }
}

/// `cargo` with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments);
    command
}

/// Runs a program that must succeed.
///
/// # Errors
///
/// If it can't be started or ends non-zero.
pub(crate) fn succeed(program: &mut Command) -> Result<()> {
    let status = program.status().with_context(|| format!("{} can't be started", line(program)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(program));
    }
    Ok(())
}

/// Whether a program runs and ends with 0; its output is dropped.
pub(crate) fn succeeds(program: &mut Command) -> bool {
    program.output().is_ok_and(|output| output.status.success())
}

/// What a program prints when it succeeds.
///
/// # Errors
///
/// If it can't be started, ends non-zero or prints no UTF-8.
pub(crate) fn output(program: &mut Command) -> Result<String> {
    let output = program.output().with_context(|| format!("{} can't be started", line(program)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {}", line(program), output.status, complaint.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no text", line(program)))
}

/// A program and its arguments as a person would type them.
fn line(program: &Command) -> String {
    let mut words = vec![program.get_program().to_string_lossy().into_owned()];
    words.extend(program.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named() {
        let error = Steps::new("check").run("fmt", || bail!("it is ugly")).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `fmt` of `cargo xtask check` failed: it is ugly");
    }

    #[test]
    fn a_last_step_that_fails_is_named_too() {
        let error = Steps::new("test").close("runner", &mut cargo(&["--no-such-flag"]));
        let error = format!("{:#}", error.unwrap_err());
        assert!(
            error.starts_with("step `runner` of `cargo xtask test` failed: `cargo "),
            "{error}"
        );
    }

    #[test]
    fn a_program_that_fails_or_is_absent_is_an_error() {
        let failed = succeed(&mut cargo(&["--no-such-flag"])).unwrap_err();
        assert!(failed.to_string().starts_with("`cargo --no-such-flag` ended with"), "{failed}");
        let absent = succeed(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(absent.to_string(), "`no-such-program` can't be started");
        assert!(!succeeds(&mut Command::new("no-such-program")));
    }

    #[test]
    fn output_is_text() {
        assert!(output(&mut cargo(&["--version"])).unwrap().starts_with("cargo "));
    }
}
