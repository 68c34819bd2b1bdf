//! What every runner of the benchmarks in Rust shares: its arguments, its clock, its answers.
//! `bench/python/protocol.py` is the same for runners in Python and says what is measured; runners of
//! rivals stand in a workspace of their own, `bench/rivals`.
#![allow(clippy::print_stdout, reason = "a runner answers on standard output")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

mod loops;

pub use loops::{Network, measure};

/// Classes of every network.
pub const CLASSES: usize = 10;

/// What a runner fails with.
pub type Failure = Box<dyn Error>;

/// A runner's arguments.
#[derive(Debug, Clone)]
pub struct Options {
    /// `train`, `predict`, `latency`, `memory`, `first-train`, `first-predict`, `forward`, `both`.
    pub measure: String,
    /// `blog`, `cnn`, …
    pub network: String,
    /// `relu`, `swish`, `own`.
    pub activations: Vec<String>,
    /// Samples of a step.
    pub batch: usize,
    /// Samples of an epoch.
    pub images: usize,
    /// How long each activation is measured.
    pub seconds: f64,
    /// How many threads may be used.
    pub threads: usize,
    /// Where images, labels and model files are.
    pub folder: PathBuf,
}

impl Options {
    /// The arguments of this process.
    ///
    /// # Errors
    /// What is missing or no number.
    pub fn read() -> Result<Self, Failure> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let [measure, network, named @ ..] = words.as_slice() else {
            return Err("expected MEASURE NETWORK --activations … --folder FOLDER".into());
        };
        let named: BTreeMap<&str, &str> = named
            .chunks_exact(2)
            .map(|pair| (pair[0].trim_start_matches('-'), pair[1].as_str()))
            .collect();
        let text = |name: &str, default: &'static str| named.get(name).copied().unwrap_or(default);
        Ok(Self {
            measure: measure.clone(),
            network: network.clone(),
            activations: text("activations", "swish").split(',').map(str::to_owned).collect(),
            batch: text("batch", "128").parse()?,
            images: text("images", "60000").parse()?,
            seconds: text("seconds", "1").parse()?,
            threads: text("threads", "2").parse()?,
            folder: named.get("folder").ok_or("--folder is missing")?.into(),
        })
    }

    /// Bytes of images of `size` pixels, and their labels; Fashion-MNIST's bytes, repeated where an
    /// image has more.
    ///
    /// # Errors
    /// Files that can't be read.
    pub fn data(&self, size: usize) -> Result<(Vec<u8>, Vec<u8>), Failure> {
        let filled = |name: &str, wanted: usize| -> Result<Vec<u8>, Failure> {
            let path = self.folder.join(name);
            let mut bytes = std::fs::read(&path)
                .map_err(|error| format!("{} can't be read: {error}", path.display()))?;
            bytes.truncate(wanted);
            let found = bytes.len();
            if found == 0 {
                return Err(format!("{} is empty", path.display()).into());
            }
            while bytes.len() < wanted {
                let missing = (wanted - bytes.len()).min(found);
                bytes.extend_from_within(..missing);
            }
            // A vector grown in steps may hold up to twice what it needs.
            bytes.shrink_to_fit();
            Ok(bytes)
        };
        Ok((filled("images.u8", self.images * size)?, filled("labels.u8", self.images)?))
    }

    /// Whether so many repetitions are enough.
    pub fn enough(&self, seconds: &[f64]) -> bool {
        seconds.len() >= 2 && seconds.iter().sum::<f64>() >= self.seconds
    }

    /// Seconds of an item, a number for each repetition of `call`, after one that does not count.
    ///
    /// # Errors
    /// What `call` fails with.
    pub fn repeat(
        &self,
        items: usize,
        mut call: impl FnMut() -> Result<(), Failure>,
    ) -> Result<Vec<f64>, Failure> {
        call()?;
        let mut seconds = Vec::new();
        while !self.enough(&seconds) {
            let start = Instant::now();
            call()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        Ok(seconds.into_iter().map(|value| value / items as f64).collect())
    }

    /// As [`Options::repeat`] for calls of microseconds: medians of groups of calls, each by a clock of
    /// its own.
    ///
    /// # Errors
    /// What `call` fails with.
    pub fn repeat_short(
        &self,
        items: usize,
        mut call: impl FnMut() -> Result<(), Failure>,
    ) -> Result<Vec<f64>, Failure> {
        const GROUP: usize = 20;
        const GROUPS_MAX: usize = 500;
        for _ in 0..3 {
            call()?;
        }
        let (mut medians, mut spent) = (Vec::new(), 0.0);
        while (medians.len() < 3 || spent < self.seconds) && medians.len() < GROUPS_MAX {
            let mut seconds = Vec::with_capacity(GROUP);
            for _ in 0..GROUP {
                let start = Instant::now();
                call()?;
                seconds.push(start.elapsed().as_secs_f64());
            }
            spent += seconds.iter().sum::<f64>();
            seconds.sort_by(f64::total_cmp);
            medians.push(f64::midpoint(seconds[GROUP / 2 - 1], seconds[GROUP / 2]) / items as f64);
        }
        Ok(medians)
    }

    /// Prints what `measured` gives for each activation; what fails is absent, with its reason.
    pub fn answer(&self, mut measured: impl FnMut(&str) -> Result<Vec<f64>, Failure>) {
        for activation in &self.activations {
            match measured(activation) {
                Ok(seconds) => say(&json!({
                    "activation": activation, "seconds": seconds, "peak_bytes": peak_bytes(),
                })),
                Err(reason) => {
                    say(&json!({"activation": activation, "absent": reason.to_string()}));
                }
            }
        }
    }
}

/// Prints the first line.
pub fn versions(versions: &[(&str, &str)]) {
    let versions: serde_json::Map<String, Value> =
        versions.iter().map(|(name, version)| ((*name).to_owned(), (*version).into())).collect();
    say(&json!({ "versions": versions }));
}

/// Tells whoever started the process that the first step or prediction is done, and ends.
pub fn first() -> ! {
    say(&json!({"first": true}));
    std::process::exit(0)
}

/// The most resident memory that this process has had; `None` where the system does not tell.
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn say(answer: &Value) {
    println!("{answer}");
    // Who reads may have gone, which ends the runner soon enough.
    let _ = std::io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(images: usize) -> (tempfile::TempDir, Options) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("images.u8"), [1, 2, 3]).unwrap();
        std::fs::write(folder.path().join("labels.u8"), [7]).unwrap();
        let options = Options {
            measure: "train".into(),
            network: "blog".into(),
            activations: vec!["relu".into()],
            batch: 1,
            images,
            seconds: 0.0,
            threads: 1,
            folder: folder.path().to_owned(),
        };
        (folder, options)
    }

    #[test]
    fn bytes_are_repeated_until_there_are_enough() {
        let (_folder, options) = options(4);
        assert_eq!(options.data(2).unwrap(), (vec![1, 2, 3, 1, 2, 3, 1, 2], vec![7; 4]));
    }

    #[test]
    fn the_first_repetition_does_not_count() {
        let (_folder, options) = options(1);
        let mut calls = 0;
        let mut call = || {
            calls += 1;
            Ok(())
        };
        assert_eq!(options.repeat(1, &mut call).unwrap().len(), 2);
        assert_eq!(options.repeat_short(1, &mut call).unwrap().len(), 3);
        assert_eq!(calls, 3 + 3 + 60);
    }
}
