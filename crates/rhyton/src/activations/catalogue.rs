//! The built-in activations, one file each. To add one: a file with its `DEFINITION`, its `mod`
//! line and its line in [`ACTIVATIONS`]; derivative, kernels, lists and files follow from it.

use rhyton_graph::Tensor;

mod celu;
mod elu;
mod exponential;
mod gelu;
mod glu;
mod hard_shrink;
mod hard_sigmoid;
mod hard_silu;
mod hard_tanh;
mod leaky_relu;
mod linear;
mod log_sigmoid;
mod log_softmax;
mod mish;
mod relu;
mod relu6;
mod selu;
mod sigmoid;
mod soft_shrink;
mod softmax;
mod softplus;
mod softsign;
mod sparse_plus;
mod sparse_sigmoid;
mod squareplus;
mod swish;
mod tanh;
mod tanh_shrink;
mod threshold;

/// Every built-in activation, by name.
pub static ACTIVATIONS: &[BuiltIn] = &[
    celu::DEFINITION,
    elu::DEFINITION,
    exponential::DEFINITION,
    gelu::DEFINITION,
    glu::DEFINITION,
    hard_shrink::DEFINITION,
    hard_sigmoid::DEFINITION,
    hard_silu::DEFINITION,
    hard_tanh::DEFINITION,
    leaky_relu::DEFINITION,
    linear::DEFINITION,
    log_sigmoid::DEFINITION,
    log_softmax::DEFINITION,
    mish::DEFINITION,
    relu::DEFINITION,
    relu6::DEFINITION,
    selu::DEFINITION,
    sigmoid::DEFINITION,
    soft_shrink::DEFINITION,
    softmax::DEFINITION,
    softplus::DEFINITION,
    softsign::DEFINITION,
    sparse_plus::DEFINITION,
    sparse_sigmoid::DEFINITION,
    squareplus::DEFINITION,
    swish::DEFINITION,
    tanh::DEFINITION,
    tanh_shrink::DEFINITION,
    threshold::DEFINITION,
];

/// A built-in activation: a definition, and how Keras writes it.
#[derive(Debug)]
pub struct BuiltIn {
    /// The name, Keras' where Keras has one.
    pub name: &'static str,
    /// Other names of the same definition; Keras' files use the first in place of the name.
    pub aliases: &'static [&'static str],
    /// The parameters with their defaults.
    pub parameters: &'static [(&'static str, f64)],
    /// The definition itself.
    pub formula: Formula,
    /// Shorter definitions for certain values of parameters, equal there and cheaper.
    pub special_cases: &'static [(&'static [(&'static str, f64)], &'static str)],
    /// The layer that Keras has for it, with that layer's own defaults.
    pub keras_layer: Option<(&'static str, &'static [(&'static str, f64)])>,
    /// Where it comes from.
    pub source: &'static str,
}

/// What a built-in activation computes.
#[derive(Debug, Clone, Copy)]
pub enum Formula {
    /// A text in the expression language.
    Elementwise(&'static str),
    /// A function over the axis that the parameter `axis` names, described for people.
    OverAxis(&'static str, fn(&Tensor, isize) -> Tensor),
}

impl BuiltIn {
    /// The built-in with a name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        ACTIVATIONS.iter().find(|builtin| builtin.name == name || builtin.aliases.contains(&name))
    }

    /// The name that Keras' files use: the alias, where Keras prefers it.
    pub fn keras_name(&self) -> &'static str {
        self.aliases.iter().find(|&&alias| alias == "silu").copied().unwrap_or(self.name)
    }

    /// The formula as people read it.
    pub fn text(&self) -> &'static str {
        match self.formula {
            Formula::Elementwise(text) | Formula::OverAxis(text, _) => text,
        }
    }

    /// `elementwise` or `axis`.
    pub fn kind(&self) -> &'static str {
        match self.formula {
            Formula::Elementwise(_) => "elementwise",
            Formula::OverAxis(..) => "axis",
        }
    }
}
