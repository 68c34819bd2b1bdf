use std::collections::BTreeMap;

use rhyton_tensor::Array;

use super::{Loop, scan};
use crate::{
    Dim, Primitive, Result, Slice, Tensor, Tracer, eval, expand_dims, gradients, matmul, select,
    sigmoid, sum, tanh, transpose,
};

/// The arrays of a golden file.
fn golden(text: &str) -> BTreeMap<String, Array> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.chunks_exact(2).map(|pair| {
        let mut words = pair[0].split(' ');
        let name = words.next().unwrap().to_owned();
        let shape: Vec<usize> = words.map(|size| size.parse().unwrap()).collect();
        let values: Vec<f32> = pair[1].split(' ').map(|number| number.parse().unwrap()).collect();
        (name, Array::from_slice(&shape, &values).unwrap())
    });
    pairs.collect()
}

fn quarter(z: &Tensor, place: usize) -> Tensor {
    let units = z.shape()[1].fixed_size().unwrap() / 4;
    let cut = |index: usize| vec![Dim::fixed(0), Dim::fixed(index * units)];
    let limit = vec![z.shape()[0], Dim::fixed((place + 1) * units)];
    Tensor::emit(Slice { start: cut(place), limit, stride: vec![1; 2] }, &[z])
}

/// Keras' LSTM for x `[N, T, d]`: rows `[N, T, units]`. A masked step keeps both states.
fn lstm(x: &Tensor, weights: &[Tensor], mask: Option<&Tensor>) -> Result<Tensor> {
    let [kernel, recurrent, bias] = [&weights[0], &weights[1], &weights[2]];
    let projected = transpose(&(matmul(x, kernel) + bias), &[1, 0, 2]);
    let start = matmul(&quarter_row(&projected), recurrent);
    let zero = quarter(&start, 0) * 0.0;
    let mut sequences = vec![projected];
    sequences.extend(mask.map(|mask| transpose(mask, &[1, 0])));
    let carries = [zero.clone(), zero];
    let invariants = std::slice::from_ref(recurrent);
    let over = Loop { carries: &carries, sequences: &sequences, invariants, ..Loop::default() };
    let (_, emitted) = scan(&over, |turn| {
        let (h, c) = (&turn.carries[0], &turn.carries[1]);
        let z = &turn.rows[0] + matmul(h, &turn.invariants[0]);
        let gate = |place: usize| sigmoid(quarter(&z, place));
        let mut new_c = gate(1) * c + gate(0) * tanh(quarter(&z, 2));
        let mut new_h = gate(3) * tanh(&new_c);
        if let Some(mask) = turn.rows.get(1) {
            let mask = expand_dims(mask, -1);
            (new_h, new_c) = (select(&mask, &new_h, h), select(&mask, &new_c, c));
        }
        Ok((vec![new_h.clone(), new_c], vec![new_h]))
    })?;
    Ok(transpose(&emitted[0], &[1, 0, 2]))
}

/// One step of projections `[N, 4u]`, cut to `[N, u]`: something of the state's shape.
fn quarter_row(projected: &Tensor) -> Tensor {
    let mut limit = projected.shape().to_vec();
    limit[0] = Dim::ONE;
    limit[2] = Dim::fixed(limit[2].fixed_size().unwrap() / 4);
    let slice = Slice { start: vec![Dim::fixed(0); 3], limit, stride: vec![1; 3] };
    crate::squeeze(&Tensor::emit(slice, &[projected]), 0)
}

fn agrees(name: &str, found: &Array, expected: &Array) {
    let largest = expected.to_f64().into_iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    assert_eq!(found.shape(), expected.shape(), "{name}");
    for (a, b) in found.to_f64().into_iter().zip(expected.to_f64()) {
        assert!((a - b).abs() <= 1e-5 * largest, "{name}: {a} instead of {b}");
    }
}

fn check_golden(text: &str, mask: Option<&Array>) {
    let arrays = golden(text);
    let names = ["x", "kernel", "recurrent_kernel", "bias", "cotangent"];
    let mut inputs: Vec<&Array> = names.iter().map(|name| &arrays[*name]).collect();
    inputs.extend(mask);
    let found = eval(
        |x| {
            let y = lstm(&x[0], &x[1..4], x.get(5)).unwrap_or_else(Tensor::failed);
            let loss = sum(&(&y * &x[4]), None, false);
            let sources: Vec<&Tensor> = x[..4].iter().collect();
            let slopes = gradients(&loss, &sources);
            let slopes = slopes.unwrap_or_else(|error| vec![Tensor::failed(error)]);
            [vec![y], slopes].concat()
        },
        &inputs,
    )
    .unwrap();
    let expected = ["y", "dx", "dkernel", "drecurrent_kernel", "dbias"];
    for (name, found) in expected.iter().zip(&found) {
        agrees(name, found, &arrays[*name]);
    }
}

#[test]
fn an_lstm_is_keras() {
    check_golden(include_str!("../../../goldens/lstm.txt"), None);
}

