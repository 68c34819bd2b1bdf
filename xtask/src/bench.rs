//! `cargo xtask bench`: the same work by this library and by its rivals, on the same cores, in turns.
//!
//! What is measured is in `bench/cases.rs`, who is measured in `bench/rivals.rs`, how in
//! `bench/python/protocol.py`. Every round is a process of its own for each case and rival; a rival that
//! can't be had or does not do a case is a row that says so.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::steps::Steps;
use crate::tree;

mod cases;
mod chart;
mod process;
mod report;
mod results;
mod rivals;
mod set_up;

use cases::{CASES, Case};
use results::Results;
use rivals::{OURS, Places, RIVALS, Rival};

/// Speed and memory against Keras on JAX and TensorFlow, PyTorch, ONNX Runtime, Burn and Candle.
#[derive(Args)]
pub(crate) struct Bench {
    /// Only cases whose names begin so, e.g. `blog,cnn-train`; `list` names all.
    #[arg(long = "case", value_name = "NAME", value_delimiter = ',')]
    cases: Vec<String>,
    /// Only these rivals beside this library, e.g. `keras-jax,torch`.
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    rivals: Vec<String>,
    /// Only this library.
    #[arg(long, conflicts_with = "rivals")]
    ours: bool,
    /// How often everything is run; medians of the rounds are told.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds that each activation is measured in a round.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// How many threads everyone has.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    threads: u32,
    /// One short round on few images, to see that all runs; its figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Where benchmarks.md, .json and .svg are written; default docs/ when nothing was left out, else
    /// nowhere.
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Where the rivals' Python environment is made and kept; it takes 8 GB, since PyTorch's
    /// package brings libraries for GPUs.
    #[arg(long, env = "RHYTON_BENCH_VENV", hide_env_values = true, value_name = "FOLDER")]
    venv: Option<PathBuf>,
}

impl Bench {
    /// Sets everyone up, measures and writes.
    ///
    /// # Errors
    ///
    /// A case or rival that does not exist; a step of this library's own that fails.
    pub(crate) fn run(self) -> Result<()> {
        let cases = chosen(&self.cases)?;
        if self.cases.iter().any(|name| name == "list") {
            for case in CASES {
                println!("{:22} {}", case.name, case.title);
            }
            return Ok(());
        }
        let rivals = self.chosen_rivals()?;
        let mut steps = Steps::new("bench");
        let (places, data) = set_up::all(&mut steps, self.venv.clone(), &rivals)?;
        let mut results = Results::new(self.rounds(), self.threads, data);
        steps.run("measuring", || self.measure(&places, &cases, &rivals, &mut results))?;
        let text = report::markdown(&results, &cases);
        let complete = self.cases.is_empty() && rivals.len() == RIVALS.len() && !self.quick;
        let output = self.output.clone().or_else(|| complete.then(|| tree::root().join("docs")));
        if let Some(folder) = output {
            std::fs::create_dir_all(&folder)?;
            let write = |name: &str, text: &str| set_up::replace(&folder.join(name), text);
            write("benchmarks.md", &text)?;
            write("benchmarks.json", &format!("{:#}\n", report::json(&results, &cases)))?;
            write("benchmarks.svg", &chart::svg(&results, &cases))?;
            println!("wrote benchmarks.md, .json and .svg into {}", folder.display());
        } else {
            println!("\n{text}");
        }
        steps.finish();
        Ok(())
    }

    fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds }
    }

    fn chosen_rivals(&self) -> Result<Vec<&'static Rival>> {
        if let Some(unknown) =
            self.rivals.iter().find(|key| !RIVALS.iter().any(|rival| rival.key == key.as_str()))
        {
            let known: Vec<&str> = RIVALS.iter().map(|rival| rival.key).collect();
            bail!("there is no rival `{unknown}`: expected {}", known.join(", "));
        }
        let wanted = |rival: &&Rival| {
            !self.ours && (self.rivals.is_empty() || self.rivals.iter().any(|key| key == rival.key))
        };
        Ok(RIVALS.iter().filter(wanted).collect())
    }

    fn measure(
        &self,
        places: &Places,
        cases: &[&'static Case],
        rivals: &[&'static Rival],
        results: &mut Results,
    ) -> Result<()> {
        for round in 0..self.rounds() {
            for case in cases {
                if round > 0 && !case.in_every_round() {
                    continue;
                }
                println!("round {} of {}: {}", round + 1, self.rounds(), case.name);
                let start = Instant::now();
                let able = |rival: &&&Rival| case.rivals.contains(&rival.key);
                for rival in std::iter::once(&OURS).chain(rivals.iter().filter(able).copied()) {
                    self.measure_one(places, case, rival, results)?;
                }
                println!("  {:.0} s", start.elapsed().as_secs_f64());
            }
        }
        Ok(())
    }

    /// One case by one rival; memory and starts need a process for each activation.
    fn measure_one(
        &self,
        places: &Places,
        case: &'static Case,
        rival: &'static Rival,
        results: &mut Results,
    ) -> Result<()> {
        let one_process =
            matches!(case.measure, "train" | "predict" | "latency" | "forward" | "both");
        let groups: Vec<String> = if one_process {
            vec![case.activations.join(",")]
        } else {
            case.activations.iter().map(|&name| name.to_owned()).collect()
        };
        for activations in groups {
            let mut command = rival.command(places, self.threads as usize);
            command
                .args([case.measure, case.network, "--activations", &activations])
                .args(["--batch", &case.batch.to_string()])
                .args(["--images", &self.images(case, rival).to_string()])
                .args(["--seconds", &(if self.quick { 0.05 } else { self.seconds }).to_string()])
                .args(["--threads", &self.threads.to_string()])
                .arg("--folder")
                .arg(&places.data);
            let answer = process::run(&mut command)?;
            let names: Vec<&str> = activations.split(',').collect();
            results.add(case, rival, &names, answer);
        }
        Ok(())
    }

    /// Whole batches, at least two; all of them where memory is what counts.
    fn images(&self, case: &Case, rival: &Rival) -> usize {
        if case.measure == "memory" {
            return case.images;
        }
        let fewer = rival.fewer * if self.quick { 8 } else { 1 };
        (case.images / fewer / case.batch).max(2) * case.batch
    }
}

/// The cases whose names begin with one of these; all if there is none.
fn chosen(wanted: &[String]) -> Result<Vec<&'static Case>> {
    for name in wanted.iter().filter(|name| *name != "list") {
        if !CASES.iter().any(|case| case.name.starts_with(name.as_str())) {
            bail!("no case begins with `{name}`: `cargo xtask bench --case list` names all");
        }
    }
    let is_wanted = |case: &&Case| {
        wanted.is_empty() || wanted.iter().any(|name| case.name.starts_with(name.as_str()))
    };
    Ok(CASES.iter().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_chosen_by_the_beginning_of_their_names() {
        let names = |wanted: &[&str]| -> Vec<&str> {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            chosen(&wanted).unwrap().iter().map(|case| case.name).collect()
        };
        assert_eq!(names(&[]).len(), CASES.len());
        assert_eq!(names(&["cnn"]), ["cnn-train-64", "cnn-predict-64"]);
        assert!(chosen(&["nothing".to_owned()]).is_err());
    }
}
