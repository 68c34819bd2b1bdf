//! What `fit` tells while it runs: Keras' bar on a terminal, a line an epoch elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::fit::Verbose;
use super::history::Logs;
use crate::callbacks::Parameters;
use crate::callbacks::python_number::python_exponent;

const BAR_WIDTH: usize = 20;
const REDRAW: Duration = Duration::from_millis(50);

/// Writes progress to standard error.
pub(crate) struct Progress {
    style: Style,
    parameters: Parameters,
    epoch_started: Instant,
    drawn: Option<Instant>,
    steps: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Silent,
    Bar,
    Lines,
}

impl Progress {
    pub(crate) fn new(verbose: Verbose, parameters: Parameters) -> Self {
        let style = match verbose {
            Verbose::Silent => Style::Silent,
            Verbose::Bar => Style::Bar,
            Verbose::Lines => Style::Lines,
            Verbose::Auto if std::io::stderr().is_terminal() => Style::Bar,
            Verbose::Auto => Style::Lines,
        };
        Self { style, parameters, epoch_started: Instant::now(), drawn: None, steps: 0 }
    }

    pub(crate) fn begin_epoch(&mut self, epoch: usize) {
        self.epoch_started = Instant::now();
        self.drawn = None;
        self.steps = 0;
        if self.style != Style::Silent {
            write(&format!("Epoch {}/{}\n", epoch + 1, self.parameters.epochs));
        }
    }

    /// Whether the bar should be drawn again after this many steps.
    pub(crate) fn is_due(&mut self, steps: usize) -> bool {
        self.steps = steps;
        self.style == Style::Bar && self.drawn.is_none_or(|last| last.elapsed() >= REDRAW)
    }

    pub(crate) fn draw(&mut self, steps: usize, logs: &Logs) {
        self.drawn = Some(Instant::now());
        let elapsed = self.epoch_started.elapsed();
        write(&format!("\r{}\u{1b}[K", bar(steps, self.parameters.steps, elapsed, logs)));
    }

    pub(crate) fn end_epoch(&mut self, logs: &Logs) {
        let (steps, elapsed) = (self.steps, self.epoch_started.elapsed());
        match self.style {
            Style::Silent => {}
            Style::Bar => {
                let line = bar(steps, self.parameters.steps, elapsed, logs);
                write(&format!("\r{line}\u{1b}[K\n"));
            }
            Style::Lines => {
                let total = self.parameters.steps;
                let timing = format!("{}s - {}", elapsed.as_secs(), per_step(steps, elapsed));
                write(&format!("{steps}/{total} - {timing}{}\n", values(logs)));
            }
        }
    }
}

/// Keras' bar: how many steps, time a step, values so far.
fn bar(steps: usize, total: usize, elapsed: Duration, logs: &Logs) -> String {
    let filled = (BAR_WIDTH * steps).checked_div(total).unwrap_or(BAR_WIDTH).min(BAR_WIDTH);
    let (done, left) = ("━".repeat(filled), "━".repeat(BAR_WIDTH - filled));
    format!(
        "\u{1b}[1m{steps}/{total}\u{1b}[0m \u{1b}[32m{done}\u{1b}[0m\u{1b}[37m{left}\u{1b}[0m \
         \u{1b}[1m{}s\u{1b}[0m {}{}",
        elapsed.as_secs(),
        per_step(steps, elapsed),
        values(logs),
    )
}

fn per_step(steps: usize, elapsed: Duration) -> String {
    let step = elapsed.as_secs_f64() / steps.max(1) as f64;
    if step >= 1.0 {
        format!("{step:.0}s/step")
    } else if step >= 1e-3 {
        format!("{:.0}ms/step", step * 1e3)
    } else {
        format!("{:.0}us/step", step * 1e6)
    }
}

/// ` - accuracy: 0.4987 - loss: 1.6195`; small values in exponent form, as Keras writes them.
fn values(logs: &Logs) -> String {
    let value = |value: f64| {
        if value.abs() > 1e-3 || value.is_nan() {
            format!("{value:.4}")
        } else {
            python_exponent(value, 4)
        }
    };
    let first = logs.iter().filter(|(name, _)| !name.starts_with("val_"));
    let then = logs.iter().filter(|(name, _)| name.starts_with("val_"));
    let parts = first.chain(then).map(|(name, number)| format!(" - {name}: {}", value(*number)));
    parts.collect::<Vec<_>>().concat()
}

/// Progress is for people who watch; a closed pipe does not stop the training.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_keras() {
        let logs = Logs::from([("accuracy".to_owned(), 0.4987), ("loss".to_owned(), 1.61954)]);
        let line = bar(6, 7, Duration::from_millis(66), &logs);
        insta::assert_snapshot!(line.replace('\u{1b}', "^"), @"^[1m6/7^[0m ^[32m━━━━━━━━━━━━━━━━━^[0m^[37m━━━^[0m ^[1m0s^[0m 11ms/step - accuracy: 0.4987 - loss: 1.6195");
        assert_eq!(values(&Logs::from([("loss".to_owned(), 0.0004)])), " - loss: 4.0000e-04");
        assert_eq!(values(&Logs::from([("loss".to_owned(), 0.0)])), " - loss: 0.0000e+00");
    }
}
