use std::sync::Arc;

use rhyton_graph::{Dim, Shape, Spec, Tensor, cast, maximum, reshape_to, sqrt};
use rhyton_macros::Setters;
use rhyton_tensor::{Array, DType};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, beside, sizes};
use super::numbers::Numbers;
use crate::initializers::{AnyInitializer, Given};
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions};
use crate::objects::from_config;
use crate::{Error, Result};

/// The least standard deviation that is divided by.
const EPSILON: f64 = 1e-7;

/// (x − mean) / max(√variance, 1e-7) with mean and variance of data, one for each place along the
/// axes; integers as float32.
///
/// Mean and variance are given ([`mean`](Self::mean), [`variance`](Self::variance)) or weights
/// that training leaves alone: those of data after [`adapt`](Self::adapt), 0 and 1 before.
///
/// # Shapes
/// As the input; weights `mean`, `variance`: the sizes of the axes, and `count`: a scalar that only
/// files of Keras use.
///
/// Source: Keras 3.15 `keras.layers.Normalization`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Normalization {
    #[serde(skip)]
    common: Common,
    /// The axis or axes with statistics of their own, the batch counted as 0; none means one mean
    /// and one variance of everything. Default −1.
    #[setters(skip)]
    axis: Option<Axis>,
    /// The mean, in place of one of data; needs the variance.
    mean: Option<Numbers>,
    /// The variance, in place of one of data; needs the mean.
    variance: Option<Numbers>,
    /// Whether the layer undoes what it would do; default false.
    invert: bool,
    /// Mean and variance of the data that the layer was adapted to.
    #[serde(skip)]
    #[setters(skip)]
    adapted: Option<[Arc<Array>; 2]>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "Normalization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<Normalization>("Normalization", config, &[])?)),
    cases: &[
        "{}",
        r#"{"axis": [1, 2]}"#,
        r#"{"axis": null, "mean": 0.5, "variance": 4.0}"#,
        r#"{"mean": [1, 2, 3, 4], "variance": [1, 4, 9, 0.25]}"#,
        r#"{"axis": [1, 2], "mean": [1, 2, 3, 4], "variance": [1, 4, 9, 0.25], "invert": true}"#,
    ],
};

crate::configured!(Normalization: LayerKind);

impl Default for Normalization {
    fn default() -> Self {
        Self {
            common: Common::default(),
            axis: Some(Axis::One(-1)),
            mean: None,
            variance: None,
            invert: false,
            adapted: None,
        }
    }
}

impl Normalization {
    /// A layer with statistics for each place along the last axis.
    pub fn new() -> Self {
        Self::default()
    }

    /// The axis or axes with statistics of their own, the batch counted as 0; `None` means one mean
    /// and one variance of everything. Default −1.
    #[must_use]
    pub fn axis(mut self, value: impl Into<Option<Axis>>) -> Self {
        self.axis = value.into();
        self
    }

    /// The layer with mean and variance of data, whose first axis is the batch: its weights start
    /// with them. For a model that is built already, set the weights to
    /// [`statistics`](Self::statistics).
    ///
    /// # Errors
    /// As [`statistics`](Self::statistics).
    pub fn adapt(mut self, data: &Array) -> Result<Self> {
        let [mean, variance] = self.statistics(data)?;
        self.adapted = Some([Arc::new(mean), Arc::new(variance)]);
        Ok(self)
    }

