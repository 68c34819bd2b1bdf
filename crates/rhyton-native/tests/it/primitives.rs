use rhyton_graph::{
    ArgReduce, ArgReduction, Binary, Cast, Compare, Concatenate, Dim, Dot, Iota, Pad, RandomBits,
    Reduce, Reduction, Reshape, Reverse, Select, Shape, Slice, Tensor, Transpose, Unary,
    broadcast_in_dim, dimension, expand_dims, matmul, reshape_to, transpose,
};
use rhyton_tensor::DType;

use crate::compare::{build, check, check_scaled, spec};

const BATCHES: [usize; 3] = [1, 7, 128];
const WORDS: [DType; 4] = [DType::F32, DType::I32, DType::U32, DType::Bool];
/// Types without fast kernels, but for elementwise functions of f64: they run by their reference
/// evaluation.
const OTHERS: [DType; 3] = [DType::F64, DType::I64, DType::U8];

/// Every function on every element type that it is defined for, beside rows, columns and scalars.
#[test]
fn elementwise_functions_on_every_type() {
    for dtype in WORDS.into_iter().chain(OTHERS) {
        let specs = [
            spec(dtype, Shape::batched(&[13])),
            spec(dtype, &[13][..]),
            spec(dtype, Shape::batched(&[])),
            spec(dtype, Shape::scalar()),
        ];
        let graph = build(&specs, |x| {
            let full = x[0].shape().clone();
            let row = broadcast_in_dim(&x[1], &full, &[1]);
            let column = broadcast_in_dim(&x[2], &full, &[0]);
            let scalar = broadcast_in_dim(&x[3], &full, &[]);
            let mut results: Vec<Tensor> = Vec::new();
            for unary in Unary::ALL {
                results.push(Tensor::emit(unary, &[&x[0]]));
            }
            for binary in Binary::ALL {
                for other in [&row, &column, &scalar] {
                    results.push(Tensor::emit(binary, &[&x[0], other]));
                    results.push(Tensor::emit(binary, &[other, &x[0]]));
                }
            }
            for compare in Compare::ALL {
                for other in [&row, &column, &scalar] {
                    let holds = Tensor::emit(compare, &[&x[0], other]);
                    results.push(Tensor::emit(Select, &[&holds, other, &x[0]]));
                    results.push(holds);
                }
            }
            for to in WORDS.into_iter().chain(OTHERS) {
                results.push(Tensor::emit(Cast { dtype: to }, &[&x[0]]));
            }
            results.push(Tensor::emit(Binary::Multiply, &[&scalar, &scalar]));
            results.retain(|result| result.failure().is_none());
            results
        });
        check(&graph, &BATCHES);
    }
}

#[test]
fn reductions_over_any_axes() {
    let subsets: [&[usize]; 8] = [&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]];
    for dtype in WORDS.into_iter().chain(OTHERS) {
        let graph = build(&[spec(dtype, Shape::batched(&[5, 37]))], |x| {
            let mut results: Vec<Tensor> = Vec::new();
            for reduction in Reduction::ALL.into_iter().filter(|&r| r != Reduction::Product) {
                for axes in subsets {
                    results.push(Tensor::emit(Reduce::new(reduction, axes), &[&x[0]]));
                }
            }
            for reduction in [ArgReduction::Maximum, ArgReduction::Minimum] {
                for axis in 0..3 {
                    results.push(Tensor::emit(ArgReduce { reduction, axis }, &[&x[0]]));
                }
            }
            results.retain(|result| result.failure().is_none());
            results
        });
        check_scaled(&graph, &BATCHES, 0.02);
    }
}

#[test]
fn products_of_every_form() {
    for dtype in [DType::F32, DType::F64, DType::I32] {
        let specs = [
            spec(dtype, Shape::batched(&[6, 20])),
            spec(dtype, Shape::batched(&[20, 9])),
            spec(dtype, &[20, 33][..]),
        ];
        let graph = build(&specs, |x| {
            let turned = transpose(&x[1], &[0, 2, 1]);
            let both = Dot { batch: [vec![0], vec![0]], contract: [vec![2], vec![1]] };
            let back = Dot { batch: [vec![0], vec![0]], contract: [vec![2], vec![2]] };
            let sums = Dot { batch: [vec![], vec![]], contract: [vec![0, 2], vec![0, 1]] };
            let swapped = Dot { batch: [vec![], vec![]], contract: [vec![2, 0], vec![1, 0]] };
            let wide = matmul(&x[0], &x[2]);
            let gradient = Dot { batch: [vec![], vec![]], contract: [vec![0, 1], vec![0, 1]] };
            let outer = Dot::default();
            let small = Tensor::emit(Reduce::new(Reduction::Sum, &[0, 1]), &[&x[0]]);
            vec![
                Tensor::emit(both, &[&x[0], &x[1]]),
                Tensor::emit(back, &[&x[0], &turned]),
                Tensor::emit(sums, &[&x[0], &x[1]]),
                Tensor::emit(swapped, &[&x[0], &x[1]]),
                Tensor::emit(gradient, &[&x[0], &wide]),
                Tensor::emit(outer, &[&small, &x[2]]),
                Tensor::emit(Unary::Negative, &[&wide]),
                matmul(&small, &x[2]),
            ]
        });
        check_scaled(&graph, &[1, 3, 10], 0.05);
    }
}

