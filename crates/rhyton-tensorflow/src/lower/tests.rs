use std::sync::Arc;

use rhyton_graph::{
    ArgReduce, ArgReduction, Binary, Broadcast, Compare, Dim, Dimension, Dot, Executable, Graph,
    Iota, Pad, Reduce, Reduction, Reverse, RunOptions, Session, Shape, Slice, Spec, Tensor, Tracer,
    Unary, argmax, broadcast_to, cast, interpret, matmul, random_bits, reshape_to, scatter_add,
    scatter_set, take, tap, transpose, uniform, where_,
};
use rhyton_tensor::{Array, DType};
use rhyton_testing::{Tolerance, assert_close};

use crate::installed;

const BATCHES: [usize; 4] = [1, 7, 128, 0];

/// Values in (−2, 2), with some of the kind that breaks things.
fn array(dtype: DType, shape: &[usize], seed: u32) -> Array {
    let special: &[f64] = if dtype.is_float() {
        &[0.0, -0.0, 1.0, -1.0, 0.5, 2.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
    } else {
        &[0.0, 1.0, 2.0, 31.0, 7.0, 64.0]
    };
    let value = |index: u32| {
        let word = index.wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(40_503)) >> 7;
        match word % 5 {
            0 => special[word as usize / 5 % special.len()],
            _ if dtype.is_float() => f64::from(word % 4001) / 1000.0 - 2.0,
            _ => f64::from(word % 211) - if dtype.is_signed() { 100.0 } else { 0.0 },
        }
    };
    let count = shape.iter().product::<usize>() as u32;
    let values: Vec<f64> = (0..count).map(value).collect();
    Array::from_slice(shape, &values).unwrap().cast(dtype)
}

/// Values without NaN and infinities.
fn tame(shape: &[usize], seed: u32) -> Array {
    let count = shape.iter().product::<usize>() as u32;
    let values: Vec<f32> =
        (0..count).map(|i| ((i * 7 + seed * 13) as f32 * 0.37).sin() * 1.5).collect();
    Array::from_slice(shape, &values).unwrap()
}

fn tolerance(dtype: DType) -> Tolerance {
    match dtype {
        DType::F64 => Tolerance::relative(1e-6).and_absolute(1e-7),
        DType::F32 => Tolerance::relative(3e-6).and_absolute(2e-6),
        DType::F16 => Tolerance::relative(4e-3).and_absolute(2e-3),
        DType::BF16 => Tolerance::relative(3e-2).and_absolute(2e-2),
        _ => Tolerance::EXACT,
    }
}

/// Runs a program on TensorFlow and on the interpreter, and compares the outputs.
fn agree(graph: &Graph, program: &dyn Executable, inputs: &[&Array]) {
    let expected = interpret(graph, inputs).unwrap();
    let mut outputs = Vec::new();
    program.run(inputs, &mut outputs, &RunOptions::default()).unwrap();
    for ((output, expected), (name, _)) in outputs.iter().zip(&expected).zip(&graph.outputs) {
        println!("{name}: {}{:?}", expected.dtype(), expected.shape());
        assert_eq!(output.shape(), expected.shape(), "{name}");
        assert_eq!(output.dtype(), expected.dtype(), "{name}");
        assert_close(&output.to_f64(), &expected.to_f64(), tolerance(output.dtype()));
    }
}

/// A program of one function of inputs `[N, …]`; all its results are outputs.
fn program(
    session: &dyn Session,
    inputs: &[Spec],
    function: impl FnOnce(&[Tensor]) -> Vec<(String, Tensor)>,
) -> (Graph, Arc<dyn Executable>) {
    let tracer = Tracer::new(Arc::new([]));
    let named = inputs.iter().enumerate();
    let inputs: Vec<Tensor> =
        named.map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone())).collect();
    for (name, result) in function(&inputs) {
        tracer.output(&name, &result).unwrap();
    }
    let graph = tracer.finish();
    assert_eq!(session.unsupported(&graph), []);
    let program = session.compile(&graph).unwrap();
    (graph, program)
}

