use rhyton::layers::LAYERS;
use rhyton::ops::{Spec, Tensor};
use rhyton::testing::{check_layer, examine_layer};
use rhyton::{
    AdaptiveAveragePooling1D, Apply, Array, BatchNormalization, Compile, Dense, Dropout, Fit,
    GlobalAveragePooling1D, Model, Predict, SGD, Sequential, UpSampling2D, Verbose, input,
};

#[test]
fn every_layer_passes_the_harness() {
    for spec in LAYERS.specs {
        assert!(!spec.cases.is_empty(), "{} has no cases", spec.class_name);
        for case in spec.cases {
            check_layer(spec, case);
        }
    }
}

#[test]
fn the_harness_takes_other_shapes() {
    let dense = LAYERS.find("Dense").unwrap();
    check_layer(dense, r#"{"units": 2, "activation": "tanh", "sample_shapes": [[5]]}"#);
    let refused = examine_layer(dense, r#"{"units": 2, "sample_shapes": [[]]}"#).unwrap_err();
    assert!(refused.to_string().contains("at least two axes"), "{refused}");
}

/// A layer whose gradient is wrong: the harness would be of no use if it did not say so.
mod wrong {
    use std::sync::Arc;

    use rhyton::Result;
    use rhyton::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
    use rhyton::objects::from_config;
    use rhyton_macros::Setters;
    use serde::{Deserialize, Serialize};

    use super::{Spec, Tensor};

    #[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
    #[serde(default)]
    pub(super) struct Stopped {
        #[serde(skip)]
        common: Common,
    }

    pub(super) static SPEC: LayerSpec = LayerSpec {
        class_name: "Stopped",
        module: "tests",
        aliases: &[],
        from_config: |config| Ok(Arc::new(from_config::<Stopped>("Stopped", config, &[])?)),
        cases: &["{}"],
    };

    rhyton::configured!(Stopped: LayerKind);

    impl Layer for Stopped {
        fn build(&self, _: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
            Ok(())
        }

        fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
            Ok((&inputs[0] * rhyton::ops::stop_gradient(&inputs[0])).into())
        }
    }
}

#[test]
fn the_harness_sees_a_wrong_gradient() {
    let error = examine_layer(&wrong::SPEC, "{}").unwrap_err().to_string();
    assert!(error.starts_with("Stopped: gradient by input 0 expected"), "{error}");
}

fn f32s(shape: &[usize], values: &[f32]) -> Array {
    Array::from_slice(shape, values).unwrap()
}

fn trained(model: &mut Model, x: &Array, y: &Array, epochs: usize) {
    let fit = Fit::new().epochs(epochs).shuffle(false).verbose(Verbose::Silent);
    model.fit(x, y, fit).unwrap();
}

#[test]
fn a_frozen_batch_normalization_uses_and_keeps_its_statistics() {
    let build = |trainable: bool| {
        let mut model = Sequential::new()
            .input(&[2])
            .add(BatchNormalization::new().trainable(trainable).name("norm"))
            .build()
            .unwrap();
        model.set_weight("norm/moving_mean", &f32s(&[2], &[1.0, -1.0])).unwrap();
        model.set_weight("norm/moving_variance", &f32s(&[2], &[4.0, 0.25])).unwrap();
        model.compile(Compile::new().optimizer(SGD::new(0.0)).loss("mse")).unwrap();
        model
    };
    let x = f32s(&[4, 2], &[3.0, -1.0, 1.0, 0.0, -1.0, -1.5, 1.0, 2.0]);
    let y = Array::zeros(rhyton::DType::F32, &[4, 2]);
    let mut frozen = build(false);
    let before = frozen.weight_values().unwrap();
    let predicted = frozen.predict(&x, Predict::new()).unwrap().remove(0);
    let expected = (3.0_f32 - 1.0) / (4.0_f32 + 1e-3).sqrt();
    assert!((predicted.view::<f32>()[0] - expected).abs() < 1e-6);
    let evaluated = frozen.evaluate(&x, &y, rhyton::Evaluate::new()).unwrap()["loss"];
    let fit = Fit::new().verbose(Verbose::Silent);
    let history = frozen.fit(&x, &y, fit).unwrap();
    assert!((history.history["loss"][0] - evaluated).abs() < 1e-6 * evaluated, "{history:?}");
    assert_eq!(frozen.weight_values().unwrap(), before);

    let mut moving = build(true);
    trained(&mut moving, &x, &y, 1);
    let mean = moving.weight("norm/moving_mean").unwrap();
    // The batch's mean of the first column is 1, of the second −0.125.
    assert_eq!(mean.view::<f32>()[0], 1.0);
    assert!((mean.view::<f32>()[1] - (-0.99 - 0.001_25)).abs() < 1e-6);
    // Its biased variance of the first column is 2.
    let variance = moving.weight("norm/moving_variance").unwrap().view::<f32>()[0];
    assert!((variance - (4.0 * 0.99 + 2.0 * 0.01)).abs() < 1e-5, "{variance}");
}

/// What dropout leaves of ones in the first step: the gradient of a sum by a bias before it.
fn survivors(dropout: Dropout, rows: usize, steps: usize) -> Vec<f32> {
    let x = Array::zeros(rhyton::DType::F32, &[rows, 8]);
    let y = Array::zeros(rhyton::DType::F32, &[rows, 8]);
    let mut seen = Vec::new();
    let mut model = Sequential::new()
        .input(&[8])
        .add(probe::Probe::default().name("probe"))
        .add(dropout)
        .add(probe::Probe::default().name("after"))
        .build()
        .unwrap();
    model.compile(Compile::new().optimizer(SGD::new(0.0)).loss("mse")).unwrap();
    for _ in 0..steps {
        trained(&mut model, &x, &y, 1);
        seen = model.weight("after/seen").unwrap().view::<f32>().to_vec();
    }
    seen
}

/// Adds one to its input, and keeps the first rows of what comes in.
mod probe {
    use std::sync::Arc;

    use rhyton::Result;
    use rhyton::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions};
    use rhyton::objects::from_config;
    use rhyton::ops::{Spec, Tensor, sum};
    use rhyton_macros::Setters;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
    #[serde(default)]
    pub(super) struct Probe {
        #[serde(skip)]
        common: Common,
    }

    pub(super) static SPEC: LayerSpec = LayerSpec {
        class_name: "Probe",
        module: "tests",
        aliases: &[],
        from_config: |config| Ok(Arc::new(from_config::<Probe>("Probe", config, &[])?)),
        cases: &["{}"],
    };

    rhyton::configured!(Probe: LayerKind);

    impl Layer for Probe {
        fn build(&self, scope: &mut Scope<'_>, _: &[Spec]) -> Result<()> {
            let fixed = WeightOptions::fixed();
            scope.weight_with("seen", &[8], "zeros", fixed)?;
            scope.weight("one", &[8], "ones")
        }

        /// The sum over the batch is kept; the batches here have one row, or rows that are alike.
        fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
            if cx.training {
                cx.assign("seen", &sum(&inputs[0], Some(&[0]), false))?;
            }
            Ok((&inputs[0] + cx.weight("one")?).into())
        }
    }
}

