use rhyton::{
    Apply, Array, Dense, Fit, Model, Predict, Sequential, Verbose, custom_objects, input,
};

use crate::training::{clouds, network};

#[test]
fn a_trained_model_comes_back_with_its_bits() {
    let (x, y) = clouds(64);
    let mut model = network("swish(beta=1.5)");
    model.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let mut again = Model::load(&path).unwrap();
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
    let fit = || Fit::new().verbose(Verbose::Silent).shuffle(false);
    assert_eq!(again.fit(&x, &y, fit()).unwrap(), model.fit(&x, &y, fit()).unwrap());
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
}

#[test]
fn definitions_travel_in_the_file() {
    fn steep(x: &rhyton::Tensor, beta: &rhyton::Tensor) -> rhyton::Tensor {
        rhyton::ops::softmax(&(x * beta), -1) * x
    }
    custom_objects().activation("steep", steep, [("beta", 2.0)]).unwrap();
    custom_objects().activation_from("lab>bent", "x + 0.5 * tanh(gamma * x)").unwrap();
    let model = Sequential::new()
        .input(&[5])
        .add(Dense::new(4).activation("steep(beta=3)"))
        .add(Dense::new(4).activation("lab>bent"))
        .add(Dense::new(2).activation("0.1x + max(x, 0)"))
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    custom_objects().remove("steep");
    custom_objects().remove("lab>bent");
    let again = Model::load(&path).unwrap();
    let x = Array::from_slice(&[3, 5], &(0..15).map(|i| i as f32 * 0.3 - 2.0).collect::<Vec<_>>());
    let x = x.unwrap();
    let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap();
    assert_eq!(predict(&model), predict(&again));
}

#[test]
fn functional_models_keep_operations_and_shared_layers() {
    let (a, b) = (input(&[3]), input(&[3]));
    let shared = Dense::new(4).activation("relu").name("shared");
    let joined = shared_sum(&shared, &a, &b);
    let y = Dense::new(1).apply(&[&joined]);
    let model = Model::functional(&[&a, &b], &[&y]).unwrap();
    assert_eq!(model.layers().len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.keras");
    model.save(&path).unwrap();
    let again = Model::load(&path).unwrap();
    let x = Array::from_slice(&[2, 3], &[1.0_f32, -2.0, 0.5, 3.0, 0.1, -0.7]).unwrap();
    let predict = |model: &Model| model.predict([&x, &x], Predict::new()).unwrap();
    assert_eq!(predict(&model), predict(&again));
}

fn shared_sum(shared: &Dense, a: &rhyton::Tensor, b: &rhyton::Tensor) -> rhyton::Tensor {
    shared.apply(&[a]) * 2 + 1 + shared.apply(&[b])
}
