//! Files of Keras 2 (`tf_keras`) and legacy `.h5` files of Keras 3, as today's Keras would have
//! written them: only the configuration changes here, and `read` knows one dialect.
//!
//! Source: `tf_keras` 2.21 `engine/functional.py`, `saving/legacy/hdf5_format.py`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rhyton_formats::ModelFile;
use rhyton_graph::Operation;
use serde_json::{Map, Value, json};

use super::key;

/// What Keras 2 means by `hard_sigmoid`; Keras 3 means relu6(x + 3) / 6.
const HARD_SIGMOID: &str = "min(max(0.2 * x + 0.5, 0), 1)";

/// Operations of TensorFlow that Keras 2 records between layers, and Keras 3's classes for them.
const OPERATIONS: &[(&str, &str)] = &[
    ("__operators__.add", "Add"),
    ("math.add", "Add"),
    ("math.subtract", "Subtract"),
    ("math.multiply", "Multiply"),
    ("math.truediv", "TrueDivide"),
    ("math.divide", "Divide"),
    ("math.pow", "Power"),
    ("math.maximum", "Maximum"),
    ("math.minimum", "Minimum"),
    ("math.negative", "Negative"),
    ("math.abs", "Absolute"),
    ("math.exp", "Exp"),
    ("math.log", "Log"),
    ("math.sqrt", "Sqrt"),
    ("math.square", "Square"),
    ("math.tanh", "Tanh"),
    ("math.sigmoid", "Sigmoid"),
    ("nn.relu", "Relu"),
    ("nn.softmax", "Softmax"),
    ("nn.silu", "Silu"),
    ("nn.gelu", "Gelu"),
    ("nn.elu", "Elu"),
];

/// Keys of layers that say nothing, or nothing but what is always so.
const IDLE: &[(&str, &[&str])] = &[
    ("Conv2DTranspose", &["groups"]),
    ("DepthwiseConv1D", &["groups"]),
    ("DepthwiseConv2D", &["groups"]),
    ("Embedding", &["input_length"]),
    ("GRU", &["implementation", "time_major"]),
    ("LSTM", &["implementation", "time_major"]),
    ("RNN", &["time_major"]),
    ("SeparableConv1D", &["groups"]),
    ("SeparableConv2D", &["groups"]),
    ("SimpleRNN", &["implementation", "time_major"]),
];

/// The file's configuration in today's dialect; its own where nothing changes.
pub(super) fn modern_config(file: &ModelFile) -> Cow<'_, Value> {
    let old = is_keras2(file);
    if file.config.is_null() || (file.layers.is_none() && !old) {
        return Cow::Borrowed(&file.config);
    }
    let mut config = file.config.clone();
    if let Some(training) =
        config.as_object_mut().and_then(|all| all.shift_remove("training_config"))
    {
        config["compile_config"] = compile_config(training);
    }
    if old {
        model(&mut config);
        replace_hard_sigmoid(&mut config);
        if let Some(compile) = config.get_mut("compile_config") {
            old_names(compile);
            built_in_optimizer(compile);
        }
    } else {
        mark_operations(&mut config);
    }
    Cow::Owned(config)
}

/// Whether Keras 1 or 2 wrote the file; versions before 1.2 wrote none.
fn is_keras2(file: &ModelFile) -> bool {
    match key(&file.metadata, "keras_version").as_str() {
        Some(version) => version.starts_with("2.") || version.starts_with("1."),
        None => file.layers.is_some(),
    }
}

/// `training_config` with the optimizer where Keras 3 has it.
fn compile_config(training: Value) -> Value {
    let Value::Object(mut config) = training else { return Value::Null };
    let optimizer = config.shift_remove("optimizer_config").unwrap_or(Value::Null);
    config.insert("optimizer".to_owned(), optimizer);
    Value::Object(config)
}

/// In a legacy file of Keras 3 operations have no module, but neither a layer's keys.
fn mark_operations(config: &mut Value) {
    for entry in entries(config) {
        mark_operations(entry);
        let class = key(entry, "class_name").as_str().unwrap_or_default();
        let inner = key(entry, "config");
        let is_layer =
            ["trainable", "dtype", "layers"].iter().any(|name| inner.get(name).is_some());
        if !is_layer && entry.get("module").is_none() && Operation::find(class).is_some() {
            entry["module"] = json!("keras.src.ops.numpy");
        }
    }
}

