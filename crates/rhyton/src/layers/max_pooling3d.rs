use std::sync::Arc;

use super::pooling::{MAX, Pooling};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The maximum of each channel of volumes over windows.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output: [batch, new depth, new height, new width, channels]`:
/// ⌊(n − pool size) / stride⌋ + 1 windows for `valid`, ⌈n / stride⌉ for `same`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.MaxPooling3D`.
pub type MaxPooling3D = Pooling<MAX, 3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "MaxPooling3D",
    module: "keras.layers",
    aliases: &["MaxPool3D"],
    from_config: |config| Ok(Arc::new(from_config::<MaxPooling3D>("MaxPooling3D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": [2, 3, 2], "strides": [2, 1, 1], "padding": "same", "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": 2, "strides": 1, "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": 2, "strides": 3, "sample_shapes": [[4, 5, 4, 2]]}"#,
        r#"{"pool_size": [2, 3, 2], "padding": "same", "data_format": "channels_first", "sample_shapes": [[2, 4, 5, 4]]}"#,
    ],
};

crate::configured!(MaxPooling3D: LayerKind, always "data_format", "pool_size");
