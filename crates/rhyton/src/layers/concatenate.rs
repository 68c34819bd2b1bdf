use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, any, broadcast_to, cast, expand_dims, ones_like};
use rhyton_macros::Setters;
use rhyton_tensor::DType;
use serde::{Deserialize, Serialize};

use super::merging::check_count;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// The inputs one after another along an axis.
///
/// # Shapes
/// `inputs: [batch, …]`, alike but for `axis`, whose sizes add up in the output.
///
/// Source: Keras 3.15 `keras.layers.Concatenate`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Concatenate {
    #[serde(skip)]
    common: Common,
    /// The axis; default −1.
    axis: isize,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Concatenate",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Concatenate>("Concatenate", config, &[])?)),
    cases: &[
        r#"{"sample_shapes": [[3, 4], [3, 2]]}"#,
        r#"{"axis": 1, "sample_shapes": [[1, 4], [2, 4], [3, 4]]}"#,
        r#"{"axis": -2, "sample_shapes": [[2, 2, 3], [2, 1, 3]]}"#,
    ],
};

crate::configured!(Concatenate: LayerKind);

impl Default for Concatenate {
    fn default() -> Self {
        Self { common: Common::default(), axis: -1 }
    }
}

impl Concatenate {
    /// A layer that joins its inputs along the last axis.
    pub fn new() -> Self {
        Self::default()
    }

    /// The mask of the result: unmasked inputs count whole, and a place of the last axis counts if
    /// any of its elements does.
    fn mask(&self, cx: &Call<'_>, inputs: &[Tensor]) -> Option<Tensor> {
        if (0..inputs.len()).all(|place| cx.mask(place).is_none()) {
            return None;
        }
        let spread = |(place, x): (usize, &Tensor)| match cx.mask(place) {
            None => cast(&ones_like(x), DType::Bool),
            Some(mask) if mask.rank() < x.rank() => broadcast_to(&expand_dims(mask, -1), x.shape()),
            Some(mask) => mask.clone(),
        };
        let masks: Vec<Tensor> = inputs.iter().enumerate().map(spread).collect();
        Some(any(&rhyton_graph::concatenate(&masks, self.axis), Some(&[-1]), false))
    }
}

impl Layer for Concatenate {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        check_count("Concatenate", inputs, None)?;
        let first = &inputs[0].shape;
        let axis = first.axis("Concatenate", self.axis)?;
        let fits = |other: &Spec| {
            other.shape.rank() == first.rank()
                && (0..first.rank()).all(|i| i == axis || other.shape[i] == first[i])
        };
        match inputs.iter().find(|other| !fits(other)) {
            None => Ok(()),
            Some(other) => {
                let expected = format!("{first} but for axis {axis}");
                Err(Error::config("Concatenate", "inputs", expected, &other.shape))
            }
        }
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        if let Some(mask) = self.mask(cx, inputs) {
            cx.set_mask(mask);
        }
        Ok(rhyton_graph::concatenate(inputs, self.axis).into())
    }

    fn takes_list(&self) -> bool {
        true
    }
}