fn entries(config: &mut Value) -> impl Iterator<Item = &mut Value> {
    let layers = config.get_mut("config").and_then(|config| config.get_mut("layers"));
    layers.and_then(Value::as_array_mut).into_iter().flatten().filter(|entry| entry.is_object())
}

/// A model of Keras 2 and the models in it.
fn model(config: &mut Value) {
    let (mut nested, mut functional) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries(config) {
        if key(key(entry, "config"), "layers").is_array() {
            if starts_with_a_node(entry) {
                nested.insert(own_name(entry));
            }
            if key(entry, "class_name") != "Sequential" {
                functional.insert(own_name(entry));
            }
            model(entry);
        }
        layer(entry);
    }
    let histories = Histories { nested, functional };
    for entry in entries(config) {
        if let Some(nodes) = entry.get_mut("inbound_nodes").and_then(Value::as_array_mut) {
            for node in nodes {
                histories.node(node);
            }
        }
        tensorflow_operation(entry);
    }
    for ends in ["input_layers", "output_layers"] {
        if let Some(ends) = config.get_mut("config").and_then(|config| config.get_mut(ends)) {
            histories.ends(ends);
        }
    }
}

fn own_name(entry: &Value) -> String {
    let name = key(entry, "name").as_str().or_else(|| key(key(entry, "config"), "name").as_str());
    name.unwrap_or_default().to_owned()
}

/// Whether a model inside a model counts its calls from 1: one with inputs of its own has a node
/// that no file holds.
fn starts_with_a_node(entry: &Value) -> bool {
    let first = key(key(entry, "config"), "layers").get(0);
    key(entry, "class_name") != "Sequential"
        || first.is_some_and(|first| key(first, "class_name") == "InputLayer")
}

/// A layer's keys under the names that Keras 3 gives them.
fn layer(entry: &mut Value) {
    rename(entry, "name");
    let class = key(entry, "class_name").as_str().unwrap_or_default().to_owned();
    let Some(config) = entry.get_mut("config").filter(|config| config.is_object()) else { return };
    rename(config, "name");
    let Some(config) = config.as_object_mut() else { return };
    if let Some((_, keys)) = IDLE.iter().find(|(name, _)| *name == class) {
        let idle =
            |value: &Value| matches!(value, Value::Null | Value::Bool(false) | Value::Number(_));
        keys.iter().for_each(|key| {
            if config.get(*key).is_some_and(idle) {
                config.shift_remove(*key);
            }
        });
    }
    if class == "LeakyReLU"
        && let Some(slope) = config.shift_remove("alpha")
    {
        config.entry("negative_slope").or_insert(slope);
    }
    for (_, value) in config.iter_mut().filter(|(name, _)| name.ends_with("_initializer")) {
        if let Some(config) = value.get_mut("config").and_then(Value::as_object_mut) {
            config.shift_remove("dtype");
        }
    }
}

/// Keras 3 has no `/` in layers' names, Keras 2 has.
pub(super) fn plain_name(name: &str) -> String {
    name.replace('/', "_")
}

fn rename(object: &mut Value, name: &str) {
    if let Some(value) = object.get_mut(name)
        && let Some(text) = value.as_str().filter(|text| text.contains('/'))
    {
        *value = json!(plain_name(text));
    }
}

/// How calls refer to each other.
struct Histories {
    /// Models in the model that count their calls from 1.
    nested: BTreeSet<String>,
    /// Functional ones, whose calls Keras 3 too counts from 1 where they are a model's outputs.
    functional: BTreeSet<String>,
}

impl Histories {
    /// A model's input or output in Keras 3's numbers.
    fn end(&self, parts: &[Value]) -> Value {
        let mut end = self.history(parts);
        if self.functional.contains(parts[0].as_str().unwrap_or_default()) {
            end[1] = json!(end[1].as_u64().unwrap_or_default() + 1);
        }
        end
    }

    /// `["dense", 0, 0]` in Keras 3's numbers.
    fn history(&self, parts: &[Value]) -> Value {
        let name = parts[0].as_str().unwrap_or_default();
        let call = parts[1].as_u64().unwrap_or_default();
        let call = if self.nested.contains(name) { call.saturating_sub(1) } else { call };
        json!([plain_name(name), call, parts[2]])
    }

