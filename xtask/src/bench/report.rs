use std::fmt::Write as _;

use serde_json::{Value, json};

use super::cases::{Case, Unit};
use super::results::{Cell, Results};
use super::rivals::{OURS, RIVALS, Rival};
use super::set_up;

/// The report for people.
pub(crate) fn markdown(results: &Results, cases: &[&Case]) -> String {
    let mut text = String::from("# Benchmarks\n\n");
    let _ = writeln!(
        text,
        "Written by `cargo xtask bench`: everyone does the same work on the same {} threads, in turns; \
         medians of {} rounds. Ratios are the rival's time (or memory) divided by Rhyton's: above 1, \
         Rhyton is ahead. `own` is a user's `x * sigmoid(1.5 * x)`, registered by name here and composed \
         of plain operations there. Images are {}, as bytes in memory; Adam at 1e-3; steps are timed \
         inside `fit`, compilation and the first epoch do not count. How each is measured: \
         [`bench/python/protocol.py`](../bench/python/protocol.py).\n",
        results.threads, results.rounds, results.data
    );
    text.push_str("![Speed against rivals](benchmarks.svg)\n\n");
    for (name, value) in set_up::machine() {
        let _ = writeln!(text, "- {name}: {value}");
    }
    let versions: Vec<String> =
        results.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let _ = writeln!(text, "- versions: {}\n", versions.join(", "));
    goals(&mut text, results, cases);
    activations(&mut text, results, cases);
    for case in cases {
        table(&mut text, results, case);
    }
    text
}

/// The fastest rival against us, case by case.
fn goals(text: &mut String, results: &Results, cases: &[&Case]) {
    text.push_str("## Against the fastest rival\n\n");
    text.push_str("| case | activation | Rhyton | fastest rival | its figure | ratio | goal |\n");
    text.push_str("|---|---|---:|---|---:|---:|---:|\n");
    for case in cases {
        for activation in case.activations {
            let ours = results.cell(case, &OURS, activation).and_then(Cell::value);
            let best = results.best_rival(case, RIVALS, activation);
            let (Some(ours), Some((rival, value))) = (ours, best) else { continue };
            let ratio = value / ours;
            let goal = case.goal.map_or(String::new(), |goal| {
                format!("{goal} {}", if ratio >= goal { "✓" } else { "✗" })
            });
            let _ = writeln!(
                text,
                "| {} | {activation} | {} {} | {} | {} | {ratio:.2} | {goal} |",
                case.title,
                case.unit.show(ours),
                case.unit.name(),
                rival.name,
                case.unit.show(value),
            );
        }
    }
    text.push('\n');
}

/// What swish and a user's own function cost against ReLU.
fn activations(text: &mut String, results: &Results, cases: &[&Case]) {
    let value = |case: &Case, rival: &Rival, name: &str| {
        results.cell(case, rival, name).and_then(Cell::value)
    };
    let mut rows = String::new();
    for case in cases.iter().filter(|case| case.activations.len() > 1) {
        for rival in std::iter::once(&OURS).chain(RIVALS) {
            let Some(relu) = value(case, rival, "relu") else { continue };
            let share = |name: &str| {
                let value = value(case, rival, name);
                value.map_or_else(|| "–".to_owned(), |value| format!("{:.2}", value / relu))
            };
            let _ = writeln!(
                rows,
                "| {} | {} | {} | {} |",
                case.title,
                rival.name,
                share("swish"),
                share("own")
            );
        }
    }
    if !rows.is_empty() {
        text.push_str("## What an activation costs\n\nTime or memory, divided by ReLU's.\n\n");
        text.push_str("| case | who | swish | own |\n|---|---|---:|---:|\n");
        text.push_str(&rows);
        text.push('\n');
    }
}

