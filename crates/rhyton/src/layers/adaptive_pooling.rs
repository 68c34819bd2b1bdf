use rhyton_graph::{Spec, Tensor, Window, WindowReduce, WindowReduction, concatenate, take};
use rhyton_macros::Setters;
use rhyton_tensor::Array;
use serde::{Deserialize, Serialize};

use super::resampling::{check_weights, product_along};
use super::{ImageDataFormat, Sizes};
use crate::layer::{Call, Common, Layer, LayerKind, Outputs, Scope};
use crate::objects::Configured;
use crate::{Error, Result};

/// The mean or, with `MAXIMUM`, the maximum of each channel over as many windows as the output has
/// places: place i of m takes elements ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉ of n;
/// [`AdaptiveAveragePooling2D`](super::AdaptiveAveragePooling2D) and its kin.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default = "Default::default")]
pub struct AdaptivePooling<const MAXIMUM: bool, const RANK: usize> {
    #[serde(skip)]
    common: Common,
    /// The output's size along each axis, at least 1.
    output_size: Sizes<RANK>,
    /// Where the channels stand; default the configured `image_data_format`.
    data_format: ImageDataFormat,
}

impl<const MAXIMUM: bool, const RANK: usize> Default for AdaptivePooling<MAXIMUM, RANK> {
    fn default() -> Self {
        Self {
            common: Common::default(),
            output_size: 0.into(),
            data_format: ImageDataFormat::default(),
        }
    }
}

impl<const MAXIMUM: bool, const RANK: usize> AdaptivePooling<MAXIMUM, RANK> {
    /// A layer with an output of this size (one number for all axes, or one for each).
    pub fn new(output_size: impl Into<Sizes<RANK>>) -> Self {
        Self { output_size: output_size.into(), ..Self::default() }
    }
}

impl<const MAXIMUM: bool, const RANK: usize> Layer for AdaptivePooling<MAXIMUM, RANK>
where
    Self: Configured<LayerKind>,
{
    fn build(&self, _: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let class = self.spec().class_name;
        let sizes = self.data_format.axes::<RANK>(class, &inputs[0])?.sizes(&inputs[0].shape);
        if sizes.contains(&0) {
            return Err(Error::config(class, "input", "sizes above 0", &inputs[0].shape));
        }
        for (from, to) in sizes.into_iter().zip(self.output_size.positive(class, "output_size")?) {
            check_weights(class, "output_size", from, to)?;
        }
        Ok(())
    }

    fn call(&self, _: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        let axes = self.data_format.axes::<RANK>(self.spec().class_name, x.spec())?;
        let sizes = axes.sizes(x.shape());
        let along = axes.spatial.into_iter().zip(sizes.into_iter().zip(self.output_size.0));
        let mut result = x.clone();
        for (axis, (from, to)) in along {
            let windows = windows(from, to);
            result = if MAXIMUM {
                maxima(&result, axis, &windows)?
            } else {
                product_along(&result, axis, means(from, &windows)?)
            };
        }
        Ok(result.into())
    }
}

/// The first element of each window, and how many it has.
fn windows(from: usize, to: usize) -> Vec<(usize, usize)> {
    let window = |place: usize| {
        let (first, end) = (place * from / to, ((place + 1) * from).div_ceil(to));
        (first, end - first)
    };
    (0..to).map(window).collect()
}

/// The matrix that averages over windows.
fn means(from: usize, windows: &[(usize, usize)]) -> Result<Array> {
    let mut matrix = vec![0.0_f32; from * windows.len()];
    for (place, &(first, count)) in windows.iter().enumerate() {
        for element in first..first + count {
            matrix[element * windows.len() + place] = 1.0 / count as f32;
        }
    }
    Ok(Array::from_slice(&[from, windows.len()], &matrix)?)
}

/// The maximum of each window: windows have one of at most two sizes, so all windows of either are
/// reduced and the wanted ones taken.
fn maxima(x: &Tensor, axis: usize, windows: &[(usize, usize)]) -> Result<Tensor> {
    let from = x.shape()[axis].bind(0);
    let mut parts = Vec::new();
    let mut places = vec![0_i32; windows.len()];
    let mut begin = 0;
    let mut sizes: Vec<usize> = windows.iter().map(|(_, count)| *count).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        let mut window = Window::single(x.rank());
        window.size[axis] = size;
        let reduce = WindowReduce { reduction: WindowReduction::Maximum, window };
        parts.push(Tensor::emit(reduce, &[x]));
        for (place, (first, _)) in windows.iter().enumerate().filter(|(_, (_, c))| *c == size) {
            places[place] = (begin + first) as i32;
        }
        begin += from - size + 1;
    }
    let all = concatenate(&parts, axis as isize);
    let places = x.constant(Array::from_slice(&[places.len()], &places)?);
    Ok(take(&all, &places, axis))
}
