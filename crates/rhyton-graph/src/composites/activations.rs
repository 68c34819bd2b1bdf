use super::arithmetic::maximum;
use super::functions::{exp, log, sigmoid};
use super::reductions::{max, sum};
use super::shaping::{one_axis, slice_axis, stop_gradient};
use crate::{Argument, Arguments, Composite, Dim, Error, Operation, Result, Tensor};

/// Keras' activations that are no function of one element, and relu, which graphs use everywhere.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { class_name: "Relu", module: "keras.src.ops.nn", call: Composite::One(call_relu) },
    Operation {
        class_name: "Softmax",
        module: "keras.src.ops.nn",
        call: Composite::One(call_softmax),
    },
    Operation {
        class_name: "LogSoftmax",
        module: "keras.src.ops.nn",
        call: Composite::One(call_log_softmax),
    },
    Operation { class_name: "Glu", module: "keras.src.ops.nn", call: Composite::One(call_glu) },
];

/// max(0, x), with derivative 0 at 0.
#[track_caller]
pub fn relu(x: &Tensor) -> Tensor {
    OPERATIONS[0].apply(Arguments::of([x.to_argument()]))
}

/// eˣ / Σ eˣ along an axis, shifted by the largest so that nothing overflows.
#[track_caller]
pub fn softmax(x: &Tensor, axis: isize) -> Tensor {
    along(1, x, axis)
}

/// x − ln Σ eˣ along an axis, shifted by the largest so that nothing overflows.
#[track_caller]
pub fn log_softmax(x: &Tensor, axis: isize) -> Tensor {
    along(2, x, axis)
}

/// a · sigmoid(b), where a and b are the halves of x along an axis.
#[track_caller]
pub fn glu(x: &Tensor, axis: isize) -> Tensor {
    along(3, x, axis)
}

#[track_caller]
fn along(place: usize, x: &Tensor, axis: isize) -> Tensor {
    let axis = Argument::Integer(axis as i64);
    OPERATIONS[place].apply(Arguments::of([x.to_argument()]).with("axis", axis))
}

fn call_relu(arguments: &Arguments) -> Result<Tensor> {
    maximum(0, arguments.tensor("relu", 0)?).checked()
}

fn axis_of(operation: &str, arguments: &Arguments) -> Result<(Tensor, isize)> {
    let x = arguments.tensor(operation, 0)?;
    let axis = one_axis(operation, arguments.attribute("axis", 1), -1)?;
    Ok((x.clone(), x.shape().axis(operation, axis)? as isize))
}

fn shifted(x: &Tensor, axis: isize) -> Tensor {
    x - stop_gradient(&max(x, Some(&[axis]), true))
}

fn call_softmax(arguments: &Arguments) -> Result<Tensor> {
    let (x, axis) = axis_of("softmax", arguments)?;
    let powers = exp(shifted(&x, axis));
    (&powers / sum(&powers, Some(&[axis]), true)).checked()
}

fn call_log_softmax(arguments: &Arguments) -> Result<Tensor> {
    let (x, axis) = axis_of("log_softmax", arguments)?;
    let shifted = shifted(&x, axis);
    (&shifted - log(sum(&exp(&shifted), Some(&[axis]), true))).checked()
}

fn call_glu(arguments: &Arguments) -> Result<Tensor> {
    let (x, axis) = axis_of("glu", arguments)?;
    let axis = axis as usize;
    let size = x.shape()[axis];
    let even = size.batches % 2 == 0 && size.constant % 2 == 0;
    if !even {
        return Err(Error::shape("glu", "x", format!("an even size at axis {axis}"), x.shape()));
    }
    let half = Dim { batches: size.batches / 2, constant: size.constant / 2 };
    let part = |from: Dim, to: Dim| slice_axis(&x, axis, from, to);
    (part(Dim::fixed(0), half) * sigmoid(part(half, size))).checked()
}
