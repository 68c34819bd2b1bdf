use rhyton_tensor::Array;

use super::*;
use crate::composites::spatial::golden::{array, digest};
use crate::testing::{Sample, check_op};
use crate::{Spec, eval, std};

/// Shape, weighted sum and last element of a function's result.
fn golden(
    operands: &[Array],
    function: impl Fn(&[Tensor]) -> Tensor,
    (shape, sum, last): (&[usize], f64, f64),
) {
    let result = eval(|x| vec![function(x)], &operands.iter().collect::<Vec<_>>());
    let found = digest(&result.unwrap()[0]);
    assert_eq!(found.0, shape);
    assert!((found.1 - sum).abs() < 5e-5 && (found.2 - last).abs() < 2e-5, "{found:?}, {sum}");
}

/// `keras.ops` of Keras 3.15.1 on TensorFlow 2.21 (CPU), float32; inputs `[2, 3, 4]` of
/// sin(0.7·i + 0.3).
#[test]
fn normalizations_are_those_of_keras() {
    let x = || array(&[2, 3, 4], 0.7);
    let all: &[usize] = &[2, 3, 4];
    golden(&[x()], |x| normalize(&x[0], &[-1], 2, None), (all, 0.68402, -0.47511));
    golden(&[x()], |x| normalize(&x[0], &[1], 3, None), (all, 0.74594, -0.52094));
    let scales = [x(), array(&[4], 0.37), array(&[4], 0.21)];
    let layer = |x: &[Tensor]| layer_normalization(&x[0], Some(&x[1]), Some(&x[2]), &[-1], 1e-3);
    golden(&scales, layer, (all, 4.65785, -0.60742));
    let two = [x(), array(&[3, 4], 0.37)];
    let layer = |x: &[Tensor]| layer_normalization(&x[0], Some(&x[1]), None, &[1, 2], 1e-3);
    golden(&two, layer, (all, -1.18133, 0.90518));
    let middle = [x(), array(&[3], 0.37)];
    let layer = |x: &[Tensor]| layer_normalization(&x[0], None, Some(&x[1]), &[1], 1e-3);
    golden(&middle, layer, (all, 1.87894, 0.38115));
    let rms = |x: &[Tensor]| rms_normalization(&x[0], Some(&x[1]), &[-1], 1e-3);
    golden(&scales, rms, (all, 1.28325, -0.93693));
    let rms = |x: &[Tensor]| rms_normalization(&x[0], None, &[1, 2], 1e-7);
    golden(&[x()], rms, (all, 1.43358, -0.95682));
    golden(&[x()], |x| norm(&x[0], Some(&[0]), false), (&[3, 4], 9.24995, 1.17729));
    golden(&[x()], |x| norm(&x[0], Some(&[1]), true), (&[2, 1, 4], 8.28463, 1.45175));
    golden(&[x()], |x| std(&x[0], Some(&[1]), false), (&[2, 4], 4.58561, 0.79898));
}

#[test]
fn batch_normalization_is_that_of_keras() {
    let operands =
        [[0.7, 0.0], [0.37, 3.0], [0.21, 3.0], [0.9, 3.0], [0.5, 3.0]].map(|[factor, channels]| {
            match channels {
                0.0 => array(&[2, 3, 4], factor),
                _ => array(&[3], factor),
            }
        });
    let normal = |x: &[Tensor], weights: bool, epsilon| {
        let variance = absolute(&x[2]);
        let with = BatchNorm {
            mean: &x[1],
            variance: &variance,
            offset: weights.then_some(&x[3]),
            scale: weights.then_some(&x[4]),
            axis: 1,
            epsilon,
        };
        batch_normalization(&x[0], &with)
    };
    golden(&operands, |x| normal(x, true, 1e-3), (&[2, 3, 4], 1.24962, -0.91597));
    golden(&operands, |x| normal(x, false, 1e-5), (&[2, 3, 4], -2.54012, -1.84785));
    let wrong = eval(
        |x| {
            let with = BatchNorm {
                mean: &x[1],
                variance: &x[1],
                offset: None,
                scale: None,
                axis: -1,
                epsilon: 1e-3,
            };
            vec![batch_normalization(&x[0], &with)]
        },
        &[&operands[0], &operands[1]],
    );
    let message = wrong.unwrap_err().to_string();
    assert!(message.contains("mean expected [4], the size of axis 2 of x"), "{message}");
}

#[test]
fn gradients_agree() {
    let sample = |shape: Shape| Sample::between(Spec::new(DType::F32, shape), 0.5, 1.5);
    let samples =
        [sample(Shape::batched(&[3])), sample(Shape::fixed(&[3])), sample(Shape::fixed(&[3]))];
    check_op(&samples, |x| {
        let with = BatchNorm {
            mean: &x[1],
            variance: &x[2],
            offset: Some(&x[1]),
            scale: Some(&x[2]),
            axis: -1,
            epsilon: 1e-3,
        };
        vec![
            batch_normalization(&x[0], &with),
            layer_normalization(&x[0], Some(&x[1]), Some(&x[2]), &[-1], 1e-3),
            rms_normalization(&x[0], Some(&x[1]), &[-1], 1e-3),
            normalize(&x[0], &[-1], 2, None),
            moments(&x[0], &[1], true).1,
        ]
    });
}
