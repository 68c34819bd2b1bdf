//! How samples reach a training: from files, and changed on the way.

use rhyton::data::{LoadOptions, load, npz};
use rhyton::{Augmentation, Column, Evaluate, Fit, Predict, Verbose};

use crate::training::{clouds, network};

fn quiet<'a>() -> Fit<'a> {
    Fit::new().epochs(2).batch_size(16).verbose(Verbose::Silent)
}

#[test]
fn columns_in_files_are_as_good_as_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.npz");
    let (x, y) = clouds(100);
    npz::write(&path, [("x", &x), ("y", &y)]).unwrap();
    let options = LoadOptions { memory_bytes: 0, ..LoadOptions::default() };
    let data = load(&path, &options).unwrap();
    let (stored, labels) = (&data.inputs[0].1, &data.targets[0]);
    assert!(matches!((stored, labels), (Column::Stored(_), Column::Stored(_))));
    let fit = || quiet().validation_split(0.25).class_weight([(1, 2.0)]);
    let (mut a, mut b) = (network("relu"), network("relu"));
    let history = a.fit(&x, &y, fit()).unwrap();
    assert_eq!(b.fit(stored, labels, fit()).unwrap().history, history.history);
    assert_eq!(a.weight_values().unwrap(), b.weight_values().unwrap());
    let logs = a.evaluate(&x, &y, Evaluate::new()).unwrap();
    assert_eq!(b.evaluate(stored, labels, Evaluate::new()).unwrap(), logs);
    let outputs = a.predict(&x, Predict::new()).unwrap();
    assert_eq!(b.predict(stored, Predict::new()).unwrap(), outputs);
}

#[test]
fn only_images_to_train_on_are_changed() {
    let (x, y) = clouds(64);
    let changes = || Augmentation::new().shift(0.25);
    // The last validation is of the trained weights, on unchanged images.
    let mut model = network("relu");
    let fit = quiet().validation_data(&x, &y).augment(changes());
    let history = model.fit(&x, &y, fit).unwrap();
    let logs = model.evaluate(&x, &y, Evaluate::new().batch_size(16)).unwrap();
    assert_eq!(history.last("val_loss"), Some(logs["loss"]));
    let trained = |augmentation: Augmentation| {
        let mut model = network("relu");
        model.fit(&x, &y, quiet().augment(augmentation)).unwrap();
        model.weight_values().unwrap()
    };
    assert_eq!(trained(changes()), trained(changes()));
    assert_ne!(trained(changes()), trained(Augmentation::new()));
}

#[test]
fn changes_need_images() {
    let mut model = rhyton::Sequential::new()
        .input(&[4])
        .add(rhyton::Dense::new(3).activation("softmax"))
        .build()
        .unwrap();
    model.compile(rhyton::Compile::new().loss("sparse_categorical_crossentropy")).unwrap();
    let (x, y) = clouds(8);
    let x = x.reshaped(&[32, 4]).unwrap().rows(0, 8).unwrap();
    let error = model.fit(&x, &y, quiet().augment(Augmentation::new().zoom(0.1))).unwrap_err();
    insta::assert_snapshot!(error, @"fit: augmentation: inputs: expected an input of images: (height, width) or (height, width, channels), received [4]");
}

/// As in Keras, the batches' outputs stand one after another, however many rows each has.
#[test]
fn outputs_need_no_row_for_each_sample() {
    let x = rhyton::input(&[2]);
    let total = rhyton::ops::sum(&x, Some(&[0]), false);
    let longer = rhyton::ops::pad(&x, &[(1, 0), (0, 0)], rhyton::ops::PadMode::Constant, 0.0);
    let model = rhyton::Model::functional(&[&x], &[&total, &longer]).unwrap();
    let samples = rhyton::Array::from_slice(&[5, 2], &[1.0_f32; 10]).unwrap();
    let outputs = model.predict(&samples, Predict::new().batch_size(2)).unwrap();
    assert_eq!(outputs[0].view::<f32>(), [2.0, 2.0, 2.0, 2.0, 1.0, 1.0]);
    assert_eq!(outputs[1].shape(), [8, 2]);
    assert_eq!(outputs[1].view::<f32>()[12..], [0.0, 0.0, 1.0, 1.0]);
}
