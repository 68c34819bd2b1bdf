use std::sync::Arc;

use super::pooling::{AVERAGE, Pooling};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The mean of each channel of volumes over windows.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output: [batch, new depth, new height, new width, channels]`:
/// ⌊(n − pool size) / stride⌋ + 1 windows for `valid`, ⌈n / stride⌉ for `same`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.AveragePooling3D`.
pub type AveragePooling3D = Pooling<AVERAGE, 3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "AveragePooling3D",
    module: "keras.layers",
    aliases: &["AvgPool3D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<AveragePooling3D>("AveragePooling3D", config, &[])?))
    },
    cases: &[
        r#"{"pool_size": 2, "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": [2, 3, 2], "strides": [2, 1, 1], "padding": "same", "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": 2, "strides": 1, "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": 2, "strides": 3, "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": [2, 3, 2], "padding": "same", "data_format": "channels_first", "sample_shapes": [[2, 4, 5, 4]]}"#,
    ],
};

crate::configured!(AveragePooling3D: LayerKind, always "data_format", "pool_size");
