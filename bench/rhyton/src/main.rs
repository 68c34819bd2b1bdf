//! The runner of the benchmarks for this library: what `bench/python/protocol.py` says, by the public
//! API alone, as a user would write it. `prepare` writes the data that all runners read.

use std::process::ExitCode;

use bench_protocol::{Failure, Options, versions};
use rhyton::configuration::{Sources, configure};

mod layers;
mod networks;
mod prepare;
mod training;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ =
                std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let options = Options::read()?;
    if options.measure == "prepare" {
        return prepare::write(&options);
    }
    let mut settings = rhyton::configuration::Settings::read(&Sources::default())?;
    settings.threads = options.threads;
    configure(settings);
    rhyton::silence_notices();
    rhyton::custom_objects().activation_from("own", "x * sigmoid(1.5 x)")?;
    versions(&[("rhyton", env!("CARGO_PKG_VERSION"))]);
    options.answer(|activation| match options.measure.as_str() {
        "train" => training::train(&options, activation),
        "predict" => training::predict(&options, activation),
        "latency" => training::latency(&options, activation),
        "memory" => training::memory(&options, activation),
        "first-train" => training::first_train(&options, activation),
        "first-predict" => training::first_predict(&options, activation),
        "forward" | "both" => layers::measure(&options, activation),
        other => Err(format!("there is no measure `{other}`").into()),
    });
    Ok(())
}
