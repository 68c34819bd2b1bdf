use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgMatches, Args, FromArgMatches};
use rhyton::configuration::{Settings, Sources, configure};

use crate::commands::{Answer, COMMANDS, Command, Context};
use crate::output::Output;

// What can stand before or after every command; a doc comment would become the help's first line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// The engine that runs models, for this call only (`rhyton backends` lists them)
    #[arg(long, global = true, value_name = "NAME")]
    backend: Option<String>,
    /// No progress and no remarks; results and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// With an error, what it was caused by
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// Runs the command that the process was started with.
pub(crate) fn run() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| {
        let global = Global::from_arg_matches(&matches)?;
        Ok((matches, global))
    });
    let (matches, global) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Nothing is left to be done for a reader that has closed its end.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let output = Output { quiet: global.quiet };
    if global.quiet {
        rhyton::silence_notices();
    }
    let (name, arguments) = matches.subcommand().expect("the parser demands a command");
    let command = COMMANDS.iter().find(|command| command.name == name);
    let command = command.expect("the parser knows listed commands only");
    match dispatch(command, arguments, &global, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(answer) = error.downcast_ref::<Answer>() {
                return ExitCode::from(answer.0);
            }
            output.error(&error, global.verbose);
            ExitCode::from(command.failure)
        }
    }
}

fn command() -> clap::Command {
    let root = clap::Command::new("rhyton")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Trains, compares and runs Keras models with activation functions of your own")
        .subcommand_required(true)
        .arg_required_else_help(true);
    Global::augment_args(root)
        .subcommands(COMMANDS.iter().map(|command| (command.describe)(command.name)))
}

fn dispatch(
    command: &Command,
    arguments: &ArgMatches,
    global: &Global,
    output: Output,
) -> Result<()> {
    let sources = Sources { backend_flag: global.backend.clone(), ..Sources::default() };
    let settings = Settings::read(&sources)?;
    configure(settings.clone());
    (command.run)(arguments, &Context { output, settings })
}

/// Whoever read our output (`| head`) has had enough; that is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        command().debug_assert();
    }
}
