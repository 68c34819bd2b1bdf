use std::path::PathBuf;

use serde_json::{Value, json};

use super::monitor::Monitor;
use super::{Callback, Mode, Training};
use crate::training::Logs;
use crate::{Error, Result};

/// Saves the model after epochs, all of them or the best so far.
///
/// The path may hold `{epoch:02d}` (counted from 1) and values of the epoch such as
/// `{val_loss:.2f}`.
///
/// Source: Keras 3.15 `keras.callbacks.ModelCheckpoint`.
#[derive(Debug, Clone)]
pub struct ModelCheckpoint {
    path: String,
    monitor: Monitor,
    save_best_only: bool,
}

impl ModelCheckpoint {
    /// Saves to a path after every epoch.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), monitor: Monitor::new("val_loss"), save_best_only: false }
    }

    /// The value that says which epoch is best; default `val_loss`.
    #[must_use]
    pub fn monitor(mut self, name: &str) -> Self {
        name.clone_into(&mut self.monitor.name);
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
}

impl Callback for ModelCheckpoint {
    fn on_epoch_end(&mut self, cx: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        if self.save_best_only {
            let Some(value) = self.monitor.value("ModelCheckpoint", logs) else { return Ok(()) };
            if !self.monitor.improves(value) {
                return Ok(());
            }
        }
        cx.model.save(PathBuf::from(fill(&self.path, epoch + 1, logs)?))
    }

    fn state(&self) -> Value {
        json!({"best": self.monitor.best})
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.monitor.best = state["best"].as_f64();
        Ok(())
    }
}

/// The path with its places filled: `{epoch}`, `{epoch:02d}`, `{loss:.2f}`.
fn fill(template: &str, epoch: usize, logs: &Logs) -> Result<String> {
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
        let digits: usize = format.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        match (name, logs.get(name)) {
            ("epoch", _) if format.starts_with('0') => {
                path.extend([format!("{epoch:0digits$}")]);
            }
            ("epoch", _) => path.extend([format!("{epoch:digits$}")]),
            (_, Some(value)) if format.starts_with('.') => {
                path.extend([format!("{value:.digits$}")]);
            }
            (_, Some(value)) => path.push_str(&value.to_string()),
            (_, None) => return Err(refuse(place)),
        }
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
        assert_eq!(
            fill("m-{epoch:02d}-{val_loss:.2f}.keras", 3, &logs).unwrap(),
            "m-03-0.12.keras"
        );
        assert_eq!(fill("m.keras", 3, &logs).unwrap(), "m.keras");
        assert!(fill("{accuracy}", 1, &logs).is_err());
    }
}
