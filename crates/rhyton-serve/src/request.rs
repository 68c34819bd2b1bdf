use rhyton::Array;

use crate::failure::Failure;
use crate::json::{Kind, Reader, Result};
use crate::models::Port;
use crate::tensor::TensorBuilder;

/// The one signature that a model has.
pub(crate) const SIGNATURE: &str = "serving_default";

/// How the inputs were given, and so how outputs are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `instances`: one value for each sample.
    Row,
    /// `inputs`: one value for each input, all samples in it.
    Column,
}

/// A predict request of TensorFlow Serving: the arrays in the order of the model's inputs.
pub(crate) fn read(body: &[u8], inputs: &[Port]) -> Result<(Format, Vec<Array>)> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(Failure::invalid("JSON Parse error: Invalid encoding, expected UTF-8."));
    };
    let (format, mut values) = find_values(text)?;
    let arrays = match format {
        Format::Row => rows(&mut values, inputs),
        Format::Column => columns(&mut values, inputs),
    }?;
    Ok((format, arrays))
}

/// Checks the document and finds where its values begin.
fn find_values(text: &str) -> Result<(Format, Reader<'_>)> {
    let mut reader = Reader::new(text);
    if reader.kind()? != Kind::Object {
        let value = crate::failure::excerpt(reader.skip()?);
        return Err(Failure::invalid(format!("JSON Value: {value} Is not object")));
    }
    let (mut instances, mut inputs, mut signature) = (None, None, false);
    reader.object(|reader, key| {
        let kind = reader.kind()?;
        let place = match key {
            "instances" => &mut instances,
            "inputs" => &mut inputs,
            "signature_name" => {
                if std::mem::replace(&mut signature, true) {
                    return Err(twice(key));
                }
                return check_signature(reader, kind);
            }
            _ => return reader.skip().map(|_| ()),
        };
        if place.replace(*reader).is_some() {
            return Err(twice(key));
        }
        reader.skip().map(|_| ())
    })?;
    reader.end()?;
    match (instances, inputs) {
        (Some(values), None) => Ok((Format::Row, values)),
        (None, Some(values)) => Ok((Format::Column, values)),
        (None, None) => Err(Failure::invalid("Missing 'inputs' or 'instances' key")),
        (Some(_), Some(_)) => Err(Failure::invalid(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        )),
    }
}

fn twice(key: &str) -> Failure {
    Failure::invalid(format!("JSON object: key `{}` is there twice", crate::failure::excerpt(key)))
}

fn check_signature(reader: &mut Reader<'_>, kind: Kind) -> Result<()> {
    if kind != Kind::Text {
        return Err(Failure::invalid("'signature_name' key must be a string value."));
    }
    let name = reader.text()?;
    if name.is_empty() || name == SIGNATURE {
        return Ok(());
    }
    let name = crate::failure::excerpt(&name);
    Err(Failure::invalid(format!("Serving signature name: \"{name}\" not found in signature def")))
}

/// Whether a value is an object that stands for inputs by name: not `{"b64": "…"}`.
fn is_named(reader: &Reader<'_>) -> Result<bool> {
    let mut reader = *reader;
    if reader.kind()? != Kind::Object {
        return Ok(false);
    }
    let (mut keys, mut binary) = (0, false);
    reader.object(|reader, key| {
        keys += 1;
        binary = key == "b64" && reader.kind()? == Kind::Text;
        reader.skip().map(|_| ())
    })?;
    Ok(!(keys == 1 && binary))
}

fn builders(inputs: &[Port]) -> Vec<TensorBuilder> {
    inputs.iter().map(|input| TensorBuilder::new(input.spec.dtype)).collect()
}

