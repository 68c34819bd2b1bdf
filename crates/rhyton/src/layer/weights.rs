use std::collections::BTreeMap;
use std::ops::Index;
use std::sync::Arc;

use rhyton_graph::{Spec, Tracer, VariableId, VariableSpec};
use rhyton_tensor::Array;
#[cfg(feature = "training")]
use rhyton_tensor::DType;

use crate::Result;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::Layer;
use crate::regularizers::AnyRegularizer;

/// A weight that a layer declared.
#[derive(Debug, Clone)]
pub struct Weight {
    /// The path in the model, e.g. `dense/kernel`.
    pub path: String,
    /// Shape and element type.
    pub spec: Spec,
    /// How the first value is drawn.
    pub initializer: AnyInitializer,
    /// Whether the optimizer changes it: its layer declared it so, and nothing around is frozen.
    pub trainable: bool,
    /// Whether its layer declared it so, frozen or not: files put such weights first.
    pub declared_trainable: bool,
    /// Whether reading it casts it to what its layer computes in.
    pub autocast: bool,
    /// What it adds to the loss while it is trained.
    pub regularizer: Option<AnyRegularizer>,
    /// What becomes of it after each step of training.
    pub constraint: Option<AnyConstraint>,
    /// Whether an optimizer's weight decay takes its part.
    pub weight_decay: bool,
}

/// All weights of a model, in order of declaration; a weight's place is its variable in a session.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    list: Vec<Weight>,
    by_path: BTreeMap<String, usize>,
    /// The weights directly under a path, in order of declaration.
    by_parent: BTreeMap<String, Vec<usize>>,
    pub(crate) sub_layers: BTreeMap<String, Arc<dyn Layer>>,
    pub(crate) activation_inputs: BTreeMap<String, Spec>,
}

impl Weights {
    /// The weights in order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = (VariableId, &Weight)> {
        self.list.iter().enumerate().map(|(place, weight)| (VariableId(place as u32), weight))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The weight at a path.
    pub fn get(&self, path: &str) -> Option<(VariableId, &Weight)> {
        let place = *self.by_path.get(path)?;
        Some((VariableId(place as u32), &self.list[place]))
    }

    /// The weights directly under a path, trainable before others, each in order of declaration:
    /// the order of Keras' files.
    pub fn under(&self, path: &str) -> Vec<(VariableId, &Weight)> {
        let places = self.by_parent.get(path).map_or(&[][..], Vec::as_slice);
        let found = places.iter().map(|&place| (VariableId(place as u32), &self.list[place]));
        let (first, then): (Vec<_>, Vec<_>) =
            found.partition(|(_, weight)| weight.declared_trainable);
        first.into_iter().chain(then).collect()
    }

    /// The path of a weight.
    #[cfg(test)]
    pub(crate) fn path(&self, variable: VariableId) -> &str {
        &self.list[variable.index()].path
    }

    /// The paths below a path that hold weights of their own, in order.
    pub(crate) fn parts(&self, path: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{path}/");
        let from = self.by_parent.range(prefix.clone()..);
        from.map(|(part, _)| part.as_str()).take_while(move |part| part.starts_with(&prefix))
    }

    /// The weights directly under a path, and how they are drawn.
    pub(crate) fn initializers_under(&self, path: &str) -> Vec<(String, AnyInitializer)> {
        let places = self.by_parent.get(path).map_or(&[][..], Vec::as_slice);
        let weights = places.iter().map(|&place| &self.list[place]);
        weights.map(|weight| (weight.path.clone(), weight.initializer.clone())).collect()
    }

    pub(crate) fn set_initializer(&mut self, path: &str, initializer: AnyInitializer) {
        if let Some(&place) = self.by_path.get(path) {
            self.list[place].initializer = initializer;
        }
    }

    /// What a session needs to know of the weights.
    pub fn variables(&self) -> Vec<VariableSpec> {
        self.list
            .iter()
            .map(|weight| VariableSpec { name: weight.path.clone(), spec: weight.spec.clone() })
            .collect()
    }

    /// A tracer for programs over these weights alone.
    pub fn tracer(&self) -> Tracer {
        Tracer::new(self.variables().into())
    }

    /// First values of all weights, drawn on the host from `seed`.
    ///
    /// # Errors
    /// What an initializer refuses.
    pub fn initial_values(&self, seed: u64) -> Result<Vec<Array>> {
        self.list.iter().map(|weight| weight.initial_value(seed)).collect()
    }

    /// The same weights with floats of another element type, for checks of gradients.
    #[cfg(feature = "training")]
    pub(crate) fn with_floats(mut self, dtype: DType) -> Self {
        for weight in self.list.iter_mut().filter(|weight| weight.spec.dtype.is_float()) {
            weight.spec = weight.spec.with_dtype(dtype);
        }
        self
    }

    pub(crate) fn push(&mut self, weight: Weight) -> bool {
        let place = self.list.len();
        if self.by_path.contains_key(&weight.path) {
            return false;
        }
        self.by_path.insert(weight.path.clone(), place);
        let parent = weight.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.by_parent.entry(parent.to_owned()).or_default().push(place);
        self.list.push(weight);
        true
    }
}

impl Index<VariableId> for Weights {
    type Output = Weight;

    fn index(&self, variable: VariableId) -> &Weight {
        &self.list[variable.index()]
    }
}

#[cfg(test)]
thread_local! {
    /// How many first values were drawn in this thread.
    pub(crate) static DRAWN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Weight {
    /// The first value, drawn on the host from `seed` and the path.
    ///
    /// # Errors
    /// What the initializer refuses.
    pub fn initial_value(&self, seed: u64) -> Result<Array> {
        #[cfg(test)]
        DRAWN.set(DRAWN.get() + 1);
        let shape = self.spec.shape.bind(0);
        let array = self.initializer.array(&shape, key(seed, &self.path));
        Ok(array.map_err(|error| error.within(self.path.clone()))?.cast(self.spec.dtype))
    }
}

/// The key of the random stream that belongs to a path: 64-bit FNV-1a over seed and path.
pub(crate) fn key(seed: u64, path: &str) -> rhyton_tensor::Key {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in seed.to_le_bytes().into_iter().chain(path.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    [hash as u32, (hash >> 32) as u32]
}
