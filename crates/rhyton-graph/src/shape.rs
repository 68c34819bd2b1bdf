use std::fmt;
use std::ops::Deref;

use rhyton_tensor::DType;

use crate::{Error, Result};

/// The size of one axis: `batches · N + constant`, where N is the batch size of a run. Sums and
/// products beyond what can be counted stay at the largest number, which no array has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dim {
    /// How many times the batch size.
    pub batches: usize,
    /// The part that does not depend on the batch.
    pub constant: isize,
}

impl Dim {
    /// The batch size itself.
    pub const BATCH: Self = Self { batches: 1, constant: 0 };
    /// One, the size that broadcasts.
    pub const ONE: Self = Self::fixed(1);

    /// A size that is the same for every batch.
    pub const fn fixed(size: usize) -> Self {
        Self { batches: 0, constant: size as isize }
    }

    /// The size if it does not depend on the batch.
    pub fn fixed_size(self) -> Option<usize> {
        (self.batches == 0).then(|| self.constant.max(0) as usize)
    }

    /// The size for a batch of `batch` samples.
    pub fn bind(self, batch: usize) -> usize {
        self.batches.saturating_mul(batch).saturating_add_signed(self.constant)
    }

    /// The size for a batch of `batch` samples, if there is one: not for `N-1` samples of none.
    pub fn checked_bind(self, batch: usize) -> Option<usize> {
        self.batches.checked_mul(batch)?.checked_add_signed(self.constant)
    }

    /// The sum of two sizes.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            batches: self.batches.saturating_add(other.batches),
            constant: self.constant.saturating_add(other.constant),
        }
    }

    /// The size with `count` added, or taken away if negative.
    #[must_use]
    pub fn offset(self, count: isize) -> Self {
        Self { batches: self.batches, constant: self.constant.saturating_add(count) }
    }

    /// `count` times the size.
    #[must_use]
    pub fn times(self, count: usize) -> Self {
        let factor = isize::try_from(count).unwrap_or(isize::MAX);
        Self {
            batches: self.batches.saturating_mul(count),
            constant: self.constant.saturating_mul(factor),
        }
    }
}

impl From<usize> for Dim {
    fn from(size: usize) -> Self {
        Self::fixed(size)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.batches, self.constant) {
            (0, constant) => write!(f, "{constant}"),
            (1, 0) => f.write_str("N"),
            (batches, 0) => write!(f, "{batches}N"),
            (1, constant) => write!(f, "N{constant:+}"),
            (batches, constant) => write!(f, "{batches}N{constant:+}"),
        }
    }
}

/// The sizes of all axes, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(Vec<Dim>);

impl Shape {
    /// The shape of a scalar.
    pub const fn scalar() -> Self {
        Self(Vec::new())
    }

    /// A shape from sizes that do not depend on the batch.
    pub fn fixed(sizes: &[usize]) -> Self {
        Self(sizes.iter().map(|&size| Dim::fixed(size)).collect())
    }

    /// `[N, sizes…]`: a batch of samples.
    pub fn batched(sizes: &[usize]) -> Self {
        Self(std::iter::once(Dim::BATCH).chain(Self::fixed(sizes).0).collect())
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The sizes for a batch of `batch` samples.
    pub fn bind(&self, batch: usize) -> Vec<usize> {
        self.0.iter().map(|dim| dim.bind(batch)).collect()
    }

    /// The number of elements for a batch of `batch` samples.
    pub fn volume(&self, batch: usize) -> usize {
        self.0.iter().map(|dim| dim.bind(batch)).fold(1, usize::saturating_mul)
    }

    /// The number of elements for a batch of `batch` samples; `None` where a size is negative or
    /// the product of those that are not 0 is beyond what can be counted.
    pub fn checked_volume(&self, batch: usize) -> Option<usize> {
        let mut empty = false;
        let mut volume = 1_usize;
        for dim in &self.0 {
            let size = dim.checked_bind(batch)?;
            empty |= size == 0;
            volume = volume.checked_mul(size.max(1))?;
        }
        Some(if empty { 0 } else { volume })
    }

    /// The sizes if none depends on the batch.
    pub fn fixed_sizes(&self) -> Option<Vec<usize>> {
        self.0.iter().map(|dim| dim.fixed_size()).collect()
    }

    /// The number of elements as a polynomial in N: coefficients by rising power, no trailing zeros.
    pub(crate) fn polynomial(&self) -> Vec<i128> {
        let mut product = vec![1_i128];
        for dim in &self.0 {
            let mut next = vec![0; product.len() + 1];
            for (power, &coefficient) in product.iter().enumerate() {
                let part = |size: i128| coefficient.saturating_mul(size);
                next[power] = part(dim.constant as i128).saturating_add(next[power]);
                next[power + 1] = part(dim.batches as i128).saturating_add(next[power + 1]);
            }
            product = next;
        }
        while product.last() == Some(&0) {
            product.pop();
        }
        product
    }

    /// The number of elements as a size.
    ///
    /// # Errors
    /// [`Error::Shape`] naming `operation` when it does not grow with N as a size does.
    pub(crate) fn flat(&self, operation: &str) -> Result<Dim> {
        let volume = self.polynomial();
        let part = |power: usize| volume.get(power).copied().unwrap_or(0);
        match (usize::try_from(part(1)), isize::try_from(part(0))) {
            (Ok(batches), Ok(constant)) if volume.len() <= 2 => Ok(Dim { batches, constant }),
            _ => Err(Error::shape(operation, "x", "at most one axis of the batch", self)),
        }
    }

    /// The axis counted from the front; negative ones count from the back.
    ///
    /// # Errors
    /// [`Error::Argument`] naming `operation` when the axis isn't there.
    pub fn axis(&self, operation: &str, axis: isize) -> Result<usize> {
        let rank = self.rank() as isize;
        let counted = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&counted) {
            return Ok(counted as usize);
        }
        Err(Error::argument(
            operation,
            "axis",
            format!("a number in [-{rank}, {rank}) for shape {self}"),
            axis,
        ))
    }

