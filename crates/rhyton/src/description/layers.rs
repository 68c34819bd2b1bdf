use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rhyton_graph::{Shape, Spec, Tensor};
use rhyton_tensor::DType;
use serde_json::{Map, Value, json};

use super::document::{Content, Document, Entry, Node};
use crate::layer::{CallOptions, dtype_policy, record};
use crate::models::{CALLS_MAX, Kind, Network, collect};
use crate::objects::nearest;
use crate::{Error, Result};

/// The most numbers that a described model's weights may have: 4 GiB of them.
const WEIGHTS_MAX: usize = 1 << 30;

/// The network that a document describes.
pub(super) fn network(document: &Document) -> Result<Network> {
    let mut reader = Reader::new(document)?;
    let Some(layers) = document.root.get("layers") else {
        return Err(document.error(0, "the description: expected `layers`, received none"));
    };
    let layers = match &layers.content {
        Content::List(items) if (1..=CALLS_MAX).contains(&items.len()) => items,
        _ => {
            let expected = format!("1 to {CALLS_MAX} tables");
            let received = match &layers.content {
                Content::List(items) => items.len().to_string(),
                _ => "no list".to_owned(),
            };
            return Err(document.expected(layers.at, "layers", &expected, received));
        }
    };
    reader.reserve_names(layers)?;
    for layer in layers {
        reader.add(layer)?;
    }
    reader.finish()
}

struct Reader<'a> {
    document: &'a Document,
    inputs: Vec<Tensor>,
    /// Inputs and results of layers by name.
    tensors: HashMap<String, Tensor>,
    /// The result that the next layer takes if it does not say what it takes.
    last: Option<Tensor>,
    /// The layers' names and places.
    layers: Vec<(String, usize)>,
    /// Names that are given, which those made up must avoid.
    given: HashSet<String>,
    /// For a name, the last number that was put behind it.
    numbers: HashMap<String, usize>,
    is_chain: bool,
}

impl<'a> Reader<'a> {
    fn new(document: &'a Document) -> Result<Self> {
        let mut reader = Self {
            document,
            inputs: Vec::new(),
            tensors: HashMap::new(),
            last: None,
            layers: Vec::new(),
            given: HashSet::new(),
            numbers: HashMap::new(),
            is_chain: true,
        };
        match (document.root.entry("input"), document.root.entry("inputs")) {
            (Some(Entry { node, .. }), None) => {
                let tensor = Tensor::input(None, reader.input_spec("input", node)?);
                reader.inputs.push(tensor);
            }
            (None, Some(Entry { node, .. })) if !node.entries().is_empty() => {
                reader.is_chain = node.entries().len() == 1;
                for Entry { key, node, .. } in node.entries() {
                    let tensor = Tensor::input(Some(key.clone()), reader.input_spec(key, node)?);
                    reader.tensors.insert(key.clone(), tensor.clone());
                    reader.inputs.push(tensor);
                }
            }
            (None, Some(Entry { node, .. })) => {
                let expected = "a table of shapes by name";
                return Err(document.expected(node.at, "inputs", expected, node.to_json()));
            }
            (Some(_), Some(second)) => {
                return Err(
                    document.error(second.at, "expected `input` or `inputs`, received both")
                );
            }
            (None, None) => {
                let what = "the description: expected `input`, the shape of one sample, or \
                            `[inputs]` with shapes by name, received neither";
                return Err(document.error(0, what));
            }
        }
        if let [only] = reader.inputs.as_slice() {
            reader.last = Some(only.clone());
        }
        Ok(reader)
    }

    /// A shape, or a table of shape and dtype.
    fn input_spec(&self, name: &str, node: &Node) -> Result<Spec> {
        let document = self.document;
        let (shape, dtype) = match &node.content {
            Content::Table(_) => {
                document.check_keys(node, name, &["shape", "dtype"])?;
                let missing = || document.error(node.at, format!("{name}: expected `shape`"));
                (node.get("shape").ok_or_else(missing)?, node.get("dtype"))
            }
            _ => (node, None),
        };
        let refuse = || {
            let expected = "the sizes of one sample, such as [28, 28]";
            document.expected(shape.at, name, expected, shape.to_json())
        };
        let Content::List(sizes) = &shape.content else { return Err(refuse()) };
        let size = |node: &Node| node.to_json().as_u64().filter(|&size| size > 0);
        let sizes: Vec<usize> = sizes
            .iter()
            .map(|node| size(node).map(|size| size as usize))
            .collect::<Option<_>>()
            .ok_or_else(refuse)?;
        rhyton_tensor::volume(&sizes)
            .map_err(|error| document.error(shape.at, error.to_string()))?;
        let dtype = match dtype {
            None => DType::F32,
            Some(node) => {
                let name = document.text(node, "dtype")?;
                name.parse().map_err(|error: rhyton_tensor::Error| {
                    document.error(node.at, error.to_string())
                })?
            }
        };
        Ok(Spec::new(dtype, Shape::batched(&sizes)))
    }

    /// Notes which names layers have, each once.
    fn reserve_names(&mut self, layers: &[Node]) -> Result<()> {
        self.given.extend(self.tensors.keys().cloned());
        for node in layers.iter().filter_map(|layer| layer.get("name")) {
            let name = self.document.text(node, "name")?;
            if name.is_empty() || name.contains('/') {
                let expected = "a name without `/`";
                return Err(self.document.expected(node.at, "name", expected, format!("`{name}`")));
            }
            if !self.given.insert(name.to_owned()) {
                let expected = "a name that no other layer or input has";
                return Err(self.document.expected(node.at, "name", expected, format!("`{name}`")));
            }
        }
        Ok(())
    }

