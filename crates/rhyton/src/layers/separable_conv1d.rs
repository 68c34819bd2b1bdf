use std::sync::Arc;

use super::kernel_window::{KERNEL_KEYS, without_groups};
use super::separable_convolution::SeparableConvolution;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A convolution of every channel of sequences alone, then one of size 1 that mixes the channels; then
/// bias and activation.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, new steps, filters]`;
/// weights `depthwise_kernel: [size, channels, depth_multiplier]`,
/// `pointwise_kernel: [1, channels · depth_multiplier, filters]`, `bias: [filters]`. New
/// sizes as for [`Conv1D`](super::Conv1D). With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.SeparableConv1D`.
pub type SeparableConv1D = SeparableConvolution<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "SeparableConv1D",
    module: "keras.layers",
    aliases: &["SeparableConvolution1D"],
    from_config: |config| {
        let config = without_groups("SeparableConv1D", config)?;
        Ok(Arc::new(from_config::<SeparableConv1D>("SeparableConv1D", config, KERNEL_KEYS)?))
    },
    cases: &[
        r#"{"filters": 3, "kernel_size": 3, "sample_shapes": [[7, 2]]}"#,
        r#"{"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2, "activation": "tanh", "sample_shapes": [[8, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": false, "depthwise_regularizer": "l2", "pointwise_regularizer": "l1", "sample_shapes": [[7, 3]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "data_format": "channels_first", "pointwise_constraint": "max_norm", "sample_shapes": [[3, 7]]}"#,
    ],
};

crate::configured!(SeparableConv1D: LayerKind, always "data_format");
