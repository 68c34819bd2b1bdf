use rhyton_tensor::DType;

use super::*;

fn zeros(shape: &[usize]) -> Array {
    Array::zeros(DType::F32, shape)
}

fn arrays(named: &[(&str, &[usize])]) -> Result<Dataset> {
    let arrays = named.iter().map(|&(name, shape)| (name.to_owned(), zeros(shape)));
    Dataset::from_arrays(Path::new("d.npz"), arrays)
}

fn names(dataset: &Dataset) -> Vec<String> {
    dataset.columns().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn names_decide_what_an_array_is() {
    let one = arrays(&[("y", &[3]), ("x", &[3, 2])]).unwrap();
    assert_eq!(names(&one), ["x", "y"]);
    let several = arrays(&[
        ("x1", &[4, 3]),
        ("y1", &[4]),
        ("x0", &[4, 2]),
        ("y0", &[4, 5]),
        ("sample_weight", &[4]),
        ("x1_val", &[2, 3]),
        ("x0_val", &[2, 2]),
    ])
    .unwrap();
    assert_eq!(names(&several), ["x0", "x1", "y0", "y1", "sample_weight"]);
    assert_eq!(several.inputs[1].1.shape(), &[4, 3]);
    assert_eq!(several.targets[0].shape(), &[4, 5]);
    assert_eq!(names(several.validation.as_ref().unwrap()), ["x0", "x1"]);
    let own = arrays(&[("left", &[2, 1]), ("x", &[2, 1]), ("input_val", &[2, 1])]).unwrap();
    assert_eq!(names(&own), ["left", "x", "input_val"]);
}

#[test]
fn wrong_sets_are_explained() {
    let message = |named: &[(&str, &[usize])]| arrays(named).unwrap_err().to_string();
    insta::assert_snapshot!(message(&[("y", &[1])]), @r#"d.npz: arrays: expected inputs named `x`, or `x0`, `x1`, …, or like the model's inputs, received ["y"]; name the arrays, e.g. numpy.savez(file, x=images, y=labels)"#);
    insta::assert_snapshot!(message(&[("x0", &[1]), ("x2", &[1])]), @"d.npz: arrays: expected `x1`, received `x2`; number the arrays 0, 1, 2, … in the model's order");
    insta::assert_snapshot!(message(&[("x", &[1]), ("x1", &[1])]), @"d.npz: arrays: expected `x0`, received `x`; number the arrays 0, 1, 2, … in the model's order");
    insta::assert_snapshot!(message(&[("x", &[3, 2]), ("y", &[2])]), @"data: array `y` has 2 rows but `x` has 3; every array needs one row per sample");
    insta::assert_snapshot!(message(&[("x", &[3]), ("x_val", &[2]), ("y_val", &[1])]), @"data: array `y_val` has 1 rows but `x_val` has 2; every array needs one row per sample");
    insta::assert_snapshot!(message(&[("x", &[1 << 60, 0])]), @"data: array `x` has shape [1152921504606846976, 0]; expected at least one sample of at least one value along the first axis");
    insta::assert_snapshot!(message(&[("x", &[])]), @"data: array `x` has shape []; expected at least one sample of at least one value along the first axis");
    let unlabelled = arrays(&[("x", &[1])]).unwrap();
    insta::assert_snapshot!(unlabelled.require_targets().unwrap_err(), @"d.npz: targets: expected an array `y`, received none; add the labels: `y` in an .npz, a first column `label` in a .csv, the labels file beside IDX images");
}

#[test]
fn inputs_take_the_models_names_and_shapes() {
    let image = InputShape { name: "pixels", sample: &[Some(28), Some(28), Some(1)] };
    let mut images = arrays(&[("x", &[2, 784]), ("x_val", &[1, 28, 28])]).unwrap();
    images.reshape_inputs_to(&[image]).unwrap();
    assert_eq!(images.inputs, [("pixels".to_owned(), zeros(&[2, 28, 28, 1]).into())]);
    assert_eq!(images.validation.unwrap().inputs[0].1.shape(), &[1, 28, 28, 1]);

    let flag = InputShape { name: "flag", sample: &[Some(1)] };
    let mut by_name = arrays(&[("flag", &[2]), ("pixels", &[2, 28, 28, 1])]).unwrap();
    by_name.reshape_inputs_to(&[image, flag]).unwrap();
    assert_eq!(names(&by_name), ["pixels", "flag"]);
    assert_eq!(by_name.inputs[1].1.shape(), &[2, 1]);

    let mut by_position = arrays(&[("x1", &[2, 1]), ("x0", &[2, 784])]).unwrap();
    by_position.reshape_inputs_to(&[image, flag]).unwrap();
    assert_eq!(names(&by_position), ["pixels", "flag"]);
}

#[test]
fn a_misfit_names_both_sides() {
    let image = InputShape { name: "pixels", sample: &[Some(28), None, Some(1)] };
    let mut wrong = arrays(&[("x", &[2, 27, 27])]).unwrap();
    insta::assert_snapshot!(wrong.reshape_inputs_to(&[image]).unwrap_err(), @"data: input `pixels`: expected samples of shape (28, None, 1), received (27, 27); the numbers of values differ and nothing was reshaped");
    let two = [image, InputShape { name: "flag", sample: &[] }];
    insta::assert_snapshot!(wrong.reshape_inputs_to(&two).unwrap_err(), @r#"data: expected inputs ["pixels", "flag"], received ["x"]; name the arrays like the model's inputs, or x0, x1, … in their order (`x` for one input)"#);
    let mut other = arrays(&[("pixels", &[2, 784]), ("ids", &[2])]).unwrap();
    assert!(matches!(other.reshape_inputs_to(&two), Err(Error::Inputs { .. })));
}

#[test]
fn shapes_fit_or_agree_in_number() {
    assert_eq!(fitted(&[None, Some(3)], &[7, 3]), Some(vec![7, 3]));
    assert_eq!(fitted(&[None], &[784]), Some(vec![784]));
    assert_eq!(fitted(&[None, Some(28)], &[784]), Some(vec![28, 28]));
    assert_eq!(fitted(&[None, None], &[784]), None);
    assert_eq!(fitted(&[Some(784)], &[28, 28]), Some(vec![784]));
    assert_eq!(fitted(&[Some(3)], &[9]), None);
    assert_eq!(fitted(&[Some(0)], &[9]), None);
    assert_eq!(fitted(&[], &[1]), Some(vec![]));
}

#[test]
fn arrays_for_validation_are_named_as_in_the_file() {
    let [two, none] = [2, 0].map(|rows| Array::zeros(DType::F32, &[rows, 1]));
    let arrays = [("x", &two), ("y", &two), ("x_val", &none), ("y_val", &none)];
    let named = arrays.map(|(name, array)| (name.to_owned(), array.clone()));
    let error = Dataset::from_arrays(Path::new("d.npz"), named).unwrap_err();
    assert!(error.to_string().contains("`x_val`"), "{error}");
}
