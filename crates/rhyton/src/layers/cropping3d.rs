use std::sync::Arc;

use super::cropping::Cropping;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The inside of volumes.
///
/// # Shapes
/// `input: [batch, depth, height, width, channels]`, `output`: the same less the cropping of each
/// spatial axis. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Cropping3D`.
pub type Cropping3D = Cropping<3>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Cropping3D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Cropping3D>("Cropping3D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[3, 4, 3, 2]]}"#,
        r#"{"cropping": [1, 0, 1], "sample_shapes": [[3, 4, 3, 2]]}"#,
        r#"{"cropping": [[1, 0], [2, 1], [0, 0]], "data_format": "channels_first", "sample_shapes": [[2, 3, 4, 3]]}"#,
    ],
};

crate::configured!(Cropping3D: LayerKind, always "data_format");
