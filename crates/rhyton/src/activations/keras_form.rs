//! How an activation stands in Keras' files: a built-in with Keras' defaults as its name, with
//! other values as the layer that Keras has for it, everything else as an object that real Keras
//! can load once it knows the class. The definition itself goes into `rhyton.json`.

use std::sync::Arc;

use rhyton_expression::Expression;
use rhyton_graph::{Graph, Spec, Tensor, Tracer};
use rhyton_tensor::DType;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::binding::Bound;
use super::definition::signature;
use super::{Activation, Body, BuiltIn, Definition, Parameter, lookup};
use crate::layer::Layer;
use crate::layers::LAYERS;
use crate::{Error, Result};

/// The names that Keras 3.15.1 reads in `"activation": name` (`keras.activations.get`).
const KERAS_NAMES: [&str; 32] = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
];

/// The class of an expression written in place.
const IN_PLACE: &str = "Expression";

impl Serialize for Activation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(layer) = self.layer() {
            return write_layer(&**layer).serialize(serializer);
        }
        match self.bound() {
            Ok(bound) if bound.exact => exact_form(&write(bound)).serialize(serializer),
            Ok(bound) => write(bound).serialize(serializer),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }
}

impl<'de> Deserialize<'de> for Activation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(read(&value).map_or_else(Self::from, Self::from))
    }
}

fn write(bound: &Bound) -> Value {
    if let Some(builtin) = bound.builtin() {
        if bound.is_default() && keras_knows(builtin.keras_name()) {
            return json!(builtin.keras_name());
        }
        if let Some(form) = keras_layer(builtin, bound) {
            return form;
        }
    }
    let class = class_name(&bound.definition.name);
    let mut config = Map::new();
    if let (Body::Expression(expression), true) =
        (&bound.definition.body, bound.definition.name.is_empty())
    {
        config.insert("expression".to_owned(), json!(expression.to_string()));
    }
    for (name, parameter) in &bound.parameters {
        config.insert(name.clone(), parameter.to_json());
    }
    json!({
        "module": null,
        "class_name": class,
        "config": config,
        "registered_name": registered_name(&bound.definition),
    })
}

/// The class around an activation that is computed exactly. Files hold what is in it, and its
/// place beside.
const EXACT: &str = "Exact";
const EXACT_MODULE: &str = "rhyton.activations";

/// An activation's form, computed exactly.
pub(crate) fn exact_form(activation: &Value) -> Value {
    json!({
        "module": EXACT_MODULE,
        "class_name": EXACT,
        "config": {"activation": activation},
        "registered_name": null,
    })
}

/// The form of the activation that is computed exactly; `None` for any other value.
pub(crate) fn without_exact(value: &Value) -> Option<Value> {
    let is_exact = value.get("class_name")? == EXACT && value.get("module")? == EXACT_MODULE;
    if is_exact { value.pointer("/config/activation").cloned() } else { None }
}

/// A layer in an activation's place, as Keras writes it.
fn write_layer(layer: &dyn Layer) -> Value {
    json!({
        "module": layer.spec().module,
        "class_name": layer.spec().class_name,
        "config": layer.config(),
        "registered_name": null,
    })
}

/// Whether Keras reads the bare name; a built-in of ours alone is written as an object.
pub(crate) fn keras_knows(name: &str) -> bool {
    KERAS_NAMES.contains(&name)
}

/// Keras' own layer with these values, if it has one and all values are fixed.
fn keras_layer(builtin: &BuiltIn, bound: &Bound) -> Option<Value> {
    let (class, _) = builtin.keras_layer?;
    let mut config = Map::new();
    for (name, parameter) in &bound.parameters {
        let Parameter::Fixed(value) = parameter else { return None };
        let value = match name.as_str() {
            "axis" => json!(*value as i64),
            _ if value.is_infinite() => Value::Null,
            _ => json!(value),
        };
        config.insert(name.clone(), value);
    }
    Some(json!({
        "module": "keras.layers",
        "class_name": class,
        "config": config,
        "registered_name": null,
    }))
}

/// `my_swish` becomes `MySwish`.
fn class_name(name: &str) -> String {
    if name.is_empty() {
        return IN_PLACE.to_owned();
    }
    let parts = name.split('_').map(|part| {
        let mut letters = part.chars();
        letters
            .next()
            .map_or(String::new(), |first| first.to_uppercase().chain(letters).collect::<String>())
    });
    parts.collect()
}