fn named(name: &str, tensor: Tensor) -> (String, Tensor) {
    (name.to_owned(), tensor)
}

/// Every elementwise function that takes this element type.
fn elementwise(x: &[Tensor]) -> Vec<(String, Tensor)> {
    let (a, b) = (&x[0], &x[1]);
    let small = a.dtype().is_float() && a.dtype().size_bytes() == 2;
    let unary = Unary::ALL.map(|function| (format!("{function:?}"), Tensor::emit(function, &[a])));
    let binary =
        Binary::ALL.map(|function| (format!("{function:?}"), Tensor::emit(function, &[a, b])));
    let compare =
        Compare::ALL.map(|function| (format!("{function:?}"), Tensor::emit(function, &[a, b])));
    let select = named("Select", where_(Tensor::emit(Compare::Less, &[a, b]), a, b));
    let all = unary.into_iter().chain(binary).chain(compare).chain([select]);
    // In half precision a quotient rounds before its floor is taken.
    let rounds = |name: &str| small && ["Remainder", "FloorDivide"].contains(&name);
    all.filter(|(name, result)| result.failure().is_none() && !rounds(name)).collect()
}

#[test]
fn elementwise_functions_agree_with_the_interpreter() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    for dtype in DType::ALL {
        let spec = Spec::new(dtype, Shape::batched(&[9]));
        let (graph, program) = program(&*session, &[spec.clone(), spec], elementwise);
        assert!(graph.outputs.len() > 10, "{dtype}: {}", graph.outputs.len());
        for batch in BATCHES {
            let (a, b) = (array(dtype, &[batch, 9], 1), array(dtype, &[batch, 9], 2));
            agree(&graph, &*program, &[&a, &b]);
        }
    }
}

#[test]
fn integer_division_and_shifts_have_no_traps() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let spec = Spec::new(DType::I32, Shape::batched(&[]));
    let (graph, program) = program(&*session, &[spec.clone(), spec], |x| {
        [Binary::FloorDivide, Binary::Remainder, Binary::ShiftLeft, Binary::ShiftRight]
            .map(|function| (format!("{function:?}"), Tensor::emit(function, &[&x[0], &x[1]])))
            .into()
    });
    let a = [i32::MIN, i32::MIN, 5, -5, i32::MAX, -1, 7, -7];
    let b = [-1, 0, 0, -1, 40, 33, -2, 31];
    let (a, b) = (Array::from_slice(&[8], &a).unwrap(), Array::from_slice(&[8], &b).unwrap());
    agree(&graph, &*program, &[&a, &b]);
}

#[test]
fn casts_saturate_and_wrap() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    for from in DType::ALL {
        let spec = Spec::new(from, Shape::batched(&[5]));
        let (graph, program) = program(&*session, &[spec], |x| {
            DType::ALL.map(|to| (format!("{from} to {to}"), cast(&x[0], to))).into()
        });
        let mut values = array(from, &[7, 5], 3);
        if from.is_float() {
            let edges = [300.7, -1.5, 70_000.0, 3e9, -3e9];
            let edges = Array::from_slice(&[5], &edges).unwrap().cast(from);
            let length = edges.bytes().len();
            values.bytes_mut()[..length].copy_from_slice(edges.bytes());
        }
        agree(&graph, &*program, &[&values]);
    }
}

/// Needs no TensorFlow: what can't be said is known before.
#[test]
fn what_has_no_lowering_is_named() {
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[1; 8])));
    tracer.output("y", &(&x * 2.0)).unwrap();
    let graph = tracer.finish();
    let unsupported = super::unsupported(&graph);
    let last = unsupported.last().unwrap();
    insta::assert_snapshot!(
        format!("%{} {}: {}", last.node.0, last.primitive, last.reason),
        @"%3 multiply: expected at most 8 axes, received 9"
    );
    let Some(session) = installed::session(Arc::new([])) else { return };
    assert_eq!(session.unsupported(&graph), unsupported);
    let refused = session.compile(&graph).err().unwrap();
    insta::assert_snapshot!(refused, @"backend tensorflow: `input` in ``: expected at most 8 axes, received 9; use the `native` backend for this model");
}

