use rhyton_tensor::{Array, DType};

use super::*;
use crate::{
    Convolution, ConvolutionInputGradient, ConvolutionKernelGradient, MaxWindowGradient, Rule,
    Spec, Tensor, WindowReduce, WindowReduction, eval, gradients, sum,
};

fn line(values: &[f32]) -> Array {
    Array::from_slice(&[values.len()], values).unwrap()
}

fn along(size: usize, stride: usize, [low, high]: [usize; 2]) -> Window {
    let (low, high) = (vec![low], vec![high]);
    Window { size: vec![size], stride: vec![stride], dilation: vec![1], low, high }
}

#[test]
fn the_first_maximum_gets_the_gradient_and_nan_wins() {
    let rule = WindowReduce { reduction: WindowReduction::Maximum, window: along(3, 2, [1, 1]) };
    let run = |x: &Array| {
        let both = |x: &[Tensor]| {
            let result = Tensor::emit(rule.clone(), &[&x[0]]);
            let slope = gradients(&sum(&result, None, false), &[&x[0]]).unwrap().remove(0);
            vec![result, slope]
        };
        eval(both, &[x]).unwrap().iter().map(Array::to_f64).collect::<Vec<_>>()
    };
    let found = run(&line(&[2.0, 2.0, 1.0, 5.0, -3.0]));
    assert_eq!(found, [vec![2.0, 5.0, 5.0], vec![1.0, 0.0, 0.0, 2.0, 0.0]]);
    let found = run(&line(&[1.0, f32::NAN, 4.0, -1.0, -2.0]));
    assert!(found[0][0].is_nan() && found[0][1].is_nan() && found[0][2] == -1.0, "{found:?}");
    assert_eq!(found[1], [0.0, 2.0, 0.0, 1.0, 0.0]);
}

#[test]
fn padding_is_the_least_number() {
    let rule = WindowReduce { reduction: WindowReduction::Maximum, window: along(2, 1, [1, 1]) };
    let x = Array::from_slice(&[2], &[-7_i8, -9]).unwrap();
    let result = eval(|x| vec![Tensor::emit(rule.clone(), &[&x[0]])], &[&x]).unwrap();
    assert_eq!(result[0].view::<i8>(), [-7, -7, -9]);
}

/// Of attributes that no array could have, each is an error, at once.
#[test]
fn senseless_windows_are_refused() {
    let x = [Spec::new(DType::F32, Shape::batched(&[9, 4]))];
    let huge = [0, 1, 2, 1 << 31, usize::MAX];
    let mut refused = 0;
    for (size, stride, dilation) in
        huge.iter().flat_map(|&a| huge.iter().flat_map(move |&b| huge.map(|c| (a, b, c))))
    {
        for low in huge {
            let three = |inner: usize, outer: usize| vec![outer, inner, outer];
            let window = Window {
                size: three(size, 1),
                stride: three(stride, 1),
                dilation: three(dilation, 1),
                low: three(low, 0),
                high: three(0, 0),
            };
            let rule = WindowReduce { reduction: WindowReduction::Sum, window };
            refused += usize::from(rule.infer(&x).is_err());
        }
    }
    // One element unpadded: 2 strides, 2 dilations; two elements: lows below extents 2 and 3.
    assert_eq!(refused, 5 * 5 * 5 * 5 - 4 - 2 * (2 + 3));
}

fn message(result: Result<Spec>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn convolutions_name_what_does_not_fit() {
    let float = |shape: &[usize]| Spec::new(DType::F32, Shape::batched(shape));
    let kernel = |shape: &[usize]| Spec::new(DType::F32, shape);
    let unit = ConvolutionWindow::unit(1);
    let convolve = |window: ConvolutionWindow, x: &[usize], k: &[usize]| {
        message(Convolution { window }.infer(&[float(x), kernel(k)]))
    };
    insta::assert_snapshot!(convolve(unit.clone(), &[4], &[2, 1, 1]), @"convolution: x expected [batch, 1 to 3 spatial axes, channels], received shape [N, 4]");
    insta::assert_snapshot!(convolve(unit.clone(), &[0, 1], &[2, 1, 1]), @"convolution: x expected fixed sizes above 0 behind the batch axis, received shape [N, 0, 1]");
    insta::assert_snapshot!(convolve(unit.clone(), &[4, 2], &[2, 1, 1]), @"convolution: kernel expected 2 before the last axis, 2 channels / 1, received shape [2, 1, 1]");
    let wrong = ConvolutionWindow { groups: 0, ..unit.clone() };
    insta::assert_snapshot!(convolve(wrong, &[4, 2], &[2, 1, 2]), @"convolution: groups expected a divisor of 2 channels and 2 filters, received 0");
    let wrong = ConvolutionWindow { stride: vec![0], ..unit.clone() };
    insta::assert_snapshot!(convolve(wrong, &[4, 1], &[2, 1, 1]), @"convolution: stride expected 1 numbers, each 1 to 2147483647, received [0]");
    let wrong = ConvolutionWindow { low: vec![], ..unit.clone() };
    insta::assert_snapshot!(convolve(wrong, &[4, 1], &[2, 1, 1]), @"convolution: low expected 1 numbers, each 0 to 2147483647, received []");
    let wrong = ConvolutionWindow { dilation: vec![4], ..unit.clone() };
    insta::assert_snapshot!(convolve(wrong, &[4, 1], &[2, 1, 1]), @"convolution: kernel expected at most 4 elements along spatial axis 0 of [N, 4, 1], received shape [2, 1, 1]");
    let shape = Shape::batched(&[1 << 31, 1]);
    let wide = ConvolutionWindow { stride: vec![1 << 30], ..unit.clone() };
    let input = ConvolutionInputGradient { window: wide, shape };
    insta::assert_snapshot!(message(input.infer(&[float(&[1, 1]), kernel(&[1, 1, 1])])), @"convolution_input_gradient: kernel expected at most 2147483648 elements along spatial axis 0 of [N, 2147483648, 1], received shape [1, 1, 1]");
    let weights = ConvolutionKernelGradient { window: unit, shape: Shape::fixed(&[2, 1, 1]) };
    insta::assert_snapshot!(message(weights.infer(&[float(&[4, 1]), float(&[4, 1])])), @"convolution_kernel_gradient: g expected [N, 3, 1], the convolution's result, received shape [N, 4, 1]");
    let window = along(2, 2, [0, 0]);
    let pooled = MaxWindowGradient { window };
    let batch = Spec::new(DType::F32, Shape::batched(&[]));
    insta::assert_snapshot!(message(pooled.infer(&[batch.clone(), batch])), @"max_window_gradient: window expected size 1, stride 1 and no padding along axis 0 of [N], received Window { size: [2], stride: [2], dilation: [1], low: [0], high: [0] }");
    let whole = Spec::new(DType::I32, &[4, 4, 1][..]);
    let rule = Convolution { window: ConvolutionWindow::unit(1) };
    insta::assert_snapshot!(message(rule.infer(&[whole.clone(), whole])), @"convolution: operands expected a float, received dtype int32");
}
