//! Where the windows of a convolution lie: what every pass over them, forwards or backwards, walks.

use rhyton_graph::ConvolutionWindow;

use super::Taps;

/// Sizes of a convolution with its spatial axes padded to three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConvolutionSizes {
    pub(crate) batch: usize,
    /// Spatial sizes of x.
    pub(crate) x: [usize; 3],
    /// Spatial sizes of the result.
    pub(crate) y: [usize; 3],
    pub(crate) kernel: [usize; 3],
    pub(crate) stride: [usize; 3],
    pub(crate) dilation: [usize; 3],
    pub(crate) low: [usize; 3],
    pub(crate) channels_in: usize,
    pub(crate) channels_out: usize,
    pub(crate) groups: usize,
}

/// One element of the kernel, and where it lies from a window's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tap {
    pub(crate) offset: [isize; 3],
    /// Its row-major place in the kernel.
    pub(crate) index: usize,
}

/// Rows of results, each the sum over taps of a row of source channels times the tap's weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sliding {
    pub(crate) batch: usize,
    /// Spatial sizes of the source.
    pub(crate) source: [usize; 3],
    /// Places of results along each axis.
    pub(crate) places: [usize; 3],
    /// Source elements from one place's window to the next one's.
    pub(crate) step: [usize; 3],
    pub(crate) taps: Vec<Tap>,
    /// Taps of the whole kernel.
    pub(crate) kernel: usize,
    pub(crate) groups: usize,
    /// Source channels of a group.
    pub(crate) depth: usize,
    /// Result channels of a group.
    pub(crate) columns: usize,
    /// Spatial sizes of the array of results, and where along each axis the places lie in it.
    pub(crate) target: [usize; 3],
    pub(crate) origin: [usize; 3],
    pub(crate) spacing: [usize; 3],
}

impl ConvolutionSizes {
    /// The sizes, from the shapes of x and kernel.
    pub(crate) fn new(window: &ConvolutionWindow, x: &[usize], kernel: &[usize]) -> Self {
        let spatial = x.len() - 2;
        let sliding = window.of_size(&kernel[..spatial]);
        let padded = |values: &[usize], missing: usize| -> [usize; 3] {
            let gap = 3 - spatial;
            std::array::from_fn(|axis| if axis < gap { missing } else { values[axis - gap] })
        };
        let counts: Vec<usize> =
            (0..spatial).map(|axis| sliding.count(axis, x[axis + 1])).collect();
        Self {
            batch: x[0],
            x: padded(&x[1..=spatial], 1),
            y: padded(&counts, 1),
            kernel: padded(&kernel[..spatial], 1),
            stride: padded(&window.stride, 1),
            dilation: padded(&window.dilation, 1),
            low: padded(&window.low, 0),
            channels_in: x[spatial + 1],
            channels_out: kernel[spatial + 1],
            groups: window.groups,
        }
    }

    /// Result channels of each source channel, if every source channel is a group of its own.
    pub(crate) fn multiplier(&self) -> Option<usize> {
        let depthwise = self.groups == self.channels_in && self.groups > 1;
        depthwise.then(|| self.channels_out / self.groups)
    }

    /// Groups, and channels of x and of the result in each; where every channel of x is a group,
    /// x is taken as repeated, so that each channel of the result has one of its own.
    fn groups(&self) -> [usize; 3] {
        if self.multiplier().is_some() {
            return [self.channels_out, 1, 1];
        }
        [self.groups, self.channels_in / self.groups, self.channels_out / self.groups]
    }

    /// Elements of the kernel.
    pub(crate) fn weights(&self) -> usize {
        self.kernel.iter().product::<usize>() * self.channels_in / self.groups * self.channels_out
    }

    /// The convolution itself.
    pub(crate) fn forward(&self) -> Sliding {
        let [groups, depth, columns] = self.groups();
        let along = |axis: usize| -> Vec<(isize, usize)> {
            let offset =
                |tap: usize| (tap * self.dilation[axis]) as isize - self.low[axis] as isize;
            (0..self.kernel[axis]).map(|tap| (offset(tap), tap)).collect()
        };
        Sliding {
            batch: self.batch,
            source: self.x,
            places: self.y,
            step: self.stride,
            taps: self.taps(&[along(0), along(1), along(2)]),
            kernel: self.kernel.iter().product(),
            groups,
            depth,
            columns,
            target: self.y,
            origin: [0; 3],
            spacing: [1; 3],
        }
    }

