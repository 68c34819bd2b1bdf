//! Random programs for properties of passes and of the text form.

use std::sync::Arc;

use proptest::prelude::*;
use rhyton_tensor::{Array, DType};

use crate::{
    ArgReduce, ArgReduction, Binary, Broadcast, Cast, Compare, Concatenate, Dim, Dimension, Dot,
    Gather, Graph, Loop, Pad, Reduce, Reduction, Reshape, Reverse, Select, Shape, Slice, Spec,
    StopGradient, Tap, Tensor, Tracer, Transpose, Unary, VariableId, VariableSpec, iota_like, scan,
    tanh,
};

/// One step of a recipe: what to do, and which values to do it to.
type Step = [u8; 4];

/// Programs over most primitives, with a batch, variables and an assignment.
pub(crate) fn graphs() -> impl Strategy<Value = Graph> {
    proptest::collection::vec(any::<Step>(), 1..40).prop_map(|recipe| build(&recipe))
}

/// Arrays for the inputs of such a program.
pub(crate) fn arrays(batch: usize) -> Vec<Array> {
    let floats = |shape: &[usize], seed: usize| {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|i| ((i + seed) as f32 * 1.3).sin() * 2.0).collect();
        Array::from_slice(shape, &values).unwrap()
    };
    let indices: Vec<i32> = (0..batch as i32).map(|i| i % 5 - 1).collect();
    vec![
        floats(&[batch, 3], 0),
        floats(&[batch, 3], 5),
        Array::from_slice(&[batch], &indices).unwrap(),
    ]
}

pub(crate) fn variables() -> Arc<[VariableSpec]> {
    let variable =
        |name: &str| VariableSpec { name: name.to_owned(), spec: Spec::new(DType::F32, &[3][..]) };
    Arc::new([variable("dense/kernel"), variable("odd \"name\"\n")])
}

fn build(recipe: &[Step]) -> Graph {
    let tracer = Tracer::new(variables());
    let mut values = vec![
        tracer.input("x", Spec::new(DType::F32, Shape::batched(&[3]))),
        tracer.input("y", Spec::new(DType::F32, Shape::batched(&[3]))),
        tracer.input("i", Spec::new(DType::I32, Shape::batched(&[]))),
        tracer.variable(VariableId(0)),
    ];
    for (place, step) in recipe.iter().enumerate() {
        let path = if place % 3 == 0 { String::new() } else { format!("model/layer{}", place % 4) };
        let made = tracer.at_path(&path, || apply(&tracer, &values, *step));
        let fits = |tensor: &Tensor| {
            tensor.failure().is_none() && tensor.rank() < 4 && tensor.shape().volume(3) < 500
        };
        values.extend(made.into_iter().filter(fits));
    }
    let like_variable = values
        .iter()
        .rev()
        .find(|value| value.dtype() == DType::F32 && *value.shape() == Shape::fixed(&[3]));
    if let Some(value) = like_variable {
        tracer.assign(VariableId(1), value);
    }
    for (place, value) in values.iter().rev().step_by(2).take(5).enumerate() {
        tracer.output(&format!("y{place}"), value).unwrap();
    }
    tracer.finish()
}

