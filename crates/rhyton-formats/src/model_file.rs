use std::collections::BTreeMap;

use rhyton_tensor::Array;
use serde_json::Value;

/// What a model file holds, in no particular format: configuration, weights, and the extra files
/// of layers. Nothing in it has been interpreted. Weights are in one of three forms, by format.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelFile {
    /// `metadata.json`: Keras' version and the date; in a legacy `.h5` the version and the backend;
    /// null if there is none.
    pub metadata: Value,
    /// `config.json`: the model as Keras describes it; in a legacy `.h5` `model_config`, with
    /// `training_config` under that key. Null in a file of weights only.
    pub config: Value,
    /// The variables of `.keras` and `.weights.h5`.
    pub weights: Weights,
    /// The variables of a legacy `.h5`.
    pub layers: Option<LayerWeights>,
    /// The variables of `.safetensors` and `.npz`: by path in the model, e.g. `dense/kernel`.
    pub named: Option<BTreeMap<String, Array>>,
    /// `rhyton.json`: definitions of functions that the configuration names.
    pub rhyton: Option<Value>,
    /// Files of layers by their path below `assets/`, e.g.
    /// `layers/text_vectorization/vocabulary.txt`.
    pub assets: BTreeMap<String, Vec<u8>>,
}

/// Variables in groups; a group's path is Keras', e.g. `layers/dense_1`, `optimizer`, or empty for
/// the model itself.
///
/// Every group given is written, empty ones too: Keras 3.0 to 3.3 refuse a file that lacks the group of
/// a layer without weights.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights {
    /// The groups by path.
    pub groups: BTreeMap<String, Group>,
}

/// The variables of one layer, optimizer or other part with state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The part's own name; Keras writes it since 3.6 and reads by path.
    pub name: Option<String>,
    /// The variables in Keras' order: trainable ones, then the others, each in order of creation.
    pub variables: Vec<Array>,
    /// Variables that a custom layer stored under names of its own instead of numbers.
    pub named: BTreeMap<String, Array>,
}

/// Variables by layer, as Keras 2 wrote them. Names differ between versions; order means the same.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LayerWeights {
    /// Every layer with its variables: trainable ones, then the others, as `dense/kernel:0`.
    pub layers: Vec<(String, Vec<NamedArray>)>,
    /// The model's own variables, outside of any layer.
    pub top_level: Vec<NamedArray>,
    /// The optimizer's variables.
    pub optimizer: Vec<NamedArray>,
}

/// A variable under the name that its file gives it.
pub type NamedArray = (String, Array);

impl Weights {
    /// The group at a path.
    pub fn group(&self, path: &str) -> Option<&Group> {
        self.groups.get(path)
    }

    /// The variables at a path; none if there is no such group.
    pub fn variables(&self, path: &str) -> &[Array] {
        self.groups.get(path).map_or(&[], |group| &group.variables)
    }

    /// Puts a group at a path; one that was there is given back.
    pub fn insert(&mut self, path: impl Into<String>, group: Group) -> Option<Group> {
        self.groups.insert(path.into(), group)
    }
}

impl Group {
    /// A group of numbered variables.
    pub fn new(name: impl Into<String>, variables: Vec<Array>) -> Self {
        Self { name: Some(name.into()), variables, named: BTreeMap::new() }
    }
}
