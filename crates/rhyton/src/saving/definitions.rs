//! `rhyton.json`: the definitions of the user's activations, so that a file loads anywhere with no
//! registration and runs no code.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhyton_graph::Spec;
use serde_json::{Value, json};

use super::{VERSION, key};
use crate::activations::{Activation, Definition, File, Stored};
#[cfg(feature = "training")]
use crate::losses::PairFunction;
use crate::models::Model;
#[cfg(feature = "training")]
use crate::registry::Registry;
use crate::{Error, Result, custom_objects};

/// The member's contents for a model.
pub(super) fn collect(model: &Model) -> Result<Value> {
    let mut definitions: BTreeMap<String, Stored> = BTreeMap::new();
    let mut language = 1;
    let mut uses: BTreeMap<String, (Activation, Vec<Spec>)> = BTreeMap::new();
    let layers = model.network.layers_by_path();
    let activation_at = |path: &str| {
        let owner = path.strip_suffix("/activation")?;
        let layer = layers.get(owner).or_else(|| model.weights.sub_layers.get(owner))?;
        layer.activation().cloned()
    };
    for (path, spec) in &model.weights.activation_inputs {
        let Some(activation) = activation_at(path) else { continue };
        language = language.max(activation.language()?);
        let Some(name) = Stored::name_of(&activation)? else { continue };
        let definition = activation.definition()?;
        let entry = uses.entry(name).or_insert_with(|| (activation.clone(), Vec::new()));
        if !entry.0.definition()?.same_as(definition) {
            let expected = "one definition for each name in a model";
            return Err(Error::config(model.name(), "activation", expected, definition.key()));
        }
        if !entry.1.contains(spec) {
            entry.1.push(spec.clone());
        }
    }
    for (activation, inputs) in uses.values() {
        if let Some((name, stored)) = Stored::of(activation, inputs)? {
            definitions.insert(name, stored);
        }
    }
    Ok(json!({
        "version": VERSION,
        "language": language,
        "definitions": serde_json::to_value(definitions)
            .map_err(|error| Error::config("rhyton.json", "definitions", "plain data", error))?,
    }))
}

/// The definitions of a file, by the names under which layers look for them.
pub(super) fn read(member: Option<&Value>) -> Result<File> {
    let mut file = File::default();
    let Some(member) = member else { return Ok(file) };
    check_number(member, "version", VERSION)?;
    check_number(member, "language", u64::from(rhyton_expression::LANGUAGE_VERSION))?;
    let empty = serde_json::Map::new();
    let definitions = match key(member, "definitions") {
        Value::Null => &empty,
        Value::Object(definitions) => definitions,
        other => {
            return Err(Error::config("rhyton.json", "definitions", "an object", other));
        }
    };
    #[cfg(feature = "training")]
    {
        file.losses =
            own_functions(member, "losses", |r, name| r.find_loss(name)?.function().cloned())?;
        file.metrics =
            own_functions(member, "metrics", |r, name| r.find_metric(name)?.function().cloned())?;
    }
    for (registered, value) in definitions {
        let stored: Stored = serde_json::from_value(value.clone()).map_err(|error| {
            Error::config("rhyton.json", registered, "a stored definition", error)
        })?;
        let definition = Arc::new(stored.definition()?);
        if let Some(notice) = registered_differently(&definition) {
            crate::notices::once(&notice);
        }
        let names = [registered.clone(), definition.key(), definition.name.clone()];
        for name in names {
            file.definitions.insert(name, Arc::clone(&definition));
        }
    }
    Ok(file)
}

/// The losses or metrics of a file, by name; tells where one is registered here for something else.
#[cfg(feature = "training")]
fn own_functions(
    member: &Value,
    key: &str,
    registered: impl Fn(&Registry, &str) -> Option<Arc<PairFunction>>,
) -> Result<BTreeMap<String, Arc<PairFunction>>> {
    let found = crate::losses::stored::read(member, key)?;
    for (name, function) in &found {
        let Some(other) = registered(&custom_objects(), name) else { continue };
        if other.differs_from(function) {
            crate::notices::once(&format!(
                "`{name}`: the file's definition ({}) is used; the one registered here ({}) differs. \
                 Pass `custom_objects` when loading to use yours",
                function.text(),
                other.text(),
            ));
        }
    }
    Ok(found)
}

/// What is told where a name of the file is registered here for something else.
fn registered_differently(definition: &Definition) -> Option<String> {
    let registered = custom_objects().find_activation(&definition.key())?;
    (!registered.same_as(definition)).then(|| {
        format!(
            "activation `{}`: the file's definition ({}) is used; the one registered here ({}) \
             differs. Pass `custom_objects` when loading to use yours",
            definition.key(),
            definition.text(),
            registered.text(),
        )
    })
}

fn check_number(member: &Value, name: &str, known: u64) -> Result<()> {
    match key(member, name).as_u64() {
        Some(number) if number <= known => Ok(()),
        _ => {
            let expected = format!("at most {known}; update Rhyton to read newer files");
            Err(Error::config("rhyton.json", name, expected, key(member, name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use rhyton_graph::{Shape, Tensor};
    use rhyton_tensor::DType;

    use super::*;

    /// What a file holds of a Rust function is told apart from another function, not from itself.
    #[test]
    fn a_saved_function_is_known_again() {
        fn steep(x: &Tensor) -> Tensor {
            x * 2
        }
        fn flat(x: &Tensor) -> Tensor {
            x * 0.5
        }
        custom_objects().activation("known_again", steep, []).unwrap();
        let spec = Spec::new(DType::F32, Shape::batched(&[3]));
        let (_, stored) = Stored::of(&Activation::from("known_again"), &[spec]).unwrap().unwrap();
        let definition = stored.definition().unwrap();
        assert_eq!(registered_differently(&definition), None);
        custom_objects().replace_with("known_again", flat, []).unwrap();
        assert!(registered_differently(&definition).unwrap().contains("differs"));
        custom_objects().remove("known_again");
    }
}