/// One value for each sample: the only input's, or an object with one for each input.
fn rows(values: &mut Reader<'_>, inputs: &[Port]) -> Result<Vec<Array>> {
    if values.kind()? != Kind::List {
        return Err(Failure::invalid("Expecting 'instances' to be a list/array"));
    }
    let mut builders = builders(inputs);
    let mut named = None;
    let mut count = 0;
    values.list(|reader| {
        let is_named = is_named(reader)?;
        if count == 0 && !is_named && inputs.len() > 1 {
            return Err(Failure::invalid(
                "instances is a plain list, but expecting list of objects as multiple input \
                 tensors required as per tensorinfo_map",
            ));
        }
        match (*named.get_or_insert(is_named), is_named) {
            (true, true) => named_row(reader, inputs, &mut builders, count)?,
            (false, false) => builders[0].add(reader).map_err(|failure| in_row(count, &failure))?,
            (true, false) => {
                return Err(Failure::invalid(format!(
                    "Expecting object but got list at item {count} of input list"
                )));
            }
            (false, true) => {
                return Err(Failure::invalid(format!(
                    "Expecting value/list but got object at item {count} of input list"
                )));
            }
        }
        count += 1;
        Ok(())
    })?;
    if count == 0 {
        return Err(Failure::invalid("No values in 'instances' array"));
    }
    builders.into_iter().map(TensorBuilder::rows).collect()
}

fn in_row(row: usize, failure: &Failure) -> Failure {
    let message = &failure.message;
    let message = format!("Failed to process element: {row} of 'instances' list. Error: {message}");
    Failure::new(failure.status, message)
}

fn named_row(
    reader: &mut Reader<'_>,
    inputs: &[Port],
    builders: &mut [TensorBuilder],
    row: usize,
) -> Result<()> {
    let mut seen = vec![false; inputs.len()];
    reader.object(|reader, key| {
        let in_key = |failure: &Failure| {
            let (key, message) = (crate::failure::excerpt(key), &failure.message);
            let message = format!(
                "Failed to process element: {row} key: {key} of 'instances' list. \
                 Error: {message}"
            );
            Failure::new(failure.status, message)
        };
        let Some(place) = inputs.iter().position(|input| input.name == key) else {
            let key = crate::failure::excerpt(key);
            let message = format!("JSON object: does not have named input: {key}");
            return Err(in_key(&Failure::invalid(message)));
        };
        if std::mem::replace(&mut seen[place], true) {
            return Err(in_key(&twice(key)));
        }
        builders[place].add(reader).map_err(|failure| in_key(&failure))
    })?;
    if seen.contains(&false) {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        let names = names.join(",");
        return Err(Failure::invalid(format!(
            "Failed to process element: {row} of 'instances' list. JSON object: keys must be equal \
             to: {names}"
        )));
    }
    Ok(())
}

/// One value with all samples: the only input's, or an object with one for each input.
fn columns(values: &mut Reader<'_>, inputs: &[Port]) -> Result<Vec<Array>> {
    let mut builders = builders(inputs);
    if !is_named(values)? {
        if inputs.len() > 1 {
            return Err(Failure::invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors \
                 required as per tensorinfo_map",
            ));
        }
        builders[0].add(values)?;
        return builders.into_iter().map(TensorBuilder::whole).collect();
    }
    let mut seen = vec![false; inputs.len()];
    values.object(|reader, key| {
        // As in TensorFlow Serving, what no input is called is passed over.
        let Some(place) = inputs.iter().position(|input| input.name == key) else {
            return reader.skip().map(|_| ());
        };
        if std::mem::replace(&mut seen[place], true) {
            return Err(twice(key));
        }
        builders[place].add(reader)
    })?;
    if let Some(missing) = seen.iter().position(|seen| !seen) {
        let name = &inputs[missing].name;
        return Err(Failure::invalid(format!("Missing named input: {name} in 'inputs' object.")));
    }
    builders.into_iter().map(TensorBuilder::whole).collect()
}

#[cfg(test)]
mod tests {
    use rhyton::DType;
    use rhyton::ops::{Shape, Spec};

    use super::*;

    fn ports(names: &[&str]) -> Vec<Port> {
        let spec = Spec::new(DType::F32, Shape::batched(&[2]));
        names.iter().map(|&name| Port { name: name.to_owned(), spec: spec.clone() }).collect()
    }

    fn read_as(names: &[&str], body: &str) -> Result<(Format, Vec<Array>), String> {
        read(body.as_bytes(), &ports(names)).map_err(|failure| failure.message)
    }

