//! Keras' regularizers: what a weight, or a layer's output, adds to the loss.
//!
//! Not here: which weights have one (layers say so) and when it is added (training). To add one: a
//! file, its `mod` line and its line in [`REGULARIZERS`].

use std::fmt::Debug;

use rhyton_graph::Tensor;

use crate::objects::{Any, Configured, ObjectList, ObjectSpec, listed};
use crate::{Error, Result};

mod l1;
mod l1l2;
mod l2;
mod orthogonal_regularizer;

pub use l1::L1;
pub use l1l2::L1L2;
pub use l2::L2;
pub use orthogonal_regularizer::{OrthogonalRegularizer, Vectors};

/// One kind of regularizer in the list of all.
pub type RegularizerSpec = ObjectSpec<dyn Regularizer>;

/// The kind of regularizers.
#[derive(Debug)]
pub enum RegularizerKind {}

listed!(Regularizer, RegularizerKind, REGULARIZERS);

/// Any regularizer, from a name, a value or Keras' configuration.
pub type AnyRegularizer = Any<RegularizerKind>;

/// All regularizers that are built in.
pub static REGULARIZERS: ObjectList<dyn Regularizer> = ObjectList {
    kind: "regularizer",
    specs: &[&l1::SPEC, &l1l2::SPEC, &l2::SPEC, &orthogonal_regularizer::SPEC],
};

/// What a weight, or a layer's output, adds to the loss.
pub trait Regularizer: Configured<RegularizerKind> + Debug + Send + Sync {
    /// The penalty, a scalar of the operand's element type.
    ///
    /// # Errors
    /// [`Error::Config`] when the shape or the configuration does not fit.
    fn call(&self, x: &Tensor) -> Result<Tensor>;
}

/// A factor, if it is one that Keras takes: finite and not negative.
fn factor(class_name: &str, key: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Error::config(class_name, key, "a finite number, at least 0", value))
}

#[cfg(all(test, feature = "training"))]
mod tests;
