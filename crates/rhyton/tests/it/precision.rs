//! Element types of layers: policies, mixed precision, the scaled loss.

use rhyton::layer::HasCommon;
use rhyton::layers::LAYERS;
use rhyton::{
    Adam, Array, BatchNormalization, Compile, DType, DTypePolicy, Dense, Fit, LayerNormalization,
    LossScaleOptimizer, Model, OnBatch, Predict, SGD, Sequential, Verbose, dtype_policy,
    set_dtype_policy,
};

fn data() -> (Array, Array) {
    let wave = |count: usize, step: f32| -> Vec<f32> {
        (0..count).map(|place| (place as f32 * step).sin()).collect()
    };
    let x = Array::from_slice(&[16, 6], &wave(96, 0.7)).unwrap();
    (x, Array::from_slice(&[16, 2], &wave(32, 0.3)).unwrap())
}

fn network(policy: &str) -> Model {
    Sequential::new()
        .input(&[6])
        .add(Dense::new(8).activation("swish").dtype(policy))
        .add(BatchNormalization::new().dtype(policy))
        .add(LayerNormalization::new().dtype(policy))
        .add(Dense::new(2).dtype("float32"))
        .build()
        .unwrap()
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().verbose(Verbose::Silent).shuffle(false).batch_size(8)
}

/// Every layer's outputs have the type that its policy computes in, weights the type they are kept
/// in; statistics of normalizations stay precise.
#[test]
fn every_layer_computes_in_its_policy() {
    for (policy, compute, variable) in [
        ("mixed_bfloat16", DType::BF16, DType::F32),
        ("float16", DType::F16, DType::F16),
        ("float64", DType::F64, DType::F64),
    ] {
        let model = network(policy);
        let (x, _) = data();
        for name in ["dense", "batch_normalization", "layer_normalization"] {
            assert_eq!(model.outputs_of(name, &[&x]).unwrap()[0].dtype(), compute, "{policy}");
        }
        assert_eq!(model.weight("dense/kernel").unwrap().dtype(), variable);
        assert_eq!(model.weight("batch_normalization/gamma").unwrap().dtype(), variable);
        assert_eq!(model.predict(&x, Predict::new()).unwrap()[0].dtype(), DType::F32);
    }
}

#[test]
fn half_precision_trains_near_single() {
    let (x, y) = data();
    let losses = |policy: &str| {
        let mut model = network(policy);
        model.compile(Compile::new().optimizer(Adam::new(0.01)).loss("mse")).unwrap();
        model.fit(&x, &y, quiet().epochs(4)).unwrap().history["loss"].clone()
    };
    let single = losses("float32");
    for (policy, tolerance) in
        [("mixed_float16", 5e-3), ("mixed_bfloat16", 3e-2), ("float64", 1e-5)]
    {
        for (half, single) in losses(policy).iter().zip(&single) {
            assert!(
                (half - single).abs() < tolerance * single.max(1.0),
                "{policy} {half} {single}"
            );
        }
    }
}

