use rhyton_tensor::{Array, DType};

use super::*;
use crate::testing::{Sample, check_op};
use crate::{Spec, eval, take_along_axis};

fn numbers(shape: &[usize]) -> Array {
    let count = shape.iter().product::<usize>() as i32;
    Array::from_slice(shape, &(0..count).collect::<Vec<_>>()).unwrap()
}

/// Shape and elements of the result for 0, 1, 2, … in this shape.
fn moved(shape: &[usize], function: impl Fn(&Tensor) -> Tensor) -> (Vec<usize>, Vec<i32>) {
    let result = eval(|x| vec![function(&x[0])], &[&numbers(shape)]).unwrap();
    (result[0].shape().to_vec(), result[0].view::<i32>().to_vec())
}

#[test]
fn gradients_agree_at_every_batch() {
    let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[2, 3])), -1.0, 1.0);
    check_op(&[x], |x| {
        let x = &x[0];
        let halves = split(x, 3, 2).unwrap();
        vec![
            repeat(x, &[2], Some(0)),
            repeat(x, &[1, 0, 3], Some(-1)),
            repeat(x, &[2], None),
            tile(x, &[2, 1, 2]),
            stack(&[x.clone(), x * 2.0], 1),
            flip(x, None),
            roll(x, -4, Some(2)),
            moveaxis(x, &[0], &[-1]),
            swapaxes(x, 0, -1),
            &halves[0] * &halves[2],
            split_at(x, &[1], 2).unwrap().remove(1),
            take_along_axis(x, &(crate::cast(&crate::zeros_like(x), DType::I32) - 1), 1),
        ]
    });
}

/// `numpy` functions of these names.
#[test]
fn elements_go_where_numpy_puts_them() {
    let first = |pair: (Vec<usize>, Vec<i32>)| pair.1;
    assert_eq!(first(moved(&[2, 2], |x| repeat(x, &[2], Some(1)))), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(first(moved(&[3], |x| repeat(x, &[2, 0, 1], Some(0)))), [0, 0, 2]);
    let expected = (vec![2, 4], vec![0, 1, 0, 1, 2, 3, 2, 3]);
    assert_eq!(moved(&[2, 2], |x| tile(x, &[2])), expected);
    let expected = (vec![2, 1, 2], vec![0, 1, 0, 1]);
    assert_eq!(moved(&[2], |x| tile(x, &[2, 1, 1])), expected);
    assert_eq!(first(moved(&[2, 2], |x| flip(x, Some(&[0])))), [2, 3, 0, 1]);
    assert_eq!(first(moved(&[5], |x| roll(x, 2, Some(0)))), [3, 4, 0, 1, 2]);
    assert_eq!(first(moved(&[2, 2], |x| roll(x, 1, None))), [3, 0, 1, 2]);
    let shape = |pair: (Vec<usize>, Vec<i32>)| pair.0;
    assert_eq!(shape(moved(&[2, 3, 4, 5], |x| moveaxis(x, &[0, 1], &[-1, 0]))), [3, 4, 5, 2]);
    assert_eq!(shape(moved(&[2, 3, 4], |x| swapaxes(x, 0, 2))), [4, 3, 2]);
    let expected = (vec![2, 2], vec![0, 0, 1, 1]);
    assert_eq!(moved(&[2], |x| stack(&[x.clone(), x.clone()], -1)), expected);
}

#[test]
fn lines_are_indexed_from_both_ends() {
    let indices = Array::from_slice(&[2, 3], &[2_i64, -1, 0, -3, 3, -4]).unwrap();
    let taken = eval(|x| vec![take_along_axis(&x[0], &x[1], 1)], &[&numbers(&[2, 3]), &indices]);
    assert_eq!(taken.unwrap()[0].view::<i32>(), [2, 2, 0, 3, 0, 0]);
}

#[test]
fn bad_arguments_are_named() {
    let refused = |function: &dyn Fn(&Tensor) -> Tensor| {
        let result = eval(|x| vec![function(&x[0])], &[&numbers(&[2, 3])]);
        result.unwrap_err().to_string().lines().next().unwrap().to_owned()
    };
    insta::assert_snapshot!(refused(&|x| repeat(x, &[1, 2], Some(1))), @"repeat: repeats expected one number, or one for each element of axis 1 of [2, 3], received [1, 2]");
    insta::assert_snapshot!(refused(&|x| tile(x, &[usize::MAX])), @"tile: repeats expected whole numbers from 0 to 2147483647, received [-1]");
    insta::assert_snapshot!(refused(&|x| flip(x, Some(&[0, 0]))), @"flip: axis expected distinct axes, received [0, 0]");
    insta::assert_snapshot!(refused(&|x| roll(x, 1, Some(2))), @"roll: axis expected a number in [-2, 2) for shape [2, 3], received 2");
    insta::assert_snapshot!(refused(&|x| moveaxis(x, &[0], &[0, 1])), @"moveaxis: destination expected 1 axes, as many as source, received 2");
    insta::assert_snapshot!(split(&Tensor::input(None, Spec::new(DType::F32, &[5][..])), 2, 0).unwrap_err(), @"split: x expected 2 equal parts along axis 0, received shape [5]");
}