    /// How the kernel's matrices lie for the convolution.
    pub(crate) fn taps_forward<'a>(&self, kernel: &'a [f32]) -> Taps<'a> {
        let [_, depth, columns] = self.groups();
        let width = self.channels_out;
        Taps { kernel, strides: [depth * width, columns, width, 1] }
    }

    /// How they lie for the derivative by x.
    pub(crate) fn taps_backward<'a>(&self, kernel: &'a [f32]) -> Taps<'a> {
        let [tap, group, row, column] = self.taps_forward(kernel).strides;
        Taps { kernel, strides: [tap, group, column, row] }
    }

    /// The derivative by x as rows of sums over the cotangent. Places whose distance is a multiple
    /// of the stride meet the same taps, so there is one walk for each remainder.
    pub(crate) fn backward(&self) -> Vec<Sliding> {
        let [groups, columns, depth] = self.groups();
        let counts: [usize; 3] = std::array::from_fn(|axis| self.stride[axis].min(self.x[axis]));
        let along = |axis: usize, first: usize| -> Vec<(isize, usize)> {
            let stride = self.stride[axis] as isize;
            let distance = |tap: usize| {
                (first + self.low[axis]) as isize - (tap * self.dilation[axis]) as isize
            };
            let taps = (0..self.kernel[axis]).filter(|&tap| distance(tap) % stride == 0);
            taps.map(|tap| (distance(tap) / stride, tap)).collect()
        };
        let phase = |origin: [usize; 3]| Sliding {
            batch: self.batch,
            source: self.y,
            places: std::array::from_fn(|axis| {
                (self.x[axis] - origin[axis]).div_ceil(self.stride[axis])
            }),
            step: [1; 3],
            taps: self.taps(&[0, 1, 2].map(|axis| along(axis, origin[axis]))),
            kernel: self.kernel.iter().product(),
            groups,
            depth,
            columns,
            target: self.x,
            origin,
            spacing: self.stride,
        };
        let all = counts.iter().product::<usize>();
        let origin = |place: usize| {
            let [_, height, width] = counts;
            [place / (height * width), place / width % height, place % width]
        };
        (0..all).map(|place| phase(origin(place))).collect()
    }

    /// All combinations of the axes' taps, in row-major order.
    fn taps(&self, axes: &[Vec<(isize, usize)>; 3]) -> Vec<Tap> {
        let [depth, height, width] = axes;
        let mut taps = Vec::with_capacity(depth.len() * height.len() * width.len());
        for &(z, in_z) in depth {
            for &(y, in_y) in height {
                for &(x, in_x) in width {
                    let index = (in_z * self.kernel[1] + in_y) * self.kernel[2] + in_x;
                    taps.push(Tap { offset: [z, y, x], index });
                }
            }
        }
        taps
    }
}

impl Sliding {
    /// Rows of results.
    pub(crate) fn rows(&self) -> usize {
        self.batch.saturating_mul(self.places.iter().product())
    }

    /// Channels of a source element.
    pub(crate) fn channels(&self) -> usize {
        self.groups * self.depth
    }

    /// Channels of a row of results.
    pub(crate) fn width(&self) -> usize {
        self.groups * self.columns
    }

    /// Whether every channel is multiplied by itself alone.
    pub(crate) fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.depth == 1 && self.columns == 1
    }

    /// Whether the rows of results are the target's, in order.
    pub(crate) fn is_dense(&self) -> bool {
        self.places == self.target
    }

    /// Sample and place of a row.
    pub(super) fn place(&self, row: usize) -> (usize, [usize; 3]) {
        let [depth, height, width] = self.places;
        let (line, x) = (row / width, row % width);
        let (plane, y) = (line / height, line % height);
        (plane / depth, [plane % depth, y, x])
    }

    /// A row's place among those of the array of results.
    pub(crate) fn target_of(&self, row: usize) -> usize {
        let (sample, place) = self.place(row);
        let at = |axis: usize| self.origin[axis] + place[axis] * self.spacing[axis];
        let [depth, height, width] = self.target;
        ((sample * depth + at(0)) * height + at(1)) * width + at(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backward_phases_cover_each_element_once() {
        let window = ConvolutionWindow {
            stride: vec![2, 3],
            dilation: vec![1, 2],
            low: vec![1, 0],
            high: vec![0, 1],
            groups: 1,
        };
        let sizes = ConvolutionSizes::new(&window, &[2, 5, 7, 3], &[3, 2, 3, 4]);
        assert_eq!((sizes.x, sizes.y), ([1, 5, 7], [1, 2, 2]));
        let mut hits = vec![0; 2 * 5 * 7];
        let mut taps = 0;
        for phase in sizes.backward() {
            taps += phase.taps.len();
            for row in 0..phase.rows() {
                hits[phase.target_of(row)] += 1;
            }
        }
        assert!(hits.iter().all(|&count| count == 1));
        assert_eq!(taps, 6);
        assert!(sizes.forward().is_dense());
    }
}
