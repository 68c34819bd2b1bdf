use std::sync::Arc;

use super::pooling::{MAX, Pooling};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of images over windows.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, new height, new width, channels]`:
/// ⌊(n − pool size) / stride⌋ + 1 windows for `valid`, ⌈n / stride⌉ for `same`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.MaxPooling2D`.
pub type MaxPooling2D = Pooling<MAX, 2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "MaxPooling2D",
    module: "keras.layers",
    aliases: &["MaxPool2D"],
    from_config: |config| Ok(Arc::new(from_config::<MaxPooling2D>("MaxPooling2D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[6, 7, 2]]}"#,
        r#"{"pool_size": [3, 2], "strides": [1, 2], "padding": "same", "sample_shapes": [[6, 7, 2]]}"#,
        r#"{"pool_size": 2, "strides": 1, "sample_shapes": [[6, 7, 2]]}"#,
        r#"{"pool_size": 2, "strides": 3, "sample_shapes": [[6, 7, 2]]}"#,
        r#"{"pool_size": [3, 2], "padding": "same", "data_format": "channels_first", "sample_shapes": [[2, 6, 7]]}"#,
    ],
};

crate::configured!(MaxPooling2D: LayerKind, always "data_format", "pool_size");
