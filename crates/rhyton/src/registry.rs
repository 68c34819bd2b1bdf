//! Custom objects: names that users give to their own definitions.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rhyton_expression::Expression;
use rhyton_graph::Tensor;

use crate::activations::{Activation, Definition, TensorFunction, stabilised};
use crate::layer::LayerSpec;
#[cfg(feature = "training")]
use crate::losses::{Loss, LossFunction, LossSpec};
#[cfg(feature = "training")]
use crate::metrics::{Metric, MetricFunction, MetricSpec};
#[cfg(feature = "training")]
use crate::objects::ObjectSpec;
use crate::{Error, Result};

/// Names and what they stand for. A clone shares its entries; the global registry is
/// [`custom_objects`], others are for scopes.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Arc<RwLock<Entries>>,
}

#[derive(Debug, Default)]
struct Entries {
    activations: BTreeMap<String, Arc<Definition>>,
    layers: BTreeMap<String, &'static LayerSpec>,
    #[cfg(feature = "training")]
    losses: Shelf<dyn Loss>,
    #[cfg(feature = "training")]
    metrics: Shelf<dyn Metric>,
}

/// Values by name, and classes that configurations are read by.
#[cfg(feature = "training")]
struct Shelf<T: ?Sized + 'static> {
    values: BTreeMap<String, Arc<T>>,
    classes: BTreeMap<&'static str, &'static ObjectSpec<T>>,
}

#[cfg(feature = "training")]
impl<T: ?Sized> Default for Shelf<T> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), classes: BTreeMap::new() }
    }
}

#[cfg(feature = "training")]
impl<T: ?Sized> std::fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.values.keys()).entries(self.classes.keys()).finish()
    }
}

/// The registry that is looked up when no scope has the name.
pub fn custom_objects() -> Registry {
    static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::default);
    GLOBAL.clone()
}

/// [`custom_objects`], under Keras' name.
pub fn get_custom_objects() -> Registry {
    custom_objects()
}

impl Registry {
    /// An empty registry, for a scope.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a Rust function as an activation: `swish(x, beta)` with its named parameters.
    ///
    /// The name may be `package>name`. Registering over a built-in is allowed, and so is registering
    /// the same function again; another definition needs [`Registry::replace_with`]. (Of closures
    /// over values it can't be told whether they are the same.)
    ///
    /// # Errors
    /// [`Error::AlreadyRegistered`], [`Error::Config`] for a bad name.
    pub fn activation<const COUNT: usize, Arguments>(
        &self,
        name: &str,
        function: impl ActivationFunction<COUNT, Arguments>,
        parameters: [(&str, f64); COUNT],
    ) -> Result<()> {
        self.insert(name, Self::of_function(name, function.erased(), &parameters), false)
    }

    /// As [`Registry::activation`], in place of what the name stands for now.
    ///
    /// # Errors
    /// [`Error::Config`] for a bad name.
    pub fn replace_with<const COUNT: usize, Arguments>(
        &self,
        name: &str,
        function: impl ActivationFunction<COUNT, Arguments>,
        parameters: [(&str, f64); COUNT],
    ) -> Result<()> {
        self.insert(name, Self::of_function(name, function.erased(), &parameters), true)
    }

    /// Registers an expression as an activation: `"x * sigmoid(beta * x)"`, or with defaults
    /// `"swish(x, beta=1.5) = x * sigmoid(beta * x)"`.
    ///
    /// # Errors
    /// [`Error::Expression`] with a caret, [`Error::AlreadyRegistered`], [`Error::Config`] for a
    /// bad name.
    pub fn activation_from(&self, name: &str, expression: &str) -> Result<()> {
        self.insert(name, Self::read(name, expression)?, false)
    }

    /// As [`Registry::activation_from`], in place of what the name stands for now.
    ///
    /// # Errors
    /// [`Error::Expression`], [`Error::Config`].
    pub fn replace(&self, name: &str, expression: &str) -> Result<()> {
        self.insert(name, Self::read(name, expression)?, true)
    }

    /// Registers activations by name; a layer that only wraps one is unwrapped. Values that their
    /// parameters have become the defaults.
    ///
    /// # Errors
    /// As [`Registry::activation_from`].
    pub fn update<'a, T: Into<Activation>>(
        &self,
        activations: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Result<()> {
        for (name, activation) in activations {
            let activation = activation.into();
            let mut definition = (**activation.definition()?).clone();
            for (default, (_, bound)) in
                definition.parameters.iter_mut().zip(activation.parameters()?)
            {
                default.1 = bound.value();
            }
            self.insert(name, definition, false)?;
        }
        Ok(())
    }

