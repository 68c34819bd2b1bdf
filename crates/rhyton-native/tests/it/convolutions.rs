use std::sync::Arc;

use rhyton_graph::{
    Backend, Binary, Convolution, ConvolutionInputGradient, ConvolutionKernelGradient,
    ConvolutionWindow, Graph, MaxWindowGradient, RunOptions, Shape, Tensor, Window, WindowReduce,
    WindowReduction, broadcast_in_dim, relu, reshape_to,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType};

use crate::compare::{build, check, check_scaled, on_any_machine, sample, spec};

/// Sizes of x behind the batch axis and of the kernel, and how it slides.
pub(crate) struct Case {
    x: &'static [usize],
    kernel: &'static [usize],
    window: ConvolutionWindow,
}

fn case(x: &'static [usize], kernel: &'static [usize], window: ConvolutionWindow) -> Case {
    Case { x, kernel, window }
}

pub(crate) fn cases() -> Vec<Case> {
    let unit = ConvolutionWindow::unit;
    let same = ConvolutionWindow { low: vec![1, 1], high: vec![1, 1], ..unit(2) };
    let strided = ConvolutionWindow { stride: vec![2, 3], ..same.clone() };
    let dilated = ConvolutionWindow { dilation: vec![2, 3], ..same.clone() };
    let causal = ConvolutionWindow { low: vec![4], dilation: vec![2], ..unit(1) };
    let jumps = ConvolutionWindow { stride: vec![3], dilation: vec![2], high: vec![1], ..unit(1) };
    let sparse = ConvolutionWindow { stride: vec![3, 2], ..unit(2) };
    let cube = ConvolutionWindow {
        stride: vec![1, 2, 1],
        low: vec![0, 1, 1],
        high: vec![1; 3],
        ..unit(3)
    };
    let groups =
        |groups, window: &ConvolutionWindow| ConvolutionWindow { groups, ..window.clone() };
    vec![
        case(&[9, 8, 3], &[3, 3, 3, 20], same.clone()),
        case(&[8, 9, 17], &[3, 3, 17, 33], strided.clone()),
        case(&[8, 9, 5], &[3, 2, 5, 6], dilated),
        case(&[6, 6, 24], &[1, 1, 24, 7], unit(2)),
        case(&[7, 6, 4], &[1, 1, 4, 5], sparse),
        case(&[150, 3], &[3, 3, 8], causal),
        case(&[17, 6], &[2, 6, 4], jumps),
        case(&[3, 5, 4, 2], &[2, 3, 2, 2, 5], cube),
        case(&[6, 7, 8], &[3, 3, 2, 12], groups(4, &same)),
        case(&[6, 7, 35], &[3, 3, 1, 35], groups(35, &same)),
        case(&[6, 7, 9], &[3, 3, 1, 9], groups(9, &strided)),
        case(&[6, 7, 5], &[3, 3, 1, 15], groups(5, &same)),
        case(&[6, 7, 5], &[3, 3, 1, 10], groups(5, &strided)),
    ]
}

/// The convolution with bias and activation, and both derivatives, each followed by elementwise
/// functions that may join them.
pub(crate) fn network(case: &Case) -> Graph {
    let (window, kernel) = (&case.window, case.kernel);
    let x = Shape::batched(case.x);
    let channels = kernel[kernel.len() - 1];
    let specs =
        [spec(DType::F32, x.clone()), spec(DType::F32, kernel), spec(DType::F32, &[channels][..])];
    build(&specs, |inputs| {
        let [x, kernel, bias] = inputs else { unreachable!("three inputs") };
        let y = Tensor::emit(Convolution { window: window.clone() }, &[x, kernel]);
        let bias = broadcast_in_dim(bias, y.shape(), &[y.rank() - 1]);
        let activated = relu(&(&y + &bias));
        let rule = ConvolutionInputGradient { window: window.clone(), shape: x.shape().clone() };
        let dx = Tensor::emit(rule, &[&activated, kernel]);
        let rule =
            ConvolutionKernelGradient { window: window.clone(), shape: kernel.shape().clone() };
        let dk = Tensor::emit(rule, &[x, &activated]);
        let twice = Tensor::emit(Binary::Multiply, &[&dx, x]);
        vec![y, activated, twice, dk]
    })
}

#[test]
fn convolutions_and_their_gradients_equal_the_interpreter() {
    for case in cases() {
        check_scaled(&network(&case), &[3, 1, 0, 3], 0.05);
    }
}

/// Gradients by kernels as layers give them out: in the kernel's own shape `[…, channels,
/// multiplier]` where every channel is a group, or flat.
#[test]
fn kernel_gradients_lie_in_the_shape_of_an_output() {
    for case in cases() {
        let specs = [spec(DType::F32, Shape::batched(case.x)), spec(DType::F32, case.kernel)];
        let graph = build(&specs, |inputs| {
            let [x, kernel] = inputs else { unreachable!("two inputs") };
            let y = Tensor::emit(Convolution { window: case.window.clone() }, &[x, kernel]);
            let (window, shape) = (case.window.clone(), kernel.shape().clone());
            let dk = Tensor::emit(ConvolutionKernelGradient { window, shape }, &[x, &y]);
            let mut own = case.kernel.to_vec();
            let last = own.len() - 1;
            own[last - 1] *= case.window.groups;
            own[last] /= case.window.groups;
            vec![reshape_to(&dk, &own[..]), reshape_to(&(&dk * 2.0), &[own.iter().product()][..])]
        });
        assert!(!NativeBackend.explain(&graph, 2).contains("REFERENCE"));
        check_scaled(&graph, &[3, 1], 0.05);
    }
}

