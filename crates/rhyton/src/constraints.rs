//! Keras' constraints: what becomes of a weight after each step of training.
//!
//! Not here: which weights have one (layers say so) and when it is applied (training). To add one:
//! a file, its `mod` line and its line in [`CONSTRAINTS`].

use std::fmt::Debug;

use rhyton_graph::{Tensor, sqrt, square, sum};

use crate::Result;
use crate::objects::{Any, Configured, ObjectList, ObjectSpec, listed};

mod axes;
mod max_norm;
mod min_max_norm;
mod non_neg;
mod unit_norm;
mod within;

pub use axes::Axes;
pub use max_norm::MaxNorm;
pub use min_max_norm::MinMaxNorm;
pub use non_neg::NonNeg;
pub use unit_norm::UnitNorm;
pub(crate) use within::Within;

/// One kind of constraint in the list of all.
pub type ConstraintSpec = ObjectSpec<dyn Constraint>;

/// The kind of constraints.
#[derive(Debug)]
pub enum ConstraintKind {}

listed!(Constraint, ConstraintKind, CONSTRAINTS);

/// Any constraint, from a name, a value or Keras' configuration.
pub type AnyConstraint = Any<ConstraintKind>;

/// All constraints that are built in.
pub static CONSTRAINTS: ObjectList<dyn Constraint> = ObjectList {
    kind: "constraint",
    specs: &[&max_norm::SPEC, &min_max_norm::SPEC, &non_neg::SPEC, &unit_norm::SPEC],
};

/// What becomes of a weight after each step of training.
pub trait Constraint: Configured<ConstraintKind> + Debug + Send + Sync {
    /// The weight as it may be: same shape, same element type.
    ///
    /// # Errors
    /// When the shape does not fit.
    fn call(&self, weight: &Tensor) -> Result<Tensor>;
}

/// Added to norms that divide: Keras' epsilon.
const EPSILON: f64 = 1e-7;

/// √Σw² over the axes, which stay with size 1.
fn norms(weight: &Tensor, axes: &Axes) -> Tensor {
    sqrt(sum(&square(weight), axes.as_slice(), true))
}

#[cfg(all(test, feature = "training"))]
mod tests;
