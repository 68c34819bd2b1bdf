use std::sync::Arc;

use super::zero_padding::ZeroPadding;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Zeros before and after the steps of sequences.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, before + steps + after, channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.ZeroPadding1D`.
pub type ZeroPadding1D = ZeroPadding<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "ZeroPadding1D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<ZeroPadding1D>("ZeroPadding1D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[5, 3]]}"#,
        r#"{"padding": [2, 0], "sample_shapes": [[5, 3]]}"#,
        r#"{"padding": 2, "data_format": "channels_first", "sample_shapes": [[3, 5]]}"#,
    ],
};

crate::configured!(ZeroPadding1D: LayerKind);
