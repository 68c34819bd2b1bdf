//! Models in the form of legacy `.h5` files: variables by layer, in order; a configuration that both
//! `tf_keras` and Keras 3 read.

use rhyton_formats::{LayerWeights, ModelFile, NamedArray};
use rhyton_graph::VariableId;
use rhyton_tensor::Array;
use serde_json::{Map, Value, json};

use super::keras2::plain_name;
use super::key;
use super::layout::places;
use crate::models::Model;
use crate::{Error, Result};

/// Operations that have a layer of the same class, which takes tensors alone.
const LAYERS_OF_OPERATIONS: &[&str] =
    &["Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate"];

/// The weights of a layer and of what is in it, as Keras walks them: its own, then each part's in
/// the order in which the parts were made.
fn walk(model: &Model, path: &str) -> Vec<VariableId> {
    let under = |part: &str| -> Vec<VariableId> {
        model.weights.under(part).into_iter().map(|(variable, _)| variable).collect()
    };
    let mut parts: Vec<Vec<VariableId>> = model.weights.parts(path).map(under).collect();
    parts.sort_by_key(|weights| weights.iter().map(|weight| weight.index()).min());
    under(path).into_iter().chain(parts.into_iter().flatten()).collect()
}

/// All weights in the order in which Keras lists a model's variables.
#[cfg(feature = "training")]
pub(crate) fn in_keras_order(model: &Model) -> Vec<VariableId> {
    let paths = places(&model.network).into_iter().filter_map(|place| place.path);
    paths.flat_map(|path| walk(model, &path)).collect()
}

/// The layers, models and inputs of a model, and the weights in each: trainable ones, then the
/// others.
fn layers(model: &Model) -> Vec<(String, Vec<VariableId>)> {
    let mut layers: Vec<(String, Vec<VariableId>)> = Vec::new();
    for place in places(&model.network) {
        // `layers/dense`; what is in a nested model follows it.
        if place.group.matches('/').count() == 1 {
            layers.push((place.name.clone(), Vec::new()));
        }
        if let (Some(path), Some((_, weights))) = (&place.path, layers.last_mut()) {
            weights.extend(walk(model, path));
        }
    }
    let trainable: Vec<bool> = model.weights.iter().map(|(_, weight)| weight.trainable).collect();
    for (_, weights) in &mut layers {
        weights.sort_by_key(|variable| !trainable[variable.index()]);
    }
    layers
}

/// The values that a file has for a model's weights: by the layers' names if it is the model's own
/// file, else in order, as Keras loads weights.
pub(super) fn matched<'a>(
    model: &Model,
    file: &'a LayerWeights,
    by_name: bool,
) -> Result<Vec<(VariableId, &'a Array)>> {
    let mut wanted = layers(model);
    wanted.retain(|(_, variables)| !variables.is_empty());
    let found: Vec<&(String, Vec<NamedArray>)> =
        file.layers.iter().filter(|(_, variables)| !variables.is_empty()).collect();
    if wanted.len() != found.len() {
        let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
        let expected = format!("{} layers with weights ({})", wanted.len(), shown(&names));
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let received = format!("{} ({})", found.len(), shown(&names));
        return Err(Error::config(model.name(), "weights", expected, received));
    }
    let mut pairs = Vec::new();
    for (place, (name, variables)) in wanted.iter().enumerate() {
        let same = |layer: &&&(String, Vec<NamedArray>)| plain_name(&layer.0) == *name;
        let named = found.iter().find(same).filter(|_| by_name);
        let (stored, arrays) = named.unwrap_or(&found[place]);
        if arrays.len() != variables.len() {
            let expected = format!("{} arrays in layer `{stored}` of the file", variables.len());
            return Err(Error::config(name, "weights", expected, arrays.len()));
        }
        for (variable, (array_name, array)) in variables.iter().zip(arrays) {
            super::weights::check_shape(model, *variable, array, array_name)?;
            pairs.push((*variable, array));
        }
    }
    Ok(pairs)
}

