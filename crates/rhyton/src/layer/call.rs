use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhyton_graph::{
    Dim, Shape, Tensor, Tracer, bitwise_xor, broadcast_to, cast, concatenate, cos, dimension,
    iota_like, log, random_bits, reshape_to, sqrt, uniform,
};
use rhyton_tensor::{Array, DType, result_type};

use super::weights::key;
use super::{Autocast, Layer, Weights};
use crate::regularizers::AnyRegularizer;
use crate::{Error, Result};

/// The tensors that a layer returns.
#[derive(Debug, Clone)]
pub struct Outputs(Vec<Tensor>);

impl From<Tensor> for Outputs {
    fn from(tensor: Tensor) -> Self {
        Self(vec![tensor])
    }
}

impl From<Vec<Tensor>> for Outputs {
    fn from(tensors: Vec<Tensor>) -> Self {
        Self(tensors)
    }
}

/// What a layer works with while it is traced.
pub struct Call<'a> {
    /// Whether dropout drops and statistics move.
    pub training: bool,
    tracer: &'a Tracer,
    weights: &'a Weights,
    path: String,
    arguments: Vec<(String, Tensor)>,
    /// The names that layers asked for, given or not.
    asked: RefCell<BTreeSet<String>>,
    masks: Vec<Option<Tensor>>,
    output_masks: Vec<Option<Tensor>>,
    trainable: bool,
    /// What the layer being traced computes in; `None` where nothing is cast.
    compute: Option<DType>,
    /// Whether weights are cast to it.
    casts_weights: bool,
    /// Whether policies count at all.
    autocast: bool,
    randomness: Option<Randomness>,
    draws: BTreeMap<String, u32>,
    losses: Vec<Tensor>,
    entered: BTreeMap<String, Tensor>,
}

type Masks = Vec<Option<Tensor>>;

/// What the layer around the one being called was called with.
pub(crate) struct Around {
    arguments: Vec<(String, Tensor)>,
    masks: Masks,
}

/// Where random numbers come from in a program: a key of two words, and the step that the program
/// is at. Both are values of the program, so that another seed needs no other program.
#[derive(Debug, Clone)]
pub(crate) struct Randomness {
    pub(crate) seed: Tensor,
    pub(crate) step: Tensor,
}

impl<'a> Call<'a> {
    pub(crate) fn new(tracer: &'a Tracer, weights: &'a Weights, training: bool) -> Self {
        Self {
            training,
            tracer,
            weights,
            path: String::new(),
            arguments: Vec::new(),
            asked: RefCell::default(),
            masks: Vec::new(),
            output_masks: Vec::new(),
            trainable: true,
            compute: None,
            casts_weights: false,
            autocast: true,
            randomness: None,
            draws: BTreeMap::new(),
            losses: Vec::new(),
            entered: BTreeMap::new(),
        }
    }

    pub(crate) fn set_arguments(&mut self, arguments: Vec<(String, Tensor)>) {
        self.arguments = arguments;
    }

    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn with_randomness(mut self, randomness: Randomness) -> Self {
        self.randomness = Some(randomness);
        self
    }

