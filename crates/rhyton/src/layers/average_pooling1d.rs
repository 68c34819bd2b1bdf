use std::sync::Arc;

use super::pooling::{AVERAGE, Pooling};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The mean of each channel of sequences over windows.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, new steps, channels]`:
/// ⌊(n − pool size) / stride⌋ + 1 windows for `valid`, ⌈n / stride⌉ for `same`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.AveragePooling1D`.
pub type AveragePooling1D = Pooling<AVERAGE, 1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "AveragePooling1D",
    module: "keras.layers",
    aliases: &["AvgPool1D"],
    from_config: |config| {
        Ok(Arc::new(from_config::<AveragePooling1D>("AveragePooling1D", config, &[])?))
    },
    cases: &[
        r#"{"pool_size": 2, "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": [3], "strides": [2], "padding": "same", "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": 2, "strides": 1, "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": 2, "strides": 3, "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": [3], "padding": "same", "data_format": "channels_first", "sample_shapes": [[3, 7]]}"#,
    ],
};

crate::configured!(AveragePooling1D: LayerKind, always "data_format", "pool_size");
