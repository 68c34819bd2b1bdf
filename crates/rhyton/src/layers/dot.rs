use std::sync::Arc;

use rhyton_graph::{Dot as Product, Shape, Spec, Tensor, expand_dims};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::merging::check_count;
use super::unit_normalization::unit;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope};
use crate::objects::from_config;
use crate::{Error, Result};

/// How far a vector's length may shrink before `normalize` stops stretching it.
const EPSILON: f64 = 1e-7;

/// The dot products of two inputs, sample by sample, along one axis of each.
///
/// # Shapes
/// `[batch, a…]` and `[batch, b…]` become `[batch, a… without its axis, b… without its axis]`;
/// two inputs of one axis give `[batch, 1]`.
///
/// Source: Keras 3.15 `keras.layers.Dot`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Dot {
    #[serde(skip)]
    common: Common,
    /// The axis of both inputs, or that of each; the batch's, 0, can't be one.
    axes: Axis,
    /// Whether the vectors are stretched to length 1 first, which gives their cosine; default
    /// false.
    normalize: bool,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Dot",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Dot>("Dot", config, &[])?)),
    cases: &[
        r#"{"axes": 1, "sample_shapes": [[4], [4]]}"#,
        r#"{"axes": [1, 2], "sample_shapes": [[3, 5], [2, 3]]}"#,
        r#"{"axes": -1, "normalize": true, "sample_shapes": [[3, 4], [2, 4]]}"#,
        r#"{"axes": [1, 1], "sample_shapes": [[4], [4, 3]]}"#,
        r#"{"axes": [2, 1], "sample_shapes": [[2, 4, 3], [4, 2, 2]]}"#,
    ],
};

crate::configured!(Dot: LayerKind, always "axes");

impl Default for Dot {
    fn default() -> Self {
        Self { common: Common::default(), axes: Axis::One(-1), normalize: false }
    }
}

impl Dot {
    /// A layer that multiplies along this axis of both inputs, or along one of each.
    pub fn new(axes: impl Into<Axis>) -> Self {
        Self { axes: axes.into(), ..Self::default() }
    }

    /// The axes counted from the front.
    fn places(&self, a: &Shape, b: &Shape) -> Result<[usize; 2]> {
        let places = match self.axes.list() {
            [both] => [a.axis("Dot", *both)?, b.axis("Dot", *both)?],
            [first, second] => [a.axis("Dot", *first)?, b.axis("Dot", *second)?],
            other => {
                let expected = "one axis, or one of each input";
                return Err(Error::config("Dot", "axes", expected, format!("{other:?}")));
            }
        };
        if places.contains(&0) {
            let received = format!("{:?}", self.axes.list());
            return Err(Error::config("Dot", "axes", "an axis behind the batch's", received));
        }
        Ok(places)
    }
}

impl Layer for Dot {
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        check_count("Dot", inputs, Some(2))?;
        let (a, b) = (&inputs[0].shape, &inputs[1].shape);
        let [i, j] = self.places(a, b)?;
        if a[i] == b[j] {
            return Ok(());
        }
        let expected = format!("{b} with size {} at axis {j}", a[i]);
        Err(Error::config("Dot", "inputs", expected, b))
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let [i, j] = self.places(inputs[0].shape(), inputs[1].shape())?;
        let prepared = |x: &Tensor, axis: usize| {
            if self.normalize { unit(x, &[axis], EPSILON) } else { x.clone() }
        };
        let (a, b) = (prepared(&inputs[0], i), prepared(&inputs[1], j));
        let product = Product { batch: [vec![0], vec![0]], contract: [vec![i], vec![j]] };
        let product = Tensor::emit(product, &[&a, &b]);
        let alone = a.rank() == 2 && b.rank() == 2;
        Ok(if alone { expand_dims(&product, -1) } else { product }.into())
    }

    fn takes_list(&self) -> bool {
        true
    }
}
