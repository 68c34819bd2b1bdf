//! What convolutions and pooling share: how edges are padded, where channels stand, and one number
//! for each spatial axis.

use std::str::FromStr;

use super::shaping::{integers, to_integers, transpose};
use crate::{Argument, Arguments, Error, Result, Tensor};

choice! {
    /// What stands around the spatial axes while windows slide over them.
    Padding "padding" {
        /// Nothing: only windows that lie inside count.
        #[default]
        Valid "valid",
        /// As much as gives ⌈n / stride⌉ windows, half on each side, an odd one after.
        Same "same",
        /// All of it before, so that no window looks ahead; for one spatial axis.
        Causal "causal",
    }
}

choice! {
    /// Where the channels of images stand.
    DataFormat "data_format" {
        /// `[batch, spatial…, channels]`.
        #[default]
        ChannelsLast "channels_last",
        /// `[batch, channels, spatial…]`.
        ChannelsFirst "channels_first",
    }
}

impl DataFormat {
    /// The tensor with channels last.
    #[track_caller]
    pub(super) fn to_last(self, x: &Tensor) -> Tensor {
        if self == Self::ChannelsLast || x.rank() < 3 {
            return x.clone();
        }
        let order: Vec<usize> = [0].into_iter().chain(2..x.rank()).chain([1]).collect();
        transpose(x, &order)
    }

    /// A tensor with channels last in this format.
    #[track_caller]
    pub(super) fn restore(self, x: &Tensor) -> Tensor {
        if self == Self::ChannelsLast || x.rank() < 3 {
            return x.clone();
        }
        let last = x.rank() - 1;
        let order: Vec<usize> = [0, last].into_iter().chain(1..last).collect();
        transpose(x, &order)
    }
}

impl Padding {
    /// The padding before and after an axis of `length` elements under windows of this extent.
    pub(super) fn amounts(self, length: usize, extent: usize, stride: usize) -> (usize, usize) {
        match self {
            Self::Valid => (0, 0),
            Self::Causal => (extent - 1, 0),
            Self::Same => {
                let windows = length.div_ceil(stride);
                let covered = windows.saturating_sub(1) * stride + extent;
                let total = covered.saturating_sub(length);
                (total / 2, total - total / 2)
            }
        }
    }
}

/// The arguments of an operation over spatial axes, as Keras' configuration has them.
pub(super) struct Options<'a> {
    pub(super) operation: &'static str,
    pub(super) arguments: &'a Arguments,
    /// The number of operands before the attributes.
    pub(super) operands: usize,
}

impl Options<'_> {
    /// The attribute `name`, the `place`-th after the operands.
    pub(super) fn get(&self, name: &str, place: usize) -> &Argument {
        self.arguments.attribute(name, self.operands + place)
    }

    pub(super) fn padding(&self, place: usize) -> Result<Padding> {
        self.choice("padding", place)
    }

    pub(super) fn data_format(&self, place: usize) -> Result<DataFormat> {
        self.choice("data_format", place)
    }

    fn choice<T: FromStr<Err = Error> + Default>(&self, name: &str, place: usize) -> Result<T> {
        match self.get(name, place) {
            Argument::None => Ok(T::default()),
            Argument::Text(text) => text.parse(),
            other => Err(Error::argument(self.operation, name, "a name", format!("{other:?}"))),
        }
    }

    /// One number of at least `least` for each of `count` axes; one alone stands for all, none
    /// for the default.
    pub(super) fn numbers(
        &self,
        (name, place): (&str, usize),
        count: usize,
        least: usize,
    ) -> Result<Option<Vec<usize>>> {
        let argument = self.get(name, place);
        if matches!(argument, Argument::None) {
            return Ok(None);
        }
        let given = to_integers(self.operation, name, argument)?;
        let range = least..=i32::MAX as usize;
        let numbers: Option<Vec<usize>> =
            given.iter().map(|&n| usize::try_from(n).ok().filter(|n| range.contains(n))).collect();
        match numbers {
            Some(numbers) if numbers.len() == count => Ok(Some(numbers)),
            Some(numbers) if numbers.len() == 1 => Ok(Some(vec![numbers[0]; count])),
            _ => {
                let expected =
                    format!("{count} whole numbers from {least} to {}, or one for all", i32::MAX);
                Err(Error::argument(self.operation, name, expected, format!("{given:?}")))
            }
        }
    }
}

/// Numbers as an argument: none for the default, one alone for all axes.
pub(super) fn amounts(values: &[usize]) -> Argument {
    match values {
        [] => return Argument::None,
        [one] => return Argument::Integer(*one as i64),
        _ => {}
    }
    integers(&values.iter().map(|&value| value as isize).collect::<Vec<_>>())
}

/// The sizes of the spatial axes of `[batch, spatial…, channels]`, 1 to 3 of them, all fixed and
/// above 0.
pub(super) fn spatial_sizes(operation: &str, x: &Tensor) -> Result<Vec<usize>> {
    let rank = x.rank();
    if !(3..=5).contains(&rank) {
        let expected = "a batch axis, 1 to 3 spatial axes and channels";
        return Err(Error::shape(operation, "inputs", expected, x.shape()));
    }
    let inner = x.shape()[1..rank].iter();
    let sizes: Option<Vec<usize>> =
        inner.map(|dim| dim.fixed_size().filter(|&size| size > 0)).collect();
    sizes.map(|sizes| sizes[..rank - 2].to_vec()).ok_or_else(|| {
        let expected = "fixed sizes above 0 behind the batch axis";
        Error::shape(operation, "inputs", expected, x.shape())
    })
}

/// Numbers that tests compare with Keras'.
#[cfg(test)]
pub(super) mod golden {
    use rhyton_tensor::Array;

    /// sin(factor·i + 0.3).
    pub(in super::super) fn array(shape: &[usize], factor: f64) -> Array {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> =
            (0..count).map(|i| (i as f64).mul_add(factor, 0.3).sin() as f32).collect();
        Array::from_slice(shape, &values).unwrap()
    }

    /// The shape, the sum weighted by cos(0.1·i), the last element.
    pub(in super::super) fn digest(result: &Array) -> (Vec<usize>, f64, f64) {
        let values = result.to_f64();
        let terms = values.iter().enumerate().map(|(i, value)| value * (i as f64 * 0.1).cos());
        (result.shape().to_vec(), terms.sum(), values.last().copied().unwrap_or_default())
    }
}
