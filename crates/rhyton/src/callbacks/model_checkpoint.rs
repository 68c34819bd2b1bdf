use std::path::{Path, PathBuf};

use serde_json::json;

use super::monitor::Monitor;
use super::python_number::python_exponent;
use super::{Callback, CallbackState, Frequency, Mode, StepCount, Training};
use crate::training::Logs;
use crate::{Error, Result};

/// Saves the model after epochs or steps, every time or when it is the best so far.
///
/// The path may hold `{epoch:02d}` (counted from 1), `{batch:02d}` where steps are saved, and values
/// of the epoch such as `{val_loss:.2f}`. A folder that is missing is made.
///
/// Source: Keras 3.15 `keras.callbacks.ModelCheckpoint`.
#[derive(Debug, Clone)]
pub struct ModelCheckpoint {
    path: String,
    monitor: Monitor,
    verbose: bool,
    save_best_only: bool,
    save_weights_only: bool,
    save_freq: Frequency,
    threshold: Option<f64>,
    epoch: usize,
    count: StepCount,
}

impl ModelCheckpoint {
    /// Saves to a path after every epoch.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            monitor: Monitor::new("val_loss"),
            verbose: false,
            save_best_only: false,
            save_weights_only: false,
            save_freq: Frequency::Epoch,
            threshold: None,
            epoch: 0,
            count: StepCount::default(),
        }
    }

    /// The value that says which epoch is best; default `val_loss`.
    #[must_use]
    pub fn monitor(mut self, name: &str) -> Self {
        name.clone_into(&mut self.monitor.name);
        self
    }

    /// Whether it says what it saves; default false.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Which direction is better; default by the name.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitor.mode = mode;
        self
    }

    /// Whether only epochs better than all before are saved; default false.
    #[must_use]
    pub fn save_best_only(mut self, only: bool) -> Self {
        self.save_best_only = only;
        self
    }

    /// Whether weights alone are saved, to a path that ends in `.weights.h5`; default false.
    #[must_use]
    pub fn save_weights_only(mut self, only: bool) -> Self {
        self.save_weights_only = only;
        self
    }

    /// After every epoch, the default, or after a number of steps counted across epochs.
    #[must_use]
    pub fn save_freq(mut self, frequency: impl Into<Frequency>) -> Self {
        self.save_freq = frequency.into();
        self
    }

    /// The value that the first save has to beat where only the best are saved; default none.
    #[must_use]
    pub fn initial_value_threshold(mut self, value: f64) -> Self {
        self.threshold = Some(value);
        self.monitor.best = Some(value);
        self
    }

    fn save(&mut self, cx: &Training<'_>, batch: Option<usize>, logs: &Logs) -> Result<()> {
        let path = PathBuf::from(fill(&self.path, self.epoch + 1, batch, logs)?);
        if !self.is_wanted(cx, &path, logs)? {
            return Ok(());
        }
        make_folder(&path)?;
        if self.save_weights_only {
            cx.model.save_weights(&path)?;
        } else {
            cx.model.save(&path)?;
        }
        self.say(&format!("finished saving model to {}", path.display()));
        Ok(())
    }

    fn is_wanted(&mut self, cx: &Training<'_>, path: &Path, logs: &Logs) -> Result<bool> {
        let saving = format!("saving model to {}", path.display());
        if !self.save_best_only {
            self.say(&saving);
            return Ok(true);
        }
        self.monitor.decide("ModelCheckpoint", cx.model)?;
        let Some(value) = self.monitor.value("ModelCheckpoint", logs) else { return Ok(true) };
        let best = self.monitor.best.map_or("None".to_owned(), |best| format!("{best:.5}"));
        let name = self.monitor.name.clone();
        let better = self.monitor.improves(value);
        self.say(&if better {
            format!("{name} improved from {best} to {value:.5}, {saving}")
        } else {
            format!("{name} did not improve from {best}")
        });
        Ok(better)
    }

    fn say(&self, what: &str) {
        if self.verbose {
            crate::notices::say(&format!("\nEpoch {}: {what}", self.epoch + 1));
        }
    }
}

impl Callback for ModelCheckpoint {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        self.save_freq.check("ModelCheckpoint", "save_freq")?;
        let endings: &[&str] =
            if self.save_weights_only { &[".weights.h5"] } else { &[".keras", ".h5"] };
        if !endings.iter().any(|ending| self.path.ends_with(ending)) {
            let expected = format!("a name that ends in {}", endings.join(" or "));
            return Err(Error::config("ModelCheckpoint", "path", expected, &self.path));
        }
        if !cx.resumed() {
            self.count = StepCount::default();
        }
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        if !self.count.is_due(self.save_freq, batch + 1) {
            return Ok(());
        }
        let logs = cx.logs()?;
        self.save(cx, Some(batch), &logs)
    }

    fn on_epoch_end(&mut self, cx: &mut Training<'_>, _: usize, logs: &Logs) -> Result<()> {
        match self.save_freq {
            Frequency::Epoch => self.save(cx, None, logs),
            Frequency::Steps(_) => Ok(()),
        }
    }

    fn state(&self) -> CallbackState {
        CallbackState::from(json!({
            "best": self.monitor.best_value(),
            "epoch": self.epoch,
            "steps_since": self.count.since,
            "steps_seen": self.count.seen,
        }))
    }

    fn restore(&mut self, state: CallbackState) -> Result<()> {
        self.monitor.best = state.read_number("best")?.or(self.threshold);
        self.epoch = state.read_count("epoch")?;
        self.count.since = state.read_count("steps_since")?;
        self.count.seen = state.read_count("steps_seen")?;
        Ok(())
    }
}

