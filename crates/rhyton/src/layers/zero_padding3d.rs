use std::sync::Arc;

use super::zero_padding::ZeroPadding;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Zeros around volumes.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output`: the same with the padding of each
/// spatial axis added. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.ZeroPadding3D`.
pub type ZeroPadding3D = ZeroPadding<3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "ZeroPadding3D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<ZeroPadding3D>("ZeroPadding3D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"padding": [1, 0, 2], "sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"padding": [[1, 0], [2, 3], [0, 0]], "data_format": "channels_first", "sample_shapes": [[2, 2, 3, 2]]}"#,
    ],
};

crate::configured!(ZeroPadding3D: LayerKind, always "data_format");
