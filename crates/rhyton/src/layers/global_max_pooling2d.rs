use std::sync::Arc;

use super::global_pooling::GlobalPooling;
use super::pooling::MAX;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of images over all places.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, channels]`; with `keepdims` the axes
/// stay with size 1. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.GlobalMaxPooling2D`.
pub type GlobalMaxPooling2D = GlobalPooling<MAX, 2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GlobalMaxPooling2D",
    module: "keras.layers",
    aliases: &["GlobalMaxPool2D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<GlobalMaxPooling2D>("GlobalMaxPooling2D", config, &[])?))
    },
    cases: &[
        r#"{"sample_shapes": [[3, 4, 2]]}"#,
        r#"{"keepdims": true, "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"data_format": "channels_first", "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"data_format": "channels_first", "keepdims": true, "sample_shapes": [[2, 3, 4]]}"#,
    ],
};

crate::configured!(GlobalMaxPooling2D: LayerKind, always "data_format");
