//! Tables of numbers in CSV: read with or without a header line, written one row a sample.

use std::fs::File;
use std::path::Path;

use ::csv::{ByteRecord, ReaderBuilder};
use rhyton_tensor::{Array, DType};

use crate::dataset::equal_rows;
use crate::error::Origin;
use crate::{Error, Result, Rows, atomic};

/// A table of float32 values.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The column names; empty if the file starts with numbers.
    pub header: Vec<String>,
    /// The values, `[rows, columns]`.
    pub values: Array,
    /// The line of each row, for messages.
    lines: Vec<u64>,
}

/// float32 holds every integer up to this one.
const EXACT_MAX: f32 = 16_777_216.0;

/// Reads a table. The first line is a header if one of its fields is no number.
///
/// # Errors
/// [`Error::Io`]; [`Error::Content`] naming line and column of a field that is no number, and the
/// line that has more or fewer columns than the first.
pub fn read(path: &Path) -> Result<Table> {
    let file = File::open(path).map_err(Error::io(path, "open"))?;
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let (mut record, mut header, mut values) = (ByteRecord::new(), Vec::new(), Vec::new());
    let (mut columns, mut lines) = (0, Vec::new());
    let whole = Origin::new(path, "table");
    while reader.read_byte_record(&mut record).map_err(|error| unread(whole, error))? {
        let line = record.position().map_or(0, ::csv::Position::line);
        if columns == 0 {
            columns = record.len();
            if record.iter().any(|field| parse(field).is_none()) {
                let name = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
                header = record.iter().map(name).collect();
                continue;
            }
        }
        if record.len() != columns {
            let place = format!("line {line}");
            let advice = "give every line the columns of the first";
            let expected = format!("{columns} columns");
            return Err(Origin::new(path, &place).content(
                expected,
                record.len().to_string(),
                advice,
            ));
        }
        for (column, field) in record.iter().enumerate() {
            values.push(
                parse(field)
                    .ok_or_else(|| not_a_number(path, &place(line, column, &header), field))?,
            );
        }
        lines.push(line);
    }
    let values = Array::from_slice(&[lines.len(), columns], &values)?;
    Ok(Table { header, values, lines })
}

/// Writes one line per sample, without a header: every array's values of that sample, in order.
/// Floats are the shortest text that reads back as the same value.
///
/// # Errors
/// [`Error::Io`]; [`Error::Rows`] when the arrays' rows differ.
pub fn write(path: &Path, arrays: &[&Array]) -> Result<()> {
    let named: Vec<_> = arrays
        .iter()
        .enumerate()
        .map(|(index, &array)| (format!("y{index}"), Rows::Array(array)))
        .collect();
    let rows = equal_rows(&named)?;
    atomic::write(path, |file| {
        let mut line = String::new();
        for row in 0..rows {
            line.clear();
            for array in arrays {
                for field in texts(&array.rows(row, row + 1)?) {
                    line.push_str(if line.is_empty() { "" } else { "," });
                    line.push_str(&field);
                }
            }
            line.push('\n');
            file.write_all(line.as_bytes()).map_err(Error::io(path, "write"))?;
        }
        Ok(())
    })
}

impl Table {
    /// The values from one column on, `[rows, columns - first]`.
    pub(crate) fn columns_from(&self, first: usize) -> Array {
        let (rows, columns) = (self.values.shape()[0], self.values.shape()[1]);
        let mut result = Array::zeros(DType::F32, &[rows, columns.saturating_sub(first)]);
        if columns > first {
            let places = result.view_mut::<f32>().chunks_exact_mut(columns - first);
            let lines = self.values.view::<f32>().chunks_exact(columns);
            places.zip(lines).for_each(|(place, line)| place.copy_from_slice(&line[first..]));
        }
        result
    }

    /// One column as int32 labels.
    pub(crate) fn integers(&self, column: usize, path: &Path) -> Result<Array> {
        let (rows, columns) = (self.values.shape()[0], self.values.shape()[1]);
        let values = self.values.view::<f32>();
        let mut labels = Vec::with_capacity(rows);
        for row in 0..rows {
            let value = values[row * columns + column];
            if value.fract() != 0.0 || value.abs() > EXACT_MAX || value.is_nan() {
                let place = place(self.lines[row], column, &self.header);
                let advice = "labels are whole numbers, one per class from 0 on";
                let origin = Origin::new(path, &place);
                return Err(origin.content("an integer label", value.to_string(), advice));
            }
            labels.push(value as i32);
        }
        Ok(Array::from_slice(&[rows], &labels)?)
    }
}

