use std::sync::Arc;

use super::convolution_transpose::ConvolutionTranspose;
use super::kernel_window::without_groups;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The transpose of a convolution of images, which makes them larger; then bias and activation.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, new height, new width, filters]`;
/// weights `kernel: [height, width, filters, channels]`, `bias: [filters]`. With e = (k − 1)·dilation + 1,
/// n becomes (n − 1)·stride + maximum(e, stride) for `valid` and n·stride for `same`; with
/// `output_padding` p it is (n − 1)·stride + e + p and (n − 1)·stride + e mod 2 + p.
/// With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Conv2DTranspose`.
pub type Conv2DTranspose = ConvolutionTranspose<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Conv2DTranspose",
    module: "keras.layers",
    aliases: &["Convolution2DTranspose"],
    from_config: |config| {
        let config = without_groups("Conv2DTranspose", config)?;
        Ok(Arc::new(from_config::<Conv2DTranspose>("Conv2DTranspose", config, &[])?))
    },
    cases: &[
        r#"{"filters": 3, "kernel_size": 3, "strides": 2, "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": [3, 2], "strides": [2, 1], "padding": "same", "activation": "relu", "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1, "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "strides": 3, "output_padding": [2, 0], "use_bias": false, "sample_shapes": [[3, 3, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "dilation_rate": 2, "padding": "same", "kernel_regularizer": "l1", "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same", "data_format": "channels_first", "activation": "softmax", "sample_shapes": [[2, 3, 4]]}"#,
    ],
};

crate::configured!(Conv2DTranspose: LayerKind, always "data_format");
