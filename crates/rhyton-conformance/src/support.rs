use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Entry, Shelf};

/// Keras' names of one kind, each with the name of the object behind it.
type Names = BTreeMap<String, String>;

/// What stands for one name of Keras here.
enum Support {
    Present,
    Alias(String),
    Absent,
}

/// The page that says of every public name of Keras whether it is here: `docs/support.md`.
///
/// `keras` is the list of names (`goldens/keras_names.json`), by kind.
///
/// # Errors
/// When the list is not JSON of that form.
pub fn support_page(keras: &str, shelves: &[Shelf]) -> Result<String, serde_json::Error> {
    let mut all: BTreeMap<String, serde_json::Value> = serde_json::from_str(keras)?;
    let version = all.remove("keras").unwrap_or_default();
    let version = version.as_str().unwrap_or("?").to_owned();
    let mut totals = String::new();
    let mut tables = String::new();
    for (kind, names) in all {
        let names: Names = serde_json::from_value(names)?;
        let entries = shelves.iter().find(|shelf| shelf.kind == kind);
        let entries = entries.map_or(&[][..], |shelf| &shelf.entries);
        section(&kind, &names, entries, (&mut totals, &mut tables));
    }
    Ok(format!(
        "# What of Keras is here\n\n\
         Every public name of Keras {version}, generated from the lists that configurations are read by\n\
         (`cargo xtask golden`); a test holds this page to those lists, another holds Keras' names to a\n\
         real Keras. *Alias* names another name of the same thing.\n\n\
         | module | present | aliases | absent |\n|---|---|---|---|\n{totals}{tables}"
    ))
}

fn section(
    kind: &str,
    names: &Names,
    entries: &[Entry],
    (totals, tables): (&mut String, &mut String),
) {
    let mut counts = [0; 3];
    write_line(tables, &format!("\n## `keras.{}`\n", module(kind)));
    write_line(tables, "| name | here |\n|---|---|");
    for (name, object) in names {
        let (place, words) = match support(name, object, names, entries) {
            Support::Present => (0, "present".to_owned()),
            Support::Alias(of) => (1, format!("alias of `{of}`")),
            Support::Absent => (2, "absent".to_owned()),
        };
        counts[place] += 1;
        write_line(tables, &format!("| `{name}` | {words} |"));
    }
    let [present, aliases, absent] = counts;
    write_line(totals, &format!("| `{}` | {present} | {aliases} | {absent} |", module(kind)));
}

fn module(kind: &str) -> &str {
    if kind == "schedules" { "optimizers.schedules" } else { kind }
}

fn support(name: &str, object: &str, names: &Names, entries: &[Entry]) -> Support {
    let known = |wanted: &str| {
        let is = |entry: &&Entry| entry.name == wanted || entry.aliases.iter().any(|a| a == wanted);
        entries.iter().find(is)
    };
    match known(name).or_else(|| known(object)) {
        None => Support::Absent,
        Some(_) if object != name && names.contains_key(object) => {
            Support::Alias(object.to_owned())
        }
        Some(entry) if entry.name != name && names.contains_key(&entry.name) => {
            Support::Alias(entry.name.clone())
        }
        Some(_) => Support::Present,
    }
}

fn write_line(page: &mut String, line: &str) {
    writeln!(page, "{line}").expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_present_aliases_or_absent() {
        let entry = |name: &str, aliases: &[&str]| Entry {
            name: name.to_owned(),
            aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
            cases: Vec::new(),
        };
        let shelf = Shelf {
            kind: "losses",
            entries: vec![entry("MeanSquaredError", &["mse"]), entry("Own", &[])],
        };
        let keras = r#"{"keras": "9", "losses": {"MSE": "MeanSquaredError", "mse": "mse",
            "MeanSquaredError": "MeanSquaredError", "CTC": "CTC"}}"#;
        let page = support_page(keras, &[shelf]).unwrap();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `losses` | 1 | 2 | 1 |",
                "| `CTC` | absent |",
                "| `MSE` | alias of `MeanSquaredError` |",
                "| `MeanSquaredError` | present |",
                "| `mse` | alias of `MeanSquaredError` |",
            ]
        );
    }
}
