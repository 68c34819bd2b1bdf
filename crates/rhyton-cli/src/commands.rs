//! The commands. To add one: a file with a `clap::Args` struct that is [`Run`] and its `COMMAND`,
//! then its `mod` line and its line in [`COMMANDS`].

use std::path::Path;

use anyhow::Result;
use clap::{ArgMatches, Args};
use rhyton::configuration::Settings;
use rhyton::{LoadOptions, Model};

use crate::output::Output;

mod activations;
mod backends;
mod bench;
mod compare;
mod convert;
mod diff;
mod evaluate;
mod predict;
mod serve;
mod summary;
mod train;

/// Every command, in the order of the help.
pub(crate) static COMMANDS: &[Command] = &[
    compare::COMMAND,
    train::COMMAND,
    evaluate::COMMAND,
    predict::COMMAND,
    serve::COMMAND,
    summary::COMMAND,
    bench::COMMAND,
    convert::COMMAND,
    diff::COMMAND,
    activations::COMMAND,
    backends::COMMAND,
];

/// What a command works with besides its own arguments.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) settings: Settings,
}

/// A command's arguments, which can be carried out.
pub(crate) trait Run: Args {
    /// Carries the command out.
    ///
    /// # Errors
    /// What the user is told on standard error.
    fn run(self, cx: &Context) -> Result<()>;
}

/// One command of the list.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// Its arguments and help, under a name.
    pub(crate) describe: fn(&'static str) -> clap::Command,
    pub(crate) run: fn(&ArgMatches, &Context) -> Result<()>,
    /// The exit code of a failure.
    pub(crate) failure: u8,
}

/// The end of a command that did its work and answers with an exit code of its own.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) u8);

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the answer is exit code {}", self.0)
    }
}

impl std::error::Error for Answer {}

impl Command {
    const fn of<T: Run>(name: &'static str) -> Self {
        Self {
            name,
            describe: |name| T::augment_args(clap::Command::new(name)),
            run: |matches, cx| T::from_arg_matches(matches)?.run(cx),
            failure: 1,
        }
    }
}

/// A model, compiled as its file says if that can be read, and what could not be.
///
/// # Errors
/// What is wrong with layers or weights.
fn load_any(path: &Path) -> Result<(Model, Option<rhyton::Error>)> {
    Model::load(path).map(|model| (model, None)).or_else(|error| {
        let options = LoadOptions { compile: false, ..LoadOptions::default() };
        Ok((Model::load_with(path, &options)?, Some(error)))
    })
}
