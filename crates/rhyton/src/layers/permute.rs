use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, transpose};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// The axes of each sample in another order.
///
/// # Shapes
/// `input: [batch, d_1, d_2, …]`, `output: [batch, d_dims[0], d_dims[1], …]`.
///
/// Source: Keras 3.15 `keras.layers.Permute`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Permute {
    #[serde(skip)]
    common: Common,
    /// The axis, counted from 1 (the batch is 0), that each axis of the output is.
    dims: Vec<usize>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Permute",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Permute>("Permute", config, &[])?)),
    cases: &[
        r#"{"dims": [2, 1]}"#,
        r#"{"dims": [3, 1, 2], "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"dims": [1], "sample_shapes": [[5]]}"#,
    ],
};

crate::configured!(Permute: LayerKind, always "dims");

impl Permute {
    /// A layer that puts the axes of samples, counted from 1, in this order.
    pub fn new(dims: impl Into<Vec<usize>>) -> Self {
        Self { dims: dims.into(), ..Self::default() }
    }
}

impl Layer for Permute {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        if sorted.iter().copied().eq(1..inputs[0].shape.rank()) {
            return Ok(());
        }
        let expected = format!("each axis of {} but the batch once", inputs[0].shape);
        Err(Error::config("Permute", "dims", expected, format!("{:?}", self.dims)))
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let order: Vec<usize> = std::iter::once(0).chain(self.dims.iter().copied()).collect();
        Ok(transpose(&inputs[0], &order).into())
    }
}
