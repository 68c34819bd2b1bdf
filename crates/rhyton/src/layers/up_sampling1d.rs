use std::sync::Arc;

use super::up_sampling::UpSampling;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Sequences with every step `size` times.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, steps · size, channels]`.
///
/// Source: Keras 3.15 `keras.layers.UpSampling1D`.
pub type UpSampling1D = UpSampling<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "UpSampling1D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<UpSampling1D>("UpSampling1D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[4, 3]]}"#,
        r#"{"size": 3, "sample_shapes": [[4, 3]]}"#,
        r#"{"size": 1, "sample_shapes": [[4, 3]]}"#,
    ],
};

crate::configured!(UpSampling1D: LayerKind);
