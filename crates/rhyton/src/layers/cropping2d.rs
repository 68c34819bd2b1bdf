use std::sync::Arc;

use super::cropping::Cropping;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// The inside of images.
///
/// # Shapes
/// `input: [batch, height, width, channels]`, `output: [batch, height − top − bottom,
/// width − left − right, channels]`. With `channels_first`, channels follow the batch axis.
///
/// Source: Keras 3.15 `keras.layers.Cropping2D`.
pub type Cropping2D = Cropping<2>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Cropping2D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Cropping2D>("Cropping2D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[5, 4, 2]]}"#,
        r#"{"cropping": [2, 1], "sample_shapes": [[5, 4, 2]]}"#,
        r#"{"cropping": [[1, 2], [0, 3]], "sample_shapes": [[5, 4, 2]]}"#,
        r#"{"cropping": [[2, 0], [1, 1]], "data_format": "channels_first", "sample_shapes": [[2, 5, 4]]}"#,
    ],
};

crate::configured!(Cropping2D: LayerKind, always "data_format");
