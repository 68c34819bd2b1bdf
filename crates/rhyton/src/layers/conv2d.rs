use std::sync::Arc;

use super::convolution::Convolution;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A kernel that slides over images: activation(input ∗ kernel + bias).
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, new height, new width, filters]`;
/// weights `kernel: [height, width, channels / groups, filters]`, `bias: [filters]`. A new size is
/// ⌊(n − (k − 1)·dilation − 1) / stride⌋ + 1 for `valid`, ⌈n / stride⌉ for `same`.
/// With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Conv2D`.
pub type Conv2D = Convolution<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Conv2D",
    module: "keras.layers",
    aliases: &["Convolution2D"],
    from_config: |config| Ok(Arc::new(from_config::<Conv2D>("Conv2D", config, &[])?)),
    cases: &[
        r#"{"filters": 3, "kernel_size": 3, "sample_shapes": [[5, 6, 2]]}"#,
        r#"{"filters": 2, "kernel_size": [3, 2], "strides": [2, 3], "padding": "same", "activation": "relu", "sample_shapes": [[6, 7, 2]]}"#,
        r#"{"filters": 2, "kernel_size": [2, 3], "dilation_rate": [3, 2], "use_bias": false, "sample_shapes": [[7, 6, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": "same", "sample_shapes": [[7, 6, 2]]}"#,
        r#"{"filters": 6, "kernel_size": 2, "groups": 2, "padding": "same", "kernel_regularizer": "l1", "bias_constraint": "non_neg", "sample_shapes": [[5, 5, 4]]}"#,
        r#"{"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "data_format": "channels_first", "activation": "softmax", "sample_shapes": [[2, 6, 8]]}"#,
        r#"{"filters": 3, "kernel_size": 1, "strides": 2, "kernel_initializer": "he_normal", "bias_initializer": "ones", "activity_regularizer": "l2", "sample_shapes": [[4, 4, 2]]}"#,
    ],
};

crate::configured!(Conv2D: LayerKind, always "data_format");