    fn tensor(&self, parts: &[Value]) -> Value {
        let config = json!({"keras_history": self.history(parts)});
        json!({"class_name": "__keras_tensor__", "config": config})
    }

    /// A call: `[["a", 0, 0, {}], ["b", 0, 0, {}]]`, or `["a", 0, 0, {"y": 2}]` of an operation;
    /// one that is an object is Keras 3's already.
    fn node(&self, node: &mut Value) {
        let Some(list) = node.as_array() else { return };
        let list: Vec<&[Value]> = match list.first() {
            Some(Value::String(_)) => vec![list],
            _ => list.iter().filter_map(Value::as_array).map(Vec::as_slice).collect(),
        };
        if list.iter().any(|parts| !is_history(parts)) {
            return;
        }
        let mut kwargs = Map::new();
        for parts in &list {
            let named = parts.get(3).and_then(Value::as_object).into_iter().flatten();
            kwargs.extend(named.map(|(name, value)| {
                let parts = value.as_array().filter(|parts| is_history(parts));
                (name.clone(), parts.map_or_else(|| value.clone(), |parts| self.tensor(parts)))
            }));
        }
        let mut args: Vec<Value> = list.iter().map(|parts| self.tensor(parts)).collect();
        if args.len() > 1 {
            args = vec![Value::Array(args)];
        }
        *node = json!({"args": args, "kwargs": kwargs});
    }

    /// `["x", 0, 0]` or a list of such.
    fn ends(&self, ends: &mut Value) {
        let Some(list) = ends.as_array_mut() else { return };
        if is_history(list) {
            *ends = self.end(list);
            return;
        }
        for end in list {
            if let Some(parts) = end.as_array().filter(|parts| is_history(parts)) {
                *end = self.end(parts);
            }
        }
    }
}

fn is_history(parts: &[Value]) -> bool {
    (3..=4).contains(&parts.len()) && parts[0].is_string() && parts[1].is_u64() && parts[2].is_u64()
}

/// `tf.math.multiply` and its like with their second operand in place; others stay and will be
/// unknown by name.
fn tensorflow_operation(entry: &mut Value) {
    if key(entry, "class_name") != "TFOpLambda" {
        return;
    }
    let function = key(key(entry, "config"), "function").as_str().unwrap_or_default();
    let Some((_, class)) = OPERATIONS.iter().find(|(name, _)| *name == function) else { return };
    let name = own_name(entry);
    let Some(nodes) = entry.get_mut("inbound_nodes").and_then(Value::as_array_mut) else { return };
    let mut calls = Vec::new();
    for node in nodes.iter() {
        let mut args = key(node, "args").as_array().cloned().unwrap_or_default();
        for (name, value) in key(node, "kwargs").as_object().into_iter().flatten() {
            match name.as_str() {
                "y" => args.push(value.clone()),
                "name" => {}
                _ if value.is_null() => {}
                _ => return,
            }
        }
        calls.push(json!({"args": args, "kwargs": {}}));
    }
    *entry = json!({
        "module": "keras.src.ops.numpy",
        "class_name": class,
        "config": {"name": name},
        "name": name,
        "inbound_nodes": calls,
    });
}

/// Puts Keras 2's function in the place of every activation with that name.
fn replace_hard_sigmoid(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                if name.ends_with("activation") && inner == "hard_sigmoid" {
                    *inner = json!(HARD_SIGMOID);
                } else {
                    replace_hard_sigmoid(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(replace_hard_sigmoid),
        _ => {}
    }
}

/// Losses and metrics: wrappers of functions become the functions' classes.
fn old_names(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(old_names),
        Value::Object(object) => {
            let wrapped =
                object.get("class_name").is_some_and(|class| class == "MeanMetricWrapper");
            let Some(config) = object.get_mut("config").and_then(Value::as_object_mut) else {
                object.values_mut().for_each(old_names);
                return;
            };
            let function = config.shift_remove("fn");
            if config.get("reduction").is_some_and(|reduction| reduction == "auto") {
                config.shift_remove("reduction");
            }
            config.shift_remove("is_legacy_optimizer");
            if !wrapped {
                return;
            }
            let name = config.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let function = function.as_ref().and_then(Value::as_str).unwrap_or(&name);
            *value = if is_name_of(&name, function) {
                json!(name)
            } else {
                json!({"class_name": function, "config": {"name": name}})
            };
        }
        _ => {}
    }
}

