use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast};
use rhyton_macros::Setters;
use rhyton_tensor::Array;

use super::{Kind, Model, Network, StepAction};
use crate::initializers::Given;
use crate::layer::{
    Autocast, Call, CallOptions, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, first, record,
};
use crate::objects::{Config, Configured, ObjectSpec};
use crate::{Error, Result};

/// How many calls of layers a model may have, those in nested models counted at each of their
/// calls: a file of a few lines may nest models to any power.
pub(crate) const CALLS_MAX: usize = 100_000;

/// A model as a layer of another: [`Model::apply`] puts it there, [`Model::to_layer`] gives it to a
/// [`Sequential`](crate::Sequential).
///
/// Its weights start in the outer model with the values that they have now; the two models do not
/// share them afterwards. A layer that is not trainable freezes all that is inside, and statistics
/// such as those of batch normalization stand still.
///
/// # Shapes
/// Those of the model's inputs and outputs.
///
/// Source: Keras 3.15, `keras.Model` and `keras.Sequential` called on tensors.
#[derive(Debug, Clone, Setters)]
pub struct ModelLayer {
    common: Common,
    #[setters(skip)]
    network: Arc<Network>,
    /// [`Network::calls`], counted once: nested models would be walked again at each level.
    #[setters(skip)]
    calls: usize,
    /// First values of the weights by their paths; without one they are drawn.
    #[setters(skip)]
    values: Arc<BTreeMap<String, Arc<Array>>>,
}

static FUNCTIONAL: LayerSpec = LayerSpec {
    class_name: "Functional",
    module: "keras.src.models.functional",
    aliases: &["Model"],
    from_config: |config| Ok(Arc::new(ModelLayer::read("Functional", &config)?)),
    cases: &[],
};

static SEQUENTIAL: LayerSpec = LayerSpec {
    class_name: "Sequential",
    module: "keras",
    aliases: &[],
    from_config: |config| Ok(Arc::new(ModelLayer::read("Sequential", &config)?)),
    cases: &[],
};

/// The entries of models among layers, by Keras' class.
pub(crate) fn model_spec(class_name: &str) -> Option<&'static LayerSpec> {
    let is =
        |spec: &&LayerSpec| spec.class_name == class_name || spec.aliases.contains(&class_name);
    [&FUNCTIONAL, &SEQUENTIAL].into_iter().find(is)
}

impl ModelLayer {
    pub(crate) fn new(network: Network) -> Result<Self> {
        let calls = network.calls();
        if calls > CALLS_MAX {
            let expected = format!("at most {CALLS_MAX} calls, those in nested models counted");
            return Err(Error::config(&network.name, "layers", expected, calls));
        }
        let mut common = Common::default();
        let unnamed = matches!(network.name.as_str(), "functional" | "sequential");
        common.name = (!unnamed).then(|| network.name.clone());
        Ok(Self { common, network: Arc::new(network), calls, values: Arc::default() })
    }

    fn read(class: &str, config: &serde_json::Value) -> Result<Self> {
        Self::new(crate::saving::network_of(class, config)?)
    }

    /// The model behind a layer, if it is one.
    pub(crate) fn of(layer: &dyn Layer) -> Option<&Self> {
        (layer as &dyn Any).downcast_ref()
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// The same place in a model with a network of the same weights, which start as before.
    pub(crate) fn with_same_weights(&self, network: Network) -> Self {
        let common = self.common.shared(self.common.name.clone());
        let (calls, values) = (self.calls, Arc::clone(&self.values));
        Self { common, network: Arc::new(network), calls, values }
    }

    /// The same place in a model with another network, whose weights are drawn anew.
    pub(crate) fn with_network(&self, network: Network) -> Self {
        let (common, calls) = (self.common.clone(), self.calls);
        Self { common, network: Arc::new(network), calls, values: Arc::default() }
    }
}

impl Configured<LayerKind> for ModelLayer {
    fn spec(&self) -> &'static ObjectSpec<dyn Layer> {
        match self.network.kind {
            Kind::Functional => &FUNCTIONAL,
            Kind::Sequential => &SEQUENTIAL,
        }
    }