    #[test]
    fn rows_and_columns_of_one_input() {
        for (body, format) in [
            (r#"{"instances": [[1, 2], [3, 4]]}"#, Format::Row),
            (r#"{"instances": [{"x": [1, 2]}, {"x": [3, 4]}], "more": {}}"#, Format::Row),
            (
                r#"{"inputs": [[1, 2], [3, 4]], "signature_name": "serving_default"}"#,
                Format::Column,
            ),
            (
                r#"{"signature_name": "", "inputs": {"y": 1, "x": [[1, 2], [3, 4]]}}"#,
                Format::Column,
            ),
        ] {
            let (found, arrays) = read_as(&["x"], body).unwrap();
            assert_eq!((found, arrays.len(), arrays[0].shape()), (format, 1, &[2, 2][..]));
            assert_eq!(arrays[0].view::<f32>(), [1.0, 2.0, 3.0, 4.0]);
        }
    }

    #[test]
    fn several_inputs_are_named() {
        let body = r#"{"instances": [{"b": [3, 4], "a": [1, 2]}, {"a": [5, 6], "b": [7, 8]}]}"#;
        let (_, arrays) = read_as(&["a", "b"], body).unwrap();
        assert_eq!(arrays[0].view::<f32>(), [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(arrays[1].view::<f32>(), [3.0, 4.0, 7.0, 8.0]);
        let body = r#"{"inputs": {"b": [[3, 4]], "a": [[1, 2]]}}"#;
        assert_eq!(read_as(&["a", "b"], body).unwrap().1[1].view::<f32>(), [3.0, 4.0]);
    }

    #[test]
    fn what_does_not_fit_is_said_in_the_servers_words() {
        let one = |body: &str| read_as(&["x"], body).unwrap_err();
        let two = |body: &str| read_as(&["a", "b"], body).unwrap_err();
        let errors = [
            one(""),
            one("[]"),
            one("{}"),
            one(r#"{"instances": [], "inputs": []}"#),
            one(r#"{"instances": [1], "instances": [2]}"#),
            one(r#"{"instances": 5}"#),
            one(r#"{"instances": []}"#),
            one(r#"{"instances": [[1], [1, 2]]}"#),
            one(r#"{"instances": [[1], {"x": [1]}]}"#),
            one(r#"{"instances": [{"x": [1]}, [1]]}"#),
            one(r#"{"instances": [{"x": [1], "y": 2}]}"#),
            one(r#"{"instances": [{"x": ["a"]}]}"#),
            one(r#"{"instances": [{"b64": "aGk="}]}"#),
            one(r#"{"instances": [1]} trailing"#),
            one(r#"{"instances": [1], "signature_name": "other"}"#),
            one(r#"{"instances": [1], "signature_name": 1}"#),
            one(r#"{"inputs": {"y": [1]}}"#),
            two(r#"{"instances": [[1]]}"#),
            two(r#"{"instances": [{"a": [1]}]}"#),
            two(r#"{"instances": [{"a": [1], "a": [1], "b": [1]}]}"#),
            two(r#"{"inputs": [[1]]}"#),
            two(r#"{"inputs": {"a": [1]}}"#),
        ];
        insta::assert_snapshot!(errors.join("\n"));
    }

    #[test]
    fn no_damaged_body_is_a_panic() {
        let bodies = [
            r#"{"instances": [{"b": [3, -4.5e1], "a": [1, NaN]}], "signature_name": "é\n"}"#,
            r#"{"inputs": {"b": [[3, 4]], "a": [[1, 2]]}, "more": [null, true, {"b64": ""}]}"#,
        ];
        for body in bodies {
            assert!(read_as(&["a", "b"], body).is_ok() || body.contains("signature_name"));
            for place in 0..body.len() {
                let mut bytes = body.as_bytes().to_vec();
                for byte in b"\"\\{}[]:,9-.eN \0\xc3\xff" {
                    bytes[place] = *byte;
                    // What comes of it does not matter, that it comes does.
                    let _ = read(&bytes, &ports(&["a", "b"]));
                }
                let _ = read(&body.as_bytes()[..place], &ports(&["a", "b"]));
            }
        }
    }
}
