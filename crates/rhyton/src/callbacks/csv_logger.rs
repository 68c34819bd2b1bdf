use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::python_number::python_number;
use super::{Callback, CallbackState, Training};
use crate::training::{Logs, list_place};
use crate::{Error, Result};

/// Writes the values of every epoch to a table, a line an epoch, as Python's `csv` does.
///
/// The columns are `epoch` (from 0) and the first epoch's values in order; where it has none of a
/// validation, Keras makes columns for them all the same, and `NA` stands in them. A list of numbers
/// is one column. A line is written in one piece, so that an interruption leaves whole lines; a
/// training that goes on from a checkpoint cuts off the lines that it will write again.
///
/// Source: Keras 3.15 `keras.callbacks.CSVLogger`.
#[derive(Debug)]
pub struct CSVLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    file: Option<File>,
    columns: Option<Vec<String>>,
    has_header: bool,
    length: u64,
}

impl CSVLogger {
    /// Writes a file anew.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            separator: ',',
            append: false,
            file: None,
            columns: None,
            has_header: false,
            length: 0,
        }
    }

    /// What stands between columns; default a comma.
    #[must_use]
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Whether lines are added to a file that is there; default false. One that has a first line
    /// gets no header.
    #[must_use]
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    /// Opens the file, cut to where it was when the training was kept if it goes on.
    fn open(&mut self, resumed: bool) -> io::Result<()> {
        let keeps = resumed || self.append;
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(!keeps).open(&self.path)?;
        let found = file.seek(SeekFrom::End(0))?;
        if resumed && found >= self.length {
            file.set_len(self.length)?;
        } else {
            self.length = found;
            self.has_header = has_first_line(&mut file)?;
        }
        file.seek(SeekFrom::Start(self.length))?;
        self.file = Some(file);
        Ok(())
    }

    fn write_line(&mut self, cells: &[String]) -> Result<()> {
        let cells = cells.iter().map(|cell| quoted(cell, self.separator));
        let line = cells.collect::<Vec<_>>().join(&self.separator.to_string()) + "\r\n";
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(line.as_bytes()).map_err(|error| unwritable(&self.path, &error))?;
        self.length += line.len() as u64;
        Ok(())
    }
}

impl Callback for CSVLogger {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        if ['"', '\r', '\n'].contains(&self.separator) {
            let expected = "a character other than a quote or the end of a line";
            return Err(Error::config(
                "CSVLogger",
                "separator",
                expected,
                format!("{:?}", self.separator),
            ));
        }
        if !cx.resumed() {
            self.columns = None;
        }
        self.open(cx.resumed()).map_err(|error| unwritable(&self.path, &error))
    }

    fn on_epoch_end(&mut self, _: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        let cells = cells(logs);
        let columns = self.columns.get_or_insert_with(|| columns(&cells)).clone();
        if !self.has_header {
            let header: Vec<String> =
                std::iter::once("epoch".to_owned()).chain(columns.iter().cloned()).collect();
            self.write_line(&header)?;
            self.has_header = true;
        }
        let value = |column: &String| cells.get(column).map_or("NA", String::as_str).to_owned();
        let line: Vec<String> =
            std::iter::once(epoch.to_string()).chain(columns.iter().map(value)).collect();
        self.write_line(&line)
    }

    fn on_train_end(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn state(&self) -> CallbackState {
        CallbackState::from(json!({
            "columns": self.columns,
            "has_header": self.has_header,
            "length": self.length,
        }))
    }

    fn restore(&mut self, state: CallbackState) -> Result<()> {
        self.has_header = state.read_flag("has_header")?;
        self.length = state.read_count("length")? as u64;
        let columns = serde_json::from_value(state.values["columns"].clone());
        self.columns = columns
            .map_err(|error| Error::config("CSVLogger", "columns", "names or none", error))?;
        Ok(())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::File { path: path.to_owned(), what: format!("can't write the table: {error}") }
}

/// Whether a file begins with a line that is not empty, as Keras looks for a header.
fn has_first_line(file: &mut File) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut first = [0];
    Ok(file.read(&mut first)? == 1)
}

/// The values as Python writes them; the numbers of a list in one cell.
fn cells(logs: &Logs) -> BTreeMap<String, String> {
    let mut lists: BTreeMap<&str, BTreeMap<usize, String>> = BTreeMap::new();
    let mut cells = BTreeMap::new();
    for (key, value) in logs {
        match list_place(key) {
            Some((name, place)) => {
                lists.entry(name).or_default().insert(place, python_number(*value));
            }
            None => {
                cells.insert(key.clone(), python_number(*value));
            }
        }
    }
    for (name, numbers) in lists {
        let numbers: Vec<String> = numbers.into_values().collect();
        cells.insert(name.to_owned(), format!("\"[{}]\"", numbers.join(", ")));
    }
    cells
}

/// The columns after `epoch`: the values' names, and those of a validation where there are none.
fn columns(cells: &BTreeMap<String, String>) -> Vec<String> {
    let mut columns: Vec<String> = cells.keys().cloned().collect();
    if !columns.iter().any(|name| name.starts_with("val_")) {
        columns.extend(cells.keys().map(|name| format!("val_{name}")));
    }
    columns
}

/// A cell as Python's `csv` quotes it: only where it must.
fn quoted(cell: &str, separator: char) -> String {
    if cell.contains([separator, '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
