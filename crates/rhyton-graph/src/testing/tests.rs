use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rhyton_tensor::{Array, DType};

use super::{Case, Sample, cases, check_op, examine, trace};
use crate::autodiff::corruption::with_wrong;
use crate::{
    Dim, Primitive, Reduce, Reduction, Shape, Spec, Tensor, custom_gradient, eval, gradients,
    maximum, minimum, power, scatter_add, scatter_set, stop_gradient, sum, sum_axes, take, tanh,
};

/// Primitives that no function of tensors can hold, with the test that covers them.
const ELSEWHERE: [&str; 1] = ["read_variable"];

fn examined(case: &Case) -> crate::Result<()> {
    examine(&case.samples, &[1, 7], &case.function)
}

#[test]
fn every_primitive_has_a_case_and_passes() {
    let mut known: BTreeSet<&str> = ELSEWHERE.into();
    for case in cases() {
        let specs: Vec<Spec> = case.samples.iter().map(|sample| sample.spec.clone()).collect();
        let (graph, _) = trace(&specs, &case.function).unwrap();
        let occurs = graph.nodes.iter().any(|node| node.primitive.name() == case.name);
        assert!(occurs, "the case of {} does not emit it", case.name);
        known.insert(case.name);
        examined(&case).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
    let missing: Vec<&str> = Primitive::names();
    let missing: Vec<_> = missing.into_iter().filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "add a case to testing/cases.rs for {missing:?}");
}

/// Flips the sign of every contribution of every gradient rule in turn; `cargo xtask
/// corrupt-gradients` shows the table.
#[test]
fn every_corrupted_gradient_is_caught() {
    let cases = cases();
    let mut uses: BTreeMap<_, Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        let (result, seen) = with_wrong(None, || examined(case));
        result.unwrap();
        for place in seen {
            uses.entry(place).or_default().push(case);
        }
    }
    let mut table = format!("{:<16} {:>7}  caught by\n", "rule", "operand");
    let mut missed = Vec::new();
    for ((name, operand), mut cases) in uses {
        cases.sort_by_key(|case| case.name != name);
        let caught = cases
            .iter()
            .find(|case| with_wrong(Some((name, operand)), || examined(case)).0.is_err());
        let by = caught.map_or("NOTHING", |case| case.name);
        writeln!(table, "{name:<16} {operand:>7}  {by}").unwrap();
        if caught.is_none() {
            missed.push((name, operand));
        }
    }
    println!("{table}");
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn large_batches_agree_too() {
    let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[3])), -1.0, 1.0);
    examine(&[x.clone(), x], &[1, 7, 128], |x| vec![tanh(&x[0] * &x[1])]).unwrap();
}

#[test]
#[should_panic(expected = "by differences")]
fn a_wrong_gradient_is_noticed() {
    let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[3])), -1.0, 1.0);
    check_op(&[x], |x| vec![stop_gradient(&x[0]) * &x[0]]);
}

/// The gradient of the sum of a function's result by each operand.
fn slopes(function: impl Fn(&[Tensor]) -> Tensor, arrays: &[&Array]) -> Vec<Vec<f64>> {
    let found = eval(
        |x| {
            let result = function(x);
            let loss = sum(&result, None, false);
            gradients(&loss, &x.iter().collect::<Vec<_>>()).unwrap()
        },
        arrays,
    );
    found.unwrap().iter().map(Array::to_f64).collect()
}

fn line(values: &[f32]) -> Array {
    Array::from_slice(&[values.len()], values).unwrap()
}