#[test]
fn layout_operations_keep_every_bit() {
    for dtype in [DType::F32, DType::Bool, DType::F64, DType::U8, DType::BF16] {
        let graph = build(&[spec(dtype, Shape::batched(&[4, 6]))], |x| {
            let turned = Tensor::emit(Transpose { permutation: vec![2, 0, 1] }, &[&x[0]]);
            let flat = reshape_to(&turned, vec![Dim::fixed(24).times(1), Dim::BATCH]);
            let slice = Slice {
                start: vec![Dim::fixed(0), Dim::fixed(1), Dim::fixed(0)],
                limit: vec![Dim::BATCH, Dim::fixed(4), Dim::fixed(6)],
                stride: vec![1, 2, 5],
            };
            let pad = Pad {
                low: vec![Dim::fixed(2), Dim::fixed(0), Dim::BATCH],
                high: vec![Dim::fixed(0), Dim::fixed(1), Dim::fixed(1)],
                interior: vec![1, 0, 2],
            };
            let one = x[0].scalar_like(1.0);
            let again = Tensor::emit(Transpose { permutation: vec![1, 2, 0] }, &[&turned]);
            vec![
                flat,
                Tensor::emit(slice, &[&x[0]]),
                Tensor::emit(pad, &[&x[0], &one]),
                Tensor::emit(Reverse { axes: vec![0, 2] }, &[&x[0]]),
                Tensor::emit(Reverse { axes: vec![1] }, &[&turned]),
                Tensor::emit(Concatenate { axis: 1 }, &[&x[0], &again, &x[0]]),
                turned,
                x[0].clone(),
                x[0].clone(),
                expand_dims(&x[0], 1),
                broadcast_in_dim(
                    &x[0],
                    &Shape::from(vec![Dim::BATCH, Dim::fixed(4), Dim::fixed(6), Dim::fixed(3)]),
                    &[0, 1, 2],
                ),
            ]
        });
        check(&graph, &BATCHES);
    }
}

/// Enough elements for several tasks of one move.
#[test]
fn large_moves_are_cut_into_tasks() {
    let specs = [spec(DType::F32, Shape::batched(&[70, 33])), spec(DType::F32, Shape::scalar())];
    let graph = build(&specs, |x| {
        let fixed = |amounts: &[usize]| amounts.iter().map(|&amount| Dim::fixed(amount)).collect();
        let pad = Pad { low: fixed(&[1, 0, 2]), high: fixed(&[0, 3, 0]), interior: vec![0, 1, 2] };
        let slice = Slice {
            start: fixed(&[0, 3, 1]),
            limit: vec![Dim::BATCH, Dim::fixed(66), Dim::fixed(32)],
            stride: vec![1, 2, 1],
        };
        vec![
            Tensor::emit(pad, &[&x[0], &x[1]]),
            Tensor::emit(slice, &[&x[0]]),
            Tensor::emit(Reverse { axes: vec![0, 2] }, &[&x[0]]),
            Tensor::emit(Concatenate { axis: 1 }, &[&x[0], &x[0]]),
            transpose(&x[0], &[2, 0, 1]),
        ]
    });
    check(&graph, &[17, 1, 0]);
}

#[test]
fn sources_of_numbers() {
    let specs = [spec(DType::U32, &[2][..]), spec(DType::U32, Shape::batched(&[2]))];
    let graph = build(&specs, |x| {
        let shape = Shape::from(vec![Dim::fixed(2), Dim::BATCH, Dim::fixed(3)]);
        let mut results =
            vec![Tensor::emit(RandomBits { length: 11 }, &[&x[0], &x[1]]), dimension(&x[1], 0)];
        for dtype in [DType::F32, DType::I32, DType::U8] {
            results.push(x[0].leaf(Iota { shape: shape.clone(), axis: 1, dtype }));
        }
        let count = Shape::from(vec![Dim::fixed(2), Dim::BATCH]);
        let flat = Tensor::emit(Reshape { shape: count }, &[&x[1]]);
        results.push(Tensor::emit(Binary::Add, &[&flat, &flat]));
        results
    });
    check(&graph, &BATCHES);
}

#[test]
fn a_batch_of_nothing_runs() {
    let graph = build(&[spec(DType::F32, Shape::batched(&[4]))], |x| {
        let product = matmul(
            &x[0],
            &reshape_to(
                &x[0].constant(crate::compare::sample(DType::F32, &[4, 4], 1)),
                Shape::fixed(&[4, 4]),
            ),
        );
        vec![&product * 2.0, Tensor::emit(Reduce::new(Reduction::Sum, &[0]), &[&product])]
    });
    check(&graph, &[0, 3, 0]);
}
