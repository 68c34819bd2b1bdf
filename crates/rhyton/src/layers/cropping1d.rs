use std::sync::Arc;

use super::cropping::Cropping;
use crate::layer::{LayerKind, LayerSpec};
use crate::objects::from_config;

/// Sequences without their first and last steps.
///
/// # Shapes
/// `input: [batch, steps, channels]`, `output: [batch, steps − before − after, channels]`.
///
/// Source: Keras 3.15 `keras.layers.Cropping1D`.
pub type Cropping1D = Cropping<1>;

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Cropping1D",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Cropping1D>("Cropping1D", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[5, 3]]}"#,
        r#"{"cropping": [2, 0], "sample_shapes": [[5, 3]]}"#,
        r#"{"cropping": 2, "sample_shapes": [[5, 3]]}"#,
    ],
};

crate::configured!(Cropping1D: LayerKind);
