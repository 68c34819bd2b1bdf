use std::sync::Arc;

use rhyton_graph::{Dim, Shape, Spec, Tensor, broadcast_to, greater_equal, where_};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::layer::{Call, Common, Layer, LayerSpec, Outputs, Scope};
use crate::objects::{changed_config, from_config};
use crate::{Error, Result};

/// In training, each element is 0 with probability `rate` and divided by 1 − rate otherwise;
/// elsewhere the input itself.
///
/// # Shapes
/// As the input.
///
/// Source: Keras 3.15 `keras.layers.Dropout`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Dropout {
    #[serde(skip)]
    common: Common,
    /// The probability of a 0, from 0 to 1.
    rate: f64,
    /// The shape of the pattern: an axis with size 1 drops as a whole; default the input's shape.
    noise_shape: Option<Vec<Option<usize>>>,
    /// A seed of the layer's own; default the training's.
    seed: Option<u64>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Dropout",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Dropout>("Dropout", config, &[])?)),
    cases: &[r#"{"rate": 0.5}"#, r#"{"rate": 0.0}"#],
};

impl Dropout {
    /// A layer that drops each element with this probability.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }

    fn pattern(&self, shape: &Shape) -> Result<Shape> {
        let Some(noise) = &self.noise_shape else { return Ok(shape.clone()) };
        let fits = |(size, dim): (&Option<usize>, &Dim)| {
            size.is_none_or(|size| size == 1 || Dim::fixed(size) == *dim)
        };
        if noise.len() != shape.rank() || !noise.iter().zip(shape.iter()).all(fits) {
            let expected = format!("null, 1 or the input's size for each axis of {shape}");
            return Err(Error::config("Dropout", "noise_shape", expected, format!("{noise:?}")));
        }
        let dims = noise.iter().zip(shape.iter());
        Ok(dims.map(|(size, dim)| size.map_or(*dim, Dim::fixed)).collect())
    }
}

impl Layer for Dropout {
    fn spec(&self) -> &'static LayerSpec {
        &SPEC
    }

    /// The rate is written even when it is 0: Keras has no default for it.
    fn config(&self) -> Map<String, Value> {
        let mut config = changed_config(self);
        config.insert("rate".to_owned(), self.rate.into());
        config
    }

    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(Error::config("Dropout", "rate", "a number from 0 to 1", self.rate));
        }
        self.pattern(&inputs[0].shape).map(drop)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        if !cx.training || self.rate == 0.0 {
            return Ok(x.clone().into());
        }
        let like = broadcast_to(&x.scalar_like(0.0), &self.pattern(x.shape())?);
        let keep = greater_equal(cx.uniform(&like, self.seed)?, self.rate);
        let scale = if self.rate < 1.0 { 1.0 / (1.0 - self.rate) } else { 0.0 };
        Ok(where_(&keep, x * scale, 0.0).into())
    }
}
