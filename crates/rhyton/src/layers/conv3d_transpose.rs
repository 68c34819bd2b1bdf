use std::sync::Arc;

use super::convolution_transpose::ConvolutionTranspose;
use super::kernel_window::without_groups;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The transpose of a convolution of volumes, which makes them larger; then bias and activation.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output: [batch, new depth, new height, new width, filters]`;
/// weights `kernel: [depth, height, width, filters, channels]`, `bias: [filters]`. With e = (k − 1)·dilation + 1,
/// n becomes (n − 1)·stride + maximum(e, stride) for `valid` and n·stride for `same`; with
/// `output_padding` p it is (n − 1)·stride + e + p and (n − 1)·stride + e mod 2 + p.
/// With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Conv3DTranspose`.
pub type Conv3DTranspose = ConvolutionTranspose<3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Conv3DTranspose",
    module: "keras.layers",
    aliases: &["Convolution3DTranspose"],
    from_config: |config| {
        let config = without_groups("Conv3DTranspose", config)?;
        Ok(Arc::new(from_config::<Conv3DTranspose>("Conv3DTranspose", config, &[])?))
    },
    cases: &[
        r#"{"filters": 2, "kernel_size": 2, "strides": 2, "sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"filters": 2, "kernel_size": [3, 2, 3], "strides": [2, 1, 2], "padding": "same", "activation": "tanh", "sample_shapes": [[2, 2, 3, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "strides": 2, "output_padding": 1, "use_bias": false, "sample_shapes": [[2, 2, 2, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "strides": 2, "data_format": "channels_first", "kernel_regularizer": "l2", "sample_shapes": [[2, 2, 2, 3]]}"#,
    ],
};

crate::configured!(Conv3DTranspose: LayerKind, always "data_format");
