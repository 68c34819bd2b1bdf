use std::fmt;
use std::sync::Arc;

use rhyton_data::Rows;
use rhyton_graph::{Executable, RunOptions, Spec, VariableId};
use rhyton_tensor::Array;

use super::Network;
use crate::engine::Engine;
use crate::layer::{Call, Common, Layer, Weight, Weights};
use crate::{Error, Result};

/// Layers, weights and an engine: what `fit`, `predict` and files work with.
pub struct Model {
    pub(crate) network: Network,
    pub(crate) weights: Weights,
    pub(crate) engine: Engine,
    /// What calls of the model in another share.
    pub(crate) common: Common,
    pub(crate) seed: u64,
    #[cfg(feature = "training")]
    pub(crate) compiled: Option<crate::training::Compiled>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("name", &self.network.name)
            .field("layers", &self.network.layers.len())
            .field("backend", &self.engine.backend_name())
            .finish_non_exhaustive()
    }
}

impl Model {
    pub(crate) fn from_network(network: Network) -> Result<Self> {
        Self::seeded(network, 0)
    }

    /// A model with first weights drawn from a seed.
    pub(crate) fn seeded(network: Network, seed: u64) -> Result<Self> {
        let weights = network.build()?;
        let values = weights.initial_values(seed)?;
        Self::with_values(network, (weights, values), seed)
    }

    /// A model whose weights are all zero, for values to come.
    pub(crate) fn zeroed(network: Network) -> Result<Self> {
        let weights = network.build()?;
        let zeros = |(_, weight): (_, &Weight)| {
            Ok(Array::try_zeros(weight.spec.dtype, &weight.spec.shape.bind(0))?)
        };
        let values = weights.iter().map(zeros).collect::<Result<_>>()?;
        Self::with_values(network, (weights, values), 0)
    }

    fn with_values(
        network: Network,
        (weights, values): (Weights, Vec<Array>),
        seed: u64,
    ) -> Result<Self> {
        let settings = crate::configuration::settings()?;
        let choice = crate::backends::from_settings(&settings)?;
        let engine = Engine::new(choice, weights.variables(), values);
        Ok(Self {
            network,
            weights,
            engine,
            common: Common::default(),
            seed,
            #[cfg(feature = "training")]
            compiled: None,
        })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.network.name
    }

    /// The layers, in order of first use.
    pub fn layers(&self) -> &[Arc<dyn Layer>] {
        &self.network.layers
    }

    /// The inputs: names and specifications, batch axis first.
    pub fn inputs(&self) -> Vec<(String, Spec)> {
        self.network.input_specs()
    }

    /// The outputs: names and specifications, batch axis first.
    pub fn outputs(&self) -> Vec<(String, Spec)> {
        let specs = self.network.outputs.iter().map(|&slot| self.network.spec(slot).clone());
        self.network.output_names().into_iter().zip(specs).collect()
    }

    /// The weights' declarations: paths, shapes, whether trainable.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The name of the backend that runs the model.
    pub fn backend(&self) -> &str {
        self.engine.backend_name()
    }

    /// The number of weights' elements.
    pub fn count_parameters(&self) -> usize {
        self.weights.iter().map(|(_, weight)| weight.spec.shape.volume(0)).sum()
    }

    /// The present value of the weight at a path, e.g. `dense/kernel`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest paths.
    pub fn weight(&self, path: &str) -> Result<Array> {
        self.engine.read(self.find_weight(path)?)
    }

    /// Sets the weight at a path.
    ///
    /// # Errors
    /// [`Error::UnknownName`]; [`Error::Graph`] when shape or element type differ.
    pub fn set_weight(&self, path: &str, value: &Array) -> Result<()> {
        self.engine.write(self.find_weight(path)?, value)
    }

    /// All weights' values in order of declaration.
    ///
    /// # Errors
    /// What the engine fails with.
    pub fn weight_values(&self) -> Result<Vec<Array>> {
        self.weights.iter().map(|(variable, _)| self.engine.read(variable)).collect()
    }

    /// Sets all weights, in order of declaration.
    ///
    /// # Errors
    /// [`Error::Data`] when the number differs; [`Error::Graph`] when a shape does.
    pub fn set_weight_values(&self, values: &[Array]) -> Result<()> {
        if values.len() != self.weights.len() {
            let expected = format!("{} arrays", self.weights.len());
            return Err(Error::data("set_weight_values", "values", expected, values.len()));
        }
        for ((variable, _), value) in self.weights.iter().zip(values) {
            self.engine.write(variable, value)?;
        }
        Ok(())
    }

    /// The same model with another activation at the end of every hidden layer that has one; the
    /// output layers and linear activations stay. `only` chooses among the layers' paths: `dense_1`,
    /// in a nested model `sequential/dense`. Weights are drawn anew.
    ///
    /// # Errors
    /// What building with the activation refuses; [`Error::Config`] with the layer's name for one
    /// that gives another shape.
    pub fn with_activation(
        &self,
        activation: &crate::Activation,
        only: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let network = self.network.with_hidden(&|path, layer| {
            let linear = layer.activation().is_none_or(crate::Activation::is_linear);
            (!linear && only(path)).then(|| layer.with_activation(activation.clone()))
        })?;
        self.fresh(network, self.seed)
    }

