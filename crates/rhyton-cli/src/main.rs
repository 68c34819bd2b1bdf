//! The `rhyton` command: arguments and files in, tables and JSON out; all that is computed is in
//! the library. A command is one file in `commands/` and two lines in the list there.

mod callbacks;
mod cli;
mod commands;
mod data;
mod destination;
mod model;
mod output;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
