use std::sync::Arc;

use rhyton_expression::{Context, Expression, Signal};
use rhyton_graph::{Spec, Tensor};

use super::binding::{Bound, parse_call, split_arguments};
use super::{Body, Definition, Parameter, Trainable, lookup};
use crate::constraints::{AnyConstraint, Within};
use crate::initializers::Constant;
use crate::layer::{Call, Layer, Scope, WeightOptions};
use crate::{Error, Result};

/// An activation as a layer holds it: a definition and the values of its parameters.
///
/// Made from a name (`"swish"`), a name with parameters (`"swish(beta=1.5)"`,
/// `"swish(beta=trainable(1.5))"`), an expression (`"x * sigmoid(1.5 * x)"`) or a definition; a text
/// within `exact(…)` is computed in float64 ([`Activation::exact`]). What can't be found or read surfaces when the layer is built.
#[derive(Debug, Clone)]
pub struct Activation(State);

#[derive(Debug, Clone)]
enum State {
    Bound(Bound),
    /// A layer with weights of its own in the activation's place, as Keras' `PReLU`.
    Layer(Arc<dyn Layer>),
    Failed(Error),
}

impl Activation {
    /// The identity, whatever is registered under its name: what a layer without an activation has.
    pub fn linear() -> Self {
        Self::from(lookup::builtin("linear").expect("built-ins are listed"))
    }

    /// A built-in with values of its parameters; registered names don't take its place.
    pub(crate) fn of(builtin: &str, parameters: &[(&str, f64)]) -> Self {
        let definition = lookup::builtin(builtin).expect("layers name built-ins that are listed");
        let bound = parameters.iter().try_fold(Bound::new(definition), |bound, (name, value)| {
            bound.with(name, Parameter::Fixed(*value))
        });
        bound.map_or_else(Self::from, Self::from)
    }

    /// The activation that a text means: a name, a name with parameters, or an expression.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest names, [`Error::Expression`] with a caret.
    pub fn parse(text: &str) -> Result<Self> {
        Self::resolve(text).map(|bound| Self(State::Bound(bound)))
    }

    fn resolve(text: &str) -> Result<Bound> {
        let text = text.trim();
        let bare = || lookup::find(rhyton_expression::without_modules(text)?);
        if let Some(definition) = lookup::find(text).or_else(bare) {
            return Ok(Bound::new(definition));
        }
        if let Some(bound) = parse_call(text)? {
            return Ok(bound);
        }
        if let Some(inside) = exactly(text) {
            if exactly(inside).is_some() {
                let expected = "a function, once";
                return Err(Error::config("exact", "argument", expected, inside));
            }
            return Ok(Bound { exact: true, ..Self::resolve(inside)? });
        }
        let letter = |c: char| c.is_alphabetic() || c.is_ascii_digit();
        let named = |c: char| letter(c) || matches!(c, '_' | '>' | '/' | '.' | '-');
        let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        // `x/2`, `x-1` and `βx` could be names by their letters; what mentions x is an expression.
        let before_x = |c: char| c.is_numeric() || !c.is_ascii();
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mentions_x = words.any(|word| word.trim_start_matches(before_x) == "x");
        let short = text.len() <= rhyton_expression::MAX_LENGTH;
        if short && starts && text.chars().all(named) && !mentions_x && text.parse::<f64>().is_err()
        {
            return Err(lookup::unknown(text));
        }
        let vocabulary = lookup::vocabulary();
        let context = Context { vocabulary: Some(&vocabulary), ..Context::default() };
        let expression = Expression::parse_in(text, &context)
            .map_err(|error| Error::Expression(error.render()))?;
        let name = expression.name().unwrap_or_default().to_owned();
        let expression = super::definition::stabilised(text, expression);
        Ok(Bound::new(Arc::new(Definition::expression(&name, expression))))
    }

    /// With a parameter fixed or made trainable.
    ///
    /// # Errors
    /// [`Error::Config`] for a parameter that the definition does not have.
    pub fn with(self, parameter: &str, value: impl Into<Parameter>) -> Result<Self> {
        let bound = self.bound()?.clone().with(parameter, value.into())?;
        Ok(Self(State::Bound(bound)))
    }

