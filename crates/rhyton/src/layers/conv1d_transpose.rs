use std::sync::Arc;

use super::convolution_transpose::ConvolutionTranspose;
use super::kernel_window::without_groups;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The transpose of a convolution of sequences, which makes them larger; then bias and activation.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, new steps, filters]`;
/// weights `kernel: [size, filters, channels]`, `bias: [filters]`. With e = (k − 1)·dilation + 1,
/// n becomes (n − 1)·stride + maximum(e, stride) for `valid` and n·stride for `same`; with
/// `output_padding` p it is (n − 1)·stride + e + p and (n − 1)·stride + e mod 2 + p.
/// With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Conv1DTranspose`.
pub type Conv1DTranspose = ConvolutionTranspose<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Conv1DTranspose",
    module: "keras.layers",
    aliases: &["Convolution1DTranspose"],
    from_config: |config| {
        let config = without_groups("Conv1DTranspose", config)?;
        Ok(Arc::new(from_config::<Conv1DTranspose>("Conv1DTranspose", config, &[])?))
    },
    cases: &[
        r#"{"filters": 3, "kernel_size": 3, "strides": 2, "sample_shapes": [[4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "tanh", "sample_shapes": [[4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 2, "strides": 3, "output_padding": 1, "use_bias": false, "sample_shapes": [[4, 2]]}"#,
        r#"{"filters": 2, "kernel_size": 3, "dilation_rate": 2, "kernel_regularizer": "l2", "sample_shapes": [[4, 2]]}"#,
        r#"{"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same", "data_format": "channels_first", "sample_shapes": [[2, 4]]}"#,
    ],
};

crate::configured!(Conv1DTranspose: LayerKind, always "data_format");