/// `Custom>Adam` is how Keras 2 registers its own `Adam`.
fn built_in_optimizer(compile: &mut Value) {
    let Some(class) = compile.pointer_mut("/optimizer/class_name") else { return };
    if let Some(name) = class.as_str().and_then(|class| class.strip_prefix("Custom>")) {
        *class = json!(name);
    }
}

/// Whether `name` alone means the function, with the right key in logs.
fn is_name_of(name: &str, function: &str) -> bool {
    if ["accuracy", "acc"].contains(&name) {
        return function.ends_with("accuracy");
    }
    #[cfg(feature = "training")]
    if let Some(spec) = crate::metrics::METRICS.find(function) {
        return spec.aliases.contains(&name);
    }
    name == function
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_written_as_keras_3_does() {
        let mut config = json!({"class_name": "Functional", "config": {
            "layers": [
                {"class_name": "InputLayer", "config": {"name": "x"}, "name": "x", "inbound_nodes": []},
                {"class_name": "Sequential", "config": {"name": "in/ner", "layers": [
                    {"class_name": "InputLayer", "config": {}},
                    {"class_name": "LeakyReLU", "config": {"alpha": 0.25}},
                ]}, "name": "in/ner", "inbound_nodes": [[["x", 0, 0, {}]]]},
                {"class_name": "TFOpLambda", "config": {"name": "twice", "function": "math.multiply"},
                    "name": "twice", "inbound_nodes": [["in/ner", 1, 0, {"y": 2, "name": null}]]},
                {"class_name": "Concatenate", "config": {}, "name": "joined",
                    "inbound_nodes": [[["x", 0, 0, {}], ["twice", 0, 0, {"mask": ["x", 0, 0]}]]]},
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": ["in/ner", 1, 0],
        }});
        model(&mut config);
        let tensor = |name: &str| json!({"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}});
        let layers = &config["config"]["layers"];
        assert_eq!(layers[1]["name"], "in_ner");
        assert_eq!(layers[1]["config"]["layers"][1]["config"], json!({"negative_slope": 0.25}));
        assert_eq!(layers[2]["class_name"], "Multiply");
        let call = json!({"args": [tensor("in_ner"), 2], "kwargs": {}});
        assert_eq!(layers[2]["inbound_nodes"], json!([call]));
        let call =
            json!({"args": [[tensor("x"), tensor("twice")]], "kwargs": {"mask": tensor("x")}});
        assert_eq!(layers[3]["inbound_nodes"], json!([call]));
        assert_eq!(config["config"]["input_layers"], json!([["x", 0, 0]]));
        assert_eq!(config["config"]["output_layers"], json!(["in_ner", 0, 0]));
    }

    #[test]
    fn what_is_no_call_stays_for_the_reader_to_refuse() {
        let histories = Histories { nested: BTreeSet::new(), functional: BTreeSet::new() };
        for node in
            [json!(3), json!([]), json!([["x"]]), json!([["x", 0, -1, {}]]), json!({"args": 1})]
        {
            let mut changed = node.clone();
            histories.node(&mut changed);
            let expected = if node == json!([]) { json!({"args": [], "kwargs": {}}) } else { node };
            assert_eq!(changed, expected);
        }
    }

    #[cfg(feature = "training")]
    #[test]
    fn losses_and_metrics_have_todays_names() {
        let wrapper = |name: &str, function: &str| {
            let config = json!({"name": name, "dtype": "float32", "fn": function});
            json!({"class_name": "MeanMetricWrapper", "config": config})
        };
        let mut config = json!({
            "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "fn": "mse"}},
            "metrics": [[
                wrapper("accuracy", "sparse_categorical_accuracy"),
                wrapper("mse", "mean_squared_error"),
                wrapper("error", "mean_squared_error"),
            ]],
            "optimizer": {"class_name": "Custom>SGD", "config": {"learning_rate": 0.1}},
        });
        old_names(&mut config);
        built_in_optimizer(&mut config);
        assert_eq!(config["optimizer"]["class_name"], "SGD");
        assert_eq!(config["loss"]["config"], json!({}));
        let named = json!({"class_name": "mean_squared_error", "config": {"name": "error"}});
        assert_eq!(config["metrics"], json!([["accuracy", "mse", named]]));
    }
}
