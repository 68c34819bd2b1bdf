//! The geometry of windows that slide over the axes of an array, shared by convolutions and pooling.

use std::ops::Range;

use super::strided::for_each_place;
use crate::{Attribute, Attributes, Dim, Error, Result, Shape};

/// Windows over every axis of an array: of `size` elements, `dilation` apart, beginning every
/// `stride` elements, after `low` and `high` places of padding were put around the array.
///
/// Along an axis of n elements there are ⌊(n + low + high − (size − 1)·dilation − 1) / stride⌋ + 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Window {
    /// Elements of a window along each axis, at least 1.
    pub size: Vec<usize>,
    /// From one window's begin to the next one's, at least 1.
    pub stride: Vec<usize>,
    /// From one element of a window to the next, at least 1.
    pub dilation: Vec<usize>,
    /// Places of padding before the first element.
    pub low: Vec<usize>,
    /// Places of padding after the last element.
    pub high: Vec<usize>,
}

/// The largest size, stride, dilation or padding; sums and products of two fit in 64 bits.
const LARGEST: usize = i32::MAX as usize;

/// A window along one axis: the first place it covers (padding counts below 0), and those of its
/// elements that are inside the array.
struct Reach {
    begin: isize,
    inside: Range<usize>,
}

impl Window {
    /// A window of one element at each place of an array of this rank.
    pub fn single(rank: usize) -> Self {
        let (ones, zeros) = (vec![1; rank], vec![0; rank]);
        Self {
            size: ones.clone(),
            stride: ones.clone(),
            dilation: ones,
            low: zeros.clone(),
            high: zeros,
        }
    }

    /// The elements from a window's first to its last along an axis, gaps included.
    pub fn extent(&self, axis: usize) -> usize {
        (self.size[axis] - 1) * self.dilation[axis] + 1
    }

    /// How many windows there are along an axis of `length` elements; 0 if none fits.
    pub fn count(&self, axis: usize, length: usize) -> usize {
        let padded = length + self.low[axis] + self.high[axis];
        padded.checked_sub(self.extent(axis)).map_or(0, |rest| rest / self.stride[axis] + 1)
    }

    /// Whether windows along an axis are its elements.
    pub fn is_single(&self, axis: usize) -> bool {
        self.size[axis] == 1
            && self.stride[axis] == 1
            && self.low[axis] == 0
            && self.high[axis] == 0
    }

