use std::sync::Arc;

use super::global_pooling::GlobalPooling;
use super::pooling::MAX;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of sequences over all steps.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, channels]`; with `keepdims` the axes
/// stay with size 1. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.GlobalMaxPooling1D`.
pub type GlobalMaxPooling1D = GlobalPooling<MAX, 1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GlobalMaxPooling1D",
    module: "keras.layers",
    aliases: &["GlobalMaxPool1D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<GlobalMaxPooling1D>("GlobalMaxPooling1D", config, &[])?))
    },
    cases: &[
        r#"{"sample_shapes": [[5, 3]]}"#,
        r#"{"keepdims": true, "sample_shapes": [[5, 3]]}"#,
        r#"{"data_format": "channels_first", "sample_shapes": [[3, 5]]}"#,
        r#"{"data_format": "channels_first", "keepdims": true, "sample_shapes": [[3, 5]]}"#,
    ],
};

crate::configured!(GlobalMaxPooling1D: LayerKind, always "data_format");
