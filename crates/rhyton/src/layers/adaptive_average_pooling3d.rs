use std::sync::Arc;

use super::adaptive_pooling::AdaptivePooling;
use super::pooling::AVERAGE;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The mean of each channel of volumes over as many windows as the output has places.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output: [batch, output size…, channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.AdaptiveAveragePooling3D`.
pub type AdaptiveAveragePooling3D = AdaptivePooling<AVERAGE, 3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "AdaptiveAveragePooling3D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<AdaptiveAveragePooling3D>(
            "AdaptiveAveragePooling3D",
            config,
            &[],
        )?))
    },
    cases: &[
        r#"{"output_size": 3, "sample_shapes": [[3, 5, 4, 2]]}"#,
        r#"{"output_size": [2, 3, 2], "sample_shapes": [[3, 5, 4, 2]]}"#,
        r#"{"output_size": 2, "data_format": "channels_first", "sample_shapes": [[2, 3, 5, 4]]}"#,
    ],
};

crate::configured!(AdaptiveAveragePooling3D: LayerKind, always "data_format");