/// The name under which real Keras looks for the class: `package>Class`.
pub(crate) fn registered_name(definition: &Definition) -> String {
    let package = definition.package.as_deref().unwrap_or("rhyton");
    format!("{package}>{}", class_name(&definition.name))
}

/// The activation that a value in a configuration means.
fn read(value: &Value) -> Result<Activation> {
    match value {
        Value::Null => Ok(Activation::linear()),
        Value::String(name) => Activation::parse(name),
        Value::Object(_) if without_exact(value).is_some() => {
            read(&value["config"]["activation"])?.exact()
        }
        Value::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
            let config = object.get("config").unwrap_or(&Value::Null);
            // Where a layer's activation is a lambda, Keras writes its code and no class.
            let is_lambda = !object.contains_key("class_name") && object.contains_key("value");
            let class = if is_lambda { "__lambda__" } else { text("class_name") };
            match (class, config) {
                ("function", Value::String(name)) => function(name),
                ("__lambda__", _) => {
                    let expected = "a name or an expression (Python code in a file is never run)";
                    Err(Error::config("activation", "configuration", expected, "a lambda"))
                }
                ("Activation", Value::Object(inner)) => {
                    read(inner.get("activation").unwrap_or(&Value::Null))
                }
                (class, config) => instance(class, text("registered_name"), config),
            }
        }
        other => {
            let expected = "a name or an object with class_name and config";
            Err(Error::config("activation", "configuration", expected, other))
        }
    }
}

/// A function that Keras wrote by its name, with or without a package.
fn function(name: &str) -> Result<Activation> {
    let bare = name.rsplit('>').next().unwrap_or(name);
    let found = lookup::find_any(&[name.to_owned(), bare.to_owned()]);
    found.map(Activation::from).ok_or_else(|| lookup::unknown(bare))
}

/// An object: Keras' layer of a built-in, a definition stored in the file, or a registered name.
fn instance(class: &str, registered: &str, config: &Value) -> Result<Activation> {
    let empty = Map::new();
    let config = config.as_object().unwrap_or(&empty);
    let layer = super::ACTIVATIONS.iter().find_map(|builtin| {
        let (name, defaults) = builtin.keras_layer?;
        (name == class && !registered.contains('>')).then_some((builtin, defaults))
    });
    if let Some((builtin, defaults)) = layer {
        let mut bound = Bound::new(lookup::builtin(builtin.name).expect("built-ins are listed"));
        for (name, value) in defaults {
            bound = bound.with(name, Parameter::Fixed(*value))?;
        }
        return bind(bound, config, &["name", "trainable", "dtype"]);
    }
    if class == IN_PLACE
        && let Some(text) = config.get("expression").and_then(Value::as_str)
    {
        let activation = Activation::parse(text)?;
        return bind(activation.bound()?.clone(), config, &["expression"]);
    }
    let (package, _) = registered.split_once('>').unwrap_or(("", ""));
    let snake = rhyton_formats::snake_case(class);
    let candidates =
        [registered.to_owned(), format!("{package}>{snake}"), class.to_owned(), snake.clone()];
    let found = lookup::find_any(&candidates);
    if let (None, "", Some(spec)) = (&found, package, LAYERS.find(class)) {
        let mut config = config.clone();
        for common in ["name", "trainable", "dtype"] {
            config.shift_remove(common);
        }
        return Ok((spec.from_config)(Value::Object(config))?.into());
    }
    let definition = found.ok_or_else(|| lookup::unknown(&snake))?;
    bind(Bound::new(definition), config, &["name", "trainable", "dtype"])
}

fn bind(mut bound: Bound, config: &Map<String, Value>, ignored: &[&str]) -> Result<Activation> {
    for (name, value) in config.iter().filter(|(name, _)| !ignored.contains(&name.as_str())) {
        let parameter = Parameter::from_json(&bound.definition.key(), name, value)?;
        bound = bound.with(name, parameter)?;
    }
    Ok(bound.into())
}

/// A definition as `rhyton.json` stores it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// The name under which layers find it.
    name: String,
    /// The package of its registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    /// The parameters in order, with defaults; infinities are written as text.
    parameters: Vec<(String, Value)>,
    /// The formula, for elementwise definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
    /// For functions over tensors: one program for each shape in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    programs: Vec<String>,
}

impl Stored {
    /// The name under which files know the definition; `None` when they know it as Keras does, or
    /// hold it whole where it is used.
    ///
    /// # Errors
    /// What the activation's name or text failed with.
    pub(crate) fn name_of(activation: &Activation) -> Result<Option<String>> {
        let bound = activation.bound()?;
        let named_by_keras = bound.builtin().is_some_and(|builtin| {
            (bound.is_default() && keras_knows(builtin.keras_name()))
                || keras_layer(builtin, bound).is_some()
        });
        let in_place = bound.definition.name.is_empty();
        Ok((!named_by_keras && !in_place).then(|| registered_name(&bound.definition)))
    }