fn reductions(x: &[Tensor]) -> Vec<(String, Tensor)> {
    let (a, tame, flags) = (&x[0], &x[1], &x[2]);
    let mut results = Vec::new();
    for axes in [&[0][..], &[1], &[2], &[0, 2], &[0, 1, 2], &[]] {
        let reduce = |reduction, of: &Tensor| Tensor::emit(Reduce::new(reduction, axes), &[of]);
        for reduction in Reduction::ALL {
            let of = match reduction {
                Reduction::Sum | Reduction::Product => tame,
                Reduction::Maximum | Reduction::Minimum => a,
                Reduction::Any | Reduction::All => flags,
            };
            results.push((format!("{reduction:?} over {axes:?}"), reduce(reduction, of)));
        }
    }
    for axis in 0..3 {
        for reduction in [ArgReduction::Maximum, ArgReduction::Minimum] {
            let position = |of| Tensor::emit(ArgReduce { reduction, axis }, &[of]);
            results.push((format!("arg {reduction:?} along {axis}"), position(a)));
            results.push((format!("arg {reduction:?} of bools along {axis}"), position(flags)));
        }
    }
    results
}

#[test]
fn reductions_agree_with_the_interpreter() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let spec = |dtype| Spec::new(dtype, Shape::batched(&[3, 4]));
    let specs = [spec(DType::F32), spec(DType::F32), spec(DType::Bool)];
    let (graph, program) = program(&*session, &specs, reductions);
    // The position of the largest of none is refused by TensorFlow.
    for batch in BATCHES.into_iter().filter(|&batch| batch > 0) {
        let shape = [batch, 3, 4];
        let values = [array(DType::F32, &shape, 4), tame(&shape, 5), array(DType::I32, &shape, 6)];
        let flags = values[2].cast(DType::Bool);
        agree(&graph, &*program, &[&values[0], &values[1], &flags]);
    }
}

/// Shapes of the batch in every place where a primitive has one.
fn shaping(x: &[Tensor]) -> Vec<(String, Tensor)> {
    let a = &x[0];
    let rows = Dim::BATCH;
    let sizes = |dims: &[Dim]| Shape::from(dims.to_vec());
    let fixed = Dim::fixed;
    let slice = |start: [Dim; 3], limit: [Dim; 3], stride: [usize; 3]| {
        let (start, limit, stride) = (start.into(), limit.into(), stride.into());
        Tensor::emit(Slice { start, limit, stride }, &[a])
    };
    let pad = |low: [Dim; 3], high: [Dim; 3], interior: [usize; 3]| {
        let (low, high, interior) = (low.into(), high.into(), interior.into());
        Tensor::emit(Pad { low, high, interior }, &[a, &a.scalar_like(9.0)])
    };
    let (zero, one) = (fixed(0), fixed(1));
    let iota = |axis, dtype| a.leaf(Iota { shape: a.shape().clone(), axis, dtype });
    let stretched = Tensor::emit(
        Broadcast { shape: sizes(&[fixed(2), rows, fixed(3), fixed(4)]), axes: vec![1, 2, 3] },
        &[a],
    );
    let scalar = broadcast_to(&a.scalar_like(2.5), a.shape());
    let row = broadcast_to(&a.constant(tame(&[4], 1)), a.shape());
    vec![
        named("flat", reshape_to(a, sizes(&[rows, fixed(12)]))),
        named("all flat", reshape_to(a, sizes(&[rows.times(12)]))),
        named("unit", reshape_to(a, sizes(&[rows, one, fixed(12)]))),
        named("transposed", transpose(a, &[2, 0, 1])),
        named("stretched", stretched),
        named("scalar", scalar.clone()),
        named("narrow + narrow", &scalar + &row),
        named("narrow × full", &row * a),
        named("sliced", slice([zero, one, zero], [rows, fixed(3), fixed(4)], [1, 1, 2])),
        named("spread", pad([zero, one, zero], [one, zero, one], [0, 1, 2])),
        named("padded", pad([one, zero, fixed(2)], [rows, one, zero], [0, 0, 0])),
        named("reversed", Tensor::emit(Reverse { axes: vec![0, 2] }, &[a])),
        named("joined", rhyton_graph::concatenate(&[a.clone(), row, a.clone()], 0)),
        named("rows", iota(0, DType::F32)),
        named("columns", iota(2, DType::U8)),
        named("size", Tensor::emit(Dimension { axis: 0 }, &[a])),
        named("tapped", tap(a, "a")),
        named("again", a.clone()),
    ]
}

