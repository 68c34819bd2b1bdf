use crate::training::Logs;

/// Which direction is better for a watched value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Larger for names with `acc`, `auc` or `fmeasure`, smaller otherwise: Keras' rule.
    #[default]
    Auto,
    /// Smaller is better.
    Min,
    /// Larger is better.
    Max,
}

/// A watched value and the best of it so far.
#[derive(Debug, Clone)]
pub(super) struct Monitor {
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) min_delta: f64,
    pub(super) best: Option<f64>,
}

impl Monitor {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), mode: Mode::Auto, min_delta: 0.0, best: None }
    }

    /// The value among an epoch's; says once when it is missing.
    pub(super) fn value(&self, callback: &str, logs: &Logs) -> Option<f64> {
        let value = logs.get(&self.name).copied();
        if value.is_none() {
            let known: Vec<&str> = logs.keys().map(String::as_str).collect();
            crate::notices::once(&format!(
                "{callback}: `{}` is not among the values of an epoch ({})",
                self.name,
                known.join(", "),
            ));
        }
        value
    }

    /// Whether a value is better than another by more than `min_delta`.
    pub(super) fn is_better(&self, value: f64, than: f64) -> bool {
        let larger = match self.mode {
            Mode::Min => false,
            Mode::Max => true,
            Mode::Auto => ["acc", "auc", "fmeasure"].iter().any(|word| self.name.contains(word)),
        };
        if larger { value - self.min_delta > than } else { value + self.min_delta < than }
    }

    /// Takes a value as the best if it is.
    pub(super) fn improves(&mut self, value: f64) -> bool {
        let better = self.best.is_none_or(|best| self.is_better(value, best));
        if better {
            self.best = Some(value);
        }
        better
    }
}
