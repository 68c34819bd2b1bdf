/// When something is done while training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Frequency {
    /// After every epoch.
    #[default]
    Epoch,
    /// After this many steps, counted across epochs.
    Steps(usize),
}

impl From<usize> for Frequency {
    fn from(steps: usize) -> Self {
        Self::Steps(steps)
    }
}

impl Frequency {
    /// Refuses a count of 0 steps.
    pub(super) fn check(self, callback: &str, argument: &str) -> crate::Result<()> {
        match self {
            Self::Steps(0) => {
                let expected = "epoch, or at least 1 step";
                Err(crate::Error::config(callback, argument, expected, 0))
            }
            _ => Ok(()),
        }
    }
}

/// Counts the steps since something was done, as Keras does: also where several are one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StepCount {
    pub(super) since: usize,
    /// How many steps of the epoch were done at the last call.
    pub(super) seen: usize,
}

impl StepCount {
    /// A count that begins where an epoch has done some steps.
    pub(crate) fn from(seen: usize) -> Self {
        Self { since: 0, seen }
    }

    /// Whether it is due once so many steps of the epoch are done.
    pub(crate) fn is_due(&mut self, frequency: Frequency, done: usize) -> bool {
        let Frequency::Steps(steps) = frequency else { return false };
        self.since += if done <= self.seen { done } else { done - self.seen };
        self.seen = done;
        let due = self.since >= steps;
        if due {
            self.since = 0;
        }
        due
    }
}
