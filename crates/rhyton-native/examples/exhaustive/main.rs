//! Measures the largest error of every function of the engine on every set of instructions, and
//! prints the tables of `docs/accuracy.md`; ends non-zero if one exceeds its bound. Run it by
//! `cargo xtask exhaustive`. Arguments: `[--inputs LOG2] [--only NAME]`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example speaks to a person")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

mod engine;
mod errors;
mod kernels;
mod pairs;
mod sweep;
mod table;
mod truth;

use kernels::KERNELS;
use pairs::PAIRS;

/// At most so many pairs, by its logarithm: there are 2⁶⁴.
const PAIRS_LOG2_MAX: u32 = 26;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let value = |name: &str| {
        arguments.iter().position(|a| a == name).and_then(|place| arguments.get(place + 1))
    };
    let log2_inputs = value("--inputs").map_or(Ok(32), |text| text.parse::<u32>())?;
    if !(16..=32).contains(&log2_inputs) {
        return Err(
            format!("--inputs: expected a logarithm from 16 to 32, got {log2_inputs}").into()
        );
    }
    let only = value("--only");
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let (start, mut tables) = (Instant::now(), table::Tables::default());
    let mut found = 0;
    let progress = |name: &str, from: std::time::Duration| {
        let took = start.elapsed().saturating_sub(from);
        eprintln!("{:>8.1} s  {name}", took.as_secs_f64());
    };
    for kernel in KERNELS.iter().filter(|kernel| wanted(kernel.name)) {
        let from = start.elapsed();
        tables.unary(kernel, &sweep::measure(kernel, log2_inputs)?);
        progress(kernel.name, from);
        found += 1;
    }
    for pair in PAIRS.iter().filter(|pair| wanted(pair.name)) {
        let from = start.elapsed();
        tables.binary(pair, &pairs::measure(pair, log2_inputs.min(PAIRS_LOG2_MAX))?);
        progress(pair.name, from);
        found += 1;
    }
    progress("all", std::time::Duration::ZERO);
    if found == 0 {
        return Err(format!("there is no function `{}`", only.map_or("", String::as_str)).into());
    }
    if tables.complaints.is_empty() {
        print!("{}", tables.text());
        return Ok(());
    }
    // The page stays as it is, but nothing that was measured is lost.
    eprint!("{}", tables.text());
    Err(tables.complaints.join("\n").into())
}
