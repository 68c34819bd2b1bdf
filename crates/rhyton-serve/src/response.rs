use rhyton::{Array, DType};

use crate::failure::Failure;
use crate::request::Format;

/// A predict answer of TensorFlow Serving: `predictions` by sample, or `outputs` by name.
///
/// By sample only what has a row for each sample can be written.
pub(crate) fn write(format: Format, outputs: &[(&str, Array)]) -> Result<String, Failure> {
    let rows_of = |array: &Array| array.shape().first().copied();
    let first = outputs.first().and_then(|(_, array)| rows_of(array));
    let ragged = |(_, array): &&(&str, Array)| rows_of(array).is_none() || rows_of(array) != first;
    if let (Format::Row, Some((name, array))) = (&format, outputs.iter().find(ragged)) {
        let shape = array.shape();
        return Err(Failure::invalid(format!(
            "Output {name} of shape {shape:?} has no row for each sample of the others; ask in the \
             column format (\"inputs\")"
        )));
    }
    let outputs: Vec<(&str, Values)> =
        outputs.iter().map(|(name, array)| (*name, Values::of(array))).collect();
    let mut writer = PrettyWriter::default();
    writer.start_object();
    match format {
        Format::Row => rows(&mut writer, &outputs),
        Format::Column => columns(&mut writer, &outputs),
    }
    writer.end_object();
    Ok(writer.finish())
}

fn rows(writer: &mut PrettyWriter, outputs: &[(&str, Values)]) {
    let count = outputs.first().map_or(0, |(_, values)| values.shape[0]);
    writer.key("predictions");
    writer.start_list();
    for row in 0..count {
        if outputs.len() > 1 {
            writer.start_object();
        }
        writer.single_line = true;
        for (name, values) in outputs {
            if outputs.len() > 1 {
                writer.key(name);
            }
            let sample = values.size / count;
            values.write(writer, 1, row * sample..(row + 1) * sample);
        }
        writer.single_line = false;
        if outputs.len() > 1 {
            writer.end_object();
        }
    }
    writer.end_list();
}

fn columns(writer: &mut PrettyWriter, outputs: &[(&str, Values)]) {
    writer.key("outputs");
    if outputs.len() > 1 {
        writer.start_object();
    }
    for (name, values) in outputs {
        if outputs.len() > 1 {
            writer.key(name);
        }
        values.write(writer, 0, 0..values.size);
    }
    if outputs.len() > 1 {
        writer.end_object();
    }
}

/// An array in a type that JSON is written from.
struct Values {
    shape: Vec<usize>,
    size: usize,
    array: Array,
}

impl Values {
    fn of(array: &Array) -> Self {
        let written = match array.dtype() {
            DType::F16 | DType::BF16 => DType::F32,
            dtype if dtype.is_integer() && dtype != DType::U64 => DType::I64,
            dtype => dtype,
        };
        Self { shape: array.shape().to_vec(), size: array.len(), array: array.cast(written) }
    }

    /// The elements in a range, which the axes from `axis` on divide.
    fn write(&self, writer: &mut PrettyWriter, axis: usize, range: std::ops::Range<usize>) {
        let Some(&count) = self.shape.get(axis) else {
            return self.write_one(writer, range.start);
        };
        writer.start_list();
        let size = range.len().checked_div(count).unwrap_or(0);
        for place in 0..count {
            let start = range.start + place * size;
            self.write(writer, axis + 1, start..start + size);
        }
        writer.end_list();
    }

    fn write_one(&self, writer: &mut PrettyWriter, place: usize) {
        let text = match self.array.dtype() {
            DType::F32 => {
                let value = self.array.view::<f32>()[place];
                let short = general(f64::from(value), 6);
                if value.is_nan() || short.parse() == Ok(value) {
                    decimal(short)
                } else {
                    decimal(general(f64::from(value), 9))
                }
            }
            DType::F64 => {
                let value = self.array.view::<f64>()[place];
                let short = general(value, 6);
                if value.is_nan() || short.parse() == Ok(value) {
                    decimal(short)
                } else {
                    decimal(general(value, 17))
                }
            }
            DType::Bool => (self.array.bytes()[place] != 0).to_string(),
            DType::U64 => self.array.view::<u64>()[place].to_string(),
            _ => self.array.view::<i64>()[place].to_string(),
        };
        writer.raw(&text);
    }
}

/// Whole numbers of floats get `.0`, so that clients see that they are floats.
fn decimal(mut text: String) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        text.push_str(".0");
    }
    text
}