    /// With every layer computing in the types of what it is given, whatever its policy says: for
    /// checks of gradients in float64.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn without_autocast(mut self) -> Self {
        self.autocast = false;
        self
    }

    /// Calls a layer under `name`, below the path of the layer that is being traced.
    pub(crate) fn run(
        &mut self,
        name: &str,
        layer: &dyn Layer,
        inputs: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        let inner =
            if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) };
        let outer = std::mem::replace(&mut self.path, inner);
        self.output_masks.clear();
        let (tracer, trainable) = (self.tracer, self.trainable);
        let around = (self.compute, self.casts_weights);
        self.trainable &= layer.common().trainable;
        let outputs = self.cast_around(tracer, name, layer, inputs);
        self.trainable = trainable;
        (self.compute, self.casts_weights) = around;
        let path = std::mem::replace(&mut self.path, outer);
        outputs.map_err(|error| match error {
            Error::Graph(_) => error,
            other => other.within(path),
        })
    }

    /// Traces a layer with inputs, weights and outputs in the types of its policy.
    fn cast_around(
        &mut self,
        tracer: &Tracer,
        name: &str,
        layer: &dyn Layer,
        inputs: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        let casts = layer.autocast();
        let policy = layer.common().dtype.compute_dtype();
        self.compute = (self.autocast && casts != Autocast::Nothing).then_some(policy);
        self.casts_weights = casts == Autocast::All;
        let Some(compute) = self.compute else { return self.traced(tracer, name, layer, inputs) };
        let floats = |x: Tensor| if x.dtype().is_float() { cast(&x, compute) } else { x };
        let given: Vec<Tensor> = match casts {
            Autocast::All => inputs.iter().cloned().map(floats).collect(),
            _ => inputs.to_vec(),
        };
        let outputs = self.traced(tracer, name, layer, &given)?;
        Ok(outputs.into_iter().map(floats).collect())
    }

    fn traced(
        &mut self,
        tracer: &Tracer,
        name: &str,
        layer: &dyn Layer,
        inputs: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        let mut refused = None;
        let outputs = tracer.scope(name, || match layer.call(self, inputs) {
            Ok(Outputs(outputs)) => outputs.into_iter().map(Tensor::checked).collect(),
            Err(Error::Graph(error)) => Err(error),
            Err(other) => {
                refused = Some(other);
                Ok(Vec::new())
            }
        });
        if let Some(error) = refused {
            return Err(error);
        }
        let outputs = outputs?;
        if let Some(regularizer) = layer.activity_regularizer() {
            self.add_activity_losses(regularizer, &outputs)?;
        }
        Ok(outputs)
    }

    /// Each output's penalty, divided by the batch's size so that it does not grow with it.
    fn add_activity_losses(
        &mut self,
        regularizer: &AnyRegularizer,
        outputs: &[Tensor],
    ) -> Result<()> {
        for output in outputs {
            let precise = cast(output, result_type(output.dtype(), DType::F32));
            let penalty = regularizer.get()?.call(&precise)?;
            let samples = (output.rank() > 0).then(|| cast(&dimension(output, 0), penalty.dtype()));
            self.add_loss(samples.map_or(penalty.clone(), |samples| penalty / samples));
        }
        Ok(())
    }

    /// A weight that the layer declared, in the type that the layer computes in.
    ///
    /// # Errors
    /// [`Error::Config`] when it was not declared.
    pub fn weight(&self, name: &str) -> Result<Tensor> {
        let path = format!("{}/{name}", self.path);
        match self.weights.get(&path) {
            Some((variable, weight)) => {
                let value = self.tracer.variable(variable);
                let casts = self.casts_weights && weight.autocast && value.dtype().is_float();
                Ok(self.compute.filter(|_| casts).map_or(value.clone(), |to| cast(&value, to)))
            }
            None => Err(Error::config(path, "weight", "a name declared in build", "another")),
        }
    }

    /// Gives a weight a new value after the step, e.g. a moving average.
    ///
    /// # Errors
    /// [`Error::Config`] when it was not declared; a value of another shape fails the trace.
    pub fn assign(&mut self, name: &str, value: &Tensor) -> Result<()> {
        let path = format!("{}/{name}", self.path);
        let Some((variable, weight)) = self.weights.get(&path) else {
            return Err(Error::config(path, "weight", "a name declared in build", "another"));
        };
        self.tracer.assign(variable, &cast(value, weight.spec.dtype)).checked()?;
        Ok(())
    }

    /// Calls a sub-layer that `build` declared.
    ///
    /// # Errors
    /// [`Error::Config`] when there is none of that name; what its call refuses.
    pub fn call_layer(&mut self, name: &str, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let path = format!("{}/{name}", self.path);
        let Some(layer) = self.weights.sub_layers.get(&path) else {
            return Err(Error::config(path, "sub-layer", "a name declared in build", "another"));
        };
        let layer = Arc::clone(layer);
        self.run(name, &*layer, inputs)
    }

    /// Runs `part` with the path of a part of the layer, e.g. its activation.
    pub(crate) fn within<T>(&mut self, name: &str, part: impl FnOnce(&Self) -> T) -> T {
        let inner = format!("{}/{name}", self.path);
        let outer = std::mem::replace(&mut self.path, inner);
        let result = part(self);
        self.path = outer;
        result
    }

    /// A named optional call argument, e.g. `attention_mask`. A layer asks for it in every call,
    /// training or not: one that a layer did not ask for when it was put into a model is refused.
    pub fn argument(&self, name: &str) -> Option<&Tensor> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.arguments.iter().find(|(key, _)| key == name).map(|(_, tensor)| tensor)
    }

    /// The mask of the first input: the call argument `mask`, or the one that came with it.
    pub(crate) fn given_mask(&self) -> Option<&Tensor> {
        self.argument("mask").or_else(|| self.mask(0))
    }

    /// The names of call arguments that layers asked for.
    pub(crate) fn asked(self) -> BTreeSet<String> {
        self.asked.into_inner()
    }

    /// The mask that came with input `index`: bool, true where the element counts.
    pub fn mask(&self, index: usize) -> Option<&Tensor> {
        self.masks.get(index)?.as_ref()
    }

    /// The mask that goes on with the layer's (first) output.
    pub fn set_mask(&mut self, mask: Tensor) {
        self.output_masks = vec![Some(mask)];
    }

    /// The masks that go on with all outputs.
    pub(crate) fn set_masks(&mut self, masks: Vec<Option<Tensor>>) {
        self.output_masks = masks;
    }

    pub(crate) fn take_output_masks(&mut self) -> Vec<Option<Tensor>> {
        std::mem::take(&mut self.output_masks)
    }

    /// Sets what a layer is called with; gives back what the layer around it was.
    pub(crate) fn enter(&mut self, arguments: Vec<(String, Tensor)>, masks: Masks) -> Around {
        let arguments = std::mem::replace(&mut self.arguments, arguments);
        Around { arguments, masks: std::mem::replace(&mut self.masks, masks) }
    }

    /// Back to the layer around, which goes on with its own call.
    pub(crate) fn leave(&mut self, around: Around) {
        (self.arguments, self.masks) = (around.arguments, around.masks);
    }

    /// Whether training changes the layer: neither it nor a layer or model around it is frozen.
    pub fn trainable(&self) -> bool {
        self.trainable
    }

    /// Keeps what enters the activation of the layer being traced.
    pub(crate) fn note_activation_input(&mut self, x: &Tensor) {
        self.entered.insert(self.path.clone(), x.clone());
    }

    /// What entered the activation of a layer at its last call.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn entered_activation(&self, layer: &str) -> Option<&Tensor> {
        self.entered.get(layer)
    }

    /// Adds a scalar to the training loss, e.g. an activity penalty.
    pub fn add_loss(&mut self, loss: Tensor) {
        self.losses.push(loss);
    }

    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn take_losses(&mut self) -> Vec<Tensor> {
        std::mem::take(&mut self.losses)
    }

    /// A constant of the program.
    pub fn constant(&self, array: Array) -> Tensor {
        self.tracer.constant(array)
    }

    /// The key of this layer's next random stream: from the training seed (or the layer's own),
    /// the layer's path, and how often the layer has drawn before in this program.
    ///
    /// # Errors
    /// [`Error::State`] outside training.
    pub fn seed(&mut self, own: Option<u64>) -> Result<Tensor> {
        let Some(randomness) = &self.randomness else {
            let advice = "draw only when `cx.training` is set".to_owned();
            return Err(Error::State { what: format!("{}: no random stream", self.path), advice });
        };
        let draw = self.draws.entry(self.path.clone()).or_default();
        let words = key(own.unwrap_or_default(), &format!("{}#{draw}", self.path));
        *draw += 1;
        let words = self.tracer.constant(Array::from_slice(&[2], &words)?);
        match own {
            Some(_) => Ok(words),
            None => Ok(bitwise_xor(&randomness.seed, &words).checked()?),
        }
    }

    /// Numbers uniform on [0, 1), one for each element of `like`. A sample's numbers depend only
    /// on seed, layer, step and the sample's place in the batch.
    ///
    /// # Errors
    /// [`Error::State`] outside training; [`Error::Config`] for a shape that depends on the batch
    /// beyond its first axis.
    pub fn uniform(&mut self, like: &Tensor, own: Option<u64>) -> Result<Tensor> {
        let key = self.seed(own)?;
        let shape = like.shape().clone();
        let (first, rest) = match shape.split_first() {
            Some((first, rest)) => (*first, Shape::from(rest.to_vec())),
            None => (Dim::ONE, Shape::scalar()),
        };
        let Some(sizes) = rest.fixed_sizes() else {
            let expected = "a batch on the first axis only";
            return Err(Error::config(&self.path, "input", expected, &shape));
        };
        let step = self.randomness.as_ref().map(|randomness| cast(&randomness.step, DType::U32));
        let step = step.expect("seed has checked that there is a random stream");
        let step = broadcast_to(&step, &Shape::from(vec![first, Dim::ONE]));
        let place = iota_like(&step, 0, DType::U32);
        let counter = concatenate(&[place, step], -1);
        let bits = random_bits(&key, &counter, sizes.iter().product());
        Ok(reshape_to(&uniform(&bits), shape).checked()?)
    }

    /// Numbers of a normal distribution with mean 0 and deviation 1, one for each element of `like`,
    /// float32; they depend on what [`Call::uniform`]'s do.
    ///
    /// # Errors
    /// As [`Call::uniform`].
    pub fn normal(&mut self, like: &Tensor, own: Option<u64>) -> Result<Tensor> {
        let (radius, angle) = (self.uniform(like, own)?, self.uniform(like, own)?);
        // Box and Muller 1958; 1 − u is never 0.
        let radius = sqrt(log(1.0 - radius) * -2.0);
        Ok((radius * cos(angle * std::f64::consts::TAU)).checked()?)
    }

    /// The path of the layer being traced.
    pub fn path(&self) -> &str {
        &self.path
    }
}
