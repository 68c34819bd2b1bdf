use super::indexing::take_along_axis;
use super::shaping::{flatten, one_axis, slice_axis};
use crate::{Argsort, Argument, Arguments, Composite, Dim, Error, Operation, Result, Sort, Tensor};

/// Keras' sorting.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Sort",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_sort),
    },
    Operation {
        class_name: "Argsort",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_argsort),
    },
];

/// The elements along an axis in rising order; NaN comes last. `None` sorts all in one line.
#[track_caller]
pub fn sort(x: &Tensor, axis: Option<isize>) -> Tensor {
    along(0, x, axis)
}

/// The indices along an axis that put its elements in rising order, int32; equal elements keep
/// their order. `None` sorts all in one line.
#[track_caller]
pub fn argsort(x: &Tensor, axis: Option<isize>) -> Tensor {
    along(1, x, axis)
}

/// The `k` largest elements along the last axis, the largest first, and their indices, int32. Of
/// equal elements the one with the lower index comes first.
///
/// Source: `keras.ops.top_k` of Keras 3.15.
#[track_caller]
pub fn top_k(x: &Tensor, k: usize) -> (Tensor, Tensor) {
    let Some(axis) = x.rank().checked_sub(1) else {
        let error = Error::shape("top_k", "x", "at least one axis", x.shape());
        return (Tensor::failed(error.clone()), Tensor::failed(error));
    };
    let order = Tensor::emit(Argsort { axis, descending: true }, &[x]);
    let indices = slice_axis(&order, axis, Dim::fixed(0), Dim::fixed(k));
    (take_along_axis(x, &indices, -1), indices)
}

#[track_caller]
fn along(place: usize, x: &Tensor, axis: Option<isize>) -> Tensor {
    let axis = axis.map_or(Argument::None, |axis| Argument::Integer(axis as i64));
    OPERATIONS[place].apply(Arguments::of([x.to_argument()]).with("axis", axis))
}

/// The tensor and its axis, both of one line when the axis is `None` as it stands in a file.
fn line(operation: &str, arguments: &Arguments) -> Result<(Tensor, usize)> {
    let x = arguments.tensor(operation, 0)?;
    let given = arguments.attributes.iter().any(|(name, _)| *name == "axis")
        || arguments.positional.len() > 1;
    let argument = arguments.attribute("axis", 1);
    if given && matches!(argument, Argument::None) {
        return Ok((flatten(operation, x)?, 0));
    }
    let axis = x.shape().axis(operation, one_axis(operation, argument, -1)?)?;
    Ok((x.clone(), axis))
}

fn call_sort(arguments: &Arguments) -> Result<Tensor> {
    let (x, axis) = line("sort", arguments)?;
    Tensor::emit(Sort { axis, descending: false }, &[&x]).checked()
}

fn call_argsort(arguments: &Arguments) -> Result<Tensor> {
    let (x, axis) = line("argsort", arguments)?;
    Tensor::emit(Argsort { axis, descending: false }, &[&x]).checked()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::{Array, DType};

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, eval};

    #[test]
    fn the_largest_come_first_with_their_gradients() {
        let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[5])), -1.0, 1.0);
        check_op(&[x], |x| {
            let (values, indices) = top_k(&x[0], 2);
            vec![values, indices, sort(&x[0], None), sort(&x[0], Some(-1))]
        });
    }

    /// `keras.ops` of Keras 3.15.1: ties give the lower index.
    #[test]
    fn ties_give_the_lower_index() {
        let x = Array::from_slice(&[2, 4], &[1_i32, 7, 7, 3, 5, 5, 2, 9]).unwrap();
        let result = eval(
            |x| {
                let (values, indices) = top_k(&x[0], 3);
                vec![values, indices, argsort(&x[0], None)]
            },
            &[&x],
        );
        let result = result.unwrap();
        assert_eq!(result[0].view::<i32>(), [7, 7, 3, 9, 5, 5]);
        assert_eq!(result[1].view::<i32>(), [1, 2, 3, 3, 0, 1]);
        assert_eq!(result[2].view::<i32>(), [0, 6, 3, 4, 5, 1, 2, 7]);
        let too_many = eval(|x| vec![top_k(&x[0], 5).0], &[&x]);
        assert!(too_many.unwrap_err().to_string().contains("slice"));
    }
}