    /// The attributes of a graph's text.
    pub(super) fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("size", (&self.size).into()),
            ("stride", (&self.stride).into()),
            ("dilation", (&self.dilation).into()),
            ("low", (&self.low).into()),
            ("high", (&self.high).into()),
        ]
    }

    pub(super) fn parse(attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            size: attributes.numbers("size")?,
            stride: attributes.numbers("stride")?,
            dilation: attributes.numbers("dilation")?,
            low: attributes.numbers("low")?,
            high: attributes.numbers("high")?,
        })
    }

    /// The shape of one result for each window over all axes of `x`.
    pub(super) fn over(&self, operation: &str, x: &Shape) -> Result<Shape> {
        self.check(operation, x.rank())?;
        let dims = x.iter().enumerate().map(|(axis, &dim)| match dim.fixed_size() {
            _ if self.is_single(axis) => Ok(dim),
            Some(length) => self.fitting(operation, axis, length).map(Dim::fixed),
            None => {
                let expected = format!("size 1, stride 1 and no padding along axis {axis} of {x}");
                Err(Error::argument(operation, "window", expected, format!("{self:?}")))
            }
        });
        bounded(operation, dims.collect::<Result<Shape>>()?)
    }

    /// How many windows there are along an axis of `length` elements, at least one.
    pub(super) fn fitting(&self, operation: &str, axis: usize, length: usize) -> Result<usize> {
        if length > LARGEST {
            return Err(Error::argument(operation, "x", format!("sizes up to {LARGEST}"), length));
        }
        let count = self.count(axis, length);
        if count > 0 {
            return Ok(count);
        }
        let expected = format!(
            "windows of at most {} elements along axis {axis}, the padded size",
            length + self.low[axis] + self.high[axis]
        );
        Err(Error::argument(operation, "size", expected, self.extent(axis)))
    }

    /// Fails unless there are sensible numbers for each of `rank` axes.
    pub(super) fn check(&self, operation: &str, rank: usize) -> Result<()> {
        let numbers = [
            ("size", &self.size, 1),
            ("stride", &self.stride, 1),
            ("dilation", &self.dilation, 1),
            ("low", &self.low, 0),
            ("high", &self.high, 0),
        ];
        for (name, values, least) in numbers {
            let sensible = values.iter().all(|value| (least..=LARGEST).contains(value));
            if values.len() != rank || !sensible {
                let expected = format!("{rank} numbers, each {least} to {LARGEST}");
                return Err(Error::argument(operation, name, expected, format!("{values:?}")));
            }
        }
        Ok(())
    }

    /// Calls `visit` for every element of every window that is inside an array of these sizes,
    /// with three row-major offsets: of the window among all windows, of the element in the
    /// window, of the element in the array. Windows come in row-major order, so do elements.
    pub(super) fn for_each(&self, sizes: &[usize], mut visit: impl FnMut(usize, usize, usize)) {
        let rank = sizes.len();
        let reach: Vec<Vec<Reach>> = (0..rank).map(|axis| self.reach(axis, sizes[axis])).collect();
        let counts: Vec<usize> = reach.iter().map(Vec::len).collect();
        let mut window = 0;
        for_each_place(&counts, |place| {
            let line: Vec<&Reach> = place.iter().zip(&reach).map(|(&at, all)| &all[at]).collect();
            self.descend(&line, sizes, [0, 0], &mut |tap, source| visit(window, tap, source));
            window += 1;
        });
    }

    fn descend(
        &self,
        line: &[&Reach],
        sizes: &[usize],
        [tap, source]: [usize; 2],
        visit: &mut dyn FnMut(usize, usize),
    ) {
        let axis = sizes.len() - line.len();
        let Some((reach, rest)) = line.split_first() else { return visit(tap, source) };
        for step in reach.inside.clone() {
            let at = (reach.begin + (step * self.dilation[axis]) as isize) as usize;
            let next = [tap * self.size[axis] + step, source * sizes[axis] + at];
            self.descend(rest, sizes, next, visit);
        }
    }

    fn reach(&self, axis: usize, length: usize) -> Vec<Reach> {
        let (low, dilation) = (self.low[axis], self.dilation[axis]);
        (0..self.count(axis, length))
            .map(|window| {
                let start = window * self.stride[axis];
                let first = low.saturating_sub(start).div_ceil(dilation);
                let end = (length + low).saturating_sub(start).div_ceil(dilation);
                let inside = first..end.min(self.size[axis]).max(first);
                Reach { begin: start as isize - low as isize, inside }
            })
            .collect()
    }
}

/// The shape, if an array of it can be addressed.
pub(super) fn bounded(operation: &str, shape: Shape) -> Result<Shape> {
    let volume = shape.iter().try_fold(1_usize, |volume, dim| volume.checked_mul(dim.bind(1)));
    if volume.is_none_or(|volume| volume > isize::MAX as usize / 8) {
        let expected = "a shape that fits in memory";
        return Err(Error::shape(operation, "result", expected, &shape));
    }
    Ok(shape)
}

/// How the kernel of a convolution slides over the spatial axes, of which there are 1 to 3.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ConvolutionWindow {
    /// From one application of the kernel to the next along each spatial axis, at least 1.
    pub stride: Vec<usize>,
    /// From one element under the kernel to the next, at least 1.
    pub dilation: Vec<usize>,
    /// Zeros before the first element.
    pub low: Vec<usize>,
    /// Zeros after the last element.
    pub high: Vec<usize>,
    /// Into how many groups the channels are cut; each result's channel sees those of its group.
    pub groups: usize,
}

/// The sizes of one convolution.
#[derive(Debug)]
pub(super) struct Extents {
    pub(super) spatial: Vec<usize>,
    pub(super) window: Window,
    /// Windows over one sample.
    pub(super) windows: usize,
    pub(super) channels_in: usize,
    pub(super) channels_out: usize,
    pub(super) groups: usize,
}

impl ConvolutionWindow {
    /// Stride and dilation 1, no padding, one group.
    pub fn unit(spatial: usize) -> Self {
        let Window { stride, dilation, low, high, .. } = Window::single(spatial);
        Self { stride, dilation, low, high, groups: 1 }
    }

    /// The windows of a kernel with these spatial sizes.
    pub fn of_size(&self, size: &[usize]) -> Window {
        let Self { stride, dilation, low, high, .. } = self.clone();
        Window { size: size.to_vec(), stride, dilation, low, high }
    }

