/// Which steps begin and end an execution of several: callbacks are called around executions, as in
/// Keras.
#[derive(Debug)]
pub(super) struct Executions {
    steps: usize,
    /// Steps of the execution that has begun.
    open: usize,
    /// The number of the next step.
    place: usize,
}

impl Executions {
    /// Executions of so many steps, the first from this step of the epoch on.
    pub(super) fn of(steps: usize, place: usize) -> Self {
        Self { steps, open: 0, place }
    }

    /// Whether the next step begins an execution; the step's number.
    pub(super) fn begins(&self) -> Option<usize> {
        (self.open == 0).then_some(self.place)
    }

    /// Counts a step; the number under which the execution ends, if it does.
    pub(super) fn step(&mut self) -> Option<usize> {
        (self.place, self.open) = (self.place + 1, self.open + 1);
        (self.open == self.steps).then(|| self.close())
    }

    /// The number under which an execution ends that has too few steps; `None` if all have ended.
    pub(super) fn last(&mut self) -> Option<usize> {
        (self.open > 0).then(|| self.close())
    }

    /// Keras gives the number of the last step that would fit, also where data ends before.
    fn close(&mut self) -> usize {
        let end = self.place - self.open + self.steps - 1;
        self.open = 0;
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_execution_may_be_short() {
        let mut executions = Executions::of(3, 0);
        let mut seen = Vec::new();
        for _ in 0..5 {
            let begins = executions.begins();
            seen.push((begins, executions.step()));
        }
        let expected = [(Some(0), None), (None, None), (None, Some(2)), (Some(3), None)];
        assert_eq!(seen[..4], expected);
        assert_eq!((seen[4], executions.last(), executions.last()), ((None, None), Some(5), None));
    }
}
