use std::sync::Arc;

use rhyton_graph::{Dim, Shape, Spec, Tensor, broadcast_in_dim};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// Each sample `n` times along a new axis.
///
/// # Shapes
/// `input: [batch, features]`, `output: [batch, n, features]`.
///
/// Source: Keras 3.15 `keras.layers.RepeatVector`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct RepeatVector {
    #[serde(skip)]
    common: Common,
    /// How often, at least 1.
    n: usize,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "RepeatVector",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<RepeatVector>("RepeatVector", config, &[])?)),
    cases: &[r#"{"n": 3, "sample_shapes": [[4]]}"#, r#"{"n": 1, "sample_shapes": [[2]]}"#],
};

crate::configured!(RepeatVector: LayerKind, always "n");

impl RepeatVector {
    /// A layer that repeats each sample this often.
    pub fn new(n: usize) -> Self {
        Self { n, ..Self::default() }
    }
}

impl Layer for RepeatVector {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        if self.n == 0 {
            return Err(Error::config("RepeatVector", "n", "at least 1", 0));
        }
        let shape = &inputs[0].shape;
        if shape.rank() != 2 {
            return Err(Error::config("RepeatVector", "input", "[batch, features]", shape));
        }
        let total = shape[1].fixed_size().unwrap_or(1).checked_mul(self.n);
        match total {
            Some(_) => Ok(()),
            None => Err(Error::config("RepeatVector", "n", "a size that fits", self.n)),
        }
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let shape = Shape::from(vec![x.shape()[0], Dim::fixed(self.n), x.shape()[1]]);
        Ok(broadcast_in_dim(x, &shape, &[0, 2]).into())
    }
}
