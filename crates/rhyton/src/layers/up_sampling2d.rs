use std::sync::Arc;

use super::up_sampling::UpSampling;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Images enlarged by whole factors.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, height · size₀, width · size₁,
/// channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.UpSampling2D`.
pub type UpSampling2D = UpSampling<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "UpSampling2D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<UpSampling2D>("UpSampling2D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[3, 4, 2]]}"#,
        r#"{"size": [3, 1], "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"size": [2, 3], "data_format": "channels_first", "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"interpolation": "bilinear", "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"size": [3, 2], "interpolation": "bilinear", "data_format": "channels_first", "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"size": [3, 2], "interpolation": "bicubic", "sample_shapes": [[5, 4, 2]]}"#,
        r#"{"size": [2, 3], "interpolation": "lanczos3", "sample_shapes": [[7, 5, 1]]}"#,
        r#"{"size": [2, 3], "interpolation": "lanczos5", "sample_shapes": [[7, 5, 1]]}"#,
    ],
};

crate::configured!(UpSampling2D: LayerKind, always "data_format");
