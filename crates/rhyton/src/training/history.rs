use std::collections::BTreeMap;

/// Values of loss and metrics by name, sorted by name as Keras sorts them. A metric whose result is a
/// list has a key for each number, `f1_score[0]`, `f1_score[1]`, …, which callbacks can watch; Keras
/// logs the array.
pub type Logs = BTreeMap<String, f64>;

/// What `fit` saw: for each name the values of all epochs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The epochs that ran, counted from 0.
    pub epoch: Vec<usize>,
    /// The values by name, one for each epoch in which the name was logged.
    pub history: BTreeMap<String, Vec<f64>>,
}

impl History {
    pub(crate) fn push(&mut self, epoch: usize, logs: &Logs) {
        self.epoch.push(epoch);
        for (name, value) in logs {
            self.history.entry(name.clone()).or_default().push(*value);
        }
    }

    /// The last value of a name.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.history.get(name)?.last().copied()
    }
}

/// The name and the place of a key that stands for one number of a list: `f1_score[2]` is place 2 of
/// `f1_score`.
pub fn list_place(key: &str) -> Option<(&str, usize)> {
    let (name, place) = key.strip_suffix(']')?.rsplit_once('[')?;
    Some((name, place.parse().ok()?))
}