    /// Computed in float64 and rounded once, value and derivative: at most 1 ULP where the fast way
    /// may lose digits between its steps. For functions of one element; others stay as they are.
    /// `"exact(swish)"` means the same. Files keep it in `rhyton.json`; Keras reads the plain function.
    ///
    /// # Errors
    /// What its name or text failed with.
    pub fn exact(self) -> Result<Self> {
        let bound = Bound { exact: true, ..self.bound()?.clone() };
        Ok(Self(State::Bound(bound)))
    }

    /// The definition behind the activation.
    ///
    /// # Errors
    /// What its name or text failed with.
    pub fn definition(&self) -> Result<&Arc<Definition>> {
        Ok(&self.bound()?.definition)
    }

    /// What it does to normally distributed signals, with parameters at their fixed or first values;
    /// `None` for what is no expression of one element.
    ///
    /// # Errors
    /// What its name or text failed with; an expression that is too large to derive.
    pub fn signal(&self) -> Result<Option<Signal>> {
        // A layer in the activation's place is no expression.
        let State::Bound(bound) = &self.0 else { return self.check().map(|()| None) };
        let Body::Expression(expression) = &bound.definition.body else { return Ok(None) };
        if !expression.is_elementwise() {
            return Ok(None);
        }
        let values: Vec<f64> = bound.parameters.iter().map(|(_, value)| value.value()).collect();
        let signal = Signal::new(expression, &values);
        signal.map(Some).map_err(|error| Error::Expression(error.to_string()))
    }

    /// The least version of the language that can say its definition; 1 for what is no expression,
    /// and for built-ins, of which files hold the name.
    pub(crate) fn language(&self) -> Result<u32> {
        let bound = self.bound()?;
        Ok(match &bound.definition.body {
            Body::Expression(expression) if bound.builtin().is_none() => expression.language(),
            _ => 1,
        })
    }

    /// The parameters with their values, in the definition's order.
    ///
    /// # Errors
    /// What its name or text failed with.
    pub fn parameters(&self) -> Result<&[(String, Parameter)]> {
        Ok(&self.bound()?.parameters)
    }

    /// Whether it is the built-in identity.
    pub fn is_linear(&self) -> bool {
        self.is_builtin("linear")
    }

    /// Whether it is the built-in of this name.
    pub(crate) fn is_builtin(&self, name: &str) -> bool {
        let State::Bound(bound) = &self.0 else { return false };
        lookup::builtin(name).is_some_and(|builtin| Arc::ptr_eq(&builtin, &bound.definition))
    }

    pub(crate) fn bound(&self) -> Result<&Bound> {
        match &self.0 {
            State::Bound(bound) => Ok(bound),
            State::Layer(layer) => {
                let expected = "a function, of which there is a definition";
                let received = format!("the layer {}", layer.spec().class_name);
                Err(Error::config("activation", "kind", expected, received))
            }
            State::Failed(error) => Err(error.clone()),
        }
    }

    /// The layer that stands in the activation's place, if one does.
    pub(crate) fn layer(&self) -> Option<&Arc<dyn Layer>> {
        match &self.0 {
            State::Layer(layer) => Some(layer),
            State::Bound(_) | State::Failed(_) => None,
        }
    }

