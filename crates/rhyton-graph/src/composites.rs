//! Operations made of primitives: gradients and every backend come free. Each can also stand
//! between the layers of a model, where it is recorded under Keras' name. To add one: a file, its
//! `mod` line and its line in [`OPERATION_LISTS`].

use crate::Operation;

mod activations;
mod arithmetic;
mod arrangement;
#[macro_use]
mod choice;
mod clip;
mod comparison;
mod convolutions;
mod cumulative;
mod derived;
mod einsum;
mod filling;
mod functions;
mod get_item;
mod indexing;
mod loops;
mod normalization;
mod operators;
mod order;
mod padding;
mod parts;
mod pooling;
mod products;
mod random;
mod reductions;
mod shaping;
mod spatial;
mod special;
mod triangles;

/// Every list of operations that files know by name.
pub(crate) const OPERATION_LISTS: &[&[Operation]] = &[
    arithmetic::OPERATIONS,
    clip::OPERATIONS,
    functions::OPERATIONS,
    functions::COMPOSED,
    get_item::OPERATIONS,
    parts::OPERATIONS,
    comparison::OPERATIONS,
    comparison::LOGICAL,
    filling::OPERATIONS,
    shaping::OPERATIONS,
    reductions::OPERATIONS,
    products::OPERATIONS,
    activations::OPERATIONS,
    convolutions::OPERATIONS,
    pooling::OPERATIONS,
    arrangement::OPERATIONS,
    cumulative::OPERATIONS,
    derived::OPERATIONS,
    einsum::OPERATIONS,
    indexing::OPERATIONS,
    normalization::OPERATIONS,
    order::OPERATIONS,
    padding::OPERATIONS,
    special::OPERATIONS,
    triangles::OPERATIONS,
];

pub use activations::{glu, log_softmax, relu, softmax};
pub use arithmetic::{
    add, atan2, bitwise_and, bitwise_or, bitwise_xor, divide, floor_divide, maximum, minimum,
    multiply, power, remainder, subtract, true_divide,
};
pub use arrangement::{flip, moveaxis, repeat, roll, split, split_at, stack, swapaxes, tile};
pub use clip::clip;
pub use comparison::{
    equal, greater, greater_equal, less, less_equal, logical_and, logical_not, logical_or,
    not_equal, select, where_,
};
pub use convolutions::{ConvOptions, conv, conv_transpose, depthwise_conv, separable_conv};
pub use cumulative::{cumprod, cumsum};
pub use einsum::einsum;
pub use functions::{
    absolute, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, bitwise_not, ceil, cos, cosh, erf,
    erfc, exp, expm1, floor, isnan, log, log1p, negative, reciprocal, round, rsqrt, sigmoid, sign,
    sin, sinh, softplus, sqrt, square, tan, tanh,
};
pub use indexing::{iota_like, one_hot, scatter_add, scatter_set, take, take_along_axis};
pub use loops::{Loop, Turn, scan};
pub use normalization::{
    BatchNorm, batch_normalization, layer_normalization, moments, norm, normalize,
    rms_normalization,
};
pub use order::{argsort, sort, top_k};
pub use padding::{PadMode, pad};
pub use pooling::{average_pool, max_pool};
pub use products::{matmul, tensordot};
pub use random::{normal, random_bits, truncated_normal, uniform};
pub use reductions::{
    all, any, argmax, argmin, logsumexp, max, mean, min, prod, std, sum, sum_axes, variance,
};
pub use shaping::{
    broadcast_in_dim, broadcast_to, cast, concatenate, dimension, expand_dims, ones_like, reshape,
    reshape_to, slice_axis, squeeze, stop_gradient, tap, transpose, zeros_like,
};
pub use spatial::{DataFormat, Padding};
pub use special::{erfinv, exp2, isfinite, isinf, log2, log10, logaddexp};