fn parse(field: &[u8]) -> Option<f32> {
    str::from_utf8(field).ok()?.trim().parse().ok()
}

/// Line and column as editors count them, and what the header calls the column.
fn place(line: u64, column: usize, header: &[String]) -> String {
    let name = header.get(column).map_or(String::new(), |name| format!(" (`{name}`)"));
    format!("line {line}, column {}{name}", column + 1)
}

fn not_a_number(path: &Path, place: &str, field: &[u8]) -> Error {
    let received = format!("`{}`", String::from_utf8_lossy(&field[..field.len().min(40)]));
    let advice = "fill or remove it; text columns have to be encoded as numbers";
    Origin::new(path, place).content("a number", received, advice)
}

fn unread(origin: Origin<'_>, error: ::csv::Error) -> Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => origin.reading(error),
        kind => {
            let advice = "write the table again, one line a sample";
            origin.content("lines of fields", format!("{kind:?}"), advice)
        }
    }
}

/// Every value as text; 64-bit integers stay exact.
fn texts(array: &Array) -> Vec<String> {
    match array.dtype() {
        DType::I64 => array.view::<i64>().iter().map(i64::to_string).collect(),
        DType::U64 => array.view::<u64>().iter().map(u64::to_string).collect(),
        DType::F32 => array.view::<f32>().iter().map(|value| format!("{value:?}")).collect(),
        DType::F64 => array.view::<f64>().iter().map(|value| format!("{value:?}")).collect(),
        DType::F16 | DType::BF16 => {
            array.to_f64().iter().map(|value| format!("{:?}", *value as f32)).collect()
        }
        _ => array.to_f64().iter().map(f64::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_text(text: &str) -> Result<Table> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    fn message(text: &str) -> String {
        let message = read_text(text).unwrap_err().to_string();
        message[message.find("t.csv").unwrap()..].to_owned()
    }

    #[test]
    fn headers_are_optional() {
        let table = read_text("\u{feff}a, b\r\n1,2.5\r\n-3e2,\"4\"\r\n").unwrap();
        assert_eq!(table.header, ["a", "b"]);
        let expected = Array::from_slice(&[2, 2], &[1.0_f32, 2.5, -300.0, 4.0]).unwrap();
        assert_eq!(table.values, expected);
        assert_eq!(table.columns_from(1).view::<f32>(), &[2.5, 4.0]);
        let table = read_text("1\n2").unwrap();
        assert!(table.header.is_empty());
        assert_eq!(table.values.shape(), &[2, 1]);
        assert_eq!(read_text("").unwrap().values.shape(), &[0, 0]);
    }

    #[test]
    fn errors_name_line_and_column() {
        insta::assert_snapshot!(message("a,b\n1,2\n3,x\n"), @"t.csv: line 3, column 2 (`b`): expected a number, received `x`; fill or remove it; text columns have to be encoded as numbers");
        insta::assert_snapshot!(message("1,2\n3,\n"), @"t.csv: line 2, column 2: expected a number, received ``; fill or remove it; text columns have to be encoded as numbers");
        insta::assert_snapshot!(message("1,2\n3\n"), @"t.csv: line 2: expected 2 columns, received 1; give every line the columns of the first");
        let table = read_text("label,pixel0\n\n1,2\n1.5,3\n").unwrap();
        let error = table.integers(0, Path::new("t.csv")).unwrap_err();
        insta::assert_snapshot!(error, @"t.csv: line 4, column 1 (`label`): expected an integer label, received 1.5; labels are whole numbers, one per class from 0 on");
    }

    #[test]
    fn outputs_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let first = Array::from_slice(&[2, 2], &[0.1_f32, 1e-30, f32::NAN, 3.0]).unwrap();
        let second = Array::from_slice(&[2], &[i64::MAX, -1]).unwrap();
        write(&path, &[&first, &second]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "0.1,1e-30,9223372036854775807\nNaN,3.0,-1\n");
        let table = read(&path).unwrap();
        assert_eq!(table.values.view::<f32>()[..2], [0.1, 1e-30]);
        let short = Array::from_slice(&[1], &[1_i32]).unwrap();
        assert!(write(&path, &[&first, &short]).is_err());
        let empty = Array::zeros(DType::F32, &[0, 3]);
        write(&path, &[&empty]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }
}
