use rhyton_tensor::{Array, DType};

use super::arithmetic::{maximum, minimum, weak};
use super::functions::{exp, log, sqrt, square};
use super::shaping::{
    cast, dimension, expand_dims, flatten, integers, one_axis, reshape_to, stop_gradient,
    to_integers,
};
use crate::{
    ArgReduce, ArgReduction, Argument, Arguments, Composite, Dim, Error, Operation, Reduce,
    Reduction, Result, Tensor,
};

macro_rules! reductions {
    ($($(#[$doc:meta])* $function:ident $class:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// `axes` may be negative; `None` means all. With `keepdims` they stay with size 1.
            #[track_caller]
            pub fn $function(x: &Tensor, axes: Option<&[isize]>, keepdims: bool) -> Tensor {
                OPERATIONS[Place::$class as usize].apply(
                    Arguments::of([x.to_argument()])
                        .with("axis", axes.map_or(Argument::None, integers))
                        .with("keepdims", Argument::Bool(keepdims)),
                )
            }
        )*

        #[derive(Clone, Copy)]
        enum Place { $($class,)* Argmax, Argmin }

        /// Keras' reductions.
        pub(crate) const OPERATIONS: &[Operation] = &[
            $(Operation {
                class_name: stringify!($class),
                module: if matches!(Place::$class, Place::Logsumexp) {
                    "keras.src.ops.math"
                } else {
                    "keras.src.ops.numpy"
                },
                call: Composite::One(|arguments| call(Place::$class, arguments)),
            },)*
            Operation {
                class_name: "Argmax",
                module: "keras.src.ops.numpy",
                call: Composite::One(|arguments| call_position(ArgReduction::Maximum, arguments)),
            },
            Operation {
                class_name: "Argmin",
                module: "keras.src.ops.numpy",
                call: Composite::One(|arguments| call_position(ArgReduction::Minimum, arguments)),
            },
        ];
    };
}

reductions! {
    /// The sum.
    sum Sum;
    /// The product.
    prod Prod;
    /// The largest; NaN if any is.
    max Max;
    /// The smallest; NaN if any is.
    min Min;
    /// The mean; integers as float32.
    mean Mean;
    /// The variance around the mean, divided by the count; integers as float32.
    variance Var;
    /// The root of the variance; integers as float32.
    std Std;
    /// ln Σ eˣ, without overflow.
    logsumexp Logsumexp;
    /// Whether any holds.
    any Any;
    /// Whether all hold.
    all All;
}

/// The position of the largest element along an axis, int32; the first of several.
#[track_caller]
pub fn argmax(x: &Tensor, axis: isize) -> Tensor {
    position(Place::Argmax, x, axis)
}

/// The position of the smallest element along an axis, int32; the first of several.
#[track_caller]
pub fn argmin(x: &Tensor, axis: isize) -> Tensor {
    position(Place::Argmin, x, axis)
}

/// The sum over axes counted from the front; the tensor itself for none.
#[track_caller]
pub fn sum_axes(x: &Tensor, axes: &[usize]) -> Tensor {
    if axes.is_empty() {
        return x.clone();
    }
    Tensor::emit(Reduce::new(Reduction::Sum, axes), &[x])
}

#[track_caller]
fn position(place: Place, x: &Tensor, axis: isize) -> Tensor {
    let axis = Argument::Integer(axis as i64);
    OPERATIONS[place as usize].apply(Arguments::of([x.to_argument()]).with("axis", axis))
}

fn call(place: Place, arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("reduction", 0)?;
    let axes: Vec<usize> = match arguments.attribute("axis", 1) {
        Argument::None => (0..x.rank()).collect(),
        given => rising_axes(x, &to_integers("reduction", "axis", given)?)?,
    };
    let keepdims = matches!(arguments.attribute("keepdims", 2), Argument::Bool(true));
    let mut reduced = reduce(place, x, &axes)?;
    let initial = arguments.attribute("initial", usize::MAX);
    if !matches!(initial, Argument::None) {
        let (value, initial) = weak("reduction", &reduced, initial)?;
        reduced = match place {
            Place::Max => maximum(value, initial).checked()?,
            Place::Min => minimum(value, initial).checked()?,
            _ => return Err(Error::argument("reduction", "initial", "none", "a number")),
        };
    }
    if !keepdims {
        return Ok(reduced);
    }
    let dims = x.shape().iter().enumerate();
    let shape: Vec<Dim> =
        dims.map(|(axis, &dim)| if axes.contains(&axis) { Dim::ONE } else { dim }).collect();
    reshape_to(&reduced, shape).checked()
}

/// The axes counted from the front and rising, as [`keep`] puts them back; each may stand once.
fn rising_axes(x: &Tensor, axes: &[isize]) -> Result<Vec<usize>> {
    let counted = axes.iter().map(|&axis| x.shape().axis("reduction", axis));
    let mut rising: Vec<usize> = counted.collect::<Result<_>>()?;
    rising.sort_unstable();
    if rising.windows(2).any(|pair| pair[0] == pair[1]) {
        let received = format!("{axes:?} for shape {}", x.shape());
        return Err(Error::argument("reduction", "axis", "each axis once", received));
    }
    Ok(rising)
}

fn reduce(place: Place, x: &Tensor, axes: &[usize]) -> Result<Tensor> {
    let primitive = |reduction, x: &Tensor| {
        if axes.is_empty() {
            return x.clone();
        }
        Tensor::emit(Reduce::new(reduction, axes), &[x])
    };
    let number = if x.dtype() == DType::Bool { cast(x, DType::I32) } else { x.clone() };
    let float = if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
    let result = match place {
        Place::Sum => primitive(Reduction::Sum, &number),
        Place::Prod => primitive(Reduction::Product, &number),
        Place::Max => primitive(Reduction::Maximum, &number),
        Place::Min => primitive(Reduction::Minimum, &number),
        Place::Any => primitive(Reduction::Any, &cast(x, DType::Bool)),
        Place::All => primitive(Reduction::All, &cast(x, DType::Bool)),
        Place::Mean => primitive(Reduction::Sum, &float) / count(&float, axes),
        Place::Var | Place::Std => {
            let centred =
                &float - keep(&(primitive(Reduction::Sum, &float) / count(&float, axes)), axes);
            let variance = primitive(Reduction::Sum, &square(centred)) / count(&float, axes);
            if matches!(place, Place::Std) { sqrt(variance) } else { variance }
        }
        Place::Logsumexp => {
            let top = primitive(Reduction::Maximum, &float);
            let top = stop_gradient(&top);
            log(primitive(Reduction::Sum, &exp(&float - keep(&top, axes)))) + top
        }
        Place::Argmax | Place::Argmin => {
            return Err(Error::argument("reduction", "kind", "a reduction", "a position"));
        }
    };
    result.checked()
}

/// How many elements meet, as a scalar of the tensor's element type.
fn count(x: &Tensor, axes: &[usize]) -> Tensor {
    let fixed: Option<usize> = axes.iter().map(|&axis| x.shape()[axis].fixed_size()).product();
    if let Some(count) = fixed {
        return x.scalar_like(count as f64);
    }
    let sizes = axes.iter().map(|&axis| cast(&dimension(x, axis), x.dtype()));
    sizes.reduce(|a, b| a * b).unwrap_or_else(|| x.constant(Array::scalar(1_i32)))
}

/// The reduced axes, rising, back with size 1.
fn keep(reduced: &Tensor, axes: &[usize]) -> Tensor {
    axes.iter().fold(reduced.clone(), |tensor, &axis| expand_dims(&tensor, axis as isize))
}

fn call_position(reduction: ArgReduction, arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("argmax", 0)?;
    let x = if x.dtype() == DType::Bool { cast(x, DType::I32) } else { x.clone() };
    let axis = match arguments.attribute("axis", 1) {
        Argument::None => {
            let flat = flatten("argmax", &x)?;
            return Tensor::emit(ArgReduce { reduction, axis: 0 }, &[&flat]).checked();
        }
        given => x.shape().axis("argmax", one_axis("argmax", given, -1)?)?,
    };
    let result = Tensor::emit(ArgReduce { reduction, axis }, &[&x]);
    let keepdims = matches!(arguments.attribute("keepdims", 2), Argument::Bool(true));
    if keepdims { expand_dims(&result, axis as isize).checked() } else { result.checked() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval;

    fn values() -> Array {
        let values: Vec<f64> = (0..36).map(|i| (f64::from(i) * 1.7).sin()).collect();
        Array::from_slice(&[4, 3, 3], &values).unwrap()
    }

    #[test]
    fn the_order_of_axes_does_not_matter() {
        type Reduction = fn(&Tensor, Option<&[isize]>, bool) -> Tensor;
        let all: [Reduction; 4] = [variance, logsumexp, mean, sum];
        for reduction in all {
            let both = |axes: &[isize]| {
                eval(|x| vec![reduction(&x[0], Some(axes), true)], &[&values()]).unwrap()
            };
            assert_eq!(both(&[1, 0]), both(&[0, 1]));
            assert_eq!(both(&[-1, 0]), both(&[0, 2]));
        }
    }

    #[test]
    fn an_axis_given_twice_is_refused() {
        let twice = eval(|x| vec![mean(&x[0], Some(&[0, -3]), false)], &[&values()]);
        let message = twice.unwrap_err().to_string();
        assert!(message.contains("axis expected each axis once, received [0, -3]"), "{message}");
    }
}