fn shown(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

/// The weights of a model by layer; every layer and input has its entry.
pub(super) fn collect(model: &Model) -> Result<LayerWeights> {
    let mut weights = LayerWeights::default();
    for (layer, variables) in layers(model) {
        let named = |variable: VariableId| {
            let name = &model.engine.variables()[variable.index()].name;
            Ok((format!("{name}:0"), model.engine.read(variable)?))
        };
        let variables = variables.into_iter().map(named).collect::<Result<_>>()?;
        weights.layers.push((layer, variables));
    }
    Ok(weights)
}

/// The file of a model as a legacy one: what `to_file` made of it, in Keras 2's words.
pub(super) fn from_modern(model: &Model, modern: ModelFile) -> Result<ModelFile> {
    #[cfg_attr(not(feature = "training"), expect(unused_mut, reason = "only training has state"))]
    let mut layers = collect(model)?;
    #[cfg(feature = "training")]
    {
        layers.optimizer = crate::training::legacy_state(model)?;
    }
    let class = key(&modern.config, "class_name").clone();
    let mut config = json!({"class_name": class, "config": key(&modern.config, "config")});
    layers_in(&mut config).try_for_each(legacy_entry)?;
    if let Some(inner) = config["config"].as_object_mut() {
        inner.shift_remove("build_input_shape");
    }
    if let Some(Value::Object(compile)) = modern.config.get("compile_config")
        && !compile.is_empty()
    {
        config["training_config"] = training_config(compile);
    }
    if holds(&config, "hard_sigmoid") {
        crate::notices::once(
            "hard_sigmoid in `.h5`: Keras 3 and Rhyton compute relu6(x + 3) / 6, Keras 2 reads the \
             name as 0.2x + 0.5 between 0 and 1",
        );
    }
    let version = key(&modern.metadata, "keras_version").as_str().unwrap_or_default();
    Ok(ModelFile {
        metadata: json!({"keras_version": version, "backend": "tensorflow"}),
        config,
        layers: Some(layers),
        rhyton: modern.rhyton,
        ..ModelFile::default()
    })
}

/// The entries of a model's layers; none of anything else.
fn layers_in(model: &mut Value) -> impl Iterator<Item = &mut Value> {
    model.pointer_mut("/config/layers").and_then(Value::as_array_mut).into_iter().flatten()
}

fn training_config(compile: &Map<String, Value>) -> Value {
    let mut training = compile.clone();
    let mut optimizer = training.shift_remove("optimizer").unwrap_or(Value::Null);
    without_modules(&mut optimizer);
    training.insert("optimizer_config".to_owned(), optimizer);
    for key in ["loss", "metrics", "weighted_metrics"] {
        training.get_mut(key).into_iter().for_each(without_modules);
    }
    // Keras 2 refuses arguments of `compile` that it doesn't have.
    training.retain(|key, _| {
        ["optimizer_config", "loss", "loss_weights", "metrics", "weighted_metrics"]
            .contains(&key.as_str())
    });
    Value::Object(training)
}

fn without_modules(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_modules),
        Value::Object(object) => {
            if object.contains_key("class_name") {
                object.shift_remove("module");
                object.shift_remove("registered_name");
            } else {
                // What each output has, by the outputs' names.
                object.values_mut().for_each(without_modules);
            }
        }
        _ => {}
    }
}

/// A layer's entry without what Keras 2 has not, its calls as nested lists.
fn legacy_entry(entry: &mut Value) -> Result<()> {
    let name = key(key(entry, "config"), "name").as_str().unwrap_or_default().to_owned();
    layers_in(entry).try_for_each(legacy_entry)?;
    let class = key(entry, "class_name").as_str().unwrap_or_default().to_owned();
    if key(entry, "module").as_str().is_some_and(|module| module.starts_with("keras.src.ops")) {
        if !LAYERS_OF_OPERATIONS.contains(&class.as_str()) {
            return Err(not_in_h5(&name, &format!("operation {class}")));
        }
        entry["config"]["dtype"] = json!("float32");
    }
    without_modules(entry);
    for node in entry.get_mut("inbound_nodes").and_then(Value::as_array_mut).into_iter().flatten() {
        let args = key(node, "args").as_array().map(Vec::as_slice).unwrap_or_default();
        let args = match args {
            [Value::Array(list)] => list.as_slice(),
            args => args,
        };
        let histories = args.iter().map(|argument| {
            let mut history = argument.pointer("/config/keras_history")?.as_array()?.clone();
            history.push(json!({}));
            Some(Value::Array(history))
        });
        let Some(histories) = histories.collect::<Option<Vec<_>>>() else {
            return Err(not_in_h5(&name, &format!("{class} of a tensor and a number")));
        };
        if key(node, "kwargs").as_object().is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(not_in_h5(&name, "named tensors of a call"));
        }
        *node = Value::Array(histories);
    }
    Ok(())
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|inner| holds(inner, text)),
        Value::Object(object) => object.values().any(|inner| holds(inner, text)),
        _ => false,
    }
}

fn not_in_h5(name: &str, what: &str) -> Error {
    let expected = "layers called on tensors, all that `.h5` holds; save as `.keras` instead";
    Error::config(name, "call", expected, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras 2 has neither key.
    #[test]
    fn modules_are_left_out_wherever_objects_stand() {
        let object = json!({"module": "keras.losses", "class_name": "A", "config": {}, "registered_name": null});
        let compile = json!({
            "optimizer": object,
            "loss": {"module": object, "b": "mse"},
            "metrics": [[object], {"b": [object]}],
            "weighted_metrics": [object],
            "run_eagerly": false,
        });
        let plain = json!({"class_name": "A", "config": {}});
        let expected = json!({
            "loss": {"module": plain, "b": "mse"},
            "metrics": [[plain], {"b": [plain]}],
            "weighted_metrics": [plain],
            "optimizer_config": plain,
        });
        assert_eq!(training_config(compile.as_object().unwrap()), expected);
    }
}