#[test]
fn shapes_of_the_batch_are_bound_at_every_run() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let spec = Spec::new(DType::F32, Shape::batched(&[3, 4]));
    let (graph, program) = program(&*session, &[spec], shaping);
    for batch in BATCHES {
        agree(&graph, &*program, &[&array(DType::F32, &[batch, 3, 4], 8)]);
    }
}

/// Shapes with one row less than the batch.
fn but_one_row(x: &[Tensor]) -> Vec<(String, Tensor)> {
    let (zero, one) = (Dim::fixed(0), Dim::fixed(1));
    let (start, limit) = (vec![zero, zero, one], vec![Dim::BATCH.offset(-1), one, Dim::fixed(4)]);
    let slice = Slice { start, limit, stride: vec![1, 1, 3] };
    let spread = Pad { low: vec![zero; 3], high: vec![zero, zero, one], interior: vec![1, 0, 2] };
    vec![
        named("but the last", Tensor::emit(slice, &[&x[0]])),
        named("spread", Tensor::emit(spread, &[&x[0], &x[0].scalar_like(9.0)])),
    ]
}

#[test]
fn a_batch_too_small_for_its_shapes_is_refused() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let spec = Spec::new(DType::F32, Shape::batched(&[3, 4]));
    let (graph, program) = program(&*session, &[spec], but_one_row);
    for batch in [1, 7, 128] {
        agree(&graph, &*program, &[&array(DType::F32, &[batch, 3, 4], 8)]);
    }
    let empty = array(DType::F32, &[0, 3, 4], 8);
    let mut outputs = Vec::new();
    let refused = program.run(&[&empty], &mut outputs, &RunOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("a batch for which"), "{refused}");
    interpret(&graph, &[&empty]).unwrap_err();
}

fn products(x: &[Tensor]) -> Vec<(String, Tensor)> {
    let (a, b, c) = (&x[0], &x[1], &x[2]);
    let dot = |batch: [&[usize]; 2], contract: [&[usize]; 2], operands: [&Tensor; 2]| {
        let dot = Dot { batch: batch.map(Into::into), contract: contract.map(Into::into) };
        Tensor::emit(dot, &operands)
    };
    let none: [&[usize]; 2] = [&[], &[]];
    let (flat_a, flat_b) = (Shape::from(vec![Dim::BATCH, 15.into()]), Shape::fixed(&[4, 5]));
    let (flat_a, b) = (reshape_to(a, flat_a), reshape_to(b, flat_b));
    let kernel = a.constant(tame(&[15, 2], 3));
    vec![
        named("a · k", dot(none, [&[1], &[0]], [&flat_a, &kernel])),
        named("aᵀ · a", dot(none, [&[0], &[0]], [&flat_a, &flat_a])),
        named("a · aᵀ", dot(none, [&[1], &[1]], [&flat_a, &flat_a])),
        named("(k · a)ᵀ", dot(none, [&[0], &[1]], [&kernel, &flat_a])),
        named("[N,3,5] · [4,5]ᵀ", dot(none, [&[2], &[1]], [a, &b])),
        named("batched", dot([&[0], &[0]], [&[2], &[1]], [a, c])),
        named("batched, turned", dot([&[0], &[0]], [&[1], &[2]], [c, a])),
        named("two axes", dot(none, [&[1, 2], &[2, 1]], [a, &transpose(a, &[0, 2, 1])])),
        named("outer", dot(none, none, [&b, &b])),
        named("matmul", matmul(a, &transpose(&b, &[1, 0]))),
    ]
}

