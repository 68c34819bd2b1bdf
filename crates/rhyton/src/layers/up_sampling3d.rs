use std::sync::Arc;

use super::up_sampling::UpSampling;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Volumes with every place `size` times along each axis.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output`: the same with each spatial size times
/// its factor. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.UpSampling3D`.
pub type UpSampling3D = UpSampling<3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "UpSampling3D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<UpSampling3D>("UpSampling3D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"size": [1, 2, 3], "sample_shapes": [[2, 3, 2, 2]]}"#,
        r#"{"size": [2, 1, 1], "data_format": "channels_first", "sample_shapes": [[2, 2, 3, 2]]}"#,
    ],
};

crate::configured!(UpSampling3D: LayerKind, always "data_format");
