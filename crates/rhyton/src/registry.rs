//! Custom objects: names that users give to their own definitions.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rhyton_expression::Expression;
use rhyton_graph::Tensor;

use crate::activations::{Activation, Definition, Parameter, TensorFunction};
use crate::layer::LayerSpec;
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
    /// The name may be `package>name`. Registering over a built-in is allowed; registering the
    /// same name again with another definition needs [`Registry::replace`].
    ///
    /// # Errors
    /// [`Error::AlreadyRegistered`], [`Error::Config`] for a bad name.
    pub fn activation<const COUNT: usize, Arguments>(
        &self,
        name: &str,
        function: impl ActivationFunction<COUNT, Arguments>,
        parameters: [(&str, f64); COUNT],
    ) -> Result<()> {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        self.insert(name, Definition::function(name, function.erased(), parameters), false)
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
                let (Parameter::Fixed(value) | Parameter::Trainable { initial: value, .. }) = bound;
                default.1 = *value;
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

    fn read(name: &str, text: &str) -> Result<Definition> {
        let vocabulary = crate::activations::vocabulary();
        let context = rhyton_expression::Context {
            vocabulary: Some(&vocabulary),
            ..rhyton_expression::Context::default()
        };
        let expression = Expression::parse_in(text, &context)
            .map_err(|error| Error::Expression(error.render()))?;
        for warning in expression.warnings() {
            crate::notices::once(&format!("activation `{name}`: {warning}"));
        }
        let stable = expression.stabilise();
        if let Some(stable) = &stable {
            crate::notices::once(&format!(
                "activation `{name}`: computed as `{stable}`, which is stable; you wrote `{expression}`"
            ));
        }
        Ok(Definition::expression(name, stable.unwrap_or(expression)))
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
                Arc::new(move |x, parameters| {
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