#[test]
fn products_agree_with_the_interpreter() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    for dtype in [DType::F32, DType::I8, DType::U32, DType::U64, DType::I64] {
        let spec = |shape| Spec::new(dtype, shape);
        let shapes = [Shape::batched(&[3, 5]), Shape::fixed(&[20]), Shape::batched(&[5, 2])];
        let (graph, program) = program(&*session, &shapes.map(spec), |x| {
            let float = dtype == DType::F32;
            products(x).into_iter().filter(|(_, y)| float || y.failure().is_none()).collect()
        });
        for batch in BATCHES {
            let values = [tame(&[batch, 3, 5], 1), tame(&[20], 2), tame(&[batch, 5, 2], 3)];
            let scale = if dtype == DType::F32 { 1.0 } else { 60.0 };
            let scaled = values.map(|x| {
                let values: Vec<f64> = x.to_f64().iter().map(|v| (v * scale).abs()).collect();
                Array::from_slice(x.shape(), &values).unwrap().cast(dtype)
            });
            agree(&graph, &*program, &scaled.each_ref());
        }
    }
}

#[test]
fn random_bits_are_the_same_bits() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let key = Spec::new(DType::U32, &[2][..]);
    let counter = Spec::new(DType::U32, Shape::batched(&[2]));
    let (graph, program) = program(&*session, &[key, counter], |x| {
        let bits = |length| random_bits(&x[0], &x[1], length);
        vec![
            named("11 words", bits(11)),
            named("8 words", bits(8)),
            named("uniform", uniform(&bits(3))),
        ]
    });
    for batch in BATCHES {
        let words = |shape: &[usize]| {
            let count = shape.iter().product::<usize>() as u32;
            let words: Vec<u32> = (0..count).map(|i| (i + 1).wrapping_mul(0x9E37_79B9)).collect();
            Array::from_slice(shape, &words).unwrap()
        };
        agree(&graph, &*program, &[&words(&[2]), &words(&[batch, 2])]);
    }
}

#[test]
fn rows_are_gathered_and_scattered_by_index() {
    let Some(session) = installed::session(Arc::new([])) else { return };
    let table = Spec::new(DType::F32, &[6, 4, 3][..]);
    for dtype in [DType::I32, DType::U8, DType::I64] {
        let indices = Spec::new(dtype, Shape::batched(&[2]));
        let (graph, program) = program(&*session, &[table.clone(), indices], |x| {
            let mut results = Vec::new();
            for axis in 0..3 {
                let rows = take(&x[0], &x[1], axis);
                results.push((format!("take {axis}"), rows.clone()));
                let sums = scatter_add(&x[0], &x[1], &rows, axis);
                results.push((format!("add {axis}"), sums));
                results
                    .push((format!("set {axis}"), scatter_set(&x[0], &x[1], &(rows * 3.0), axis)));
            }
            results.push(named("best", argmax(&x[0], 1)));
            results
        });
        for batch in BATCHES {
            let places: Vec<f64> = (0..2 * batch).map(|i| (i * 5 % 9) as f64 - 1.0).collect();
            let places = Array::from_slice(&[batch, 2], &places).unwrap().cast(dtype);
            agree(&graph, &*program, &[&tame(&[6, 4, 3], 1), &places]);
        }
    }
}
