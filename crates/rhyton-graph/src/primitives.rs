//! The closed list of primitives. Each file holds attributes, the rule for shape and element type,
//! the gradient, the reference evaluation and their tests. To add one: a file, its `mod` line and
//! its line in the list below; `docs/primitives.md` says what belongs here.

use std::fmt;

use rhyton_tensor::Array;

use crate::{Attribute, Attributes, Result, Spec, Tensor};

mod arg_reduce;
mod binary;
mod broadcast;
mod cast;
mod compare;
mod concatenate;
mod convolution;
mod convolution_input_gradient;
mod convolution_kernel_gradient;
mod cumulative;
mod custom_gradient;
mod dimension;
mod dot;
mod gather;
mod iota;
mod leaf;
mod max_window_gradient;
mod pad;
mod projection;
mod random_bits;
mod reduce;
mod reshape;
mod reverse;
mod scan;
mod scatter;
mod select;
mod slice;
mod sort;
mod stop_gradient;
mod strided;
mod tap;
mod transpose;
mod unary;
mod variable;
mod window;
mod window_reduce;

/// What a primitive is: everything the system knows of it.
pub trait Rule: fmt::Debug {
    /// The name in dumps and messages.
    fn name(&self) -> &'static str;

    /// Every name that primitives of this type go by.
    fn names() -> Vec<&'static str>
    where
        Self: Sized;

    /// All that describes the primitive beside its name and operands.
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        Vec::new()
    }

    /// The primitive of one of the type's names with these attributes.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] for an attribute that is missing or does not fit.
    fn parse(name: &str, attributes: &mut Attributes) -> Result<Self>
    where
        Self: Sized;

    /// Shape and element type of the result.
    ///
    /// # Errors
    /// What about the operands does not fit.
    fn infer(&self, operands: &[Spec]) -> Result<Spec>;

    /// The cotangent of every operand, from that of the result; `None` where none flows.
    ///
    /// # Errors
    /// A failure while tracing.
    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>>;

    /// Fails for a batch size at which these operands have no result, though every size holds.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] saying which attribute does not fit.
    fn check_batch(&self, _operands: &[&Spec], _batch: usize) -> Result<()> {
        Ok(())
    }

    /// The meaning: the result for operands of the inferred shapes, at a batch size that
    /// [`Rule::check_batch`] lets pass. Floats are computed in f64 and rounded once.
    ///
    /// # Errors
    /// What the operands' values make impossible.
    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array>;
}

/// What a gradient rule works with.
#[derive(Debug)]
pub struct Gradient<'a> {
    /// The node's operands.
    pub operands: &'a [Tensor],
    /// The node's result.
    pub result: &'a Tensor,
    /// The derivative of the loss with respect to the result.
    pub cotangent: &'a Tensor,
    /// The same for each value of a node that has several ([`Scan`]); `None` where none arrives.
    pub cotangents: &'a [Option<Tensor>],
    /// Which operands' cotangents are wanted; a rule may skip the others.
    pub needed: &'a [bool],
}

macro_rules! primitives {
    ($($name:ident($path:path),)*) => {
        /// One of the operations that every backend knows.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Primitive {
            $(#[doc = concat!("See [`", stringify!($name), "`](", stringify!($path), ").")] $name($path),)*
        }

        impl Primitive {
            /// What is known of the primitive.
            pub fn rule(&self) -> &dyn Rule {
                match self {
                    $(Self::$name(primitive) => primitive,)*
                }
            }

            /// The names of all primitives.
            pub fn names() -> Vec<&'static str> {
                [$(<$path as Rule>::names(),)*].concat()
            }

            /// The primitive of this name with these attributes, all of which it must have.
            ///
            /// # Errors
            /// [`crate::Error::Argument`] for an unknown name, or attributes that do not fit it.
            pub fn parse(name: &str, attributes: &mut Attributes) -> Result<Self> {
                $(if <$path as Rule>::names().contains(&name) {
                    let primitive = <$path as Rule>::parse(name, attributes)?;
                    attributes.finish()?;
                    return Ok(Self::$name(primitive));
                })*
                Err(crate::Error::argument("graph", "primitive", "a known name", name))
            }
        }

        $(impl From<$path> for Primitive {
            fn from(primitive: $path) -> Self {
                Self::$name(primitive)
            }
        })*
    };
}

