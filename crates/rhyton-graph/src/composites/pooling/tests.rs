use super::*;
use crate::DataFormat::{ChannelsFirst, ChannelsLast};
use crate::Padding::{Same, Valid};
use crate::composites::spatial::golden::{array, digest};
use crate::eval;

type Pool = fn(&Tensor, &[usize], Option<&[usize]>, Padding, DataFormat) -> Tensor;

/// Shape, weighted sum and last element of the result for inputs sin(0.7·i + 0.3).
fn golden(
    pool: Pool,
    inputs: &[usize],
    (size, strides): (&[usize], Option<&[usize]>),
    (padding, data_format): (Padding, DataFormat),
    (shape, sum, last): (&[usize], f64, f64),
) {
    let x = array(inputs, 0.7);
    let result = eval(|x| vec![pool(&x[0], size, strides, padding, data_format)], &[&x]);
    let found = digest(&result.unwrap()[0]);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
    assert_eq!(found.0, shape, "{inputs:?} {size:?} {strides:?}");
    assert!(
        close(found.1, sum) && close(found.2, last),
        "{inputs:?} {size:?} {strides:?}: {found:?}"
    );
}

/// `keras.ops.max_pool` and `average_pool` of Keras 3.15.1 on TensorFlow 2.21 (CPU), float32.
#[test]
fn pooling_is_that_of_keras() {
    golden(
        max_pool,
        &[2, 5, 4, 2],
        (&[2], None),
        (Valid, ChannelsLast),
        (&[2, 2, 2, 2], 7.18588, 0.405_662),
    );
    golden(
        max_pool,
        &[2, 5, 4, 2],
        (&[3, 2], Some(&[2])),
        (Same, ChannelsLast),
        (&[2, 3, 2, 2], 6.05632, -0.262_375),
    );
    golden(
        max_pool,
        &[2, 7, 3],
        (&[3], Some(&[2])),
        (Same, ChannelsLast),
        (&[2, 4, 3], 5.53603, 0.980_763),
    );
    golden(
        max_pool,
        &[2, 3, 5, 6],
        (&[2], Some(&[1])),
        (Same, ChannelsFirst),
        (&[2, 3, 5, 6], -2.7701, -0.063_663_1),
    );
    golden(
        max_pool,
        &[1, 4, 3, 5, 2],
        (&[2], None),
        (Same, ChannelsLast),
        (&[1, 2, 2, 3, 2], 7.406, 0.940_127),
    );
    golden(
        average_pool,
        &[2, 5, 4, 2],
        (&[2], None),
        (Valid, ChannelsLast),
        (&[2, 2, 2, 2], 0.380_059, -0.421_002),
    );
    golden(
        average_pool,
        &[2, 5, 4, 2],
        (&[3, 2], Some(&[2])),
        (Same, ChannelsLast),
        (&[2, 3, 2, 2], 0.74386, -0.695_736),
    );
    golden(
        average_pool,
        &[2, 7, 3],
        (&[3], Some(&[2])),
        (Same, ChannelsLast),
        (&[2, 4, 3], 0.187_822, 0.158_565),
    );
    golden(
        average_pool,
        &[2, 3, 5, 6],
        (&[2], Some(&[1])),
        (Same, ChannelsFirst),
        (&[2, 3, 5, 6], 1.20881, -0.063_663_1),
    );
    golden(
        average_pool,
        &[1, 4, 3, 5, 2],
        (&[2], None),
        (Same, ChannelsLast),
        (&[1, 2, 2, 3, 2], 0.65353, 0.355_173),
    );
}

#[test]
fn bad_arguments_are_named() {
    let x = Array::zeros(DType::F32, &[1, 4, 3, 2]);
    let refused = |size: &[usize], strides: Option<&[usize]>, padding| {
        let result = eval(|x| vec![max_pool(&x[0], size, strides, padding, ChannelsLast)], &[&x]);
        result.unwrap_err().to_string().lines().next().unwrap().to_owned()
    };
    insta::assert_snapshot!(refused(&[5], None, Valid), @"window_maximum: size expected windows of at most 4 elements along axis 1, the padded size, received 5");
    insta::assert_snapshot!(refused(&[2, 2, 2], None, Valid), @"max_pool: pool_size expected 2 whole numbers from 1 to 2147483647, or one for all, received [2, 2, 2]");
    insta::assert_snapshot!(refused(&[], None, Valid), @"max_pool: pool_size expected 2 whole numbers, or one for all axes, received nothing");
    insta::assert_snapshot!(refused(&[2], Some(&[0]), Valid), @"max_pool: strides expected 2 whole numbers from 1 to 2147483647, or one for all, received [0]");
    insta::assert_snapshot!(refused(&[2], None, Padding::Causal), @"max_pool: padding expected valid or same, received causal");
}

#[test]
fn integers_pool_too() {
    let x = Array::from_slice(&[1, 4, 1], &[-5_i32, 3, 8, 1]).unwrap();
    let result = eval(
        |x| {
            let one = |pool: Pool| pool(&x[0], &[2], None, Valid, ChannelsLast);
            vec![one(max_pool), one(average_pool)]
        },
        &[&x],
    );
    let result = result.unwrap();
    assert_eq!(result[0].view::<i32>(), [3, 8]);
    assert_eq!(result[1].view::<f32>(), [-1.0, 4.5]);
}