#[test]
fn policies_are_kept_in_files() {
    let (x, y) = data();
    let mut model = network("mixed_float16");
    model.compile(Compile::new().optimizer(Adam::new(0.01)).loss("mse")).unwrap();
    model.fit(&x, &y, quiet()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.keras");
    model.save(&path).unwrap();
    let file = rhyton_formats::read(&path).unwrap();
    assert_eq!(file.config["config"]["layers"][1]["config"]["dtype"], "mixed_float16");
    // The inner optimizer alone; the scale is put around it again.
    assert_eq!(file.config["compile_config"]["optimizer"]["class_name"], "Adam");
    let outer = file.weights.variables("optimizer");
    let inner = file.weights.variables("optimizer/inner_optimizer");
    assert_eq!(outer.len(), inner.len() + 4);
    assert_eq!((outer[2].to_f64()[0], outer[3].to_f64()[0]), (2.0, 32_768.0));
    assert_eq!(&outer[4..], inner);
    let mut again = Model::load(&path).unwrap();
    assert_eq!(again.layers()[0].common().dtype, DTypePolicy::from("mixed_float16"));
    for model in [&mut model, &mut again] {
        model.fit(&x, &y, quiet()).unwrap();
    }
    assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
}

/// A step whose gradients are not finite changes nothing but the scale.
#[test]
fn a_step_that_overflows_is_skipped() {
    let (x, y) = data();
    let mut model = network("float32");
    let scaled =
        LossScaleOptimizer::new(Adam::new(0.01)).initial_scale(4.0).dynamic_growth_steps(2);
    model.compile(Compile::new().optimizer(scaled).loss("mse")).unwrap();
    let scale = |model: &Model| {
        let file = model.to_file().unwrap();
        let outer = file.weights.variables("optimizer");
        (outer[2].to_f64()[0], outer[3].to_f64()[0], model.iterations().unwrap())
    };
    let gradients = model.gradients(&x, &y, OnBatch::new()).unwrap();
    model.apply_gradients(&gradients).unwrap();
    assert_eq!(scale(&model), (1.0, 4.0, 1));
    model.apply_gradients(&gradients).unwrap();
    assert_eq!(scale(&model), (0.0, 8.0, 2));
    let before = model.to_file().unwrap();
    for bad in [f32::INFINITY, f32::NAN] {
        let mut broken = gradients.clone();
        broken.get_mut("dense/bias").unwrap().view_mut::<f32>()[3] = bad;
        model.apply_gradients(&broken).unwrap();
    }
    assert_eq!(scale(&model), (0.0, 2.0, 2));
    let after = model.to_file().unwrap();
    let inner = "optimizer/inner_optimizer";
    assert_eq!(before.weights.variables(inner), after.weights.variables(inner));
    assert_eq!(before.weights.variables("layers/dense"), after.weights.variables("layers/dense"));
    // An explicit one is kept as such.
    let optimizer = &after.config["compile_config"]["optimizer"];
    assert_eq!(optimizer["class_name"], "LossScaleOptimizer");
    assert_eq!(optimizer["config"]["inner_optimizer"]["class_name"], "Adam");
}

/// In `fit` too: a loss that overflows float16 is skipped until the scale fits.
#[test]
fn fit_finds_a_scale_that_fits() {
    let (x, y) = data();
    let mut model =
        Sequential::new().input(&[6]).add(Dense::new(2).dtype("mixed_float16")).build().unwrap();
    let scaled = LossScaleOptimizer::new(SGD::new(0.1)).initial_scale(2f64.powi(24));
    model.compile(Compile::new().optimizer(scaled).loss("mse")).unwrap();
    let before = model.weight_values().unwrap();
    model.fit(&x, &y, quiet()).unwrap();
    assert_eq!((model.weight_values().unwrap(), model.iterations().unwrap()), (before, 0));
    model.fit(&x, &y, quiet().epochs(10)).unwrap();
    assert!(model.iterations().unwrap() > 5);
    let unscaled = Compile::new().optimizer("sgd").loss("mse").auto_scale_loss(false);
    model.compile(unscaled).unwrap();
    assert!(model.to_file().unwrap().weights.variables("optimizer/inner_optimizer").is_empty());
}

#[test]
fn the_global_policy_is_that_of_new_layers() {
    assert_eq!(dtype_policy().name(), "float32");
    set_dtype_policy("mixed_bfloat16").unwrap();
    assert_eq!(Dense::new(3).common().dtype.name(), "mixed_bfloat16");
    set_dtype_policy("float32").unwrap();
    insta::assert_snapshot!(set_dtype_policy("half").unwrap_err(), @"dtype_policy: dtype expected one of float32, float16, bfloat16, float64, mixed_float16, mixed_bfloat16, received `half`");
    let refused = Sequential::new().input(&[2]).add(Dense::new(1).dtype("float61")).build();
    insta::assert_snapshot!(refused.unwrap_err(), @"dense: dtype expected one of float32, float16, bfloat16, float64, mixed_float16, mixed_bfloat16 (did you mean float64, float16, float32?), received `float61`");
}

/// Outputs of all layers are of the policy's type, also where something inside is more precise.
#[test]
fn all_layers_give_what_their_policy_says() {
    for spec in LAYERS.specs {
        let Some(case) = spec.cases.first() else { continue };
        let mut config: serde_json::Value = serde_json::from_str(case).unwrap();
        let shapes = config.as_object_mut().unwrap().shift_remove("sample_shapes");
        let shapes: Vec<Vec<usize>> =
            shapes.map_or(vec![vec![3, 4]], |shapes| serde_json::from_value(shapes).unwrap());
        let layer = (spec.from_config)(config).unwrap();
        let layer = layer.changed(&|common| common.dtype = "mixed_float16".into());
        let inputs: Vec<_> = shapes.iter().map(|shape| rhyton::input(shape)).collect();
        let inputs: Vec<_> = inputs.iter().collect();
        let output = rhyton::Apply::apply(&*layer, &inputs);
        let output = output.checked().unwrap();
        assert_eq!(output.dtype(), DType::F16, "{}", spec.class_name);
    }
}

#[test]
fn a_loss_that_is_not_to_be_scaled_stays_so() {
    let mut model =
        Sequential::new().input(&[2]).add(Dense::new(1).dtype("mixed_float16")).build().unwrap();
    // The scale of the loss is among the optimizer's numbers.
    let numbers =
        |model: &Model| model.summary(&rhyton::models::SummaryOptions::default()).unwrap();
    model.compile(Compile::new().loss("mse").auto_scale_loss(false)).unwrap();
    let before = numbers(&model);
    let again = model.compilation().unwrap();
    model.compile(again).unwrap();
    assert_eq!(numbers(&model), before);
    model.compile(Compile::new().loss("mse")).unwrap();
    assert!(numbers(&model) != before);
}
