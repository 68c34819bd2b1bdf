use rhyton_graph::{gradients, softmax};
use rhyton_tensor::{Array, DType};
use rhyton_testing::{Tolerance, assert_close};
use serde_json::{Value, json};

use super::*;
use crate::golden::{At, array, object, records, run};

fn goldens() -> Vec<Value> {
    records(include_str!("../../goldens/losses.json"), &LOSSES)
}

const TOLERANCE: Tolerance = Tolerance::relative(2e-6).and_absolute(1e-6);
const GRADIENTS: Tolerance = Tolerance::relative(1e-5).and_absolute(1e-6);

fn number(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

/// The loss of a batch, and its gradient for the second input.
fn loss_and_gradient(
    loss: &dyn Loss,
    y: &[Tensor],
    values: &Tensor,
    weighted: bool,
) -> Result<[Tensor; 2]> {
    let mask = loss.mask(&y[0], &y[1])?;
    let sample_weight = y.get(2).filter(|_| weighted);
    let weights = Weights { mask: mask.as_ref(), sample_weight };
    let reduced = reduce(values, weights, loss.reduction())?;
    let gradient = gradients(&reduced, &[&y[1]])?.remove(0);
    Ok([reduced, gradient])
}

#[test]
fn values_and_gradients_are_those_of_keras() {
    for record in goldens() {
        let _at = At(&record);
        let loss = LOSSES.read(&object(&record)).unwrap();
        let inputs = ["y_true", "y_pred", "sample_weight"].map(|key| array(&record[key]));
        let found = run(&inputs, |y| {
            let values = loss.call(&y[0], &y[1])?;
            let [plain, gradient] = loss_and_gradient(&*loss, y, &values, false)?;
            let [weighted, _] = loss_and_gradient(&*loss, y, &values, true)?;
            Ok(vec![values, plain, gradient, weighted])
        })
        .unwrap();
        let expected = array(&record["values"]);
        assert_close(found[0].view::<f32>(), expected.view::<f32>(), TOLERANCE);
        assert_close(found[1].view(), &[number(&record["loss"])], TOLERANCE);
        assert_close(found[2].view(), array(&record["gradient"]).view::<f32>(), GRADIENTS);
        assert_close(found[3].view(), &[number(&record["weighted"])], TOLERANCE);
    }
}

/// Keras leaves the logits when a class is ignored; here they are used all the same.
#[test]
fn logits_before_the_activation_are_used_as_in_keras() {
    let mut seen = 0;
    for record in goldens() {
        if record.get("logits").is_none() || record["case"].get("ignore_class").is_some() {
            continue;
        }
        let _at = At(&record);
        let loss = LOSSES.read(&object(&record)).unwrap();
        let is_binary =
            record["class_name"].as_str().is_some_and(|name| name.starts_with("Binary"));
        let activation = if is_binary { ProbabilityOf::Sigmoid } else { ProbabilityOf::Softmax };
        // Keras takes the probabilities there too.
        if record["class_name"] == "CategoricalFocalCrossentropy" {
            continue;
        }
        seen += 1;
        let inputs = ["y_true", "logits"].map(|key| array(&record[key]));
        let found = run(&inputs, |y| {
            let values = loss.call_logits(&y[0], &y[1], activation).expect("they fit")?;
            Ok(loss_and_gradient(&*loss, y, &values, false)?.into())
        })
        .unwrap();
        assert_close(found[0].view(), &[number(&record["loss_of_logits"])], TOLERANCE);
        let expected = array(&record["gradient_of_logits"]);
        assert_close(found[1].view(), expected.view::<f32>(), GRADIENTS);
    }
    assert_eq!(seen, 7);
}

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

/// The values of a loss on some arrays.
fn values(loss: &dyn Loss, y_true: &Array, y_pred: &Array) -> Vec<f32> {
    let found = run(&[y_true.clone(), y_pred.clone()], |y| Ok(vec![loss.call(&y[0], &y[1])?]));
    found.unwrap()[0].view::<f32>().to_vec()
}

#[test]
fn only_their_own_activation_gives_logits() {
    let y = f32s(&[1, 2], &[0.0, 1.0]);
    run(&[y.clone(), y], |y| {
        let fits = |loss: &dyn Loss, activation| loss.call_logits(&y[0], &y[1], activation);
        assert!(fits(&MeanSquaredError::default(), ProbabilityOf::Sigmoid).is_none());
        assert!(fits(&BinaryCrossentropy::default(), ProbabilityOf::Softmax).is_none());
        assert!(fits(&CategoricalCrossentropy::default(), ProbabilityOf::Sigmoid).is_none());
        let other_axis = CategoricalCrossentropy::default().axis(0);
        assert!(fits(&other_axis, ProbabilityOf::Softmax).is_none());
        let sparse = SparseCategoricalCrossentropy::default();
        assert!(fits(&sparse, ProbabilityOf::Sigmoid).is_none());
        Ok(vec![y[0].clone()])
    })
    .unwrap();
}

#[test]
fn saturated_logits_keep_their_gradient() {
    let labels = Array::from_slice(&[1], &[0_u8]).unwrap();
    let far = f32s(&[1, 2], &[-200.0, 0.0]);
    let found = run(&[labels, far], |y| {
        let sparse = SparseCategoricalCrossentropy::default();
        let stable = sparse.call_logits(&y[0], &y[1], ProbabilityOf::Softmax).unwrap()?;
        let clipped = sparse.call(&y[0], &softmax(&y[1], -1))?;
        let gradient = gradients(&rhyton_graph::sum(&stable, None, false), &[&y[1]])?.remove(0);
        Ok(vec![stable, clipped, gradient])
    })
    .unwrap();
    assert_eq!(found[0].view::<f32>(), &[200.0]);
    assert!((found[1].view::<f32>()[0] - 16.118_095).abs() < 1e-4);
    assert_eq!(found[2].view::<f32>(), &[-1.0, 1.0]);
}

#[test]
fn ranks_meet_as_in_keras() {
    let column = f32s(&[3, 1], &[1.0, 2.0, 3.0]);
    let vector = f32s(&[3], &[1.0, 1.0, 1.0]);
    let mse = MeanSquaredError::default();
    assert_eq!(values(&mse, &vector, &column), [0.0, 1.0, 4.0]);
    assert_eq!(values(&mse, &column, &vector), [0.0, 1.0, 4.0]);
    let scores = f32s(&[2, 3], &[0.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    let sparse = SparseCategoricalCrossentropy::default().from_logits(true);
    let flat = Array::from_slice(&[2], &[2_i64, 0]).unwrap();
    let tall = Array::from_slice(&[2, 1], &[2_u8, 0]).unwrap();
    assert_eq!(values(&sparse, &flat, &scores), values(&sparse, &tall, &scores));
    let floats = flat.cast(DType::F32);
    assert_eq!(values(&sparse, &flat, &scores), values(&sparse, &floats, &scores));
}

#[test]
fn labels_out_of_range_are_nan() {
    let scores = f32s(&[3, 2], &[0.0; 6]);
    let labels = Array::from_slice(&[3], &[0_i32, 2, -1]).unwrap();
    let found = values(&SparseCategoricalCrossentropy::default(), &labels, &scores);
    assert!(found[0].is_finite() && found[1].is_nan() && found[2].is_nan(), "{found:?}");
    let ignoring = SparseCategoricalCrossentropy::default().ignore_class(-1);
    assert_eq!(values(&ignoring, &labels, &scores)[2], 0.0);
}

#[test]
fn shapes_that_do_not_fit_are_told() {
    let refuse = |loss: &dyn Loss, y_true: &Array, y_pred: &Array| {
        let inputs = [y_true.clone(), y_pred.clone()];
        run(&inputs, |y| Ok(vec![loss.call(&y[0], &y[1])?])).unwrap_err().to_string()
    };
    let (wide, narrow) = (f32s(&[2, 3], &[0.0; 6]), f32s(&[2, 2], &[0.0; 4]));
    insta::assert_snapshot!(refuse(&MeanSquaredError::default(), &narrow, &wide), @"mean_squared_error: y_true expected the shape of y_pred, [N, 3], received shape [N, 2]");
    insta::assert_snapshot!(refuse(&SparseCategoricalCrossentropy::default(), &narrow, &wide), @"sparse_categorical_crossentropy: y_true expected class numbers of shape [N], or with a last axis of 1, received shape [N, 2]");
}

#[test]
fn masks_and_weights_combine() {
    let values = f32s(&[4], &[1.0, 2.0, 3.0, 4.0]);
    let weights = f32s(&[4, 1], &[1.0, 1.0, 2.0, 1.0]);
    let mask = Array::from_bools(&[4], &[true, false, true, false]).unwrap();
    let inputs = [values, weights, mask];
    let reductions = [
        LossReduction::SumOverBatchSize,
        LossReduction::Sum,
        LossReduction::MeanWithSampleWeight,
        LossReduction::None,
    ];
    let found = run(&inputs, |x| {
        let both = Weights { mask: Some(&x[2]), sample_weight: Some(&x[1]) };
        reductions.iter().map(|reduction| reduce(&x[0], both, *reduction)).collect()
    })
    .unwrap();
    assert_eq!(found[0].to_f64(), [3.5]);
    assert_eq!(found[1].to_f64(), [7.0]);
    assert!((found[2].to_f64()[0] - 7.0 / 3.0).abs() < 1e-6);
    assert_eq!(found[3].to_f64(), [1.0, 0.0, 6.0, 0.0]);
}

#[test]
fn crossentropy_chooses_by_shape() {
    let spec = |sizes: &[usize]| Spec::new(DType::F32, rhyton_graph::Shape::batched(sizes));
    let chosen = |name: &str, y_true: &[usize], y_pred: &[usize]| {
        resolve(name, &spec(y_true), &spec(y_pred)).unwrap().spec().class_name
    };
    assert_eq!(chosen("crossentropy", &[1], &[1]), "BinaryCrossentropy");
    assert_eq!(chosen("ce", &[], &[10]), "SparseCategoricalCrossentropy");
    assert_eq!(chosen("CE", &[1], &[10]), "SparseCategoricalCrossentropy");
    assert_eq!(chosen("crossentropy", &[10], &[10]), "CategoricalCrossentropy");
    assert_eq!(chosen("mse", &[10], &[10]), "MeanSquaredError");
    let unknown = resolve("mean_square_error", &spec(&[1]), &spec(&[1])).unwrap_err();
    assert!(unknown.to_string().contains("mean_squared_error"), "{unknown}");
}

#[test]
fn configurations_are_kept_and_checked() {
    for spec in LOSSES.specs {
        for case in spec.cases {
            let config: Value = serde_json::from_str(case).unwrap();
            let loss = (spec.from_config)(config.clone()).unwrap();
            assert_eq!(Value::Object(loss.config()), config);
            let name = rhyton_formats::snake_case(spec.class_name);
            assert_eq!(loss.name(), if name == "huber" { "huber_loss" } else { &name });
        }
        let target = match spec.class_name {
            "SparseCategoricalCrossentropy" | "CategoricalGeneralizedCrossEntropy" => {
                Target::Labels
            }
            "Circle" => Target::Groups,
            _ => Target::Values,
        };
        assert_eq!(LOSSES.named(spec.class_name).unwrap().target(), target);
    }
    let q = json!({"class_name": "CategoricalGeneralizedCrossEntropy", "config": {"q": 1}});
    insta::assert_snapshot!(LOSSES.read(&q).unwrap_err(), @"CategoricalGeneralizedCrossEntropy: q expected a number between 0 and 1, received 1");
    let read = |config: Value| {
        let class = "BinaryCrossentropy";
        LOSSES.read(&json!({"class_name": class, "config": config})).unwrap_err().to_string()
    };
    insta::assert_snapshot!(read(json!({"label_smoothing": 2})), @"BinaryCrossentropy: label_smoothing expected a number in [0, 1], received 2");
    assert!(read(json!({"reduction": "avg"})).contains("sum_over_batch_size"));
    let none =
        LOSSES.read(&json!({"class_name": "MeanSquaredError", "config": {"reduction": null}}));
    assert_eq!(none.unwrap().reduction(), LossReduction::None);
}