    /// The shape two shapes broadcast to by NumPy's rule: align at the back, ones stretch.
    ///
    /// # Errors
    /// [`Error::Shape`] naming `operation` when a pair of sizes differs and neither is 1.
    pub fn broadcast(&self, operation: &str, other: &Self) -> Result<Self> {
        let rank = self.rank().max(other.rank());
        let from_back = |shape: &Self, place: usize| {
            (place + shape.rank()).checked_sub(rank).map_or(Dim::ONE, |index| shape.0[index])
        };
        (0..rank)
            .map(|place| match (from_back(self, place), from_back(other, place)) {
                (a, b) if a == b => Ok(a),
                (a, Dim::ONE) => Ok(a),
                (Dim::ONE, b) => Ok(b),
                _ => Err(Error::shape(
                    operation,
                    "operands",
                    format!("a shape that broadcasts with {self}"),
                    other,
                )),
            })
            .collect::<Result<Vec<_>>>()
            .map(Self)
    }
}

impl Deref for Shape {
    type Target = [Dim];

    fn deref(&self) -> &[Dim] {
        &self.0
    }
}

impl FromIterator<Dim> for Shape {
    fn from_iter<I: IntoIterator<Item = Dim>>(dims: I) -> Self {
        Self(dims.into_iter().collect())
    }
}

impl From<Vec<Dim>> for Shape {
    fn from(dims: Vec<Dim>) -> Self {
        Self(dims)
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Self {
        Self::fixed(sizes)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, dim) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{dim}")?;
        }
        f.write_str("]")
    }
}

/// A shape and an element type: all that is known of a value before a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spec {
    /// The size of every axis.
    pub shape: Shape,
    /// The element type.
    pub dtype: DType,
}

impl Spec {
    /// A specification.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype }
    }

    /// The same element type under another shape.
    #[must_use]
    pub fn with_shape(&self, shape: impl Into<Shape>) -> Self {
        Self { shape: shape.into(), dtype: self.dtype }
    }

    /// The same shape of another element type.
    #[must_use]
    pub fn with_dtype(&self, dtype: DType) -> Self {
        Self { shape: self.shape.clone(), dtype }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dims_bind_and_print() {
        let dim = Dim { batches: 2, constant: -1 };
        assert_eq!((dim.bind(3), dim.to_string().as_str()), (5, "2N-1"));
        assert_eq!(Shape::batched(&[28, 28]).to_string(), "[N, 28, 28]");
        assert_eq!(Shape::batched(&[4]).bind(3), [3, 4]);
    }

    #[test]
    fn sizes_beyond_counting_stay_the_largest() {
        let large = Dim { batches: usize::MAX, constant: isize::MAX };
        for dim in [large.plus(large), large.offset(1), large.times(3), large.times(usize::MAX)] {
            assert_eq!(dim, large);
            assert_eq!(dim.checked_bind(2), None);
        }
        assert_eq!(large.bind(2), usize::MAX);
        let shape = Shape::from(vec![large; 4]);
        assert_eq!((shape.volume(2), shape.checked_volume(2)), (usize::MAX, None));
        assert!(shape.flat("reshape").is_err());
    }

    #[test]
    fn sizes_that_are_not_there_are_noticed() {
        let fewer = Dim::BATCH.offset(-2);
        assert_eq!((fewer.checked_bind(1), fewer.checked_bind(2)), (None, Some(0)));
        let wide: Shape = vec![Dim::BATCH; 4].into();
        assert_eq!(wide.checked_volume(1 << 16), None);
        assert_eq!(Shape::fixed(&[1 << 40, 0]).checked_volume(1), Some(0));
        assert_eq!(Shape::fixed(&[1 << 40, 1 << 40, 0]).checked_volume(1), None);
    }

    #[test]
    fn broadcasting_is_numpys() {
        let a = Shape::batched(&[1, 4]);
        let b = Shape::fixed(&[3, 1]);
        assert_eq!(a.broadcast("add", &b).unwrap().to_string(), "[N, 3, 4]");
        assert!(a.broadcast("add", &Shape::fixed(&[2])).is_err());
    }

    #[test]
    fn volumes_are_polynomials() {
        assert_eq!(Shape::batched(&[2, 3]).polynomial(), [0, 6]);
        let product: Shape = [Dim::BATCH, Dim::BATCH.offset(1)].into_iter().collect();
        assert_eq!(product.polynomial(), [0, 1, 1]);
    }
}
