use std::sync::Arc;

use rhyton_graph::Spec;
use rhyton_tensor::DType;

use super::{Common, Layer, Weight, Weights};
use crate::activations::Activation;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::regularizers::AnyRegularizer;
use crate::{Error, Result};

/// Where a layer declares its weights.
#[derive(Debug)]
pub struct Scope<'a> {
    weights: &'a mut Weights,
    path: String,
    trainable: bool,
    weight_decay: bool,
    /// What the layer's policy keeps weights in.
    dtype: DType,
}

/// What can be said of a weight beside name, shape and initializer.
#[derive(Debug, Clone)]
pub struct WeightOptions {
    /// Whether the optimizer changes it; default true.
    pub trainable: bool,
    /// The element type; default what the layer's policy keeps weights in.
    pub dtype: Option<DType>,
    /// Whether reading it in `call` casts it to what the layer's policy computes in; default true.
    /// Statistics say no, which half precision would spoil.
    pub autocast: bool,
    /// What it adds to the loss while it is trained; default nothing.
    pub regularizer: Option<AnyRegularizer>,
    /// What becomes of it after each step of training; default itself.
    pub constraint: Option<AnyConstraint>,
    /// Whether an optimizer's weight decay takes its part; default true. Parameters of activations
    /// say no: a decayed slope would drift without regard to the loss.
    pub weight_decay: bool,
}

impl Default for WeightOptions {
    fn default() -> Self {
        Self {
            trainable: true,
            dtype: None,
            autocast: true,
            regularizer: None,
            constraint: None,
            weight_decay: true,
        }
    }
}

impl WeightOptions {
    /// A weight that the optimizer changes, with no regularizer and no constraint.
    pub fn new() -> Self {
        Self::default()
    }

    /// A weight that the optimizer leaves alone, such as a moving average.
    pub fn fixed() -> Self {
        Self { trainable: false, ..Self::default() }
    }

    /// With this element type.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// Whether reading it in `call` casts it to what the layer computes in.
    #[must_use]
    pub fn autocast(mut self, casts: bool) -> Self {
        self.autocast = casts;
        self
    }

    /// With this regularizer, if any.
    #[must_use]
    pub fn regularizer(mut self, regularizer: impl Into<Option<AnyRegularizer>>) -> Self {
        self.regularizer = regularizer.into();
        self
    }

    /// With this constraint, if any.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Option<AnyConstraint>>) -> Self {
        self.constraint = constraint.into();
        self
    }

    /// With an optimizer's weight decay, or without.
    #[must_use]
    pub fn weight_decay(mut self, decays: bool) -> Self {
        self.weight_decay = decays;
        self
    }
}

impl<'a> Scope<'a> {
    /// The scope of a layer of the model.
    pub(crate) fn root(weights: &'a mut Weights, path: &str, common: &Common) -> Self {
        let (trainable, dtype) = (common.trainable, common.dtype.variable_dtype());
        Self { weights, path: path.to_owned(), trainable, weight_decay: true, dtype }
    }

    /// The scope of a whole model.
    pub(crate) fn model(weights: &'a mut Weights) -> Self {
        let (path, dtype) = (String::new(), DType::F32);
        Self { weights, path, trainable: true, weight_decay: true, dtype }
    }

    /// The scope of a layer of a model, below the model's.
    pub(crate) fn of_layer(&mut self, name: &str, common: &Common) -> Scope<'_> {
        let mut part = self.inner(name);
        part.trainable &= common.trainable;
        part.dtype = common.dtype.variable_dtype();
        part
    }

    /// Exchanges how the weight at a path below this scope is first drawn.
    pub(crate) fn set_initializer(&mut self, path: &str, initializer: AnyInitializer) {
        let path = joined(&self.path, path);
        self.weights.set_initializer(&path, initializer);
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
    /// [`Error::Config`] when the name is taken; [`Error::UnknownName`] for a regularizer or
    /// constraint that nothing has.
    pub fn weight_with(
        &mut self,
        name: &str,
        shape: &[usize],
        initializer: impl Into<AnyInitializer>,
        options: WeightOptions,
    ) -> Result<()> {
        rhyton_tensor::volume(shape)?;
        let path = format!("{}/{name}", self.path);
        let unknown = |error: Error| error.within(path.clone());
        options.regularizer.iter().try_for_each(|any| any.get().map(drop)).map_err(unknown)?;
        options.constraint.iter().try_for_each(|any| any.get().map(drop)).map_err(unknown)?;
        let weight = Weight {
            path: path.clone(),
            spec: Spec::new(options.dtype.unwrap_or(self.dtype), shape),
            initializer: initializer.into(),
            trainable: options.trainable && self.trainable,
            declared_trainable: options.trainable,
            autocast: options.autocast,
            regularizer: options.regularizer,
            constraint: options.constraint,
            weight_decay: options.weight_decay && self.weight_decay,
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
        layer.common().dtype.check(&joined(&self.path, name))?;
        let mut part = self.of_layer(name, layer.common());
        let path = part.path.clone();
        layer.build(&mut part, inputs).map_err(|error| error.within(path.clone()))?;
        part.suit(&**layer).map_err(|error| error.within(path.clone()))?;
        self.weights.sub_layers.insert(path, Arc::clone(layer));
        Ok(())
    }

    /// Keeps the shape that enters an activation, for the file that may have to hold it.
    pub(crate) fn remember_input(&mut self, input: &Spec) {
        self.weights.activation_inputs.insert(self.path.clone(), input.clone());
    }

    /// Settles the initializers that look at the layer's activation, after the layer was built.
    pub(crate) fn suit(&mut self, layer: &dyn Layer) -> Result<()> {
        let linear = Activation::linear();
        let activation = layer.activation().unwrap_or(&linear);
        let mut bias = None;
        for (path, initializer) in self.weights.initializers_under(&self.path) {
            let Some(suited) = initializer.get()?.suited(activation)? else { continue };
            self.weights.set_initializer(&path, AnyInitializer::known(suited.weight));
            bias = bias.or(suited.bias);
        }
        let path = joined(&self.path, "bias");
        if let (Some(bias), Some((_, weight))) = (bias, self.weights.get(&path))
            && weight.initializer == "zeros".into()
        {
            self.weights.set_initializer(&path, AnyInitializer::known(bias));
        }
        Ok(())
    }

    /// A scope for the parameters of the layer's activation, which do not decay.
    pub(crate) fn activation(&mut self) -> Scope<'_> {
        Scope { weight_decay: false, ..self.inner("activation") }
    }

    fn inner(&mut self, name: &str) -> Scope<'_> {
        let path = joined(&self.path, name);
        let (trainable, weight_decay, dtype) = (self.trainable, self.weight_decay, self.dtype);
        Scope { weights: self.weights, path, trainable, weight_decay, dtype }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
