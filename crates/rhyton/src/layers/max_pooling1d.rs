use std::sync::Arc;

use super::pooling::{MAX, Pooling};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of sequences over windows.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, new steps, channels]`:
/// ⌊(n − pool size) / stride⌋ + 1 windows for `valid`, ⌈n / stride⌉ for `same`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.MaxPooling1D`.
pub type MaxPooling1D = Pooling<MAX, 1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "MaxPooling1D",
    module: "keras.layers",
    aliases: &["MaxPool1D"],
    from_config: |config| Ok(Arc::new(from_config::<MaxPooling1D>("MaxPooling1D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": [3], "strides": [2], "padding": "same", "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": 2, "strides": 1, "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": 2, "strides": 3, "sample_shapes": [[7, 3]]}"#,
        r#"{"pool_size": [3], "padding": "same", "data_format": "channels_first", "sample_shapes": [[3, 7]]}"#,
    ],
};

crate::configured!(MaxPooling1D: LayerKind, always "data_format", "pool_size");