    fn config(&self) -> Config {
        crate::saving::config_of(&self.network)
    }
}

impl Layer for ModelLayer {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let declared = self.network.input_specs();
        if declared.len() != inputs.len() {
            let expected = format!("{}", declared.len());
            return Err(Error::config(self.label(), "inputs", expected, inputs.len()));
        }
        for ((name, spec), input) in declared.iter().zip(inputs) {
            if spec.shape != input.shape {
                let what = format!("input `{name}`");
                return Err(Error::config(self.label(), what, spec.to_string(), input));
            }
        }
        self.network.build_in(scope)?;
        for (path, value) in &*self.values {
            scope.set_initializer(path, Given::new(Arc::clone(value)).into());
        }
        Ok(())
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let specs = self.network.input_specs();
        let inputs: Vec<Tensor> =
            inputs.iter().zip(&specs).map(|(x, (_, spec))| cast(x, spec.dtype)).collect();
        let masks = (0..inputs.len()).map(|place| cx.mask(place).cloned()).collect();
        let traced = self.network.trace_masked(cx, &inputs, masks)?;
        let outputs = self.network.outputs.iter();
        let (tensors, masks): (Vec<Tensor>, Vec<Option<Tensor>>) = outputs
            .map(|slot| {
                let mask = traced.masks[slot.step].get(slot.index).cloned().flatten();
                (traced.values[slot.step][slot.index].clone(), mask)
            })
            .unzip();
        cx.set_masks(masks);
        Ok(tensors.into())
    }

    fn autocast(&self) -> Autocast {
        Autocast::Nothing
    }

    fn takes_list(&self) -> bool {
        self.network.inputs.len() > 1
    }
}

impl Model {
    /// The model as a layer of another, with the weights that it has now.
    ///
    /// # Errors
    /// What the engine fails with while weights are read; a model of too many calls.
    pub fn to_layer(&self) -> Result<ModelLayer> {
        let mut layer = ModelLayer::new(self.network.clone())?;
        layer.common = self.common.shared(layer.common.name.take());
        let weights = self.weights.iter();
        let read = |(variable, weight): (_, &crate::layer::Weight)| {
            Ok((weight.path.clone(), Arc::new(self.engine.read(variable)?)))
        };
        layer.values = Arc::new(weights.map(read).collect::<Result<_>>()?);
        Ok(layer)
    }

    /// Puts the model, with the weights that it has now, after `inputs` in another; both calls of a
    /// model that is called twice share them. Of several outputs it gives the first.
    ///
    /// A failure travels in the result and surfaces when the outer model is made.
    ///
    /// ```
    /// use rhyton::{Apply, Dense, Model, Sequential, input};
    /// let body = Sequential::new().input(&[4]).add(Dense::new(3).activation("relu")).build()?;
    /// let (a, b) = (input(&[4]), input(&[4]));
    /// let y = Dense::new(1).apply(&[&(body.apply(&[&a]) - body.apply(&[&b]))]);
    /// let model = Model::functional(&[&a, &b], &[&y])?;
    /// assert_eq!(model.count_parameters(), 15 + 4);
    /// # Ok::<(), rhyton::Error>(())
    /// ```
    pub fn apply(&self, inputs: &[&Tensor]) -> Tensor {
        first(self.apply_many(inputs))
    }

    /// As [`Model::apply`], all outputs.
    ///
    /// # Errors
    /// As [`Model::to_layer`]; inputs that do not fit.
    pub fn apply_many(&self, inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
        let layer = Arc::new(self.to_layer()?);
        record(layer, self.common.identity(), inputs, CallOptions::default())
    }
}

impl Network {
    /// The calls of layers and operations, those in nested models at each call.
    pub(crate) fn calls(&self) -> usize {
        let calls = |action: &StepAction| match action {
            StepAction::Layer { layer, .. } => match ModelLayer::of(&*self.layers[*layer]) {
                Some(nested) => nested.calls.saturating_add(1),
                None => 1,
            },
            _ => 1,
        };
        self.steps.iter().map(|step| calls(&step.action)).fold(0, usize::saturating_add)
    }
}