primitives! {
    Input(Input),
    Constant(Constant),
    ReadVariable(ReadVariable),
    Assign(Assign),
    Unary(Unary),
    Binary(Binary),
    Compare(Compare),
    Select(Select),
    Cast(Cast),
    Reduce(Reduce),
    ArgReduce(ArgReduce),
    Cumulative(Cumulative),
    Reshape(Reshape),
    Transpose(Transpose),
    Broadcast(Broadcast),
    Slice(Slice),
    Pad(Pad),
    Concatenate(Concatenate),
    Reverse(Reverse),
    Dot(Dot),
    Convolution(Convolution),
    ConvolutionInputGradient(ConvolutionInputGradient),
    ConvolutionKernelGradient(ConvolutionKernelGradient),
    WindowReduce(WindowReduce),
    MaxWindowGradient(MaxWindowGradient),
    Gather(Gather),
    Scatter(Scatter),
    Scan(Scan),
    Projection(Projection),
    Sort(Sort),
    Argsort(Argsort),
    Iota(Iota),
    Dimension(Dimension),
    RandomBits(RandomBits),
    CustomGradient(CustomGradient),
    StopGradient(StopGradient),
    Tap(Tap),
}

pub use arg_reduce::{ArgReduce, ArgReduction};
pub use binary::Binary;
pub use broadcast::Broadcast;
pub use cast::Cast;
pub use compare::Compare;
pub use concatenate::Concatenate;
pub use convolution::Convolution;
pub use convolution_input_gradient::ConvolutionInputGradient;
pub use convolution_kernel_gradient::ConvolutionKernelGradient;
pub use cumulative::Cumulative;
pub use custom_gradient::CustomGradient;
pub use dimension::Dimension;
pub use dot::Dot;
pub use gather::Gather;
pub use iota::Iota;
pub use leaf::{Constant, Input};
pub use max_window_gradient::MaxWindowGradient;
pub use pad::Pad;
pub use projection::Projection;
pub use random_bits::RandomBits;
pub use reduce::{Reduce, Reduction};
pub use reshape::Reshape;
pub use reverse::Reverse;
pub use scan::Scan;
pub use scatter::{Scatter, Scattering};
pub use select::Select;
pub use slice::Slice;
pub use sort::{Argsort, Sort};
pub use stop_gradient::StopGradient;
pub use tap::Tap;
pub use transpose::Transpose;
pub use unary::Unary;
pub use variable::{Assign, ReadVariable};
pub use window::{ConvolutionWindow, Window};
pub use window_reduce::{WindowReduce, WindowReduction};

impl Primitive {
    /// The name in dumps and messages.
    pub fn name(&self) -> &'static str {
        self.rule().name()
    }
}

impl Gradient<'_> {
    /// The contributions of a node to its operands' cotangents.
    pub(crate) fn apply(&self, primitive: &Primitive) -> Result<Vec<Option<Tensor>>> {
        let contributions = primitive.rule().gradient(self)?;
        debug_assert_eq!(contributions.len(), self.operands.len(), "{}", primitive.name());
        #[cfg(test)]
        let contributions = crate::autodiff::corruption::pass(primitive.name(), contributions);
        Ok(contributions)
    }
}

/// Fails unless there are exactly `count` operands.
pub(crate) fn expect_operands(name: &str, operands: &[Spec], count: usize) -> Result<()> {
    if operands.len() == count {
        return Ok(());
    }
    Err(crate::Error::argument(name, "operands", format!("{count} operands"), operands.len()))
}

/// Fails unless all operands have the first one's element type.
pub(crate) fn expect_equal_dtypes(name: &str, operands: &[Spec]) -> Result<()> {
    let Some((first, rest)) = operands.split_first() else { return Ok(()) };
    match rest.iter().find(|spec| spec.dtype != first.dtype) {
        None => Ok(()),
        Some(spec) => Err(crate::Error::dtype(name, "operands", first.dtype.name(), spec.dtype)),
    }
}

/// Fails unless all operands have the first one's shape.
pub(crate) fn expect_equal_shapes(name: &str, operands: &[Spec]) -> Result<()> {
    let Some((first, rest)) = operands.split_first() else { return Ok(()) };
    match rest.iter().find(|spec| spec.shape != first.shape) {
        None => Ok(()),
        Some(spec) => {
            Err(crate::Error::shape(name, "operands", first.shape.to_string(), &spec.shape))
        }
    }
}