    /// Registers a layer of your own, so that files with it can be read.
    ///
    /// # Errors
    /// [`Error::AlreadyRegistered`] when the class name stands for another layer.
    pub fn layer(&self, spec: &'static LayerSpec) -> Result<()> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entries.layers.get(spec.class_name) {
            Some(existing) if !std::ptr::eq(*existing, spec) => Err(Error::AlreadyRegistered {
                kind: "layer",
                name: spec.class_name.to_owned(),
                existing: existing.module.to_owned(),
                new: spec.module.to_owned(),
            }),
            _ => {
                entries.layers.insert(spec.class_name.to_owned(), spec);
                Ok(())
            }
        }
    }

    /// Takes a name out.
    pub fn remove(&self, name: &str) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.activations.remove(name);
        entries.layers.remove(name);
        #[cfg(feature = "training")]
        {
            entries.losses.values.remove(name);
            entries.losses.classes.remove(name);
            entries.metrics.values.remove(name);
            entries.metrics.classes.remove(name);
        }
    }

    /// What an activation's name stands for here.
    pub fn find_activation(&self, name: &str) -> Option<Arc<Definition>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.activations.get(name).cloned()
    }

    /// The names of all activations here, sorted.
    pub fn activation_names(&self) -> Vec<String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.activations.keys().cloned().collect()
    }

    pub(crate) fn find_layer(&self, class_name: &str) -> Option<&'static LayerSpec> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.layers.get(class_name).copied()
    }

    fn of_function(name: &str, function: TensorFunction, parameters: &[(&str, f64)]) -> Definition {
        let named = parameters.iter().map(|(name, value)| ((*name).to_owned(), *value));
        Definition::function(name, function, named.collect())
    }

    fn read(name: &str, text: &str) -> Result<Definition> {
        let vocabulary = crate::activations::vocabulary();
        let context = rhyton_expression::Context {
            vocabulary: Some(&vocabulary),
            ..rhyton_expression::Context::default()
        };
        let expression = Expression::parse_in(text, &context)
            .map_err(|error| Error::Expression(error.render()))?;
        let expression = stabilised(name, expression);
        tell_review(name, &expression);
        Ok(Definition::expression(name, expression))
    }

    fn insert(&self, key: &str, mut definition: Definition, replace: bool) -> Result<()> {
        let (package, name) = match key.rsplit_once('>') {
            Some((package, name)) => (Some(package.to_owned()), name),
            None => (None, key),
        };
        let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        let starts = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !starts || !name.chars().all(letter) || package.as_deref() == Some("") {
            let expected = "a word, optionally after `package>`";
            return Err(Error::config("registry", "name", expected, format!("`{key}`")));
        }
        name.clone_into(&mut definition.name);
        definition.package = package;
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(existing) = entries.activations.get(key)
            && !replace
            && !existing.same_as(&definition)
        {
            return Err(Error::AlreadyRegistered {
                kind: "activation",
                name: key.to_owned(),
                existing: existing.text(),
                new: definition.text(),
            });
        }
        entries.activations.insert(key.to_owned(), Arc::new(definition));
        Ok(())
    }
}

#[cfg(feature = "training")]
impl Registry {
    /// Registers a function of targets and predictions as a loss, one value a sample. Files hold its
    /// definition. It replaces a loss that was registered under the name.
    pub fn loss(
        &self,
        name: &str,
        function: impl Fn(&Tensor, &Tensor) -> Tensor + Send + Sync + 'static,
    ) {
        let loss = Arc::new(LossFunction::new(name, function));
        self.change(("loss", name), |entries| entries.losses.values.insert(name.to_owned(), loss));
    }

    /// Registers an expression over `y_true` and `y_pred` as a loss: `"square(y_true - y_pred)"`, whose
    /// values are averaged over the last axis, or with parameters
    /// `"lambda y_true, y_pred, delta=0.5: …"`, which `"name(delta=2)"` sets. It replaces a loss that
    /// was registered under the name.
    ///
    /// # Errors
    /// [`Error::Expression`] with a caret; [`Error::Config`] for an expression without `y_pred`.
    pub fn loss_from(&self, name: &str, expression: &str) -> Result<()> {
        let loss = Arc::new(LossFunction::from_expression(name, expression)?);
        self.change(("loss", name), |entries| entries.losses.values.insert(name.to_owned(), loss));
        Ok(())
    }

    /// Registers a loss of your own with its settings, so that files with it can be read.
    pub fn loss_class(&self, spec: &'static LossSpec) {
        self.change(("loss", spec.class_name), |entries| {
            let before = entries.losses.classes.insert(spec.class_name, spec);
            before.filter(|before| !std::ptr::eq(*before, spec))
        });
    }

    /// Registers a function of targets and predictions as a metric, the mean of its values. Files
    /// hold its definition. It replaces a metric that was registered under the name.
    pub fn metric(
        &self,
        name: &str,
        function: impl Fn(&Tensor, &Tensor) -> Tensor + Send + Sync + 'static,
    ) {
        let metric = Arc::new(MetricFunction::new(name, function));
        self.change(("metric", name), |entries| {
            entries.metrics.values.insert(name.to_owned(), metric)
        });
    }

    /// Registers an expression over `y_true` and `y_pred` as a metric, the mean of its values; as
    /// [`Registry::loss_from`].
    ///
    /// # Errors
    /// As [`Registry::loss_from`].
    pub fn metric_from(&self, name: &str, expression: &str) -> Result<()> {
        let metric = Arc::new(MetricFunction::from_expression(name, expression)?);
        self.change(("metric", name), |entries| {
            entries.metrics.values.insert(name.to_owned(), metric)
        });
        Ok(())
    }

