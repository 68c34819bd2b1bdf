use std::sync::Arc;

use rhyton_graph::{Dim, Spec, Tensor, reshape_to};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// The same elements of each sample under another shape.
///
/// # Shapes
/// `input: [batch, …]`, `output: [batch, target_shape…]`.
///
/// Source: Keras 3.15 `keras.layers.Reshape`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Reshape {
    #[serde(skip)]
    common: Common,
    /// The shape of a sample; one size may be −1, which takes what remains.
    target_shape: Vec<isize>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Reshape",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Reshape>("Reshape", config, &[])?)),
    cases: &[
        r#"{"target_shape": [4, 3]}"#,
        r#"{"target_shape": [2, -1, 3]}"#,
        r#"{"target_shape": [12]}"#,
        r#"{"target_shape": [-1, 1], "sample_shapes": [[5]]}"#,
    ],
};

crate::configured!(Reshape: LayerKind, always "target_shape");

impl Reshape {
    /// A layer that gives samples this shape; one size may be −1.
    pub fn new(target_shape: impl Into<Vec<isize>>) -> Self {
        Self { target_shape: target_shape.into(), ..Self::default() }
    }

    /// The shape of a sample with −1 replaced.
    fn sizes(&self, input: &Spec) -> Result<Vec<usize>> {
        let shape = &input.shape;
        let refuse = |expected: String| {
            Error::config("Reshape", "target_shape", expected, format!("{:?}", self.target_shape))
        };
        let inner = shape.get(1..).unwrap_or_default();
        let known: Option<usize> = inner.iter().map(|dim| dim.fixed_size()).product();
        let count = known
            .filter(|_| shape.rank() > 0)
            .ok_or_else(|| Error::config("Reshape", "input", "[batch, …] of known sizes", shape))?;
        let open = self.target_shape.iter().filter(|&&size| size < 0).count();
        let fixed = self.target_shape.iter().filter(|&&size| size >= 0).map(|&size| size as usize);
        let fixed = rhyton_tensor::volume(&fixed.collect::<Vec<_>>())?;
        if open > 1 || self.target_shape.iter().any(|&size| size < -1) {
            return Err(refuse("sizes, at most one of them −1".to_owned()));
        }
        let fits = match open {
            0 => fixed == count,
            _ => fixed > 0 && count.is_multiple_of(fixed),
        };
        if !fits {
            return Err(refuse(format!("the {count} elements of a sample of {shape}")));
        }
        let rest = count.checked_div(fixed).unwrap_or(0);
        let size = |&size: &isize| if size < 0 { rest } else { size as usize };
        Ok(self.target_shape.iter().map(size).collect())
    }
}

impl Layer for Reshape {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        self.sizes(&inputs[0]).map(drop)
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let sizes = self.sizes(x.spec())?;
        let dims: Vec<Dim> =
            std::iter::once(x.shape()[0]).chain(sizes.into_iter().map(Dim::fixed)).collect();
        Ok(reshape_to(x, dims).into())
    }
}
