use std::sync::Arc;

use super::global_pooling::GlobalPooling;
use super::pooling::AVERAGE;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The mean of each channel of sequences over all steps (of those that a mask leaves).
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, channels]`; with `keepdims` the axes
/// stay with size 1. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.GlobalAveragePooling1D`.
pub type GlobalAveragePooling1D = GlobalPooling<AVERAGE, 1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GlobalAveragePooling1D",
    module: "keras.layers",
    aliases: &["GlobalAvgPool1D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<GlobalAveragePooling1D>("GlobalAveragePooling1D", config, &[])?))
    },
    cases: &[
        r#"{"sample_shapes": [[5, 3]]}"#,
        r#"{"keepdims": true, "sample_shapes": [[5, 3]]}"#,
        r#"{"data_format": "channels_first", "sample_shapes": [[3, 5]]}"#,
        r#"{"data_format": "channels_first", "keepdims": true, "sample_shapes": [[3, 5]]}"#,
    ],
};

crate::configured!(GlobalAveragePooling1D: LayerKind, always "data_format");
