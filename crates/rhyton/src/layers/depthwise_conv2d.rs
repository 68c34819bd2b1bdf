use std::sync::Arc;

use super::depthwise_convolution::DepthwiseConvolution;
use super::kernel_window::{KERNEL_KEYS, without_groups};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A convolution of every channel of images alone, then bias and activation.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, new height, new width,
/// channels · depth_multiplier]`, the results of one channel side by side; weights
/// `kernel: [height, width, channels, depth_multiplier]`, `bias: [channels · depth_multiplier]`. New sizes as
/// for [`Conv2D`](super::Conv2D). With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.DepthwiseConv2D`.
pub type DepthwiseConv2D = DepthwiseConvolution<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "DepthwiseConv2D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        let config = without_groups("DepthwiseConv2D", config)?;
        Ok(Arc::new(from_config::<DepthwiseConv2D>("DepthwiseConv2D", config, KERNEL_KEYS)?))
    },
    cases: &[
        r#"{"kernel_size": 3, "sample_shapes": [[5, 6, 2]]}"#,
        r#"{"kernel_size": [3, 2], "strides": 2, "padding": "same", "depth_multiplier": 2, "activation": "relu", "sample_shapes": [[6, 6, 2]]}"#,
        r#"{"kernel_size": 2, "dilation_rate": [2, 3], "use_bias": false, "depthwise_regularizer": "l1", "sample_shapes": [[6, 7, 2]]}"#,
        r#"{"kernel_size": 3, "strides": 2, "dilation_rate": 2, "padding": "same", "sample_shapes": [[8, 9, 2]]}"#,
        r#"{"kernel_size": 3, "data_format": "channels_first", "depthwise_initializer": "he_uniform", "bias_regularizer": "l2", "sample_shapes": [[2, 5, 6]]}"#,
    ],
};

crate::configured!(DepthwiseConv2D: LayerKind, always "data_format");