    /// Reads one layer and puts it after what it takes.
    fn add(&mut self, node: &Node) -> Result<()> {
        let document = self.document;
        let Some(class) = node.get("class_name") else {
            let expected = "a table with a `class_name`";
            return Err(document.expected(node.at, "layer", expected, node.to_json()));
        };
        let class_name = document.text(class, "class_name")?.to_owned();
        let name = match node.get("name") {
            Some(name) => document.text(name, "name")?.to_owned(),
            None => self.new_name(&class_name),
        };
        let mut config: Map<String, Value> = node
            .entries()
            .iter()
            .filter(|entry| !["class_name", "inputs", "name"].contains(&entry.key.as_str()))
            .map(|entry| (entry.key.clone(), entry.node.to_json()))
            .collect();
        // A file's layer that says no type is float32; a description's follows the settings.
        config.entry("dtype").or_insert_with(|| dtype_policy().name().into());
        let entry = json!({"class_name": class_name, "name": name, "config": config});
        let layer = crate::saving::layer_of(&entry);
        let layer = layer.map_err(|error| locate(document, node, &error))?;
        let inputs = self.inputs_of(node, &name)?;
        let (identity, inputs) = (layer.common().identity(), inputs.iter().collect::<Vec<_>>());
        let results = record(Arc::clone(&layer), identity, &inputs, CallOptions::default());
        let mut results = results.map_err(|error| locate(document, node, &error))?;
        let result = results.swap_remove(0);
        self.tensors.insert(name.clone(), result.clone());
        self.layers.push((name, node.at));
        self.last = Some(result);
        Ok(())
    }

    /// A name as Keras makes it up: the class in snake case, numbered from the second on.
    fn new_name(&mut self, class_name: &str) -> String {
        let wanted = rhyton_formats::snake_case(class_name);
        let mut name = wanted.clone();
        while !self.given.insert(name.clone()) {
            let number = self.numbers.entry(wanted.clone()).or_default();
            *number += 1;
            name = format!("{wanted}_{number}");
        }
        name
    }

    fn inputs_of(&mut self, layer: &Node, name: &str) -> Result<Vec<Tensor>> {
        let Some(node) = layer.get("inputs") else {
            let what =
                format!("{name}: expected `inputs`, since there are several that it could take");
            let last = self.last.clone().ok_or_else(|| self.document.error(layer.at, what))?;
            return Ok(vec![last]);
        };
        self.is_chain = false;
        let items = self.document.items(node, "inputs")?;
        if items.is_empty() {
            return Err(self.document.expected(node.at, "inputs", "at least one name", "none"));
        }
        items.iter().map(|item| self.named(item, "inputs")).collect()
    }

    /// The input, or the result of a layer above, with a name.
    fn named(&self, node: &Node, what: &str) -> Result<Tensor> {
        let name = self.document.text(node, what)?;
        self.tensors.get(name).cloned().ok_or_else(|| {
            let near = nearest(name, self.tensors.keys().map(String::as_str));
            let hint = if near.is_empty() {
                String::new()
            } else {
                format!("; did you mean {}?", near.join(", "))
            };
            let expected = "names of inputs or of layers further up";
            self.document.expected(node.at, what, expected, format!("`{name}`{hint}"))
        })
    }

    fn finish(self) -> Result<Network> {
        let document = self.document;
        let (outputs, at) = match document.root.get("outputs") {
            Some(node) => {
                let items = document.items(node, "outputs")?;
                let named = items.iter().map(|item| self.named(item, "outputs"));
                (named.collect::<Result<Vec<_>>>()?, node.at)
            }
            None => (self.last.iter().cloned().collect(), 0),
        };
        let is_chain = self.is_chain && document.root.get("outputs").is_none();
        let name = match document.root.get("name") {
            Some(node) => document.text(node, "name")?,
            None if is_chain => "sequential",
            None => "functional",
        };
        let network = collect(name, &self.inputs, &outputs, &HashMap::new());
        let mut network = network.map_err(|error| document.error(at, error.to_string()))?;
        if is_chain {
            network.kind = Kind::Sequential;
        }
        let used: HashSet<String> = network.layers.iter().map(|layer| layer.label()).collect();
        if let Some((name, at)) = self.layers.iter().find(|(name, _)| !used.contains(name)) {
            let what =
                format!("{name}: expected a layer that leads to an output; nothing takes it");
            return Err(document.error(*at, what));
        }
        let weights = network.build()?;
        let mut count = 0_usize;
        for (_, weight) in weights.iter() {
            count = count.saturating_add(rhyton_tensor::volume(&weight.spec.shape.bind(0))?);
        }
        if count > WEIGHTS_MAX {
            let expected = format!("at most {WEIGHTS_MAX} parameters in all");
            return Err(document.expected(0, "layers", &expected, count));
        }
        Ok(network)
    }
}

/// A layer's failure at the key that it is about, or at the layer.
pub(super) fn locate(document: &Document, node: &Node, error: &Error) -> Error {
    let mut inner = error;
    while let Error::In { source, .. } = inner {
        inner = source;
    }
    let key = match inner {
        Error::Config { argument, received, .. } if argument == "config" => {
            received.trim_matches('`').to_owned()
        }
        Error::Config { argument, .. } => argument.clone(),
        Error::UnknownName { kind, .. } if matches!(*kind, "layer" | "optimizer") => {
            "class_name".to_owned()
        }
        Error::UnknownName { kind, .. } => (*kind).to_owned(),
        Error::Expression(_) => "activation".to_owned(),
        _ => String::new(),
    };
    let at = match node.entry(&key) {
        Some(entry) if key == "class_name" => entry.node.at,
        Some(entry) => entry.at,
        None => node.at,
    };
    document.error(at, error.to_string())
}
