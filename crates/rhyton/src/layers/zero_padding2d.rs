use std::sync::Arc;

use super::zero_padding::ZeroPadding;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Zeros around images.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, top + height + bottom,
/// left + width + right, channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.ZeroPadding2D`.
pub type ZeroPadding2D = ZeroPadding<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "ZeroPadding2D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<ZeroPadding2D>("ZeroPadding2D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[3, 4, 2]]}"#,
        r#"{"padding": [1, 2], "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"padding": [[1, 0], [2, 3]], "sample_shapes": [[3, 4, 2]]}"#,
        r#"{"padding": [[0, 2], [1, 0]], "data_format": "channels_first", "sample_shapes": [[2, 3, 4]]}"#,
    ],
};

crate::configured!(ZeroPadding2D: LayerKind, always "data_format");
