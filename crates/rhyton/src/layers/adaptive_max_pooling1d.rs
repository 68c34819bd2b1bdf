use std::sync::Arc;

use super::adaptive_pooling::AdaptivePooling;
use super::pooling::MAX;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of sequences over as many windows as the output has places.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, output size…, channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.AdaptiveMaxPooling1D`.
pub type AdaptiveMaxPooling1D = AdaptivePooling<MAX, 1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "AdaptiveMaxPooling1D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<AdaptiveMaxPooling1D>("AdaptiveMaxPooling1D", config, &[])?))
    },
    cases: &[
        r#"{"output_size": 3, "sample_shapes": [[7, 2]]}"#,
        r#"{"output_size": [4], "sample_shapes": [[7, 2]]}"#,
        r#"{"output_size": 2, "data_format": "channels_first", "sample_shapes": [[2, 7]]}"#,
    ],
};

crate::configured!(AdaptiveMaxPooling1D: LayerKind, always "data_format");