    /// The stored form of an activation's definition; `None` for built-ins and expressions written
    /// in place, which the configuration holds whole. `inputs` are the shapes it is used with.
    ///
    /// # Errors
    /// What tracing a Rust function refuses.
    pub(crate) fn of(activation: &Activation, inputs: &[Spec]) -> Result<Option<(String, Self)>> {
        let bound = activation.bound()?;
        let definition = &bound.definition;
        if bound.builtin().is_some() || definition.name.is_empty() {
            return Ok(None);
        }
        let (expression, programs) = match &definition.body {
            Body::Expression(expression) => (Some(expression.to_string()), Vec::new()),
            Body::OverAxis(..) => return Ok(None),
            _ => {
                (None, inputs.iter().map(|spec| program(definition, spec)).collect::<Result<_>>()?)
            }
        };
        let parameters = definition
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), Parameter::Fixed(*value).to_json()))
            .collect();
        let stored = Self {
            name: definition.name.clone(),
            package: definition.package.clone(),
            parameters,
            expression,
            programs,
        };
        Ok(Some((registered_name(definition), stored)))
    }

    /// The definition that was stored.
    ///
    /// # Errors
    /// [`Error::Expression`], [`Error::Config`], or what a program's text has wrong.
    pub(crate) fn definition(&self) -> Result<Definition> {
        let mut parameters = Vec::new();
        for (name, value) in &self.parameters {
            match Parameter::from_json(&self.name, name, value)? {
                Parameter::Fixed(value) => parameters.push((name.clone(), value)),
                Parameter::Trainable(_) => {
                    return Err(Error::config(&self.name, name, "a default number", value));
                }
            }
        }
        let body = match &self.expression {
            Some(text) => {
                let list: Vec<(&str, f64)> =
                    parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                let text = signature("stored", &list, text);
                let parsed = Expression::parse(&text);
                Body::Expression(parsed.map_err(|error| Error::Expression(error.render()))?)
            }
            None => Body::Saved(
                self.programs
                    .iter()
                    .map(|text| saved(text, parameters.len()))
                    .collect::<Result<_>>()
                    .map_err(|error| error.within(self.name.clone()))?,
            ),
        };
        let (name, package) = (self.name.clone(), self.package.clone());
        Ok(Definition { name, package, parameters, body })
    }
}

/// The text of a function as a program for inputs of a shape.
pub(super) fn program(definition: &Definition, spec: &Spec) -> Result<String> {
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", spec.clone());
    let scalar = Spec::new(spec.dtype, &[][..] as &[usize]);
    let parameters: Vec<Tensor> =
        definition.parameters.iter().map(|(name, _)| tracer.input(name, scalar.clone())).collect();
    let value = definition.apply(&x, &parameters)?;
    tracer.output("y", &value)?;
    Ok(rhyton_graph::simplify(&tracer.finish()).to_string())
}

/// A program from its text: the input, one scalar for each parameter, one output.
fn saved(text: &str, parameters: usize) -> Result<(Spec, Arc<Graph>)> {
    let graph: Graph = text.parse()?;
    let fits = graph.inputs.len() == parameters + 1
        && graph.outputs.len() == 1
        && graph.assigns.is_empty()
        && graph.variables.is_empty();
    let spec = graph.inputs.first().map(|&input| graph.node(input).spec.clone());
    match spec.filter(|spec| fits && spec.dtype != DType::Bool) {
        Some(spec) => Ok((spec, Arc::new(graph))),
        None => Err(Error::config(
            "program",
            "inputs and outputs",
            format!("{} inputs and 1 output", parameters + 1),
            format!("{} and {}", graph.inputs.len(), graph.outputs.len()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name that a file may hold bare is a built-in here.
    #[test]
    fn bare_names_are_keras_own() {
        for name in KERAS_NAMES {
            assert!(BuiltIn::find(name).is_some(), "{name}");
        }
        for builtin in super::super::ACTIVATIONS {
            let bound = Bound::new(lookup::builtin(builtin.name).unwrap());
            let is_bare = write(&bound).is_string();
            assert_eq!(is_bare, keras_knows(builtin.keras_name()), "{}", builtin.name);
        }
        assert!(!keras_knows("relu_squared"));
    }
}
