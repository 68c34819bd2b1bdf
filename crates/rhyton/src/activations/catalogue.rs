//! The built-in activations, one file each. To add one: a file with its `DEFINITION`, its `mod`
//! line and its line in [`ACTIVATIONS`]; derivative, kernels, lists and files follow from it.

use super::built_in::{AXIS, expression, function, parameter};
use super::rows::{bound, built_in, gated, groups, halves};
use super::{BuiltIn, Limits};

mod acon_c;
mod apl;
mod arctan;
mod aria2;
mod asinh;
mod bent_identity;
mod bilinear_glu;
mod celu;
mod clamped_swiglu;
mod cloglog;
mod crelu;
mod dsilu;
mod dynamic_tanh;
mod e_swish;
mod elish;
mod elliott;
mod elu;
mod entmax15;
mod exponential;
mod frelu;
mod gaussian;
mod gcu;
mod geglu;
mod gelu;
mod glu;
mod group_sort;
mod gtu;
mod hard_mish;
mod hard_shrink;
mod hard_sigmoid;
mod hard_sigmoid_keras2;
mod hard_silu;
mod hard_tanh;
mod isrlu;
mod isru;
mod laplace;
mod leaky_relu;
mod lecun_tanh;
mod linear;
mod lisht;
mod log_sigmoid;
mod log_softmax;
mod logish;
mod maxout;
mod mish;
mod pau;
mod pelu;
mod penalised_tanh;
mod poly_norm;
mod poly_relu;
mod prelu;
mod quick_gelu;
mod reglu;
mod relu;
mod relu6;
mod relu_squared;
mod selu;
mod serf;
mod shifted_relu;
mod sigmoid;
mod sign;
mod sinc;
mod sine;
mod smish;
mod smu;
mod snake;
mod soft_cap;
mod soft_shrink;
mod softmax;
mod softmax1;
mod softmin;
mod softplus;
mod softsign;
mod sparse_plus;
mod sparse_sigmoid;
mod sparsemax;
mod squareplus;
mod srelu;
mod step;
mod swiglu;
mod swish;
mod symlog;
mod tanh;
mod tanh_shrink;
mod tanhexp;
mod threshold;
mod thresholded_relu;
mod top_k;
mod xielu;

/// Every built-in activation, by name.
pub static ACTIVATIONS: &[BuiltIn] = &[
    acon_c::DEFINITION,
    apl::DEFINITION,
    arctan::DEFINITION,
    aria2::DEFINITION,
    asinh::DEFINITION,
    bent_identity::DEFINITION,
    bilinear_glu::DEFINITION,
    celu::DEFINITION,
    clamped_swiglu::DEFINITION,
    cloglog::DEFINITION,
    crelu::DEFINITION,
    dsilu::DEFINITION,
    dynamic_tanh::DEFINITION,
    e_swish::DEFINITION,
    elish::DEFINITION,
    elliott::DEFINITION,
    elu::DEFINITION,
    entmax15::DEFINITION,
    exponential::DEFINITION,
    frelu::DEFINITION,
    gaussian::DEFINITION,
    gcu::DEFINITION,
    geglu::DEFINITION,
    gelu::DEFINITION,
    glu::DEFINITION,
    group_sort::DEFINITION,
    gtu::DEFINITION,
    hard_mish::DEFINITION,
    hard_shrink::DEFINITION,
    hard_sigmoid::DEFINITION,
    hard_sigmoid_keras2::DEFINITION,
    hard_silu::DEFINITION,
    hard_tanh::DEFINITION,
    isrlu::DEFINITION,
    isru::DEFINITION,
    laplace::DEFINITION,
    leaky_relu::DEFINITION,
    lecun_tanh::DEFINITION,
    linear::DEFINITION,
    lisht::DEFINITION,
    log_sigmoid::DEFINITION,
    log_softmax::DEFINITION,
    logish::DEFINITION,
    maxout::DEFINITION,
    mish::DEFINITION,
    pau::DEFINITION,
    pelu::DEFINITION,
    penalised_tanh::DEFINITION,
    poly_norm::DEFINITION,
    poly_relu::DEFINITION,
    prelu::DEFINITION,
    quick_gelu::DEFINITION,
    reglu::DEFINITION,
    relu::DEFINITION,
    relu6::DEFINITION,
    relu_squared::DEFINITION,
    selu::DEFINITION,
    serf::DEFINITION,
    shifted_relu::DEFINITION,
    sigmoid::DEFINITION,
    sign::DEFINITION,
    sinc::DEFINITION,
    sine::DEFINITION,
    smish::DEFINITION,
    smu::DEFINITION,
    snake::DEFINITION,
    soft_cap::DEFINITION,
    soft_shrink::DEFINITION,
    softmax::DEFINITION,
    softmax1::DEFINITION,
    softmin::DEFINITION,
    softplus::DEFINITION,
    softsign::DEFINITION,
    sparse_plus::DEFINITION,
    sparse_sigmoid::DEFINITION,
    sparsemax::DEFINITION,
    squareplus::DEFINITION,
    srelu::DEFINITION,
    step::DEFINITION,
    swiglu::DEFINITION,
    swish::DEFINITION,
    symlog::DEFINITION,
    tanh::DEFINITION,
    tanh_shrink::DEFINITION,
    tanhexp::DEFINITION,
    threshold::DEFINITION,
    thresholded_relu::DEFINITION,
    top_k::DEFINITION,
    xielu::DEFINITION,
];
