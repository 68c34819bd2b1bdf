use std::sync::Arc;

use super::global_pooling::GlobalPooling;
use super::pooling::MAX;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of volumes over all places.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output: [batch, channels]`; with `keepdims` the axes
/// stay with size 1. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.GlobalMaxPooling3D`.
pub type GlobalMaxPooling3D = GlobalPooling<MAX, 3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GlobalMaxPooling3D",
    module: "keras.layers",
    aliases: &["GlobalMaxPool3D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<GlobalMaxPooling3D>("GlobalMaxPooling3D", config, &[])?))
    },
    cases: &[
        r#"{"sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"keepdims": true, "sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"data_format": "channels_first", "sample_shapes": [[2, 2, 3, 2]]}"#,
        r#"{"data_format": "channels_first", "keepdims": true, "sample_shapes": [[2, 2, 3, 2]]}"#,
    ],
};

crate::configured!(GlobalMaxPooling3D: LayerKind, always "data_format");
