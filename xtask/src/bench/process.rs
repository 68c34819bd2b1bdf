use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What one process answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) versions: BTreeMap<String, String>,
    /// By activation.
    pub(crate) measured: BTreeMap<String, Measured>,
    /// Seconds from the start of the process to its first step.
    pub(crate) first: Option<f64>,
    /// What went wrong with the whole process.
    pub(crate) failure: Option<String>,
}

/// What was measured with one activation.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Of one item in each repetition.
    pub(crate) seconds: Vec<f64>,
    pub(crate) peak_bytes: Option<u64>,
    pub(crate) absent: Option<String>,
}

/// After this a runner is ended and absent.
const LIMIT: Duration = Duration::from_secs(400);

/// Runs one runner to its end.
///
/// # Errors
///
/// When its output can't be had; a runner that fails is an answer.
pub(crate) fn run(command: &mut Command) -> Result<Answer> {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return Ok(failed(format!("it can't be started: {error}"))),
    };
    let output = BufReader::new(child.stdout.take().context("standard output was asked for")?);
    let mut errors = child.stderr.take().context("standard error was asked for")?;
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if send.send((line, start.elapsed())).is_err() {
                break;
            }
        }
    });
    let complaint = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until then is still worth telling.
        let _ = errors.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut answer = Answer::default();
    loop {
        match lines.recv_timeout(LIMIT.saturating_sub(start.elapsed())) {
            Ok((line, elapsed)) => answer.take(&line, elapsed),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                return Ok(failed(format!("it took longer than {} s", LIMIT.as_secs())));
            }
        }
    }
    if !child.wait()?.success() {
        let complaint = complaint.join().unwrap_or_default();
        answer.failure = Some(last_line(&complaint));
    }
    Ok(answer)
}

impl Answer {
    fn take(&mut self, line: &str, elapsed: Duration) {
        // Libraries print remarks of their own.
        let Ok(answer) = serde_json::from_str::<Value>(line) else { return };
        if let Some(versions) = answer["versions"].as_object() {
            for (name, version) in versions {
                let version = version.as_str().unwrap_or_default().to_owned();
                self.versions.insert(name.clone(), version);
            }
        }
        if answer["first"].as_bool() == Some(true) {
            self.first = Some(elapsed.as_secs_f64());
        }
        if let Some(activation) = answer["activation"].as_str() {
            let seconds = answer["seconds"].as_array().into_iter().flatten();
            let measured = Measured {
                seconds: seconds.filter_map(Value::as_f64).collect(),
                peak_bytes: answer["peak_bytes"].as_u64(),
                absent: answer["absent"].as_str().map(str::to_owned),
            };
            self.measured.insert(activation.to_owned(), measured);
        }
    }
}

fn failed(reason: String) -> Answer {
    Answer { failure: Some(reason), ..Answer::default() }
}

/// What a traceback ends with, short enough for a table.
fn last_line(text: &str) -> String {
    const LENGTH_MAX: usize = 160;
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    line.unwrap_or("it failed without a word").chars().take(LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_remarks_are_not() {
        let mut answer = Answer::default();
        answer.take(r#"{"versions": {"jax": "1.2"}}"#, Duration::ZERO);
        answer.take("WARNING: something", Duration::ZERO);
        answer.take(
            r#"{"activation": "relu", "seconds": [1.0, 2.5], "peak_bytes": 7}"#,
            Duration::ZERO,
        );
        answer.take(r#"{"activation": "own", "absent": "no"}"#, Duration::ZERO);
        answer.take(r#"{"first": true}"#, Duration::from_millis(1500));
        assert_eq!(answer.versions["jax"], "1.2");
        assert_eq!(answer.measured["relu"].seconds, [1.0, 2.5]);
        assert_eq!(answer.measured["relu"].peak_bytes, Some(7));
        assert_eq!(answer.measured["own"].absent.as_deref(), Some("no"));
        assert_eq!(answer.first, Some(1.5));
    }

    #[test]
    fn a_runner_that_fails_or_is_absent_is_an_answer() {
        let absent = run(&mut Command::new("no-such-program")).unwrap();
        assert!(absent.failure.unwrap().starts_with("it can't be started"));
        let failed = run(Command::new("cargo").arg("--no-such-flag")).unwrap();
        assert!(failed.failure.is_some());
    }
}
