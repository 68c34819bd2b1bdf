//! Chains that compute in f64 between casts, as exact activations do.

use rhyton_graph::{
    Backend as _, Binary, Cast, Compare, InterpreterBackend, RunOptions, Select, Shape, Tensor,
    Unary, broadcast_in_dim, matmul, simplify,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType};

use crate::compare::{build, check, sample, spec};

fn cast(x: &Tensor, dtype: DType) -> Tensor {
    Tensor::emit(Cast { dtype }, &[x])
}

/// Activations with a parameter, computed in f64; some results stay f64, bool or whole.
fn activations(input: &Tensor, parameter: &Tensor) -> Vec<Tensor> {
    let wide = cast(input, DType::F64);
    let parameter = broadcast_in_dim(&cast(parameter, DType::F64), wide.shape(), &[]);
    let unary = |function: Unary, x: &Tensor| Tensor::emit(function, &[x]);
    let gelu = &wide * 0.5 * unary(Unary::Erfc, &(&wide * -std::f64::consts::FRAC_1_SQRT_2));
    let quick = &wide * unary(Unary::Sigmoid, &(&wide * 1.702));
    let mish = &wide * unary(Unary::Tanh, &unary(Unary::Softplus, &wide));
    let positive = Tensor::emit(Compare::Greater, &[&wide, &parameter]);
    let either = Tensor::emit(Select, &[&positive, &gelu, &(&wide * &parameter)]);
    let near = Tensor::emit(Select, &[&positive, &parameter, &parameter]);
    let power = Tensor::emit(Binary::Power, &[&unary(Unary::Absolute, &wide), &parameter]);
    let narrow = [&gelu, &quick, &mish, &either, &near, &power];
    let mut results: Vec<Tensor> = narrow.map(|value| cast(value, DType::F32)).into();
    results.extend([unary(Unary::IsNan, &wide), positive, cast(&wide, DType::I32), either]);
    results
}

#[test]
fn chains_in_f64_equal_the_interpreter() {
    for features in [1, 7, 300] {
        let specs = [
            spec(DType::F32, Shape::batched(&[features])),
            spec(DType::F32, Shape::scalar()),
            spec(DType::F64, &[features][..]),
        ];
        let graph = build(&specs, |x| {
            let mut results = activations(&x[0], &x[1]);
            let row = broadcast_in_dim(&x[2], x[0].shape(), &[1]);
            results.push(cast(&(cast(&x[0], DType::F64) * row), DType::F32));
            results
        });
        check(&graph, &[1, 3, 129]);
    }
}

/// Behind a product, whose panels leave the chain's registers aligned for any number of columns.
#[test]
fn chains_in_f64_follow_a_product() {
    for columns in [1, 5, 33] {
        let specs = [
            spec(DType::F32, Shape::batched(&[7])),
            spec(DType::F32, Shape::scalar()),
            spec(DType::F32, &[7, columns][..]),
        ];
        let graph = build(&specs, |x| {
            // The sums of whole numbers are exact in any order.
            let whole = |x: &Tensor| Tensor::emit(Unary::Round, &[x]);
            activations(&matmul(&whole(&x[0]), &whole(&x[2])), &x[1])
        });
        check(&graph, &[1, 3, 129]);
    }
}

/// What is computed in f64 and rounded once is the interpreter's result, or next to it where that
/// lies within 1e-13 of the middle between two f32.
#[test]
fn a_chain_in_f64_rounds_to_the_same_f32() {
    let graph = build(&[spec(DType::F32, Shape::batched(&[999]))], |x| {
        let wide = cast(&x[0], DType::F64);
        let tail = Tensor::emit(Unary::Erfc, &[&(&wide * -std::f64::consts::FRAC_1_SQRT_2)]);
        vec![cast(&(&wide * 0.5 * tail), DType::F32)]
    });
    let session = NativeBackend.session(None, [].into()).unwrap();
    let native = session.compile(&graph).unwrap();
    let session = InterpreterBackend.session(None, [].into()).unwrap();
    let oracle = session.compile(&simplify(&graph)).unwrap();
    for batch in [1, 64] {
        let x = sample(DType::F32, &[batch, 999], 5);
        let (mut actual, mut expected): (Vec<Array>, Vec<Array>) = (Vec::new(), Vec::new());
        native.run(&[&x], &mut actual, &RunOptions::default()).unwrap();
        oracle.run(&[&x], &mut expected, &RunOptions::default()).unwrap();
        for (a, e) in actual[0].to_f64().iter().zip(expected[0].to_f64()) {
            assert!(rhyton_testing::ulp_distance_f32(*a as f32, e as f32) <= 1, "{a} {e}");
        }
    }
}
