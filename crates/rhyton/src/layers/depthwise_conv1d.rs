use std::sync::Arc;

use super::depthwise_convolution::DepthwiseConvolution;
use super::kernel_window::{KERNEL_KEYS, without_groups};
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// A convolution of every channel of sequences alone, then bias and activation.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, new steps,
/// channels · depth_multiplier]`, the results of one channel side by side; weights
/// `kernel: [size, channels, depth_multiplier]`, `bias: [channels · depth_multiplier]`. New sizes as
/// for [`Conv1D`](super::Conv1D). With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.DepthwiseConv1D`.
pub type DepthwiseConv1D = DepthwiseConvolution<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "DepthwiseConv1D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        let config = without_groups("DepthwiseConv1D", config)?;
        Ok(Arc::new(from_config::<DepthwiseConv1D>("DepthwiseConv1D", config, KERNEL_KEYS)?))
    },
    cases: &[
        r#"{"kernel_size": 3, "sample_shapes": [[7, 2]]}"#,
        r#"{"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2, "activation": "tanh", "sample_shapes": [[8, 2]]}"#,
        r#"{"kernel_size": 2, "dilation_rate": 2, "use_bias": false, "depthwise_regularizer": "l2", "sample_shapes": [[7, 3]]}"#,
        r#"{"kernel_size": 3, "data_format": "channels_first", "depthwise_constraint": "max_norm", "sample_shapes": [[3, 7]]}"#,
    ],
};

crate::configured!(DepthwiseConv1D: LayerKind, always "data_format");
