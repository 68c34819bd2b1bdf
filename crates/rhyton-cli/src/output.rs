#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place that prints")]
#![allow(clippy::unused_self, reason = "results and errors go the way of remarks")]

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;
use rhyton::training::list_place;
use serde_json::{Map, Value};

/// Where everything that people or programs read goes through: results to standard output,
/// remarks and errors to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// Remarks are left out.
    pub(crate) quiet: bool,
}

impl Output {
    /// A result, as it is.
    ///
    /// # Errors
    /// The system's, a closed pipe among them.
    pub(crate) fn text(self, text: &str) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// A result for programs.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub(crate) fn json(self, value: &Value) -> Result<()> {
        self.text(&format!("{value:#}\n"))
    }

    /// A remark for whoever watches; nobody need be there.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// The message of a failed command, and with `chain` what lies behind it.
    pub(crate) fn error(self, error: &anyhow::Error, chain: bool) {
        let mut text = format!("error: {error}\n");
        if chain {
            let causes = error.chain().skip(1);
            text.extend(causes.map(|cause| format!("  caused by: {cause}\n")));
        }
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

/// A number as JSON: what JSON has no number for is a string, as Python's `float` reads it.
pub(crate) fn number(value: f64) -> Value {
    match value {
        f64::INFINITY => Value::from("Infinity"),
        f64::NEG_INFINITY => Value::from("-Infinity"),
        value if value.is_nan() => Value::from("NaN"),
        value => Value::from(value),
    }
}

/// Values by name as JSON, with the numbers of a list in one array: for each epoch, an array of its
/// own.
pub(crate) fn named_values<'a>(
    values: impl IntoIterator<Item = (&'a String, &'a [f64])>,
) -> Map<String, Value> {
    let mut named = Map::new();
    let mut lists: BTreeMap<&str, BTreeMap<usize, &[f64]>> = BTreeMap::new();
    for (key, epochs) in values {
        match list_place(key) {
            Some((name, place)) => {
                named.insert(name.to_owned(), Value::Null);
                lists.entry(name).or_default().insert(place, epochs);
            }
            None => {
                named.insert(key.clone(), epochs.iter().map(|value| number(*value)).collect());
            }
        }
    }
    for (name, places) in lists {
        let epochs = places.values().map(|epochs| epochs.len()).max().unwrap_or(0);
        let at = |epoch: usize| -> Value {
            places.values().filter_map(|epochs| epochs.get(epoch)).map(|v| number(*v)).collect()
        };
        named.insert(name.to_owned(), (0..epochs).map(at).collect());
    }
    named
}

/// The most characters of a cell: names come from files, and may be of any length.
const CELL_MAX: usize = 120;

/// Rows as columns of equal width, two spaces apart; those at `right` are set flush right. Cells that
/// are longer than 120 characters end in an ellipsis.
pub(crate) fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let cut = |cell: &String| match cell.char_indices().nth(CELL_MAX) {
        Some(_) => cell.chars().take(CELL_MAX - 1).chain(['…']).collect(),
        None => cell.clone(),
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cut).collect()).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if right.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_strings_for_what_is_no_number() {
        let values = [0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(number);
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(text, r#"[0.5,"NaN","Infinity","-Infinity"]"#);
    }

    #[test]
    fn long_cells_are_cut() {
        let rows = [vec!["x".repeat(70_000), "1".to_owned()]];
        assert_eq!(table(&rows, &[1]), format!("{}…  1\n", "x".repeat(119)));
    }

    #[test]
    fn columns_line_up() {
        let rows = [["name", "n"], ["β", "10"]].map(|row| row.map(str::to_owned).to_vec());
        insta::assert_snapshot!(table(&rows, &[1]), @r"
        name   n
        β     10
        ");
    }
}
