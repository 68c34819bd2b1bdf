use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use rhyton_expression::{Expression, Warning};
use rhyton_graph::{Graph, Spec, Tensor};

use super::{AxisFunction, BuiltIn, Formula};
use crate::{Error, Result};

/// The parameter that says along which axis functions over an axis work.
pub(crate) const AXIS: &str = "axis";

/// What an activation computes, under a name, with parameters and their defaults.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The name; empty for an expression written in place.
    pub name: String,
    /// The package of a registration `package>name`.
    pub package: Option<String>,
    /// The parameters with their defaults.
    pub parameters: Vec<(String, f64)>,
    /// The function itself.
    pub body: Body,
}

/// The function behind a definition.
#[derive(Clone)]
pub enum Body {
    /// An elementwise expression.
    Expression(Expression),
    /// A Rust function over tensors: the input and one tensor for each parameter.
    Function(TensorFunction),
    /// A built-in function over the axis that the parameter `axis` names.
    OverAxis(&'static BuiltIn, AxisFunction),
    /// A function that came with a file: one program for each shape it was used with, taking the
    /// input and the parameters.
    Saved(Vec<(Spec, Arc<Graph>)>),
}

type Erased = dyn Fn(&Tensor, &[Tensor]) -> Tensor + Send + Sync;

/// A Rust function of the input and the parameters.
#[derive(Clone)]
pub struct TensorFunction {
    function: Arc<Erased>,
    /// The function's own type; `None` for a closure over values, whose type says not all.
    kind: Option<TypeId>,
}

impl TensorFunction {
    /// A function from the input and a slice of the parameters.
    pub fn new<F>(function: F) -> Self
    where
        F: Fn(&Tensor, &[Tensor]) -> Tensor + Send + Sync + 'static,
    {
        let kind = (size_of::<F>() == 0).then(TypeId::of::<F>);
        Self { function: Arc::new(function), kind }
    }

    /// The function's value.
    pub fn call(&self, x: &Tensor, parameters: &[Tensor]) -> Tensor {
        (self.function)(x, parameters)
    }

    /// Whether both are one function.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
            || (self.kind.is_some() && self.kind == other.kind)
    }
}

impl fmt::Debug for TensorFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Rust function")
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression(expression) => write!(f, "{expression}"),
            Self::Function(function) => write!(f, "{function:?}"),
            Self::OverAxis(builtin, _) => f.write_str(builtin.text()),
            Self::Saved(programs) => write!(f, "a saved function of {} shapes", programs.len()),
        }
    }
}

impl Definition {
    /// A definition from an expression; its parameters are the expression's, and `axis`, −1, if it
    /// calls a function over an axis.
    pub fn expression(name: &str, expression: Expression) -> Self {
        let mut parameters: Vec<(String, f64)> =
            expression.parameters().iter().map(|p| (p.name.clone(), p.default)).collect();
        if !expression.is_elementwise() && expression.parameters().iter().all(|p| p.name != AXIS) {
            parameters.push((AXIS.to_owned(), -1.0));
        }
        Self {
            name: name.to_owned(),
            package: None,
            parameters,
            body: Body::Expression(expression),
        }
    }

    /// A definition from a Rust function and its named parameters.
    pub fn function(name: &str, function: TensorFunction, parameters: Vec<(String, f64)>) -> Self {
        Self { name: name.to_owned(), package: None, parameters, body: Body::Function(function) }
    }

