use rhyton_tensor::DType;

use super::concatenate;
use super::shaping::{cast, flatten, one_axis, slice_axis};
use crate::{
    Argument, Arguments, Composite, Cumulative, Dim, Error, Operation, Result, Tensor, multiply,
};

/// Keras' running sums and products.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Cumsum",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_sum),
    },
    Operation {
        class_name: "Cumprod",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_product),
    },
];

/// The sums up to each element along an axis, its own included; `None` takes all elements in one
/// line.
#[track_caller]
pub fn cumsum(x: &Tensor, axis: Option<isize>) -> Tensor {
    along(0, x, axis)
}

/// The products up to each element along an axis of fixed size, its own included; `None` takes all
/// elements in one line. Gradients are right where elements are 0.
#[track_caller]
pub fn cumprod(x: &Tensor, axis: Option<isize>) -> Tensor {
    along(1, x, axis)
}

#[track_caller]
fn along(place: usize, x: &Tensor, axis: Option<isize>) -> Tensor {
    let axis = axis.map_or(Argument::None, |axis| Argument::Integer(axis as i64));
    OPERATIONS[place].apply(Arguments::of([x.to_argument()]).with("axis", axis))
}

fn line(operation: &str, arguments: &Arguments) -> Result<(Tensor, usize)> {
    let x = arguments.tensor(operation, 0)?;
    let x = match arguments.attribute("dtype", 2) {
        Argument::Text(name) => cast(x, name.parse()?),
        _ if x.dtype() == DType::Bool => cast(x, DType::I32),
        _ => x.clone(),
    };
    match arguments.attribute("axis", 1) {
        Argument::None => Ok((flatten(operation, &x)?, 0)),
        given => {
            let axis = x.shape().axis(operation, one_axis(operation, given, -1)?)?;
            Ok((x, axis))
        }
    }
}

fn call_sum(arguments: &Arguments) -> Result<Tensor> {
    let (x, axis) = line("cumsum", arguments)?;
    Tensor::emit(Cumulative { axis, exclusive: false, reverse: false }, &[&x]).checked()
}

/// After the step of width w, an element holds the product of the last 2·w up to its own.
fn call_product(arguments: &Arguments) -> Result<Tensor> {
    let (mut x, axis) = line("cumprod", arguments)?;
    let Some(length) = x.shape()[axis].fixed_size() else {
        let expected = format!("a fixed size at axis {axis}");
        return Err(Error::shape("cumprod", "x", expected, x.shape()));
    };
    let mut width = 1;
    while width < length {
        let split = Dim::fixed(width);
        let head = slice_axis(&x, axis, Dim::fixed(0), split);
        let tail = slice_axis(&x, axis, split, Dim::fixed(length));
        let before = slice_axis(&x, axis, Dim::fixed(0), Dim::fixed(length - width));
        let product = multiply(tail, before);
        x = concatenate(&[head, product], axis as isize);
        width *= 2;
    }
    x.checked()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::Array;

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, eval};

    #[test]
    fn gradients_agree_also_at_zeros() {
        let spec = Spec::new(DType::F32, Shape::batched(&[2, 5]));
        let x = Sample::of(spec, &[0.5, 0.0, -1.2, 2.0, 0.7, 1.1, 0.3, 0.0, 0.0, 1.5]);
        check_op(&[x], |x| vec![cumprod(&x[0], Some(-1)), cumsum(&x[0], Some(0))]);
    }

    /// `keras.ops.cumsum` and `cumprod` of Keras 3.15.1.
    #[test]
    fn products_run_along_the_axis() {
        let x = Array::from_slice(&[2, 3], &[1_i32, 2, 3, 4, 5, 6]).unwrap();
        let bools = Array::from_bools(&[3], &[true, false, true]).unwrap();
        let result = eval(
            |x| {
                vec![
                    cumprod(&x[0], Some(1)),
                    cumprod(&x[0], None),
                    cumsum(&x[0], None),
                    cumsum(&x[1], Some(0)),
                ]
            },
            &[&x, &bools],
        );
        let result: Vec<Vec<i32>> =
            result.unwrap().iter().map(|array| array.view::<i32>().to_vec()).collect();
        assert_eq!(result[0], [1, 2, 6, 4, 20, 120]);
        assert_eq!(result[1], [1, 2, 6, 24, 120, 720]);
        assert_eq!(result[2], [1, 3, 6, 10, 15, 21]);
        assert_eq!(result[3], [1, 1, 2]);
    }
}
