use std::collections::BTreeMap;

use super::cases::{Case, Unit};
use super::process::Answer;
use super::rivals::Rival;

/// All that was measured, and on what.
pub(crate) struct Results {
    pub(crate) rounds: u32,
    pub(crate) threads: u32,
    /// What the images are.
    pub(crate) data: String,
    pub(crate) versions: BTreeMap<String, String>,
    cells: BTreeMap<(&'static str, &'static str, String), Cell>,
}

/// What a rival did in a case with an activation.
#[derive(Debug, Default, Clone)]
pub(crate) struct Cell {
    /// The median of each round: seconds of an item, or bytes.
    pub(crate) rounds: Vec<f64>,
    /// Why there is none.
    pub(crate) absent: Option<String>,
}

impl Cell {
    /// The median of the rounds.
    pub(crate) fn value(&self) -> Option<f64> {
        median(&self.rounds)
    }
}

impl Results {
    pub(crate) fn new(rounds: u32, threads: u32, data: String) -> Self {
        let (versions, cells) = (BTreeMap::new(), BTreeMap::new());
        Self { rounds, threads, data, versions, cells }
    }

    /// What a rival did; `None` if it was not asked.
    pub(crate) fn cell(&self, case: &Case, rival: &Rival, activation: &str) -> Option<&Cell> {
        self.cells.get(&(case.name, rival.key, activation.to_owned()))
    }

    /// Keeps what a process answered for some activations of a case.
    pub(crate) fn add(
        &mut self,
        case: &'static Case,
        rival: &'static Rival,
        activations: &[&str],
        answer: Answer,
    ) {
        let Answer { versions, mut measured, first, failure } = answer;
        self.versions.extend(versions);
        for &activation in activations {
            let measured = measured.remove(activation).unwrap_or_default();
            let value = match case.unit {
                Unit::Start => first,
                Unit::Memory => {
                    measured.peak_bytes.map(|peak| peak.saturating_sub(case.data_bytes()) as f64)
                }
                _ => median(&measured.seconds),
            };
            let key = (case.name, rival.key, activation.to_owned());
            let cell = self.cells.entry(key).or_default();
            if let Some(value) = value {
                cell.rounds.push(value);
                continue;
            }
            let reason = measured.absent.or_else(|| failure.clone());
            let reason = reason.unwrap_or_else(|| "it answered nothing".to_owned());
            println!("  {}, {activation}: {reason}", rival.name);
            cell.absent = Some(reason);
        }
    }

    /// The fastest (or smallest) of the rivals that were asked.
    pub(crate) fn best_rival<'a>(
        &self,
        case: &Case,
        rivals: &'a [Rival],
        activation: &str,
    ) -> Option<(&'a Rival, f64)> {
        rivals
            .iter()
            .filter_map(|rival| Some((rival, self.cell(case, rival, activation)?.value()?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// The middle of some numbers; `None` of none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], upper)
    } else {
        upper
    })
}

#[cfg(test)]
mod tests {
    use super::super::cases::CASES;
    use super::super::process::Measured;
    use super::super::rivals::{OURS, RIVALS};
    use super::*;

    #[test]
    fn medians_of_rounds_and_reasons_are_kept() {
        let mut results = Results::new(2, 2, String::new());
        let case = &CASES[0];
        let answer = |seconds: &[f64]| {
            let measured = Measured { seconds: seconds.to_vec(), ..Measured::default() };
            Answer { measured: [("swish".to_owned(), measured)].into(), ..Answer::default() }
        };
        results.add(case, &OURS, &["swish"], answer(&[3.0, 1.0, 2.0]));
        results.add(case, &OURS, &["swish"], answer(&[4.0, 4.0]));
        assert_eq!(results.cell(case, &OURS, "swish").unwrap().value(), Some(3.0));
        results.add(case, &RIVALS[0], &["swish"], answer(&[9.0]));
        results.add(case, &RIVALS[1], &["swish"], answer(&[5.0]));
        let failed = Answer { failure: Some("no".to_owned()), ..Answer::default() };
        results.add(case, &RIVALS[3], &["swish"], failed);
        assert_eq!(results.cell(case, &RIVALS[3], "swish").unwrap().absent.as_deref(), Some("no"));
        let (best, value) = results.best_rival(case, RIVALS, "swish").unwrap();
        assert_eq!((best.key, value), (RIVALS[1].key, 5.0));
        assert_eq!(median(&[]), None);
    }
}
