use std::collections::BTreeSet;

use rhyton_tensor::Array;
use serde_json::{Map, Value, json};

use crate::hdf5::{Attribute, LIST_MAX, Node, joined};
use crate::limits::{CONFIG_BYTES_MAX, GROUP_DEPTH_MAX};
use crate::{Error, LayerWeights, ModelFile, NamedArray, Result};

/// Attributes and groups of the legacy format.
///
/// Source: Keras 3.15 `keras.src.legacy.saving.legacy_h5_format`.
const MODEL_CONFIG: &str = "model_config";
const TRAINING_CONFIG: &str = "training_config";
const MODEL_WEIGHTS: &str = "model_weights";
const TOP_LEVEL: &str = "top_level_model_weights";
const OPTIMIZER_WEIGHTS: &str = "optimizer_weights";
const LAYER_NAMES: &str = "layer_names";
const WEIGHT_NAMES: &str = "weight_names";
/// Definitions of functions, in JSON; Keras reads no attribute that it doesn't know.
const RHYTON: &str = "rhyton";
/// Attributes about the file; weights alone have them too.
const ABOUT: [&str; 2] = ["keras_version", "backend"];

/// Whether a tree is of the legacy format: a model, or weights alone.
pub(super) fn is_legacy(root: &Node) -> bool {
    root.groups.contains_key(MODEL_WEIGHTS)
        || root.attributes.contains_key(MODEL_CONFIG)
        || root.attributes.contains_key(LAYER_NAMES)
        || root.attributes.contains_key(&format!("{LAYER_NAMES}0"))
}

/// The contents of a legacy file.
pub(super) fn from_tree(mut root: Node) -> Result<ModelFile> {
    let mut config = json_attribute(&mut root, MODEL_CONFIG)?;
    let training = json_attribute(&mut root, TRAINING_CONFIG)?;
    if let Some(model) = config.as_object_mut().filter(|_| !training.is_null()) {
        model.insert(TRAINING_CONFIG.to_owned(), training);
    }
    let rhyton = Some(json_attribute(&mut root, RHYTON)?).filter(|value| !value.is_null());
    let mut about = Map::new();
    for name in ABOUT {
        if let Some(text) = root.attributes.remove(name).and_then(Attribute::into_text) {
            about.insert(name.to_owned(), json!(text));
        }
    }
    let mut layers = LayerWeights::default();
    if let Some(mut group) = root.groups.remove(OPTIMIZER_WEIGHTS) {
        layers.optimizer = variables(&mut group, OPTIMIZER_WEIGHTS)?;
    }
    let (mut weights, path) = match root.groups.remove(MODEL_WEIGHTS) {
        Some(weights) => (weights, MODEL_WEIGHTS),
        None => (root, ""),
    };
    for name in names(&mut weights, LAYER_NAMES) {
        let path = joined(path, &name);
        let Some(group) = descend(&mut weights, &name) else {
            return Err(missing(path, "a group, which `layer_names` lists"));
        };
        let variables = variables(group, &path)?;
        layers.layers.push((name, variables));
    }
    if let Some(group) = weights.groups.get_mut(TOP_LEVEL) {
        layers.top_level = variables(group, &joined(path, TOP_LEVEL))?;
    }
    let metadata = if about.is_empty() { Value::Null } else { Value::Object(about) };
    Ok(ModelFile { metadata, config, rhyton, layers: Some(layers), ..ModelFile::default() })
}

fn json_attribute(root: &mut Node, name: &'static str) -> Result<Value> {
    let Some(text) = root.attributes.remove(name).and_then(Attribute::into_text) else {
        return Ok(Value::Null);
    };
    if text.len() as u64 > CONFIG_BYTES_MAX {
        let (limit, received) = (CONFIG_BYTES_MAX, text.len() as u64);
        return Err(Error::TooLarge {
            what: format!("attribute `{name}`: bytes"),
            limit,
            received,
        });
    }
    serde_json::from_str(&text).map_err(|cause| Error::Json { member: name, cause })
}

/// A list of names: one attribute, or, where that would be too long, `layer_names0`,
/// `layer_names1`, …
fn names(node: &mut Node, attribute: &str) -> Vec<String> {
    if let Some(list) = node.attributes.remove(attribute) {
        return list.into_list();
    }
    let parts = (0..).map_while(|part| node.attributes.remove(&format!("{attribute}{part}")));
    parts.flat_map(Attribute::into_list).collect()
}

/// The variables that a group lists, taken out of it: a name that is listed twice is an error
/// instead of a copy.
fn variables(group: &mut Node, path: &str) -> Result<Vec<NamedArray>> {
    let listed = names(group, WEIGHT_NAMES);
    let mut variables = Vec::with_capacity(listed.len());
    for name in listed {
        let Some(array) = take(group, &name) else {
            return Err(missing(
                joined(path, &name),
                "a variable, which `weight_names` lists once",
            ));
        };
        variables.push((name, array));
    }
    Ok(variables)
}

fn take(group: &mut Node, path: &str) -> Option<Array> {
    match path.rsplit_once('/') {
        Some((groups, name)) => descend(group, groups)?.arrays.remove(name),
        None => group.arrays.remove(path),
    }
}

/// The group at a path; Keras 2 allows `/` in layers' names.
fn descend<'a>(node: &'a mut Node, path: &str) -> Option<&'a mut Node> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .try_fold(node, |node, part| node.groups.get_mut(part))
}

fn missing(path: String, expected: &str) -> Error {
    Error::Layout {
        path,
        expected: expected.to_owned(),
        received: "nothing there".to_owned(),
        advice: "the file is damaged: copy or save it again",
    }
}

