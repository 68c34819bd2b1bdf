use rhyton_graph::Shape;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// One axis or several, as configurations write them: `-1` or `[1, 2]`. Negative ones count from
/// the back, the batch counts as axis 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Axis {
    /// One axis.
    One(isize),
    /// Several axes.
    Several(Vec<isize>),
}

impl Axis {
    /// The axes as they are written.
    pub fn list(&self) -> &[isize] {
        match self {
            Self::One(axis) => std::slice::from_ref(axis),
            Self::Several(axes) => axes,
        }
    }

    /// The axes of a shape, counted from the front, in order.
    ///
    /// # Errors
    /// [`Error::Config`] for an axis that the shape does not have, and for one named twice.
    pub(crate) fn of(&self, owner: &str, shape: &Shape) -> Result<Vec<usize>> {
        let found: Result<Vec<usize>, _> =
            self.list().iter().map(|&axis| shape.axis(owner, axis)).collect();
        let mut axes = found?;
        axes.sort_unstable();
        if axes.windows(2).any(|pair| pair[0] == pair[1]) {
            let expected = format!("each axis of {shape} once");
            return Err(Error::config(owner, "axis", expected, format!("{:?}", self.list())));
        }
        Ok(axes)
    }
}

impl From<isize> for Axis {
    fn from(axis: isize) -> Self {
        Self::One(axis)
    }
}

impl From<i32> for Axis {
    fn from(axis: i32) -> Self {
        Self::One(axis as isize)
    }
}

impl From<Vec<isize>> for Axis {
    fn from(axes: Vec<isize>) -> Self {
        Self::Several(axes)
    }
}

impl<const COUNT: usize> From<[isize; COUNT]> for Axis {
    fn from(axes: [isize; COUNT]) -> Self {
        Self::Several(axes.into())
    }
}

/// The sizes of axes, which must not depend on the batch.
pub(super) fn sizes(owner: &str, shape: &Shape, axes: &[usize]) -> Result<Vec<usize>> {
    let size = |&axis: &usize| {
        let expected = || format!("a known size at axis {axis}");
        shape[axis].fixed_size().ok_or_else(|| Error::config(owner, "input", expected(), shape))
    };
    axes.iter().map(size).collect()
}

/// The shape with which a weight of the sizes of `axes` meets a tensor of this shape.
pub(super) fn beside(shape: &Shape, axes: &[usize]) -> Shape {
    let keep = |(axis, &dim)| if axes.contains(&axis) { dim } else { rhyton_graph::Dim::ONE };
    shape.iter().enumerate().map(keep).collect()
}

/// Axes as the reductions take them.
pub(super) fn signed(axes: &[usize]) -> Vec<isize> {
    axes.iter().map(|&axis| axis as isize).collect()
}