#[test]
fn dropout_drops_a_share_and_scales_the_rest() {
    let seen = survivors(Dropout::new(0.25), 1, 1);
    assert!(seen.iter().all(|&v| v == 0.0 || (v - 1.0 / 0.75).abs() < 1e-6), "{seen:?}");
    // 30 batches' rows of 8, as one batch: the sum of each column is the number that stays.
    let rows = 400;
    let batch = survivors_of_one_batch(Dropout::new(0.25), rows);
    let kept: f32 = batch.iter().map(|v| v * 0.75).sum();
    let share = kept / (rows as f32 * 8.0);
    // Four deviations of a binomial share of 3200.
    assert!((share - 0.75).abs() < 4.0 * (0.25_f32 * 0.75 / 3200.0).sqrt(), "{share}");
    assert!(survivors(Dropout::new(0.0), 1, 1).iter().all(|&v| v == 1.0));
    assert!(survivors(Dropout::new(1.0), 1, 1).iter().all(|&v| v == 0.0));
}

fn survivors_of_one_batch(dropout: Dropout, rows: usize) -> Vec<f32> {
    let x = Array::zeros(rhyton::DType::F32, &[rows, 8]);
    let mut model = Sequential::new()
        .input(&[8])
        .add(probe::Probe::default().name("probe"))
        .add(dropout)
        .add(probe::Probe::default().name("after"))
        .build()
        .unwrap();
    model.compile(Compile::new().optimizer(SGD::new(0.0)).loss("mse")).unwrap();
    let fit = Fit::new().batch_size(rows).verbose(Verbose::Silent);
    model.fit(&x, &x, fit).unwrap();
    model.weight("after/seen").unwrap().view::<f32>().to_vec()
}

#[test]
fn dropout_draws_by_seed_and_step() {
    let one = survivors(Dropout::new(0.5).name("d"), 1, 1);
    assert_eq!(one, survivors(Dropout::new(0.5).name("d"), 1, 1));
    assert_ne!(one, survivors(Dropout::new(0.5).name("d"), 1, 2));
    assert_ne!(one, survivors(Dropout::new(0.5).name("other"), 1, 1));
    // Eight flips agree by chance now and then, three times eight do not.
    let seeded = [77, 78, 79].map(|seed| survivors(Dropout::new(0.5).name("d").seed(seed), 1, 1));
    assert!(seeded.iter().any(|mask| *mask != one), "{seeded:?}");
}

