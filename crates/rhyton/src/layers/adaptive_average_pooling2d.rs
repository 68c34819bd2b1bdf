use std::sync::Arc;

use super::adaptive_pooling::AdaptivePooling;
use super::pooling::AVERAGE;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The mean of each channel of images over as many windows as the output has places.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, output size…, channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.AdaptiveAveragePooling2D`.
pub type AdaptiveAveragePooling2D = AdaptivePooling<AVERAGE, 2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "AdaptiveAveragePooling2D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<AdaptiveAveragePooling2D>(
            "AdaptiveAveragePooling2D",
            config,
            &[],
        )?))
    },
    cases: &[
        r#"{"output_size": 3, "sample_shapes": [[5, 7, 2]]}"#,
        r#"{"output_size": [2, 7], "sample_shapes": [[5, 7, 2]]}"#,
        r#"{"output_size": 2, "data_format": "channels_first", "sample_shapes": [[2, 5, 7]]}"#,
    ],
};

crate::configured!(AdaptiveAveragePooling2D: LayerKind, always "data_format");
