use serde_json::{Value, json};

use super::experiment::Outcome;
use crate::output::{number, table};

/// What a comparison found: one row for each activation.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
}

/// One activation's results.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) activation: String,
    accuracies: Vec<f64>,
    epoch_seconds: Vec<f64>,
}

impl Row {
    /// A row without results yet.
    pub(super) fn new(activation: &str) -> Self {
        Self {
            activation: activation.to_owned(),
            accuracies: Vec::new(),
            epoch_seconds: Vec::new(),
        }
    }

    /// One seed's results.
    pub(super) fn add(&mut self, outcome: Outcome) {
        self.accuracies.push(outcome.accuracy);
        self.epoch_seconds.extend(outcome.epoch_seconds);
    }

    fn mean(&self) -> f64 {
        self.accuracies.iter().sum::<f64>() / self.accuracies.len() as f64
    }

    /// The standard deviation with n − 1; one value has none.
    fn deviation(&self) -> Option<f64> {
        let (mean, count) = (self.mean(), self.accuracies.len());
        let squares: f64 = self.accuracies.iter().map(|value| (value - mean).powi(2)).sum();
        (count > 1).then(|| (squares / (count - 1) as f64).sqrt())
    }

    /// The median: the first epoch of a process is slow.
    fn seconds(&self) -> f64 {
        let mut sorted = self.epoch_seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted.get((sorted.len().max(1) - 1) / 2), sorted.get(sorted.len() / 2));
        low.zip(high).map_or(f64::NAN, |(low, high)| f64::midpoint(*low, *high))
    }
}

impl Report {
    /// A row's time by that of the first.
    fn ratio(&self, row: &Row) -> f64 {
        row.seconds() / self.rows.first().map_or(f64::NAN, Row::seconds)
    }

    /// `{"rows": […]}`, as programs read it.
    pub(super) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "activation": row.activation,
                "accuracy_mean": number(row.mean()),
                "accuracy_sd": row.deviation().map(number),
                "seeds": row.accuracies.len(),
                "epoch_seconds": number(row.seconds()),
                "ratio": number(self.ratio(row)),
                "accuracies": row.accuracies,
            })
        });
        json!({"rows": rows.collect::<Vec<_>>()})
    }

    /// A table for people.
    pub(super) fn table(&self) -> String {
        let header = ["activation", "accuracy", "seeds", "s/epoch", "ratio"].map(str::to_owned);
        let rows = self.rows.iter().map(|row| {
            let deviation = row.deviation().map_or(String::new(), |sd| format!(" ± {sd:.4}"));
            vec![
                row.activation.clone(),
                format!("{:.4}{deviation}", row.mean()),
                row.accuracies.len().to_string(),
                format!("{:.3}", row.seconds()),
                format!("{:.2}", self.ratio(row)),
            ]
        });
        let rows: Vec<Vec<String>> = std::iter::once(header.to_vec()).chain(rows).collect();
        table(&rows, &[2, 3, 4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let row = |name: &str, accuracies: [f64; 3], seconds: f64| Row {
            activation: name.to_owned(),
            accuracies: accuracies.to_vec(),
            epoch_seconds: vec![9.0 * seconds, seconds, seconds],
        };
        Report { rows: vec![row("relu", [0.5, 0.75, 1.0], 2.0), row("x / 2", [1.0; 3], 3.0)] }
    }

    #[test]
    fn the_deviation_divides_by_one_less() {
        let report = report();
        assert_eq!(report.rows[0].deviation(), Some(0.25));
        assert_eq!(report.ratio(&report.rows[1]), 1.5);
        let one = Row { accuracies: vec![0.5], ..report.rows[0].clone() };
        assert_eq!(Report { rows: vec![one] }.json()["rows"][0]["accuracy_sd"], Value::Null);
    }

    #[test]
    fn the_table() {
        insta::assert_snapshot!(report().table(), @r"
        activation  accuracy         seeds  s/epoch  ratio
        relu        0.7500 ± 0.2500      3    2.000   1.00
        x / 2       1.0000 ± 0.0000      3    3.000   1.50
        ");
    }

    #[test]
    fn the_json() {
        let text = serde_json::to_string(&report().json()["rows"][1]).unwrap();
        insta::assert_snapshot!(text, @r#"{"activation":"x / 2","accuracy_mean":1.0,"accuracy_sd":0.0,"seeds":3,"epoch_seconds":3.0,"ratio":1.5,"accuracies":[1.0,1.0,1.0]}"#);
    }
}