#[test]
fn a_masked_lstm_is_keras() {
    let mask = [1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1].map(|bit| bit == 1);
    let mask = Array::from_bools(&[3, 5], &mask).unwrap();
    check_golden(include_str!("../../../goldens/lstm_masked.txt"), Some(&mask));
}

/// The loop runs once forward and once backward, and the weight's gradient is one product over all
/// steps, outside both.
#[test]
fn the_weight_gradient_is_one_product_after_the_loop() {
    let arrays = golden(include_str!("../../../goldens/lstm.txt"));
    let tracer = Tracer::new(std::sync::Arc::new([]));
    let inputs: Vec<Tensor> = ["x", "kernel", "recurrent_kernel", "bias"]
        .iter()
        .map(|name| {
            let spec = crate::Spec::new(arrays[*name].dtype(), arrays[*name].shape());
            tracer.input(name, spec)
        })
        .collect();
    let y = lstm(&inputs[0], &inputs[1..], None).unwrap();
    let gradient = gradients(&sum(&y, None, false), &[&inputs[2]]).unwrap().remove(0);
    tracer.output("du", &gradient).unwrap();
    let graph = crate::simplify(&tracer.finish());
    let scans: Vec<_> = graph
        .nodes
        .iter()
        .filter_map(|node| match &node.primitive {
            Primitive::Scan(scan) => Some(scan),
            _ => None,
        })
        .collect();
    assert_eq!(scans.len(), 2);
    let products = |graph: &crate::Graph| {
        graph.nodes.iter().filter(|node| matches!(node.primitive, Primitive::Dot(_))).count()
    };
    assert_eq!((products(&scans[0].body), products(&scans[1].body)), (1, 1));
    let over_time = graph.nodes.iter().any(|node| match &node.primitive {
        Primitive::Dot(dot) => dot.contract[0].len() == 2,
        _ => false,
    });
    assert!(over_time);
}

#[test]
fn tensors_from_outside_must_be_invariants() {
    let array = Array::zeros(rhyton_tensor::DType::F32, &[2]);
    let result = eval(
        |x| {
            let over = Loop { carries: &x[..1], length: Some(2), ..Loop::default() };
            let run = scan(&over, |turn| Ok((vec![&turn.carries[0] + &x[1]], Vec::new())));
            run.map_or_else(|error| vec![Tensor::failed(error)], |(carries, _)| carries)
        },
        &[&array, &array],
    );
    let message = result.unwrap_err().to_string();
    assert!(message.contains("different programs"), "{message}");
}

fn decay(x: &[Tensor], reverse: bool) -> Vec<Tensor> {
    let over = Loop {
        carries: &x[..1],
        sequences: &x[1..2],
        invariants: &x[2..],
        reverse,
        ..Loop::default()
    };
    let (carries, emitted) = scan(&over, |turn| {
        let next = &turn.carries[0] * &turn.invariants[0] + &turn.rows[0];
        Ok((vec![next.clone()], vec![next]))
    })
    .unwrap();
    [carries, emitted].concat()
}

#[test]
fn rows_stay_at_their_places_in_either_direction() {
    let start = Array::scalar(0.0_f32);
    let rows = Array::from_slice(&[3], &[1.0_f32, 2.0, 3.0]).unwrap();
    let half = Array::scalar(0.5_f32);
    let forward = eval(|x| decay(x, false), &[&start, &rows, &half]).unwrap();
    assert_eq!(forward[1].view::<f32>(), [1.0, 2.5, 4.25]);
    assert_eq!(forward[0].view::<f32>(), [4.25]);
    let backward = eval(|x| decay(x, true), &[&start, &rows, &half]).unwrap();
    assert_eq!(backward[1].view::<f32>(), [2.75, 3.5, 3.0]);
    let none = Array::zeros(rhyton_tensor::DType::F32, &[0]);
    let empty = eval(|x| decay(x, false), &[&half, &none, &half]).unwrap();
    assert_eq!((empty[0].view::<f32>(), empty[1].shape()), (&[0.5][..], &[0][..]));
}

/// d²y/da² of y = a·(a·x₀ + x₁) + x₂ is 2x₀; asking twice for a gradient changes nothing.
#[test]
fn a_loop_can_be_differentiated_twice() {
    let rows = Array::from_slice(&[3], &[1.5_f32, 2.0, 3.0]).unwrap();
    let found = eval(
        |x| {
            let zero = x[0].scalar_like(0.0);
            let y = decay(&[zero, x[0].clone(), x[1].clone()], false).remove(0);
            let slope = gradients(&y, &[&x[1]]).unwrap().remove(0);
            let again = gradients(&y, &[&x[1]]).unwrap().remove(0);
            let second = gradients(&slope, &[&x[1]]).unwrap().remove(0);
            vec![slope, again, second]
        },
        &[&rows, &Array::scalar(0.5_f32)],
    )
    .unwrap();
    let values: Vec<f32> = found.iter().map(|array| array.view::<f32>()[0]).collect();
    assert_eq!(values, [3.5, 3.5, 3.0]);
}