    /// A model of a network like this one's with weights from a seed; what layers know from data
    /// stays.
    fn fresh(&self, network: Network, seed: u64) -> Result<Self> {
        let model = Self::seeded(network, seed)?;
        for (path, _) in
            self.network.layers_by_path().iter().filter(|(_, layer)| layer.keeps_weights())
        {
            for (variable, weight) in self.weights.under(path) {
                if let Some((place, _)) = model.weights.get(&weight.path) {
                    model.engine.write(place, &self.engine.read(variable)?)?;
                }
            }
        }
        Ok(model)
    }

    /// The same model with fresh weights from another seed, not compiled.
    ///
    /// # Errors
    /// What an initializer refuses.
    pub fn with_seed(&self, seed: u64) -> Result<Self> {
        self.fresh(self.network.with_hidden(&|_, _| None)?, seed)
    }

    /// The results of a named layer (all of its outputs at its last call) for some inputs.
    ///
    /// # Errors
    /// [`Error::UnknownName`]; [`Error::Data`] for inputs that do not fit.
    pub fn outputs_of(&self, name: &str, inputs: &[&Array]) -> Result<Vec<Array>> {
        let step = self.network.last_call(name)?;
        let specs = self.check_inputs("outputs_of", inputs)?;
        let key = format!("outputs_of {step}");
        let program = self.program_to(&key, &specs, |values| values[step].clone())?;
        let mut outputs = Vec::new();
        program.run(inputs, &mut outputs, &Self::run_options())?;
        Ok(outputs)
    }

    /// The model's outputs for a batch of inputs, one array for each output.
    ///
    /// # Errors
    /// [`Error::Data`] for inputs that do not fit.
    pub fn predict_on_batch(&self, inputs: &[&Array]) -> Result<Vec<Array>> {
        let specs = self.check_inputs("predict", inputs)?;
        let mut outputs = Vec::new();
        self.predict_program(&specs)?.run(inputs, &mut outputs, &Self::run_options())?;
        Ok(outputs)
    }

    /// The program that computes the model's outputs.
    pub(crate) fn predict_program(&self, specs: &[Spec]) -> Result<Arc<dyn Executable>> {
        self.program_to("predict", specs, |values| {
            let outputs = self.network.outputs.iter();
            outputs.map(|slot| values[slot.step][slot.index].clone()).collect()
        })
    }

    /// The program from inputs to some of the steps' values, without training.
    fn program_to(
        &self,
        key: &str,
        specs: &[Spec],
        choose: impl Fn(&[Vec<rhyton_graph::Tensor>]) -> Vec<rhyton_graph::Tensor>,
    ) -> Result<Arc<dyn Executable>> {
        let types: Vec<String> = specs.iter().map(ToString::to_string).collect();
        self.engine.program(&format!("{key} {}", types.join(" ")), |tracer| {
            let inputs = crate::training_inputs::trace(tracer, &self.network, specs)?;
            let mut cx = Call::new(tracer, &self.weights, false);
            let values = self.network.trace(&mut cx, &inputs)?;
            for (place, tensor) in choose(&values).iter().enumerate() {
                tracer.output(&format!("y{place}"), tensor)?;
            }
            Ok(())
        })
    }

    /// The specifications of data as it comes, if it fits the model's inputs.
    pub(crate) fn check_inputs<'a>(
        &self,
        method: &'static str,
        inputs: &[impl Into<Rows<'a>> + Copy],
    ) -> Result<Vec<Spec>> {
        let expected = self.network.input_specs();
        if inputs.len() != expected.len() {
            let names: Vec<String> = expected.into_iter().map(|(name, _)| name).collect();
            let expected = format!("{} arrays ({})", names.len(), names.join(", "));
            return Err(Error::data(method, "inputs", expected, inputs.len()));
        }
        expected
            .into_iter()
            .zip(inputs)
            .map(|((name, spec), data)| {
                let data: Rows<'a> = (*data).into();
                if data.shape().is_empty() || spec.shape.bind(data.count()) != data.shape() {
                    let received = format!("{}{:?}", data.dtype(), data.shape());
                    return Err(Error::data(
                        method,
                        format!("input `{name}`"),
                        &*spec.to_string(),
                        received,
                    ));
                }
                Ok(spec.with_dtype(data.dtype()))
            })
            .collect()
    }

    pub(crate) fn run_options() -> RunOptions {
        let threads = crate::configuration::settings().map_or(0, |settings| settings.threads);
        RunOptions { threads, ..RunOptions::default() }
    }

    fn find_weight(&self, path: &str) -> Result<VariableId> {
        self.weights.get(path).map(|(variable, _)| variable).ok_or_else(|| {
            let paths: Vec<&str> = self.weights.iter().map(|(_, w)| w.path.as_str()).collect();
            Error::UnknownName {
                kind: "weight",
                name: path.to_owned(),
                owner: Some(self.network.name.clone()),
                nearest: crate::objects::nearest(path, paths.iter().copied()),
                fix: String::new(),
            }
        })
    }
}