    /// The definition of a built-in.
    pub(crate) fn builtin(builtin: &'static BuiltIn) -> Self {
        let parameters: Vec<(&str, f64)> =
            builtin.parameters.iter().map(|p| (p.name, p.default)).collect();
        let body = match builtin.formula {
            Formula::Expression(text) => {
                let own: Vec<(&str, f64)> =
                    parameters.iter().copied().filter(|(name, _)| *name != AXIS).collect();
                let definition = signature(builtin.name, &own, text);
                let parsed = Expression::parse(&definition);
                Body::Expression(parsed.expect("a test parses every built-in definition"))
            }
            Formula::Function(_, function) => Body::OverAxis(builtin, function),
        };
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value));
        let (name, parameters) = (builtin.name.to_owned(), parameters.collect());
        Self { name, package: None, parameters, body }
    }

    /// The key under which files and registries know it: `package>name`, or the name.
    pub fn key(&self) -> String {
        match &self.package {
            Some(package) => format!("{package}>{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it works along an axis, which its parameter `axis` names.
    pub fn is_over_axis(&self) -> bool {
        match &self.body {
            Body::Expression(expression) => !expression.is_elementwise(),
            Body::OverAxis(..) => true,
            Body::Function(_) | Body::Saved(_) => false,
        }
    }

    /// The formula as people read it.
    pub fn text(&self) -> String {
        format!("{:?}", self.body)
    }

    /// Whether it can be told to compute the same as another: expressions by their nodes, functions
    /// when they are one, a function and a saved one by the programs that they make.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let same_body = match (&self.body, &other.body) {
            (Body::Expression(a), Body::Expression(b)) => a.nodes() == b.nodes(),
            (Body::Function(a), Body::Function(b)) => a.is(b),
            (Body::Function(_), Body::Saved(programs)) => self.computes(programs),
            (Body::Saved(programs), Body::Function(_)) => other.computes(programs),
            (Body::OverAxis(a, _), Body::OverAxis(b, _)) => std::ptr::eq(*a, *b),
            (Body::Saved(a), Body::Saved(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && Arc::ptr_eq(&a.1, &b.1))
            }
            _ => false,
        };
        same_body && self.parameters == other.parameters
    }

    /// Whether the programs are what the definition makes for their inputs.
    fn computes(&self, programs: &[(Spec, Arc<Graph>)]) -> bool {
        programs.iter().all(|(spec, graph)| {
            super::keras_form::program(self, spec).is_ok_and(|own| own == graph.to_string())
        })
    }

    /// The value for an input and one tensor for each parameter, along the last axis if over one.
    ///
    /// # Errors
    /// [`Error::Config`] for a saved function that was not saved for this shape; what a program
    /// refuses.
    pub(crate) fn apply(&self, x: &Tensor, parameters: &[Tensor]) -> Result<Tensor> {
        match &self.body {
            Body::Expression(expression) => {
                let own = &parameters[..expression.parameters().len()];
                Ok(expression.lower(x, own).checked()?)
            }
            Body::Function(function) => Ok(function.call(x, parameters).checked()?),
            Body::OverAxis(_, function) => {
                let defaults: Vec<f64> = self.parameters.iter().map(|(_, value)| *value).collect();
                Ok(function(x, &defaults).checked()?)
            }
            Body::Saved(programs) => {
                let Some((_, program)) = programs.iter().find(|(spec, _)| spec == x.spec()) else {
                    let known: Vec<String> =
                        programs.iter().map(|(spec, _)| spec.to_string()).collect();
                    return Err(Error::config(
                        self.key(),
                        "input",
                        format!("one of the shapes it was saved for ({})", known.join(", ")),
                        x.spec(),
                    ));
                };
                let mut inputs = vec![x.clone()];
                inputs.extend_from_slice(parameters);
                Ok(program.call(&inputs)?.remove(0).checked()?)
            }
        }
    }
}

/// An activation's expression as it is computed; see [`stabilised_as`].
pub(crate) fn stabilised(label: &str, expression: Expression) -> Expression {
    stabilised_as("activation", label, expression)
}

/// An expression as it is computed: its stable form, if it has one. Tells once what that is, and
/// what the expression's reader warned of.
pub(crate) fn stabilised_as(kind: &str, label: &str, expression: Expression) -> Expression {
    // Losses and metrics are functions of y_true and y_pred.
    let applies =
        |warning: &&Warning| kind == "activation" || **warning != Warning::IndependentOfInput;
    for warning in expression.warnings().iter().filter(applies) {
        crate::notices::once(&format!("{kind} `{label}`: {warning}"));
    }
    let Some(stable) = expression.stabilise() else { return expression };
    crate::notices::once(&format!(
        "{kind} `{label}`: computed as `{stable}`, which is stable; you wrote `{expression}`"
    ));
    stable
}

/// `name(x, beta=1) = text`, so that parameters keep their order and defaults.
pub(crate) fn signature(name: &str, parameters: &[(&str, f64)], text: &str) -> String {
    let list: Vec<String> =
        parameters.iter().map(|(name, value)| format!(", {name}={}", number(*value))).collect();
    format!("{name}(x{}) = {text}", list.concat())
}

/// A number as the language writes it.
pub(crate) fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    format!("{value:?}")
}