    pub(super) fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("stride", (&self.stride).into()),
            ("dilation", (&self.dilation).into()),
            ("low", (&self.low).into()),
            ("high", (&self.high).into()),
            ("groups", self.groups.into()),
        ]
    }

    pub(super) fn parse(attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            stride: attributes.numbers("stride")?,
            dilation: attributes.numbers("dilation")?,
            low: attributes.numbers("low")?,
            high: attributes.numbers("high")?,
            groups: attributes.number("groups")?,
        })
    }

    /// The shape of the convolution of `x` with `kernel`.
    pub(super) fn convolved(&self, operation: &str, x: &Shape, kernel: &Shape) -> Result<Shape> {
        let rank = x.rank();
        if !(3..=5).contains(&rank) {
            let expected = "[batch, 1 to 3 spatial axes, channels]";
            return Err(Error::shape(operation, "x", expected, x));
        }
        let sizes = |shape: &[Dim]| {
            shape.iter().map(|dim| dim.fixed_size().filter(|&size| size > 0)).collect()
        };
        let inner: Option<Vec<usize>> = sizes(&x[1..]);
        let Some(inner) = inner else {
            let expected = "fixed sizes above 0 behind the batch axis";
            return Err(Error::shape(operation, "x", expected, x));
        };
        let kernel_sizes: Option<Vec<usize>> = sizes(kernel).filter(|_| kernel.rank() == rank);
        let Some(kernel_sizes) = kernel_sizes else {
            let expected = format!("{rank} fixed sizes above 0");
            return Err(Error::shape(operation, "kernel", expected, kernel));
        };
        let spatial = rank - 2;
        self.check_channels(operation, inner[spatial], kernel)?;
        let window = self.of_size(&kernel_sizes[..spatial]);
        window.check(operation, spatial)?;
        let mut dims = vec![x[0]];
        for (axis, &length) in inner[..spatial].iter().enumerate() {
            let fits = window.fitting(operation, axis, length);
            let padded = length + window.low[axis] + window.high[axis];
            let expected = || format!("at most {padded} elements along spatial axis {axis} of {x}");
            let refuse = |_| Error::shape(operation, "kernel", expected(), kernel);
            dims.push(Dim::fixed(fits.map_err(refuse)?));
        }
        dims.push(kernel[rank - 1]);
        bounded(operation, dims.into())
    }

    fn check_channels(&self, operation: &str, channels: usize, kernel: &Shape) -> Result<()> {
        let [.., group, filters] = kernel[..] else { unreachable!("the rank was checked") };
        let filters = filters.bind(0);
        if self.groups == 0
            || !channels.is_multiple_of(self.groups)
            || !filters.is_multiple_of(self.groups)
        {
            let expected = format!("a divisor of {channels} channels and {filters} filters");
            return Err(Error::argument(operation, "groups", expected, self.groups));
        }
        let expected = channels / self.groups;
        if group.bind(0) != expected {
            let expected =
                format!("{expected} before the last axis, {channels} channels / {}", self.groups);
            return Err(Error::shape(operation, "kernel", expected, kernel));
        }
        Ok(())
    }

    /// The sizes of a convolution whose shapes fit.
    pub(super) fn extents(&self, x: &[usize], kernel: &[usize]) -> Extents {
        let spatial = x[1..x.len() - 1].to_vec();
        let window = self.of_size(&kernel[..spatial.len()]);
        let counts = spatial.iter().enumerate().map(|(axis, &length)| window.count(axis, length));
        Extents {
            windows: counts.product(),
            channels_in: x[x.len() - 1],
            channels_out: kernel[kernel.len() - 1],
            groups: self.groups,
            spatial,
            window,
        }
    }
}

impl Extents {
    /// Calls `visit` wherever an element of the kernel meets an element of a sample, with the rows
    /// of channels that meet: of the result, the kernel's block and of x. Each row is a group's.
    pub(super) fn for_each(
        &self,
        batch: usize,
        mut visit: impl FnMut(Range<usize>, Block, Range<usize>),
    ) {
        let pixels: usize = self.spatial.iter().product();
        let (inputs, outputs) = (self.channels_in / self.groups, self.channels_out / self.groups);
        for sample in 0..batch {
            self.window.for_each(&self.spatial, |window, tap, pixel| {
                let x = (sample * pixels + pixel) * self.channels_in;
                let y = (sample * self.windows + window) * self.channels_out;
                for group in 0..self.groups {
                    let y = y + group * outputs;
                    let x = x + group * inputs;
                    let start = tap * inputs * self.channels_out + group * outputs;
                    let block = Block { start, step: self.channels_out, width: outputs };
                    visit(y..y + outputs, block, x..x + inputs);
                }
            });
        }
    }
}

/// Rows of a kernel between a group's input and output channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    start: usize,
    step: usize,
    width: usize,
}

impl Block {
    /// The row of weights for an input channel of the group.
    pub(super) fn row(self, channel: usize) -> Range<usize> {
        let start = self.start + channel * self.step;
        start..start + self.width
    }
}

#[cfg(test)]
mod tests;
