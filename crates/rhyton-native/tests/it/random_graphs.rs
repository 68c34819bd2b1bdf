use proptest::prelude::*;
use rhyton_graph::{
    Binary, Compare, Concatenate, Dim, Dot, Graph, Pad, Reduce, Reduction, Select, Shape, Slice,
    Tensor, Unary, broadcast_in_dim, softmax, transpose,
};
use rhyton_tensor::DType;

use crate::compare::{build, check_scaled, spec};

const UNARY: [Unary; 8] = [
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::Erf,
    Unary::Absolute,
    Unary::Negative,
    Unary::Sin,
    Unary::Sign,
];
const BINARY: [Binary; 5] =
    [Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Maximum, Binary::Minimum];

/// A program of `[N, 6]` values grown by random choices; some values leave it.
fn grow(choices: &[(u8, u8, u8)]) -> Graph {
    let specs = [
        spec(DType::F32, Shape::batched(&[6])),
        spec(DType::F32, &[6][..]),
        spec(DType::F32, &[6, 6][..]),
    ];
    build(&specs, |x| {
        let bound = |tensor: &Tensor| Tensor::emit(Unary::Tanh, &[tensor]);
        let full = x[0].shape().clone();
        let mut values = vec![bound(&x[0]), broadcast_in_dim(&x[1], &full, &[1])];
        let mut results = Vec::new();
        for &(kind, a, b) in choices {
            let pick = |place: u8| values[place as usize % values.len()].clone();
            let (first, second) = (pick(a), pick(b));
            let sum = |axes: &[usize]| Tensor::emit(Reduce::new(Reduction::Sum, axes), &[&first]);
            values.push(match kind % 13 {
                0 | 1 => Tensor::emit(UNARY[b as usize % UNARY.len()], &[&first]),
                2 | 3 => Tensor::emit(BINARY[(a ^ b) as usize % BINARY.len()], &[&first, &second]),
                4 => {
                    let holds = Tensor::emit(Compare::Less, &[&first, &second]);
                    Tensor::emit(Select, &[&holds, &second, &first])
                }
                5 => bound(&Tensor::emit(Dot::matrices(1, (b % 2) as usize), &[&first, &x[2]])),
                6 => broadcast_in_dim(&bound(&sum(&[0])), &full, &[1]),
                7 => broadcast_in_dim(&bound(&sum(&[1])), &full, &[0]),
                8 => softmax(&first, -1),
                9 => rolled(&first, &second, (b % 3) as usize),
                10 => padded(&first, (a % 3) as usize),
                _ => {
                    let turned = transpose(&first, &[1, 0]);
                    let gram = Tensor::emit(Dot::matrices(1, 0), &[&turned, &second]);
                    bound(&Tensor::emit(Dot::matrices(1, 0), &[&first, &bound(&gram)]))
                }
            });
            if (a ^ kind) % 4 == 0 {
                results.push(values[values.len() - 1].clone());
            }
        }
        results.push(values[values.len() - 1].clone());
        results
    })
}

/// The last rows of one value behind the first of another: nothing for a batch that has not so many.
fn rolled(first: &Tensor, second: &Tensor, rows: usize) -> Tensor {
    let wide = Dim::fixed(6);
    let cut = |x: &Tensor, start: Dim, limit: Dim| {
        let (start, limit) = (vec![start, Dim::fixed(0)], vec![limit, wide]);
        Tensor::emit(Slice { start, limit, stride: vec![1; 2] }, &[x])
    };
    let top = cut(second, Dim::fixed(rows), Dim::BATCH);
    let bottom = cut(first, Dim::fixed(0), Dim::fixed(rows));
    Tensor::emit(Concatenate { axis: 0 }, &[&top, &bottom])
}

/// The first rows, then as many zeros as the batch has further rows.
fn padded(x: &Tensor, rows: usize) -> Tensor {
    let (start, limit) = (vec![Dim::fixed(0); 2], vec![Dim::fixed(rows), Dim::fixed(6)]);
    let first = Tensor::emit(Slice { start, limit, stride: vec![1; 2] }, &[x]);
    let high = vec![Dim::BATCH.offset(-(rows as isize)), Dim::fixed(0)];
    let pad = Pad { low: vec![Dim::fixed(0); 2], high, interior: vec![0; 2] };
    Tensor::emit(pad, &[&first, &x.scalar_like(0.0)])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_programs_mean_what_the_interpreter_says(
        choices in prop::collection::vec(any::<(u8, u8, u8)>(), 1..40),
    ) {
        check_scaled(&grow(&choices), &[1, 7, 128], 0.04);
    }
}

/// A product of many panels read as it lies and turned at once: the turned rows are other panels'.
#[test]
fn a_product_is_read_as_it_lies_and_turned() {
    let specs = [spec(DType::F32, Shape::batched(&[96, 96])), spec(DType::F32, &[96, 96][..])];
    let graph = build(&specs, |x| {
        let flat = rhyton_graph::matmul(&x[0], &x[1]);
        let turned = transpose(&flat, &[0, 2, 1]);
        vec![Tensor::emit(Unary::Tanh, &[&(&flat + &turned)])]
    });
    check_scaled(&graph, &[1, 3, 7], 0.01);
    let specs = [spec(DType::F32, &[200, 200][..]), spec(DType::F32, Shape::batched(&[200]))];
    let graph = build(&specs, |x| {
        let flat = rhyton_graph::matmul(&x[0], &x[0]);
        let sum = &flat + transpose(&flat, &[1, 0]);
        vec![sum, x[1].clone()]
    });
    check_scaled(&graph, &[1], 0.01);
}
