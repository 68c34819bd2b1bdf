use std::sync::Arc;

use super::global_pooling::GlobalPooling;
use super::pooling::AVERAGE;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The mean of each channel of images over all places.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, channels]`; with `keepdims` the axes
/// stay with size 1. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.GlobalAveragePooling2D`.
pub type GlobalAveragePooling2D = GlobalPooling<AVERAGE, 2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GlobalAveragePooling2D",
    module: "keras.layers",
    aliases: &["GlobalAvgPool2D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<GlobalAveragePooling2D>("GlobalAveragePooling2D", config, &[])?))
    },
    cases: &[
        r#"{"sample_shapes": [[3, 4, 2]]}"#,
        r#"{"keepdims": true, "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"data_format": "channels_first", "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"data_format": "channels_first", "keepdims": true, "sample_shapes": [[2, 3, 4]]}"#,
    ],
};

crate::configured!(GlobalAveragePooling2D: LayerKind, always "data_format");