    /// Registers a metric of your own with its settings, so that files with it can be read.
    pub fn metric_class(&self, spec: &'static MetricSpec) {
        self.change(("metric", spec.class_name), |entries| {
            let before = entries.metrics.classes.insert(spec.class_name, spec);
            before.filter(|before| !std::ptr::eq(*before, spec))
        });
    }

    pub(crate) fn find_loss(&self, name: &str) -> Option<Arc<dyn Loss>> {
        self.look(|entries| entries.losses.values.get(name).cloned())
    }

    pub(crate) fn find_loss_class(&self, class_name: &str) -> Option<&'static LossSpec> {
        self.look(|entries| entries.losses.classes.get(class_name).copied())
    }

    pub(crate) fn find_metric(&self, name: &str) -> Option<Arc<dyn Metric>> {
        self.look(|entries| entries.metrics.values.get(name).cloned())
    }

    pub(crate) fn find_metric_class(&self, class_name: &str) -> Option<&'static MetricSpec> {
        self.look(|entries| entries.metrics.classes.get(class_name).copied())
    }

    fn look<T>(&self, find: impl FnOnce(&Entries) -> Option<T>) -> Option<T> {
        find(&self.entries.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers something; says once that it takes the place of what was there, or of a built-in.
    fn change<T>(
        &self,
        (kind, name): (&str, &str),
        change: impl FnOnce(&mut Entries) -> Option<T>,
    ) {
        let before = change(&mut self.entries.write().unwrap_or_else(PoisonError::into_inner));
        let built_in = match kind {
            "loss" => crate::losses::LOSSES.find(name).is_some(),
            _ => crate::metrics::METRICS.find(name).is_some(),
        };
        let place = match (before, built_in) {
            (Some(_), _) => "the one registered before",
            (None, true) => "the built-in",
            (None, false) => return,
        };
        crate::notices::once(&format!(
            "{kind} `{name}`: your registration is used in place of {place}"
        ));
    }
}

/// A Rust function of the input and `COUNT` parameters.
pub trait ActivationFunction<const COUNT: usize, Arguments> {
    /// The function with its parameters as a slice.
    fn erased(self) -> TensorFunction;
}

macro_rules! activation_function {
    ($count:literal: $($index:literal $type:ty),*) => {
        impl<F> ActivationFunction<$count, (Tensor, $($type,)*)> for F
        where
            F: Fn(&Tensor, $(&$type),*) -> Tensor + Send + Sync + 'static,
        {
            fn erased(self) -> TensorFunction {
                TensorFunction::new(move |x: &Tensor, parameters: &[Tensor]| {
                    let _ = parameters;
                    self(x, $(&parameters[$index]),*)
                })
            }
        }
    };
}

activation_function!(0:);
activation_function!(1: 0 Tensor);
activation_function!(2: 0 Tensor, 1 Tensor);
activation_function!(3: 0 Tensor, 1 Tensor, 2 Tensor);
activation_function!(4: 0 Tensor, 1 Tensor, 2 Tensor, 3 Tensor);
/// Tells what float32 makes of an expression where that is not a number, or no finite one though it
/// should be. A review samples inputs and takes at most 20 ms.
fn tell_review(name: &str, expression: &Expression) {
    // A function over an axis has no review; one too large to derive fails where it is used.
    let Ok(review) = expression.review(&[]) else { return };
    let findings = [
        ("is NaN", &review.nan),
        ("overflows float32 on its way to a finite value", &review.overflow),
        ("has a derivative that is no finite number", &review.derivative_failures),
    ];
    for (what, inputs) in findings {
        let Some(first) = inputs.ranges.first() else { continue };
        let (from, to) = (first.from, first.to);
        let place = if from == to { format!("at {from}") } else { format!("from {from} to {to}") };
        let more = if inputs.ranges.len() > 1 { " and elsewhere" } else { "" };
        crate::notices::once(&format!(
            "activation `{name}`: `{expression}` {what} {place}{more}; `rhyton activations check` \
             tells more"
        ));
    }
}

#[cfg(all(test, feature = "training"))]
mod tests {
    use super::*;
    use crate::notices::tests::heard;

    #[test]
    fn losses_and_metrics_that_take_a_place_say_so_once() {
        let registry = Registry::new();
        heard();
        for expression in
            ["square(y_true - y_pred)", "abs(y_true - y_pred)", "log(y_pred) - y_true"]
        {
            registry.loss_from("mine", expression).unwrap();
            registry.metric_from("mae", expression).unwrap();
        }
        let said = heard();
        let lines: Vec<&str> = said.lines().filter(|line| line.contains("in place of")).collect();
        assert_eq!(
            lines,
            [
                "rhyton: metric `mae`: your registration is used in place of the built-in",
                "rhyton: loss `mine`: your registration is used in place of the one registered before",
                "rhyton: metric `mae`: your registration is used in place of the one registered before",
            ]
        );
    }
}