fn make_folder(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            std::fs::create_dir_all(folder).map_err(|error| Error::File {
                path: path.to_owned(),
                what: format!("can't make its folder: {error}"),
            })
        }
        _ => Ok(()),
    }
}

/// The most characters or digits that a place of a path may ask for.
const WIDTH_MAX: usize = 100;

/// How a place of a path is written: Python's `[0][width][.precision][d|f|e]`.
struct Format {
    zeros: bool,
    width: usize,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Format {
    fn parse(text: &str) -> Option<Self> {
        let (text, kind) = match text.strip_suffix(['d', 'f', 'e']) {
            Some(rest) => (rest, text.chars().last()),
            None => (text, None),
        };
        let (width, precision) = match text.split_once('.') {
            Some((width, precision)) => (width, Some(precision)),
            None => (text, None),
        };
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|&number: &usize| plain && number <= WIDTH_MAX)
        };
        let zeros = width.starts_with('0');
        let width = if width.is_empty() { 0 } else { number(width)? };
        let precision = precision.map(|digits| number(digits).ok_or(())).transpose().ok()?;
        Some(Self { zeros, width, precision, kind })
    }

    /// A whole number; `None` for a format of others.
    fn count(&self, count: usize) -> Option<String> {
        match (self.kind, self.precision) {
            (Some('d') | None, None) => Some(self.pad(&count.to_string(), false)),
            (Some('f' | 'e'), _) => self.value(count as f64),
            _ => None,
        }
    }

    /// A value of the logs; `None` for a format of whole numbers, or one that rounds to digits that
    /// count.
    fn value(&self, value: f64) -> Option<String> {
        let digits = self.precision.unwrap_or(6);
        let text = match (self.kind, self.precision) {
            (Some('f'), _) => format!("{value:.digits$}"),
            (Some('e'), _) => python_exponent(value, digits),
            (None, None) => value.to_string(),
            _ => return None,
        };
        Some(self.pad(&text, value < 0.0))
    }

    /// Text at the right of the width, zeros behind a sign.
    fn pad(&self, text: &str, negative: bool) -> String {
        let missing = self.width.saturating_sub(text.len());
        match (self.zeros, negative) {
            (false, _) => " ".repeat(missing) + text,
            (true, false) => "0".repeat(missing) + text,
            (true, true) => format!("-{}{}", "0".repeat(missing), &text[1..]),
        }
    }
}

/// The path with its places filled: `{epoch}`, `{epoch:02d}`, `{loss:.2f}`.
fn fill(template: &str, epoch: usize, batch: Option<usize>, logs: &Logs) -> Result<String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let refuse = |received: &str| {
            let names: Vec<&str> = logs.keys().map(String::as_str).collect();
            let expected = format!("{{epoch}} or a value of an epoch ({})", names.join(", "));
            Error::config("ModelCheckpoint", "path", expected, format!("`{{{received}}}`"))
        };
        let Some((place, after)) = after.split_once('}') else { return Err(refuse(after)) };
        path.push_str(before);
        let (name, format) = place.split_once(':').unwrap_or((place, ""));
        let count = match name {
            "epoch" => Some(epoch),
            "batch" => batch.map(|batch| batch + 1),
            _ => None,
        };
        let format = Format::parse(format);
        let filled = match (count, logs.get(name)) {
            (Some(count), _) => format.and_then(|format| format.count(count)),
            (_, Some(value)) => format.and_then(|format| format.value(*value)),
            (_, None) => return Err(refuse(place)),
        };
        path += &filled.ok_or_else(|| {
            let expected = format!("formats such as 02d, .4f or .2e, widths up to {WIDTH_MAX}");
            Error::config("ModelCheckpoint", "path", expected, format!("`{{{place}}}`"))
        })?;
        rest = after;
    }
    Ok(path + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_as_in_python() {
        let logs = Logs::from([("val_loss".to_owned(), 0.1234)]);
        let filled = |template, batch| fill(template, 3, batch, &logs);
        assert_eq!(filled("m-{epoch:02d}-{val_loss:.2f}.keras", None).unwrap(), "m-03-0.12.keras");
        assert_eq!(filled("m-{epoch}-{batch:03d}.keras", Some(6)).unwrap(), "m-3-007.keras");
        assert_eq!(filled("m.keras", None).unwrap(), "m.keras");
        assert_eq!(
            filled("{val_loss:08.4f}|{val_loss:10.2f}|{epoch:4d}", None).unwrap(),
            "000.1234|      0.12|   3"
        );
        assert_eq!(
            filled("{val_loss:e}|{val_loss:.1e}|{val_loss}", None).unwrap(),
            "1.234000e-01|1.2e-01|0.1234"
        );
        for place in [
            "{epoch:99999d}",
            "{val_loss:.99999f}",
            "{epoch:4000000000}",
            "{val_loss:.2}",
            "{epoch:x}",
        ] {
            assert!(filled(place, None).is_err(), "{place}");
        }
        insta::assert_snapshot!(filled("{epoch:99999d}", None).unwrap_err(), @"ModelCheckpoint: path expected formats such as 02d, .4f or .2e, widths up to 100, received `{epoch:99999d}`");
        assert!(filled("{accuracy}", None).is_err() && filled("{batch}", None).is_err());
    }
}