    /// Mean and variance (divided by the count) of data, float32, computed in float64.
    ///
    /// # Errors
    /// [`Error::Config`] when mean and variance are given, when the data lack an axis, or when
    /// there are none.
    pub fn statistics(&self, data: &Array) -> Result<[Array; 2]> {
        if self.mean.is_some() || self.variance.is_some() {
            let expected = "a layer without mean and variance";
            return Err(Error::config("Normalization", "adapt", expected, "given ones"));
        }
        if data.is_empty() {
            return Err(Error::config("Normalization", "adapt", "data", "an empty array"));
        }
        let kept = self.kept(&Shape::fixed(data.shape()))?;
        let kept_sizes: Vec<usize> = kept.iter().map(|&axis| data.shape()[axis]).collect();
        let places = places(data.shape(), &kept);
        let values = data.to_f64();
        let groups = kept_sizes.iter().product::<usize>();
        let count = (values.len() / groups) as f64;
        let mean_of = |term: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; groups];
            for (&place, &value) in places.iter().zip(&values) {
                sums[place] += term(place, value);
            }
            sums.into_iter().map(|sum| sum / count).collect::<Vec<f64>>()
        };
        let mean = mean_of(&|_, value| value);
        let variance = mean_of(&|place, value| (value - mean[place]).powi(2));
        let array = |values: &[f64]| -> Result<Array> {
            Ok(Array::from_slice(&kept_sizes, values)?.cast(DType::F32))
        };
        Ok([array(&mean)?, array(&variance)?])
    }

    /// The axes with statistics of their own, in order.
    fn kept(&self, shape: &Shape) -> Result<Vec<usize>> {
        match &self.axis {
            None => Ok(Vec::new()),
            Some(axis) => axis.of("Normalization", shape),
        }
    }

    /// Given numbers in the shape in which they meet the input: their axes are the last of `kept`.
    fn spread(numbers: &Numbers, shape: &Shape, kept: &[usize]) -> Result<Shape> {
        let given = numbers.shape();
        let refuse = || {
            let expected = format!("at most one size for each of {} axes", kept.len());
            Error::config("Normalization", "mean", expected, format!("shape {given:?}"))
        };
        let start = kept.len().checked_sub(given.len()).ok_or_else(refuse)?;
        let mut dims = vec![Dim::ONE; shape.rank()];
        for (&axis, &size) in kept[start..].iter().zip(given) {
            if size != 1 && Dim::fixed(size) != shape[axis] {
                let expected = format!("1 or {} numbers at axis {axis}", shape[axis]);
                return Err(Error::config("Normalization", "mean", expected, size));
            }
            dims[axis] = Dim::fixed(size);
        }
        Ok(dims.into())
    }

    /// Mean and variance as they meet the input.
    fn moments(&self, cx: &Call<'_>, x: &Tensor) -> Result<[Tensor; 2]> {
        let kept = self.kept(x.shape())?;
        if let (Some(mean), Some(variance)) = (&self.mean, &self.variance) {
            let shape = Self::spread(mean, x.shape(), &kept)?;
            let meet = |numbers: &Numbers| -> Result<Tensor> {
                Ok(reshape_to(&numbers.constant(cx, x)?, shape.clone()))
            };
            return Ok([meet(mean)?, meet(variance)?]);
        }
        let shape = beside(x.shape(), &kept);
        let meet = |name| -> Result<Tensor> {
            Ok(reshape_to(&cast(&cx.weight(name)?, x.dtype()), shape.clone()))
        };
        Ok([meet("mean")?, meet("variance")?])
    }
}

/// For each element of an array of this shape, the place of its group along the kept axes.
fn places(shape: &[usize], kept: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    for (axis, &size) in shape.iter().enumerate() {
        let step = usize::from(kept.contains(&axis));
        let wide = if step == 1 { size } else { 1 };
        let next = places.iter().flat_map(|&place| (0..size).map(move |i| place * wide + step * i));
        places = next.collect();
    }
    places
}

impl Layer for Normalization {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let shape = &inputs[0].shape;
        let kept = self.kept(shape)?;
        let kept_sizes = sizes("Normalization", shape, &kept)?;
        match (&self.mean, &self.variance) {
            (Some(mean), Some(variance)) if mean.shape() == variance.shape() => {
                return Self::spread(mean, shape, &kept).map(drop);
            }
            (None, None) => {}
            _ => {
                let expected = "both of one shape, or neither";
                return Err(Error::config("Normalization", "mean, variance", expected, "others"));
            }
        }
        let [mean, variance]: [AnyInitializer; 2] = match &self.adapted {
            Some(adapted) => adapted.clone().map(|values| Given::new(values).into()),
            None => ["zeros".into(), "ones".into()],
        };
        scope.weight_with("mean", &kept_sizes, mean, WeightOptions::fixed())?;
        scope.weight_with("variance", &kept_sizes, variance, WeightOptions::fixed())?;
        scope.weight_with("count", &[], "zeros", WeightOptions::fixed().dtype(DType::I64))
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let x = if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
        let [mean, variance] = self.moments(cx, &x)?;
        let deviation = maximum(sqrt(variance), EPSILON);
        Ok(if self.invert { mean + x * deviation } else { (x - mean) / deviation }.into())
    }

    fn keeps_weights(&self) -> bool {
        true
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f64s(array: &Array) -> Vec<f64> {
        array.to_f64()
    }

    /// Values by `numpy.mean` and `numpy.var` (NumPy 2), which Keras' `adapt` calls.
    #[test]
    fn statistics_are_those_of_numpy() {
        let values: Vec<f32> = (0..12).map(|i| (i * i) as f32).collect();
        let data = Array::from_slice(&[2, 2, 3], &values).unwrap();
        let [mean, variance] = Normalization::new().statistics(&data).unwrap();
        assert_eq!(f64s(&mean), [31.5, 41.5, 53.5]);
        assert_eq!(f64s(&variance), [992.25, 1442.25, 1982.25]);
        let [mean, variance] = Normalization::new().axis(None).statistics(&data).unwrap();
        assert_eq!((mean.shape(), mean.to_f64()[0] as f32), (&[][..], 42.166_668));
        assert!((variance.to_f64()[0] - 1_553.138_8).abs() < 1e-3, "{variance:?}");
        let axes = Axis::from([2, 1]);
        let [mean, variance] = Normalization::new().axis(axes).statistics(&data).unwrap();
        assert_eq!(mean.shape(), [2, 3]);
        assert_eq!(f64s(&mean), [18.0, 25.0, 34.0, 45.0, 58.0, 73.0]);
        assert_eq!(f64s(&variance), [324.0, 576.0, 900.0, 1296.0, 1764.0, 2304.0]);
    }
}
