use std::sync::Arc;

use rhyton_graph::Spec;
use rhyton_tensor::DType;

use super::{Layer, Weight, Weights};
use crate::initializers::AnyInitializer;
use crate::{Error, Result};

/// Where a layer declares its weights.
#[derive(Debug)]
pub struct Scope<'a> {
    weights: &'a mut Weights,
    path: String,
    trainable: bool,
}

/// What can be said of a weight beside name, shape and initializer.
#[derive(Debug, Clone, Copy)]
pub struct WeightOptions {
    /// Whether the optimizer changes it; default true.
    pub trainable: bool,
    /// The element type; default float32.
    pub dtype: DType,
}

impl Default for WeightOptions {
    fn default() -> Self {
        Self { trainable: true, dtype: DType::F32 }
    }
}

impl<'a> Scope<'a> {
    /// The scope of a layer of the model.
    pub(crate) fn root(weights: &'a mut Weights, path: &str, trainable: bool) -> Self {
        Self { weights, path: path.to_owned(), trainable }
    }

    /// Declares a weight.
    ///
    /// # Errors
    /// [`Error::Config`] when the name is taken.
    pub fn weight(
        &mut self,
        name: &str,
        shape: &[usize],
        initializer: impl Into<AnyInitializer>,
    ) -> Result<()> {
        self.weight_with(name, shape, initializer, WeightOptions::default())
    }

    /// Declares a weight with options.
    ///
    /// # Errors
    /// [`Error::Config`] when the name is taken.
    pub fn weight_with(
        &mut self,
        name: &str,
        shape: &[usize],
        initializer: impl Into<AnyInitializer>,
        options: WeightOptions,
    ) -> Result<()> {
        rhyton_tensor::volume(shape)?;
        let path = format!("{}/{name}", self.path);
        let weight = Weight {
            path: path.clone(),
            spec: Spec::new(options.dtype, shape),
            initializer: initializer.into(),
            trainable: options.trainable && self.trainable,
        };
        if self.weights.push(weight) {
            return Ok(());
        }
        Err(Error::config(path, "weight", "a name used once in a layer", "the same name again"))
    }

    /// Builds a sub-layer under `name`; `cx.call_layer(name, …)` calls it.
    ///
    /// # Errors
    /// What the sub-layer's `build` refuses.
    pub fn layer(&mut self, name: &str, layer: &Arc<dyn Layer>, inputs: &[Spec]) -> Result<()> {
        let trainable = layer.common().trainable;
        let mut part = self.part(name);
        part.trainable &= trainable;
        let path = part.path.clone();
        layer.build(&mut part, inputs).map_err(|error| error.within(path.clone()))?;
        self.weights.sub_layers.insert(path, Arc::clone(layer));
        Ok(())
    }

    /// Keeps the shape that enters an activation, for the file that may have to hold it.
    pub(crate) fn remember_input(&mut self, input: &Spec) {
        self.weights.activation_inputs.insert(self.path.clone(), input.clone());
    }

    /// A scope for weights that belong to a part of the layer, e.g. its activation.
    pub(crate) fn part(&mut self, name: &str) -> Scope<'_> {
        let path = format!("{}/{name}", self.path);
        Scope { weights: self.weights, path, trainable: self.trainable }
    }
}
