//! Cases of convolutions and of reductions over windows.

use super::{Case, case, dims, floats};
use crate::{
    Convolution, ConvolutionInputGradient, ConvolutionKernelGradient, ConvolutionWindow,
    MaxWindowGradient, Tensor, Window, WindowReduce, WindowReduction,
};

/// A convolution: shapes of x, kernel and result, and how the kernel slides.
struct Sizes {
    x: Vec<isize>,
    kernel: Vec<isize>,
    result: Vec<isize>,
    window: ConvolutionWindow,
}

fn sizes(x: &[isize], kernel: &[isize], result: &[isize], window: ConvolutionWindow) -> Sizes {
    Sizes { x: x.to_vec(), kernel: kernel.to_vec(), result: result.to_vec(), window }
}

fn all_sizes() -> Vec<Sizes> {
    let unit = ConvolutionWindow::unit;
    let strided = ConvolutionWindow { stride: vec![2, 3], low: vec![0, 1], ..unit(2) };
    let dilated =
        ConvolutionWindow { dilation: vec![2, 1], low: vec![1, 1], high: vec![2, 1], ..unit(2) };
    let grouped = ConvolutionWindow { groups: 2, ..unit(2) };
    let depthwise =
        ConvolutionWindow { groups: 3, stride: vec![2, 2], high: vec![1, 0], ..unit(2) };
    let causal = ConvolutionWindow { low: vec![4], dilation: vec![2], ..unit(1) };
    let both = ConvolutionWindow { stride: vec![2], dilation: vec![3], ..unit(1) };
    let cube = ConvolutionWindow { stride: vec![1, 2, 1], low: vec![0, 1, 1], ..unit(3) };
    vec![
        sizes(&[-1, 5, 4, 2], &[3, 2, 2, 3], &[-1, 3, 3, 3], unit(2)),
        // One column at the right is never reached.
        sizes(&[-1, 6, 6, 1], &[3, 3, 1, 2], &[-1, 2, 2, 2], strided),
        sizes(&[-1, 4, 3, 1], &[3, 3, 1, 2], &[-1, 3, 3, 2], dilated),
        sizes(&[-1, 3, 3, 4], &[2, 2, 2, 6], &[-1, 2, 2, 6], grouped),
        sizes(&[-1, 4, 4, 3], &[3, 2, 1, 6], &[-1, 2, 2, 6], depthwise),
        sizes(&[-1, 6, 2], &[3, 2, 2], &[-1, 6, 2], causal),
        sizes(&[-1, 9, 1], &[2, 1, 2], &[-1, 3, 2], both),
        sizes(&[-1, 2, 3, 2, 2], &[2, 2, 2, 2, 1], &[-1, 1, 2, 2, 1], cube),
        // A kernel as large as the batch may be: no window but one.
        sizes(&[2, 2, 2, 1], &[2, 2, 1, 1], &[2, 1, 1, 1], unit(2)),
    ]
}

fn convolutions(sizes: &Sizes) -> [Case; 3] {
    let sample = |sizes: &[isize]| floats(sizes, -1.0, 1.0);
    let operands = |a: &[isize], b: &[isize]| vec![sample(a), sample(b)];
    let Sizes { x, kernel, result, window } = sizes;
    let rule = Convolution { window: window.clone() };
    let input = ConvolutionInputGradient { window: window.clone(), shape: dims(x) };
    let weights = ConvolutionKernelGradient { window: window.clone(), shape: dims(kernel) };
    // The sums over a large batch stay near 1, where float32 has digits to spare.
    let share = 0.05;
    [
        case("convolution", operands(x, kernel), move |x| {
            vec![Tensor::emit(rule.clone(), &[&x[0], &x[1]])]
        }),
        case("convolution_input_gradient", operands(result, kernel), move |x| {
            vec![Tensor::emit(input.clone(), &[&x[0], &x[1]])]
        }),
        case("convolution_kernel_gradient", operands(x, result), move |x| {
            vec![Tensor::emit(weights.clone(), &[&(&x[0] * share), &(&x[1] * share)])]
        }),
    ]
}

fn windows() -> Vec<(Vec<isize>, Vec<isize>, Window)> {
    let plain = Window { size: vec![1, 2, 2, 1], stride: vec![1, 2, 2, 1], ..Window::single(4) };
    let padded = Window {
        size: vec![1, 3, 2, 1],
        stride: vec![1, 2, 1, 1],
        low: vec![0, 1, 1, 0],
        high: vec![0, 2, 0, 0],
        ..Window::single(4)
    };
    let dilated = Window {
        size: vec![3, 1, 2],
        dilation: vec![2, 1, 3],
        stride: vec![1, 1, 2],
        low: vec![3, 0, 0],
        ..Window::single(3)
    };
    let sparse = Window { stride: vec![1, 4], ..Window::single(2) };
    vec![
        (vec![-1, 5, 4, 2], vec![-1, 2, 2, 2], plain),
        (vec![-1, 4, 3, 2], vec![-1, 3, 3, 2], padded),
        (vec![4, -1, 6], vec![3, -1, 2], dilated),
        (vec![-1, 7], vec![-1, 2], sparse),
    ]
}

fn reductions((x, result, window): (Vec<isize>, Vec<isize>, Window)) -> [Case; 3] {
    let sample = |sizes: &[isize]| floats(sizes, -1.0, 1.0);
    let rule = |reduction| {
        let rule = WindowReduce { reduction, window: window.clone() };
        move |x: &[Tensor]| vec![Tensor::emit(rule.clone(), &[&x[0]])]
    };
    let gradient = MaxWindowGradient { window: window.clone() };
    [
        case("window_maximum", vec![sample(&x)], rule(WindowReduction::Maximum)),
        case("window_sum", vec![sample(&x)], rule(WindowReduction::Sum)),
        case("max_window_gradient", vec![sample(&x), sample(&result)], move |x| {
            vec![Tensor::emit(gradient.clone(), &[&x[0], &x[1]])]
        }),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let convolutions = all_sizes().iter().flat_map(convolutions).collect::<Vec<_>>();
    convolutions.into_iter().chain(windows().into_iter().flat_map(reductions)).collect()
}