    /// Whether a layer can use it.
    ///
    /// # Errors
    /// What its name or text failed with.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.0 {
            State::Failed(error) => Err(error.clone()),
            State::Bound(_) | State::Layer(_) => Ok(()),
        }
    }

    /// Declares the trainable parameters for an input of this shape.
    ///
    /// # Errors
    /// What its name or text failed with; an axis that the input does not have.
    pub fn build(&self, scope: &mut Scope<'_>, input: &Spec) -> Result<()> {
        if let Some(layer) = self.layer() {
            return scope.layer("activation", layer, std::slice::from_ref(input));
        }
        let bound = self.bound()?;
        let mut part = scope.activation();
        part.remember_input(input);
        for (name, parameter) in &bound.parameters {
            let Parameter::Trainable(trainable) = parameter else { continue };
            let shape = shape_of(name, trainable, input)?;
            let mut options = WeightOptions::new();
            if !trainable.is_free() {
                let within = Within::new(trainable.min, trainable.max);
                options = options.constraint(AnyConstraint::known(Arc::new(within)));
            }
            part.weight_with(name, &shape, Constant::new(trainable.initial), options)?;
        }
        Ok(())
    }

    /// The activation's value, inside a layer that has built it.
    ///
    /// # Errors
    /// What its name or text failed with; what its function refuses.
    pub fn call(&self, cx: &mut Call<'_>, x: &Tensor) -> Result<Tensor> {
        if self.is_linear() {
            return Ok(x.clone());
        }
        if self.layer().is_some() {
            let mut results = cx.call_layer("activation", std::slice::from_ref(x))?;
            return Ok(results.remove(0));
        }
        cx.note_activation_input(x);
        let bound = self.bound()?;
        let parameters: Vec<Tensor> = cx.within("activation", |cx| {
            bound
                .parameters
                .iter()
                .map(|(name, parameter)| match parameter {
                    Parameter::Fixed(value) => Ok(x.scalar_like(*value)),
                    Parameter::Trainable(trainable) => {
                        let weight = rhyton_graph::cast(&cx.weight(name)?, x.dtype());
                        trainable.axis.map_or(Ok(weight.clone()), |axis| along(&weight, x, axis))
                    }
                })
                .collect::<Result<_>>()
        })?;
        bound.apply(x, &parameters)
    }

    /// The activation of a tensor with all parameters at their fixed or first values, outside a
    /// layer: for plots, tables and tests.
    ///
    /// # Errors
    /// As [`Activation::call`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let bound = self.bound()?;
        let values = bound.parameters.iter();
        let parameters: Vec<Tensor> =
            values.map(|(_, parameter)| x.scalar_like(parameter.value())).collect();
        bound.apply(x, &parameters)
    }
}

/// What stands in `exact(…)`, which can be a name, a name with parameters, or an expression.
fn exactly(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("exact")?.trim_start();
    let inside = inside.strip_prefix('(')?.strip_suffix(')')?;
    split_arguments(inside).map(|_balanced| inside)
}

/// The shape of a trained parameter: none, or the size of its axis.
fn shape_of(name: &str, trainable: &Trainable, input: &Spec) -> Result<Vec<usize>> {
    let Some(axis) = trainable.axis else { return Ok(Vec::new()) };
    let place = input.shape.axis(name, axis)?;
    input.shape[place].fixed_size().map(|size| vec![size]).ok_or_else(|| {
        let expected = format!("a known size at axis {axis}");
        Error::config(name, "axis", expected, &input.shape)
    })
}

/// A parameter with a value for each place along an axis, shaped to broadcast against `x`.
fn along(weight: &Tensor, x: &Tensor, axis: isize) -> Result<Tensor> {
    let place = x.shape().axis("activation", axis)?;
    let mut dims = vec![rhyton_graph::Dim::ONE; x.rank()];
    dims[place] = x.shape()[place];
    Ok(rhyton_graph::reshape_to(weight, dims).checked()?)
}

impl Default for Activation {
    fn default() -> Self {
        Self::linear()
    }
}

impl From<&str> for Activation {
    fn from(text: &str) -> Self {
        Self(Self::resolve(text).map_or_else(State::Failed, State::Bound))
    }
}

impl From<String> for Activation {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Definition> for Activation {
    fn from(definition: Definition) -> Self {
        Self(State::Bound(Bound::new(Arc::new(definition))))
    }
}

impl From<Arc<Definition>> for Activation {
    fn from(definition: Arc<Definition>) -> Self {
        Self(State::Bound(Bound::new(definition)))
    }
}

impl From<Bound> for Activation {
    fn from(bound: Bound) -> Self {
        Self(State::Bound(bound))
    }
}

impl From<Arc<dyn Layer>> for Activation {
    /// A layer in the activation's place; its weights are the outer layer's.
    fn from(layer: Arc<dyn Layer>) -> Self {
        Self(State::Layer(layer))
    }
}

impl From<Error> for Activation {
    /// An activation that could not be read; building a layer with it fails so.
    fn from(error: Error) -> Self {
        Self(State::Failed(error))
    }
}
