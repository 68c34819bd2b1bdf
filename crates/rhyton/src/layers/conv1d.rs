use std::sync::Arc;

use super::convolution::Convolution;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A kernel that slides over sequences: activation(input ∗ kernel + bias).
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, new steps, filters]`;
/// weights `kernel: [size, channels / groups, filters]`, `bias: [filters]`. A new size is
/// ⌊(n − (k − 1)·dilation − 1) / stride⌋ + 1 for `valid`, ⌈n / stride⌉ for `same` and `causal`.
/// With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Conv1D`.
pub type Conv1D = Convolution<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Conv1D",
    module: "keras.layers",
    aliases: &["Convolution1D"],
    from_config: |config| Ok(Arc::new(from_config::<Conv1D>("Conv1D", config, &[])?)),
    cases: &[
        r#"{"filters": 3, "kernel_size": 3, "sample_shapes": [[7, 2]]}"#,
        r#"{"filters": 2, "kernel_size": [3], "strides": 2, "padding": "same", "use_bias": false, "sample_shapes": [[8, 2]]}"#,
        r#"{"filters": 3, "kernel_size": 2, "dilation_rate": 2, "padding": "causal", "activation": "tanh", "bias_initializer": "ones", "sample_shapes": [[7, 2]]}"#,
        r#"{"filters": 6, "kernel_size": 3, "groups": 2, "padding": "same", "kernel_regularizer": "l2", "bias_regularizer": "l1", "sample_shapes": [[6, 4]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "strides": 2, "data_format": "channels_first", "activation": "softmax", "sample_shapes": [[4, 7]]}"#,
        r#"{"filters": 3, "kernel_size": 3, "padding": "causal", "strides": 2, "activity_regularizer": "l2", "kernel_constraint": "max_norm", "sample_shapes": [[7, 2]]}"#,
    ],
};

crate::configured!(Conv1D: LayerKind, always "data_format");