#[test]
fn ties_go_to_the_first_operand_and_are_shared_along_axes() {
    let (a, b) = (line(&[1.0, 2.0, 3.0]), line(&[1.0, 3.0, 2.0]));
    let largest = slopes(|x| maximum(&x[0], &x[1]), &[&a, &b]);
    assert_eq!(largest, [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
    let smallest = slopes(|x| minimum(&x[0], &x[1]), &[&a, &b]);
    assert_eq!(smallest, [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    let ties = line(&[2.0, 1.0, 2.0]);
    let over = |x: &[Tensor]| Tensor::emit(Reduce::new(Reduction::Maximum, &[0]), &[&x[0]]);
    assert_eq!(slopes(over, &[&ties]), [[0.5, 0.0, 0.5]]);
    let relu = slopes(|x| crate::relu(&x[0]), &[&line(&[0.0, -1.0, 1.0])]);
    assert_eq!(relu, [[0.0, 0.0, 1.0]]);
}

#[test]
fn powers_of_zero_have_finite_slopes() {
    let found =
        slopes(|x| power(&x[0], &x[1]), &[&line(&[0.0, 0.0, -2.0]), &line(&[0.0, 2.0, 2.0])]);
    assert_eq!(found, [[0.0, 0.0, -4.0], [0.0, 0.0, 0.0]]);
}

#[test]
fn stop_gradient_stops() {
    assert_eq!(slopes(|x| stop_gradient(&x[0]) * &x[0], &[&line(&[3.0])]), [[3.0]]);
}

/// The stated derivative is used, also for a parameter that broadcasts; elsewhere nothing changes.
#[test]
fn a_stated_derivative_replaces_the_rules() {
    let parts = [line(&[1.0, 2.0, 3.0]), Array::scalar(4.0_f32)];
    let [x, beta] = &parts;
    let found = slopes(
        |x| {
            let value = &x[0] * &x[1];
            custom_gradient(&[&x[0], &x[1]], &value, |inputs, result| {
                vec![inputs[0].scalar_like(7.0), result * 1.0]
            }) * 2.0
        },
        &[x, beta],
    );
    assert_eq!(found, [vec![14.0, 14.0, 14.0], vec![48.0]]);
}

#[test]
fn rows_are_taken_and_put_without_wrapping() {
    let table = Array::from_slice(&[3, 1], &[1.0_f32, 2.0, 3.0]).unwrap();
    let indices = Array::from_slice(&[4], &[2_i32, -1, 3, 0]).unwrap();
    let updates = Array::from_slice(&[4, 1], &[10.0_f32, 20.0, 30.0, 40.0]).unwrap();
    let twice = Array::from_slice(&[4], &[2_i32, 2, 9, 0]).unwrap();
    let found = eval(
        |x| {
            vec![
                take(&x[0], &x[1], 0),
                scatter_add(&x[0], &x[3], &x[2], 0),
                scatter_set(&x[0], &x[3], &x[2], 0),
            ]
        },
        &[&table, &indices, &updates, &twice],
    )
    .unwrap();
    assert_eq!(found[0].view::<f32>(), [3.0, 0.0, 0.0, 1.0]);
    assert_eq!(found[1].view::<f32>(), [41.0, 2.0, 33.0]);
    assert_eq!(found[2].view::<f32>(), [40.0, 2.0, 20.0]);
}

#[test]
fn a_gradient_can_be_differentiated_again() {
    let found = eval(
        |x| {
            let loss = sum(&(&x[0] * &x[0] * &x[0]), None, false);
            let first = gradients(&loss, &[&x[0]]).unwrap().remove(0);
            gradients(&sum_axes(&first, &[0]), &[&x[0]]).unwrap()
        },
        &[&line(&[2.0, -1.0])],
    );
    assert_eq!(found.unwrap()[0].view::<f32>(), [12.0, -6.0]);
}

#[test]
fn a_slice_past_a_small_batch_is_an_error() {
    let x = Array::zeros(DType::F32, &[1]);
    let tracer = crate::Tracer::new(std::sync::Arc::new([]));
    let input = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[])));
    let (start, limit) = (vec![Dim::fixed(0)], vec![Dim::fixed(5)]);
    let slice = crate::Slice { start, limit, stride: vec![1] };
    tracer.output("y", &Tensor::emit(slice, &[&input])).unwrap();
    let error = crate::interpret(&tracer.finish(), &[&x]).unwrap_err();
    insta::assert_snapshot!(error, @"slice: start..limit expected a range inside 0..1 along axis 0 at N = 1, received 0..5");
}

/// The first rows of a batch: the gradient of the others is 0, and a smaller batch is refused.
#[test]
fn a_part_of_the_batch_has_a_gradient() {
    let first = |x: &[Tensor]| {
        let (start, limit) = (vec![Dim::fixed(0)], vec![Dim::fixed(5)]);
        Tensor::emit(crate::Slice { start, limit, stride: vec![1] }, &[&x[0]])
    };
    let tracer = crate::Tracer::new(std::sync::Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[])));
    let loss = sum(&(first(std::slice::from_ref(&x)) * &x.scalar_like(3.0)), None, false);
    tracer.output("dx", &gradients(&loss, &[&x]).unwrap()[0]).unwrap();
    let graph = tracer.finish();
    let found = crate::interpret(&graph, &[&Array::zeros(DType::F32, &[7])]).unwrap();
    assert_eq!(found[0].view::<f32>(), [3.0, 3.0, 3.0, 3.0, 3.0, 0.0, 0.0]);
    assert!(crate::interpret(&graph, &[&Array::zeros(DType::F32, &[4])]).is_err());
}

#[test]
fn the_last_row_of_a_batch_can_be_cut_out() {
    let tracer = crate::Tracer::new(std::sync::Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[])));
    let (start, limit) = (vec![Dim::BATCH.offset(-1)], vec![Dim::BATCH]);
    let last = Tensor::emit(crate::Slice { start, limit, stride: vec![1] }, &[&x]);
    tracer.output("y", &last).unwrap();
    let graph = tracer.finish();
    let found = crate::interpret(&graph, &[&line(&[1.0, 2.0, 3.0])]).unwrap();
    assert_eq!(found[0].view::<f32>(), [3.0]);
    assert!(crate::interpret(&graph, &[&line(&[])]).is_err());
}