/// A number as C's `%.*g` writes it, and JSON's extension what is none.
fn general(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..digits as i32).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent) as usize;
        return without_trailing_zeros(&format!("{value:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_trailing_zeros(mantissa), exponent.abs())
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// JSON laid out as `RapidJSON`'s `PrettyWriter` lays it out: four spaces, lists on a line if asked.
#[derive(Debug, Default)]
pub(crate) struct PrettyWriter {
    text: String,
    /// For each open list (true) or object (false), what has been written in it.
    levels: Vec<(bool, usize)>,
    after_key: bool,
    /// Whether lists stay on one line.
    pub(crate) single_line: bool,
}

impl PrettyWriter {
    pub(crate) fn finish(self) -> String {
        self.text
    }

    pub(crate) fn start_object(&mut self) {
        self.prefix();
        self.text.push('{');
        self.levels.push((false, 0));
    }

    pub(crate) fn end_object(&mut self) {
        let empty = self.levels.pop().is_none_or(|(_, count)| count == 0);
        if !empty {
            self.new_line();
        }
        self.text.push('}');
    }

    fn start_list(&mut self) {
        self.prefix();
        self.text.push('[');
        self.levels.push((true, 0));
    }

    fn end_list(&mut self) {
        let empty = self.levels.pop().is_none_or(|(_, count)| count == 0);
        if !empty && !self.single_line {
            self.new_line();
        }
        self.text.push(']');
    }

    pub(crate) fn key(&mut self, key: &str) {
        self.text(key);
        self.text.push_str(": ");
        self.after_key = true;
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.raw(&serde_json::Value::from(text).to_string());
    }

    fn raw(&mut self, text: &str) {
        self.prefix();
        self.text.push_str(text);
    }

    fn prefix(&mut self) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        let Some((list, count)) = self.levels.last_mut() else { return };
        let (list, first) = (*list, *count == 0);
        *count += 1;
        let single_line = list && self.single_line;
        if !first {
            self.text.push_str(if single_line { ", " } else { "," });
        }
        if !single_line {
            self.new_line();
        }
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("    ", self.levels.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_for_outputs_that_have_them() {
        let pair = Array::from_slice(&[2, 1], &[1.0_f32, 2.0]).unwrap();
        let whole = Array::from_slice(&[1], &[3.0_f32]).unwrap();
        let scalar = Array::from_slice(&[], &[3.0_f32]).unwrap();
        for other in [whole, scalar] {
            let outputs = [("a", pair.clone()), ("b", other)];
            let Err(failure) = write(Format::Row, &outputs) else { panic!("written") };
            assert!(failure.message.contains("Output b of shape"), "{}", failure.message);
            assert!(write(Format::Column, &outputs).is_ok());
        }
    }

    #[test]
    fn numbers_are_written_as_the_server_writes_them() {
        let one = |value: f32| decimal_of(&Array::from_slice(&[1], &[value]).unwrap());
        for (value, text) in [
            (3.0, "3.0"),
            (-0.0, "-0.0"),
            (0.2, "0.2"),
            (1.0 / 3.0, "0.333333343"),
            (9_000_000.0, "9e+06"),
            (0.000_03, "3e-05"),
            (123_456.0, "123456.0"),
            (1_234_567.0, "1234567.0"),
            (f32::MAX, "3.40282347e+38"),
            (f32::NAN, "NaN"),
            (f32::INFINITY, "Infinity"),
            (f32::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(one(value), text);
        }
        let double = |value: f64| decimal_of(&Array::from_slice(&[1], &[value]).unwrap());
        assert_eq!(double(0.1), "0.1");
        assert_eq!(double(1.0 / 3.0), "0.33333333333333331");
        let integers = Array::from_slice(&[1], &[-7_i8]).unwrap();
        assert_eq!(decimal_of(&integers), "-7");
        let bools = Array::from_bools(&[1], &[true]).unwrap();
        assert_eq!(decimal_of(&bools), "true");
    }

    fn decimal_of(array: &Array) -> String {
        let mut writer = PrettyWriter::default();
        Values::of(array).write_one(&mut writer, 0);
        writer.finish()
    }

    #[test]
    fn answers_are_laid_out_as_the_servers_are() {
        let a = Array::from_slice(&[2, 2], &[1.0_f32, 2.5, 3.0, 4.0]).unwrap();
        let b = Array::from_slice(&[2], &[5_i32, 6]).unwrap();
        let answers = [
            write(Format::Row, &[("a", a.clone())]),
            write(Format::Row, &[("a", a.clone()), ("b", b.clone())]),
            write(Format::Column, &[("a", a.clone())]),
            write(Format::Column, &[("a", a), ("b", b)]),
        ];
        let answers = answers.map(|answer| answer.unwrap_or_else(|failure| failure.message));
        insta::assert_snapshot!(answers.join("\n"));
    }
}