fn apply(tracer: &Tracer, values: &[Tensor], [kind, a, b, c]: Step) -> Vec<Tensor> {
    let x = &values[a as usize % values.len()];
    let same = (0..values.len())
        .map(|step| &values[(b as usize + step) % values.len()])
        .find(|value| value.spec() == x.spec())
        .unwrap_or(x);
    let c = c as usize;
    let axis = c % x.rank().max(1);
    let one = match kind % 26 {
        0..=2 => Tensor::emit(Binary::ALL[c % Binary::ALL.len()], &[x, same]),
        3..=5 => Tensor::emit(Unary::ALL[c % Unary::ALL.len()], &[x]),
        6 => {
            let condition = Tensor::emit(Compare::ALL[c % 6], &[x, same]);
            Tensor::emit(Select, &[&condition, same, x])
        }
        7 => {
            let kinds = [DType::F32, DType::I32, DType::Bool, DType::F64, DType::BF16, DType::U8];
            Tensor::emit(Cast { dtype: kinds[c % 6] }, &[x])
        }
        8 => {
            let axes: &[usize] = if (c / 6).is_multiple_of(4) { &[] } else { &[axis] };
            Tensor::emit(Reduce::new(Reduction::ALL[c % 6], axes), &[x])
        }
        9 => Tensor::emit(Transpose { permutation: (0..x.rank()).rev().collect() }, &[x]),
        10 => {
            let dims = std::iter::once(Dim::fixed(2)).chain(x.shape().iter().copied());
            let axes = (1..=x.rank()).collect();
            Tensor::emit(Broadcast { shape: dims.collect(), axes }, &[x])
        }
        11 => {
            let shape = x.shape().iter().rev().copied().collect();
            Tensor::emit(Reshape { shape }, &[x])
        }
        12 => cut(x, axis, c),
        13 => {
            let low = vec![Dim::fixed(c % 2); x.rank()];
            let mut high = low.clone();
            if c.is_multiple_of(5) && x.rank() > 0 {
                high[axis] = Dim::BATCH.offset(-1 - (c % 3) as isize);
            }
            let pad = Pad { high, low, interior: vec![c / 2 % 2; x.rank()] };
            Tensor::emit(pad, &[x, &x.scalar_like(c as f64)])
        }
        14 => Tensor::emit(Concatenate { axis }, &[x, same]),
        15 => Tensor::emit(Reverse { axes: vec![axis] }, &[x]),
        16 => Tensor::emit(Dot::matrices(axis, axis), &[x, same]),
        17 => x.constant(odd_constant(c)),
        18 => iota_like(x, axis, DType::F32),
        19 => Tensor::emit(Gather { axis }, &[x, &values[2]]),
        20 if c.is_multiple_of(2) => Tensor::emit(StopGradient, &[x]),
        20 => Tensor::emit(Tap { name: format!("tap{c}") }, &[x]),
        21 => Tensor::emit(Dimension { axis }, &[x]),
        22 => tracer.variable(VariableId(c as u32 % 2)),
        23 => Tensor::emit(ArgReduce { reduction: ArgReduction::Maximum, axis }, &[x]),
        24 => nothing(x, c),
        _ => return repeat(x, same, c),
    };
    vec![one]
}

/// A part along an axis; along one of the batch it may not be there in a small batch.
fn cut(x: &Tensor, axis: usize, c: usize) -> Tensor {
    let mut limit = x.shape().to_vec();
    let mut start = vec![Dim::fixed(0); x.rank()];
    match limit.get(axis) {
        Some(dim) if dim.batches > 0 && c.is_multiple_of(2) => limit[axis] = Dim::fixed(c % 4),
        Some(dim) if dim.batches > 0 => start[axis] = Dim::fixed(c % 3),
        Some(dim) if dim.constant > 1 => limit[axis] = limit[axis].offset(-1),
        _ => {}
    }
    Tensor::emit(Slice { start, limit, stride: vec![1; x.rank()] }, &[x])
}

/// Operations that change nothing, for the pass that takes them away.
fn nothing(x: &Tensor, c: usize) -> Tensor {
    match c % 4 {
        0 => Tensor::emit(Reshape { shape: x.shape().clone() }, &[x]),
        1 => Tensor::emit(Transpose { permutation: (0..x.rank()).collect() }, &[x]),
        2 => Tensor::emit(Cast { dtype: x.dtype() }, &[x]),
        _ => {
            let (shape, axes) = (x.shape().clone(), (0..x.rank()).collect());
            Tensor::emit(Broadcast { shape, axes }, &[x])
        }
    }
}

fn odd_constant(c: usize) -> Array {
    let odd = [f32::NAN, -0.0, f32::INFINITY, f32::from_bits(0xFFC1_2345), 1e-45, 0.1];
    match c % 4 {
        0 => Array::from_slice(&[3], &[odd[c % 6], odd[c / 6 % 6], 1.5]).unwrap(),
        1 => Array::scalar(odd[c / 4 % 6]).cast(DType::F64),
        2 => Array::from_slice(&[2, 1], &[i64::MIN, c as i64]).unwrap(),
        _ => Array::scalar(odd[c / 4 % 6]).cast(DType::BF16),
    }
}

fn repeat(x: &Tensor, same: &Tensor, c: usize) -> Vec<Tensor> {
    let stacked = [x, same].map(|tensor| crate::expand_dims(tensor, 0));
    let sequence = crate::concatenate(&stacked, 0);
    let over = Loop {
        carries: std::slice::from_ref(x),
        sequences: &[sequence],
        invariants: std::slice::from_ref(same),
        reverse: c.is_multiple_of(2),
        ..Loop::default()
    };
    let result = scan(&over, |turn| {
        let next = tanh(&turn.carries[0] * &turn.rows[0] + &turn.invariants[0]);
        Ok((vec![next.clone()], vec![next * 2.0]))
    });
    result.map_or_else(|_| Vec::new(), |(carries, emitted)| [carries, emitted].concat())
}
