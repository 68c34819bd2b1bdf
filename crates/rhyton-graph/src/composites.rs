//! Operations made of primitives: gradients and every backend come free. Each can also stand
//! between the layers of a model, where it is recorded under Keras' name. To add one: a file, its
//! `mod` line and its line in [`OPERATION_LISTS`].

use crate::Operation;

mod activations;
mod arithmetic;
mod clip;
mod comparison;
mod functions;
mod indexing;
mod loops;
mod operators;
mod products;
mod random;
mod reductions;
mod shaping;

/// Every list of operations that files know by name.
pub(crate) const OPERATION_LISTS: &[&[Operation]] = &[
    arithmetic::OPERATIONS,
    clip::OPERATIONS,
    functions::OPERATIONS,
    functions::COMPOSED,
    comparison::OPERATIONS,
    shaping::OPERATIONS,
    reductions::OPERATIONS,
    products::OPERATIONS,
    activations::OPERATIONS,
];

pub use activations::{glu, log_softmax, relu, softmax};
pub use arithmetic::{
    add, atan2, bitwise_and, bitwise_or, bitwise_xor, divide, floor_divide, maximum, minimum,
    multiply, power, remainder, subtract, true_divide,
};
pub use clip::clip;
pub use comparison::{
    equal, greater, greater_equal, less, less_equal, logical_and, logical_not, logical_or,
    not_equal, select, where_,
};
pub use functions::{
    absolute, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, bitwise_not, ceil, cos, cosh, erf,
    erfc, exp, expm1, floor, isnan, log, log1p, negative, reciprocal, round, rsqrt, sigmoid, sign,
    sin, sinh, softplus, sqrt, square, tan, tanh,
};
pub use indexing::{iota_like, one_hot, scatter_add, scatter_set, take};
pub use loops::{Loop, Turn, scan};
pub use products::matmul;
pub use random::{random_bits, uniform};
pub use reductions::{
    all, any, argmax, argmin, logsumexp, max, mean, min, prod, sum, sum_axes, variance,
};
pub use shaping::{
    broadcast_in_dim, broadcast_to, cast, concatenate, dimension, expand_dims, ones_like, reshape,
    reshape_to, squeeze, stop_gradient, tap, transpose, zeros_like,
};
