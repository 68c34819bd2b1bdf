//! The project's own tasks: `cargo xtask check | test | tidy | golden | bench | corrupt-gradients |
//! exhaustive | install-hooks`.
//!
//! One file per command. A command is a clap `Args` struct with a `run` (a function, if it has no arguments);
//! add one as a file, a `mod` line and an arm below. Nothing imports this crate and it imports
//! nothing of the project, so the tasks run even when the library does not compile.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod check;
mod corrupt_gradients;
mod exhaustive;
mod golden;
mod install_hooks;
mod oracles;
mod steps;
mod test;
mod tidy;
mod tree;

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Check),
    Test(test::Test),
    Tidy(tidy::Tidy),
    Golden(golden::Golden),
    Bench(bench::Bench),
    /// Flip the sign of every gradient rule in turn and show what notices.
    CorruptGradients,
    Exhaustive(exhaustive::Exhaustive),
    /// Install a git hook that runs fmt and tidy before every commit.
    InstallHooks,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Tidy(command) => command.run(),
        Command::Golden(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::CorruptGradients => corrupt_gradients::run(),
        Command::Exhaustive(command) => command.run(),
        Command::InstallHooks => install_hooks::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