fn table(text: &mut String, results: &Results, case: &Case) {
    let _ = writeln!(text, "## {}\n", case.title);
    let unit = if case.unit == Unit::Images && case.network == "dense" {
        "rows/s"
    } else {
        case.unit.name()
    };
    let columns = case.activations.iter().map(|name| format!(" {name}, {unit} | ratio |"));
    let _ = writeln!(text, "| |{}", columns.collect::<String>());
    let _ = writeln!(text, "|---|{}", "---:|---:|".repeat(case.activations.len()));
    let asked = RIVALS.iter().filter(|rival| case.rivals.contains(&rival.key));
    for rival in std::iter::once(&OURS).chain(asked) {
        let cells = case.activations.iter().map(|name| figures(results, case, rival, name));
        let _ = writeln!(text, "| {} |{}", rival.name, cells.collect::<String>());
    }
    text.push('\n');
}

/// A rival's figure and ratio, or why there is none.
fn figures(results: &Results, case: &Case, rival: &Rival, activation: &str) -> String {
    let Some(cell) = results.cell(case, rival, activation) else {
        return " not asked | |".to_owned();
    };
    let Some(value) = cell.value() else {
        let reason = cell.absent.as_deref().unwrap_or("nothing").replace('|', "\\|");
        return format!(" {reason} | |");
    };
    let ours = results.cell(case, &OURS, activation).and_then(Cell::value);
    let ratio = ours.map_or(String::new(), |ours| format!("{:.2}", value / ours));
    format!(" {} | {ratio} |", case.unit.show(value))
}

/// The report for programs: seconds of an item, or bytes, of each round.
pub(crate) fn json(results: &Results, cases: &[&Case]) -> Value {
    let machine: serde_json::Map<String, Value> = set_up::machine()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let cases: Vec<Value> = cases.iter().map(|case| case_json(results, case)).collect();
    json!({
        "machine": machine,
        "versions": results.versions,
        "threads": results.threads,
        "rounds": results.rounds,
        "data": results.data,
        "cases": cases,
    })
}

fn case_json(results: &Results, case: &Case) -> Value {
    let mut rows = Vec::new();
    for rival in std::iter::once(&OURS).chain(RIVALS) {
        for activation in case.activations {
            let Some(cell) = results.cell(case, rival, activation) else { continue };
            rows.push(json!({
                "who": rival.key,
                "activation": activation,
                "rounds": cell.rounds,
                "median": cell.value(),
                "absent": cell.absent,
            }));
        }
    }
    json!({
        "name": case.name,
        "title": case.title,
        "measure": case.measure,
        "network": case.network,
        "batch": case.batch,
        "unit": if case.unit == Unit::Memory { "bytes" } else { "seconds of an item" },
        "goal": case.goal,
        "results": rows,
    })
}

#[cfg(test)]
mod tests {
    use super::super::cases::CASES;
    use super::super::process::{Answer, Measured};
    use super::*;

    #[test]
    fn figures_ratios_goals_and_reasons_are_told() {
        let mut results = Results::new(1, 2, "digits".to_owned());
        let case = &CASES[0];
        let answer = |seconds: f64| {
            let measured = Measured { seconds: vec![seconds], ..Measured::default() };
            Answer { measured: [("swish".to_owned(), measured)].into(), ..Answer::default() }
        };
        results.add(case, &OURS, &["swish"], answer(1e-5));
        results.add(case, &RIVALS[0], &["swish"], answer(3e-5));
        let failed = Answer { failure: Some("No module".to_owned()), ..Answer::default() };
        results.add(case, &RIVALS[3], &["swish"], failed);
        let text = markdown(&results, &[case]);
        assert!(text.contains(
            "| swish | 100,000 images/s | Keras on JAX (compiled) | 33,333 | 3.00 | 2 ✓ |"
        ));
        assert!(text.contains("| PyTorch | not asked | | No module | | not asked | |"), "{text}");
        let json = json(&results, &[case]);
        assert_eq!(json["cases"][0]["results"][1]["median"], 3e-5);
    }
}
