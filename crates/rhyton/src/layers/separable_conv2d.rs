use std::sync::Arc;

use super::kernel_window::{KERNEL_KEYS, without_groups};
use super::separable_convolution::SeparableConvolution;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A convolution of every channel of images alone, then one of size 1 that mixes the channels; then
/// bias and activation.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, new height, new width, filters]`;
/// weights `depthwise_kernel: [height, width, channels, depth_multiplier]`,
/// `pointwise_kernel: [1, 1, channels · depth_multiplier, filters]`, `bias: [filters]`. New
/// sizes as for [`Conv2D`](super::Conv2D). With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.SeparableConv2D`.
pub type SeparableConv2D = SeparableConvolution<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "SeparableConv2D",
    module: "keras.layers",
    aliases: &["SeparableConvolution2D"],
    from_config: |config| {
        let config = without_groups("SeparableConv2D", config)?;
        Ok(Arc::new(from_config::<SeparableConv2D>("SeparableConv2D", config, KERNEL_KEYS)?))
    },
    cases: &[
        r#"{"filters": 3, "kernel_size": 3, "sample_shapes": [[5, 6, 2]]}"#,
        r#"{"filters": 3, "kernel_size": [3, 2], "strides": 2, "padding": "same", "depth_multiplier": 2, "activation": "relu", "sample_shapes": [[6, 6, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "dilation_rate": [2, 3], "use_bias": false, "depthwise_regularizer": "l1", "pointwise_regularizer": "l2", "sample_shapes": [[6, 7, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2, "padding": "same", "sample_shapes": [[8, 9, 2]]}"#,
        r#"{"filters": 3, "kernel_size": 3, "data_format": "channels_first", "activation": "softmax", "activity_regularizer": "l2", "sample_shapes": [[2, 5, 6]]}"#,
    ],
};

crate::configured!(SeparableConv2D: LayerKind, always "data_format");