/// The tree of a legacy file, as both `tf_keras` and Keras 3 read it.
pub(super) fn to_tree(model: &ModelFile) -> Result<Node> {
    let mut root = Node::default();
    let mut config = model.config.clone();
    let training = config.as_object_mut().and_then(|config| config.shift_remove(TRAINING_CONFIG));
    let rhyton = model.rhyton.clone();
    for (name, value) in
        [(MODEL_CONFIG, Some(config)), (TRAINING_CONFIG, training), (RHYTON, rhyton)]
    {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            root.attributes.insert(name.to_owned(), value.to_string().as_str().into());
        }
    }
    let empty = LayerWeights::default();
    let layers = model.layers.as_ref().unwrap_or(&empty);
    let mut weights = Node::default();
    for name in ABOUT {
        if let Some(text) = model.metadata.get(name).and_then(Value::as_str) {
            root.attributes.insert(name.to_owned(), text.into());
            weights.attributes.insert(name.to_owned(), text.into());
        }
    }
    let mut listed = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, variables) in &layers.layers {
        let plain = !name.is_empty() && !name.contains('/') && name != TOP_LEVEL;
        if !plain || !seen.insert(name) {
            let expected = "a name that no other layer has, without `/`";
            return Err(Error::Name { what: "layer", name: name.clone(), expected });
        }
        listed.push(name.clone());
        weights.groups.insert(name.clone(), group(variables)?);
    }
    list(&mut weights, LAYER_NAMES, listed);
    weights.groups.insert(TOP_LEVEL.to_owned(), group(&layers.top_level)?);
    root.groups.insert(MODEL_WEIGHTS.to_owned(), weights);
    if !layers.optimizer.is_empty() {
        root.groups.insert(OPTIMIZER_WEIGHTS.to_owned(), group(&layers.optimizer)?);
    }
    Ok(root)
}

fn group(variables: &[NamedArray]) -> Result<Node> {
    let mut group = Node::default();
    for (name, array) in variables {
        let refuse = |expected| Error::Name { what: "weights", name: name.clone(), expected };
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() >= GROUP_DEPTH_MAX {
            return Err(refuse("at most 63 names joined by `/`"));
        }
        let (last, groups) = parts.split_last().expect("a split has a part");
        let parent = groups
            .iter()
            .fold(&mut group, |node, part| node.groups.entry((*part).to_owned()).or_default());
        if parent.arrays.insert((*last).to_owned(), array.clone()).is_some() {
            return Err(refuse("a name that no other variable of the layer has"));
        }
    }
    list(&mut group, WEIGHT_NAMES, variables.iter().map(|(name, _)| name.clone()).collect());
    Ok(group)
}

/// Lists names in one attribute, or in numbered ones where there are too many for one.
fn list(node: &mut Node, attribute: &str, names: Vec<String>) {
    if names.len() <= LIST_MAX {
        node.attributes.insert(attribute.to_owned(), Attribute::List(names));
        return;
    }
    for (part, names) in names.chunks(LIST_MAX).enumerate() {
        node.attributes.insert(format!("{attribute}{part}"), Attribute::List(names.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, read_bytes};

    fn named(name: &str, value: f32) -> NamedArray {
        (name.to_owned(), Array::scalar(value))
    }

    fn model(count: usize) -> ModelFile {
        let layer = |index: usize| {
            let name = format!("dense_{index}");
            let weight = named(&format!("{name}/kernel:0"), index as f32);
            (name, vec![weight])
        };
        let layers = LayerWeights {
            layers: (0..count).map(layer).chain([("flatten".to_owned(), Vec::new())]).collect(),
            top_level: vec![named("scale:0", 2.0)],
            optimizer: vec![named("iteration:0", 3.0), named("Adam/m/dense_0/kernel:0", 4.0)],
        };
        ModelFile {
            metadata: json!({"keras_version": "2.15.0", "backend": "tensorflow"}),
            config: json!({"class_name": "Sequential", "config": {}, "training_config": {"loss": "mse"}}),
            layers: Some(layers),
            rhyton: Some(json!({"version": 1})),
            ..ModelFile::default()
        }
    }

    #[test]
    fn a_file_comes_back_however_many_layers_it_has() {
        let format = Format::of("model.h5").unwrap();
        for count in [0, 3, LIST_MAX + 1] {
            let model = model(count);
            assert_eq!(read_bytes(&format.write_bytes(&model).unwrap()).unwrap(), model, "{count}");
        }
    }

    #[test]
    fn what_is_listed_and_not_there_is_named() {
        let mut tree = to_tree(&model(2)).unwrap();
        let weights = tree.groups.get_mut(MODEL_WEIGHTS).unwrap();
        weights.groups.get_mut("dense_1").unwrap().groups.clear();
        insta::assert_snapshot!(from_tree(tree).unwrap_err(), @"weights `/model_weights/dense_1/dense_1/kernel:0`: expected a variable, which `weight_names` lists once, received nothing there; the file is damaged: copy or save it again");
        let mut tree = to_tree(&model(2)).unwrap();
        tree.groups.get_mut(MODEL_WEIGHTS).unwrap().groups.remove("flatten");
        let error = from_tree(tree).unwrap_err().to_string();
        assert!(error.contains("`/model_weights/flatten`: expected a group"), "{error}");
    }

    #[test]
    fn names_that_cannot_be_written_are_refused() {
        for name in ["", "a/b", "dense_0", TOP_LEVEL] {
            let mut model = model(1);
            model.layers.as_mut().unwrap().layers.push((name.to_owned(), Vec::new()));
            assert!(matches!(to_tree(&model), Err(Error::Name { .. })), "{name}");
        }
    }
}