#[test]
fn other_element_types_run_by_their_reference() {
    for dtype in [DType::F64, DType::BF16] {
        let window = ConvolutionWindow { stride: vec![2, 1], ..ConvolutionWindow::unit(2) };
        let specs = [spec(dtype, Shape::batched(&[5, 4, 2])), spec(dtype, &[2, 2, 2, 3][..])];
        let graph = build(&specs, |x| {
            let y = Tensor::emit(Convolution { window: window.clone() }, &[&x[0], &x[1]]);
            let rule = WindowReduce {
                reduction: WindowReduction::Maximum,
                window: Window { size: vec![1, 2, 2, 1], ..Window::single(4) },
            };
            vec![Tensor::emit(rule, &[&y]), y]
        });
        check(&graph, &[2]);
        assert!(NativeBackend.explain(&graph, 2).contains("REFERENCE convolution"));
    }
}

/// Windows over axes 1 and 2 of four, over the last axis, over all three spatial axes, over five.
fn windows() -> Vec<(&'static [usize], Window)> {
    let single = Window::single;
    let square = Window { size: vec![1, 2, 2, 1], stride: vec![1, 2, 2, 1], ..single(4) };
    let same = Window {
        size: vec![1, 3, 3, 1],
        low: vec![0, 1, 1, 0],
        high: vec![0, 1, 1, 0],
        ..single(4)
    };
    let gaps = Window { dilation: vec![1, 2, 1, 1], stride: vec![1, 1, 3, 1], ..same.clone() };
    let last = Window { size: vec![1, 1, 3], stride: vec![1, 1, 2], ..single(3) };
    let cube = Window { size: vec![1, 2, 3, 2, 1], high: vec![0, 1, 1, 0, 0], ..single(5) };
    let many = Window { size: vec![1, 2, 1, 1, 2], ..single(5) };
    vec![
        (&[6, 7, 19], square),
        (&[6, 7, 70], same),
        (&[6, 7, 4], gaps),
        (&[3, 9], last),
        (&[3, 4, 5, 17], cube),
        (&[3, 2, 3, 4], many),
    ]
}

#[test]
fn windows_and_their_gradients_equal_the_interpreter() {
    for (x, window) in windows() {
        let specs = [spec(DType::F32, Shape::batched(x))];
        let graph = build(&specs, |x| {
            let reduce = |reduction| {
                Tensor::emit(WindowReduce { reduction, window: window.clone() }, &[&x[0]])
            };
            let (maxima, sums) = (reduce(WindowReduction::Maximum), reduce(WindowReduction::Sum));
            let rule = MaxWindowGradient { window: window.clone() };
            vec![Tensor::emit(rule, &[&x[0], &sums]), maxima, sums]
        });
        check_scaled(&graph, &[3, 0, 1], 0.2);
    }
}

/// Enough windows for several chunks of partial sums.
#[test]
fn bits_do_not_depend_on_threads() {
    let unit = ConvolutionWindow::unit;
    let same = ConvolutionWindow { low: vec![1, 1], high: vec![1, 1], ..unit(2) };
    let cases = [
        case(&[14, 13, 24], &[3, 3, 24, 40], same.clone()),
        case(
            &[14, 13, 24],
            &[3, 3, 24, 40],
            ConvolutionWindow { stride: vec![2, 2], ..same.clone() },
        ),
        case(&[14, 13, 24], &[3, 3, 1, 48], ConvolutionWindow { groups: 24, ..same }),
    ];
    for case in cases {
        let graph = network(&case);
        let program = NativeBackend.session(None, Arc::new([])).unwrap().compile(&graph).unwrap();
        let arrays: Vec<Array> = graph
            .inputs
            .iter()
            .map(|&id| sample(DType::F32, &graph.node(id).spec.shape.bind(37), id.0))
            .collect();
        let inputs: Vec<&Array> = arrays.iter().collect();
        let run = |threads: usize| {
            let mut outputs = Vec::new();
            program.run(&inputs, &mut outputs, &RunOptions { threads, cancel: None }).unwrap();
            outputs
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert!(run(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn a_plan_names_the_kernels_of_convolutions() {
    let window =
        ConvolutionWindow { low: vec![1, 1], high: vec![1, 1], ..ConvolutionWindow::unit(2) };
    let graph = network(&case(&[6, 5, 3], &[3, 3, 3, 4], window));
    let text = on_any_machine(&NativeBackend.explain(&graph, 2));
    let (steps, _) = text.trim_end().rsplit_once('\n').unwrap();
    insta::assert_snapshot!(steps, @r"
      0 convolution 1x[60, 9 taps of 3, 4] then chain [N, 6, 5, 4] of add maximum (1 loads, 1 spread): in0 in1 in2 const3 out0 -> out0 out1 tmp9, 4052 B
      1 kernel gradient of convolution 1x[60, 9 taps of 3, 4], 1 chunks: in0 out1 -> out3 tmp10 tmp11, 2112 B
      2 input gradient of convolution 1x[60, 9 taps of 4, 3] then chain [N, 6, 5, 3] of multiply (0 loads, 0 spread): in0 in1 out1 tmp8 -> out2 tmp8 tmp12, 4272 B
    ");
}
