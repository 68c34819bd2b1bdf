use std::sync::Arc;

use super::convolution::Convolution;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A kernel that slides over volumes: activation(input ∗ kernel + bias).
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output: [batch, new depth, new height, new width, filters]`;
/// weights `kernel: [depth, height, width, channels / groups, filters]`, `bias: [filters]`. A new size is
/// ⌊(n − (k − 1)·dilation − 1) / stride⌋ + 1 for `valid`, ⌈n / stride⌉ for `same`.
/// With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Conv3D`.
pub type Conv3D = Convolution<3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Conv3D",
    module: "keras.layers",
    aliases: &["Convolution3D"],
    from_config: |config| Ok(Arc::new(from_config::<Conv3D>("Conv3D", config, &[])?)),
    cases: &[
        r#"{"filters": 2, "kernel_size": 2, "sample_shapes": [[3, 4, 3, 2]]}"#,
        r#"{"filters": 2, "kernel_size": [2, 3, 2], "strides": [2, 1, 2], "padding": "same", "activation": "tanh", "sample_shapes": [[4, 3, 4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "dilation_rate": 2, "padding": "same", "use_bias": false, "sample_shapes": [[4, 3, 4, 1]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "groups": 2, "kernel_regularizer": "l2", "sample_shapes": [[2, 3, 3, 4]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "data_format": "channels_first", "sample_shapes": [[2, 3, 4, 4]]}"#,
    ],
};

crate::configured!(Conv3D: LayerKind, always "data_format");