#[test]
fn a_noise_shape_drops_whole_axes() {
    let seen = survivors(Dropout::new(0.5).noise_shape(vec![None, Some(1)]), 1, 1);
    assert!(seen.iter().all(|v| *v == seen[0]), "{seen:?}");
    let rows = survivors_of_one_batch(Dropout::new(0.5).noise_shape(vec![Some(1), None]), 16);
    assert!(rows.iter().all(|&v| v == 0.0 || v == 32.0), "{rows:?}");
    let misfit = Sequential::new()
        .input(&[8])
        .add(Dropout::new(0.5).noise_shape(vec![None, Some(3)]))
        .build();
    insta::assert_snapshot!(misfit.unwrap_err(), @"dropout: Dropout: noise_shape expected null, 1 or the input's size for each axis of [N, 8], received [None, Some(3)]");
}

#[test]
fn configurations_that_do_not_fit_are_told() {
    let read = |class: &str, config: &str| {
        let config = serde_json::from_str(config).unwrap();
        let spec = LAYERS.find(class).unwrap();
        let layer = (spec.from_config)(config);
        layer.err().map_or_else(String::new, |error| error.to_string())
    };
    insta::assert_snapshot!(read("Dense", r#"{"unit": 3}"#), @"Dense: config expected one of its keys (nearest: units), received `unit`");
    insta::assert_snapshot!(read("Dense", r#"{"units": "many"}"#), @r#"Dense: units expected a value of its type, received "many" (invalid type: string "many", expected usize)"#);
    insta::assert_snapshot!(read("Dense", "3"), @"Dense: config expected an object, received 3");
    assert_eq!(read("Dense", r#"{"units": 3, "lora_rank": null}"#), "");
    let built = Sequential::new().input(&[3]).add(Dense::new(0)).build();
    insta::assert_snapshot!(built.unwrap_err(), @"dense: Dense: units expected at least 1, received 0");
    let built = Sequential::new().input(&[3]).add(Dropout::new(1.5)).build();
    insta::assert_snapshot!(built.unwrap_err(), @"dropout: Dropout: rate expected a number from 0 to 1, received 1.5");
    insta::assert_snapshot!(read("BatchNormalization", r#"{"renorm": true}"#), @"BatchNormalization: renorm expected false: batch renormalization isn't known here, received true");
}

/// Both would need matrices of many gigabytes.
#[test]
fn new_sizes_without_bound_are_refused() {
    let pooled = Sequential::new().input(&[8, 4]).add(AdaptiveAveragePooling1D::new(2_000_000_000));
    insta::assert_snapshot!(pooled.build().unwrap_err(), @"adaptive_average_pooling1d: AdaptiveAveragePooling1D: output_size expected at most 8388608 places from 8, received 2000000000");
    let larger = UpSampling2D::new(100_000_000).interpolation("bilinear");
    let larger = Sequential::new().input(&[8, 8, 1]).add(larger);
    insta::assert_snapshot!(larger.build().unwrap_err(), @"up_sampling2d: UpSampling2D: size expected at most 8388608 places from 8, received 800000000");
}

#[test]
fn masks_given_in_a_call_count() {
    let (x, mask) = (input(&[2, 2]), input(&[2]));
    let arguments = [("mask", &mask)];
    let y = BatchNormalization::new().apply_with(&[&x], &arguments);
    let z = GlobalAveragePooling1D::new().apply_with(&[&y], &arguments);
    let mut model = Model::functional(&[&x, &mask], &[&z]).unwrap();
    model.compile(Compile::new().optimizer(SGD::new(0.0)).loss("mse")).unwrap();
    let values = [1.0_f32, 2.0, 3.0, 8.0, 5.0, 6.0, 70.0, 80.0];
    let x = Array::from_slice(&[2, 2, 2], &values).unwrap();
    let mask = Array::from_slice(&[2, 2], &[1.0_f32, 1.0, 1.0, 0.0]).unwrap();
    let y = Array::from_slice(&[2, 2], &[0.0_f32; 4]).unwrap();
    model.fit([&x, &mask], &y, Fit::new().verbose(Verbose::Silent)).unwrap();
    let near = |name: &str, expected: [f64; 2]| {
        let found = model.weight(&format!("batch_normalization/{name}")).unwrap().to_f64();
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close, "{name}: {found:?} is not {expected:?}");
    };
    near("moving_mean", [0.029_999_999, 0.053_333_335]);
    near("moving_variance", [1.016_666_65, 1.052_222_25]);
}

#[test]
fn a_call_argument_that_a_layer_does_not_read_is_refused() {
    let (x, mask) = (input(&[2]), input(&[2]));
    let y = Dense::new(2).apply_with(&[&x], &[("mask", &mask)]);
    insta::assert_snapshot!(Model::functional(&[&x, &mask], &[&y]).unwrap_err(), @"dense: call expected call arguments that Dense reads (none), received `mask`");
}
