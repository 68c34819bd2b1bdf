//! The derivative of a convolution by its kernel: for every weight the sum over all windows of the
//! element under it times the cotangent. Windows are summed in blocks whose length depends on shapes
//! only; both operands are read where they lie.

use std::ops::Range;

use super::{ROWS, Sliding, Tile, part};
use crate::simd::{Lanes, Level, by_level};

/// Floats of both operands that one block of windows reads; they stay in the first-level cache.
const BLOCK: usize = 8192;
/// The most segments in a block.
const SEGMENTS_MAX: usize = 32;
/// The most windows in a segment.
const SEGMENT_MAX: usize = 128;
/// Vectors of channels that are summed at once where each channel stands alone.
const VECTORS: usize = 4;

/// The operands: those of the convolution that `sliding` walks forwards, and the cotangent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KernelGradient<'a> {
    pub(crate) sliding: &'a Sliding,
    pub(crate) x: &'a [f32],
    pub(crate) g: &'a [f32],
}

/// Neighbouring windows along the last axis that have the tap's element inside the source.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    x: usize,
    g: usize,
    count: usize,
}

impl Sliding {
    /// Windows along the last axis come in this many segments, each of so many windows.
    fn cut_line(&self) -> [usize; 2] {
        let width = self.places[2];
        let length = width.div_ceil(width.div_ceil(SEGMENT_MAX));
        [width.div_ceil(length), length]
    }

    /// Segments of windows, each one's sum being a part of the derivative.
    pub(crate) fn segments(&self) -> usize {
        let of_sample = self.places[0] * self.places[1] * self.cut_line()[0];
        self.batch.saturating_mul(of_sample)
    }

    /// Segments whose sum is one partial sum.
    pub(crate) fn segments_of_block(&self) -> usize {
        let [_, length] = self.cut_line();
        (BLOCK / (length * (self.channels() + self.width()))).clamp(1, SEGMENTS_MAX)
    }

    /// Tiles of rows of weights: for each tap its source channels, some at a time.
    pub(crate) fn tiles(&self) -> usize {
        self.kernel * self.depth.div_ceil(ROWS)
    }

    /// The row of weights at which a tile begins.
    pub(crate) fn row_of_tile(&self, tile: usize) -> usize {
        let of_tap = self.depth.div_ceil(ROWS);
        tile / of_tap * self.depth + tile % of_tap * ROWS
    }
}

impl Level {
    /// The rows of weights of some tiles, summed over some segments.
    pub(crate) fn kernel_gradient(
        self,
        gradient: KernelGradient<'_>,
        segments: Range<usize>,
        tiles: Range<usize>,
        sums: &mut [f32],
    ) {
        if segments.is_empty() {
            sums.fill(0.0);
            return;
        }
        by_level!(
            self,
            accumulate(
                gradient: KernelGradient<'_>,
                segments: Range<usize>,
                tiles: Range<usize>,
                sums: &mut [f32],
            )
        );
    }
}

#[inline(always)]
fn accumulate<L: Lanes>(
    gradient: KernelGradient<'_>,
    segments: Range<usize>,
    tiles: Range<usize>,
    sums: &mut [f32],
) {
    let sliding = gradient.sliding;
    let (block, width) = (sliding.segments_of_block(), sliding.width());
    let begin = sliding.row_of_tile(tiles.start);
    for first in segments.clone().step_by(block) {
        let part = first..segments.end.min(first + block);
        let added = first > segments.start;
        let mut runs = ([Run::default(); SEGMENTS_MAX], 0, usize::MAX);
        for tile in tiles.clone() {
            let of_tap = sliding.depth.div_ceil(ROWS);
            if runs.2 != tile / of_tap {
                runs.1 = gradient.runs(tile / of_tap, part.clone(), &mut runs.0);
                runs.2 = tile / of_tap;
            }
            let runs = &runs.0[..runs.1];
            let row = sliding.row_of_tile(tile);
            let channels = tile % of_tap * ROWS..sliding.depth.min((tile % of_tap + 1) * ROWS);
            let sums = &mut sums[(row - begin) * width..][..channels.len() * width];
            if sliding.is_depthwise() {
                gradient.channels::<L>(runs, added, sums);
            } else {
                gradient.tile::<L>(runs, channels, added, sums);
            }
        }
    }
}

impl KernelGradient<'_> {
    /// Where a tap meets the source in each segment.
    fn runs(self, tap: usize, segments: Range<usize>, runs: &mut [Run; SEGMENTS_MAX]) -> usize {
        let sliding = self.sliding;
        let offset = sliding.taps[tap].offset;
        let [depth, height, width] = sliding.source;
        let [parts, length] = sliding.cut_line();
        let step = sliding.step[2] as isize;
        // The first window whose element is at or behind a place of the source.
        let reach =
            |place: isize| ((place - offset[2] + step - 1).div_euclid(step)).max(0) as usize;
        let inside = reach(0)..reach(width as isize).min(sliding.places[2]);
        let mut count = 0;
        for segment in segments {
            let (line, part) = (segment / parts, segment % parts);
            let (sample, [z, y, _]) = sliding.place(line * sliding.places[2]);
            let z = (z * sliding.step[0]).wrapping_add_signed(offset[0]);
            let y = (y * sliding.step[1]).wrapping_add_signed(offset[1]);
            let first = inside.start.max(part * length);
            let end = inside.end.min((part + 1) * length);
            if z >= depth || y >= height || first >= end {
                continue;
            }
            let x = (first * sliding.step[2]).wrapping_add_signed(offset[2]);
            runs[count] = Run {
                x: (((sample * depth + z) * height + y) * width + x) * sliding.channels(),
                g: (line * sliding.places[2] + first) * sliding.width(),
                count: end - first,
            };
            count += 1;
        }
        count
    }

    /// Up to [`ROWS`] source channels of every group by all columns of the group.
    #[inline(always)]
    fn tile<L: Lanes>(
        self,
        runs: &[Run],
        channels: Range<usize>,
        accumulate: bool,
        sums: &mut [f32],
    ) {
        let Sliding { groups, depth, columns, .. } = *self.sliding;
        let stride = self.sliding.width();
        for group in 0..groups {
            let end = (group + 1) * columns;
            for first in (group * columns..end).step_by(2 * L::COUNT) {
                let tile = Tile { stride, first, end, accumulate };
                let mut row = 0;
                while row < channels.len() {
                    let channel = group * depth + channels.start + row;
                    let sums = &mut sums[row * stride..];
                    row += match channels.len() - row {
                        ROWS.. => self.rows::<L, ROWS>(runs, channel, &tile, sums),
                        8.. => self.rows::<L, 8>(runs, channel, &tile, sums),
                        4.. => self.rows::<L, 4>(runs, channel, &tile, sums),
                        2.. => self.rows::<L, 2>(runs, channel, &tile, sums),
                        _ => self.rows::<L, 1>(runs, channel, &tile, sums),
                    };
                }
            }
        }
    }

    /// So many source channels by one sliver of columns; returns how many.
    #[inline(always)]
    fn rows<L: Lanes, const COUNT: usize>(
        self,
        runs: &[Run],
        channel: usize,
        tile: &Tile,
        sums: &mut [f32],
    ) -> usize {
        let sums = &mut sums[..COUNT * tile.stride];
        if tile.end - tile.first <= L::COUNT {
            self.product::<L, COUNT, 1>(runs, channel, tile, sums);
        } else {
            self.product::<L, COUNT, 2>(runs, channel, tile, sums);
        }
        COUNT
    }

    #[inline(always)]
    fn product<L: Lanes, const COUNT: usize, const WIDTH: usize>(
        self,
        runs: &[Run],
        channel: usize,
        tile: &Tile,
        c: &mut [f32],
    ) {
        let (step, width) = (self.sliding.step[2] * self.sliding.channels(), tile.stride);
        let count = (tile.end - tile.first).min(WIDTH * L::COUNT);
        let mut sums = [[L::splat(0.0); WIDTH]; COUNT];
        for run in runs {
            let last = run.count - 1;
            let x = &self.x[run.x + channel..][..last * step + COUNT];
            let g = &self.g[run.g + tile.first..][..last * width + count];
            for window in 0..run.count {
                // SAFETY: x reaches to the last window's channels.
                let factors = unsafe { part(x, window * step, COUNT) };
                let mut row = [L::splat(0.0); WIDTH];
                for (j, value) in row.iter_mut().enumerate() {
                    let first = j * L::COUNT;
                    let lanes = count.saturating_sub(first).min(L::COUNT);
                    // SAFETY: g reaches to the last window's columns.
                    *value = L::load(unsafe { part(g, window * width + first, lanes) });
                }
                for i in 0..COUNT {
                    let factor = L::splat(factors[i]);
                    for j in 0..WIDTH {
                        sums[i][j] = L::fma(factor, row[j], sums[i][j]);
                    }
                }
            }
        }
        tile.store::<L, WIDTH>(&sums, c);
    }

    /// One row of weights, a weight for each channel.
    #[inline(always)]
    fn channels<L: Lanes>(self, runs: &[Run], accumulate: bool, sums: &mut [f32]) {
        let width = self.sliding.width();
        let mut first = 0;
        while first < width {
            let tile = Tile { stride: width, first, end: width, accumulate };
            let vectors = if width - first >= VECTORS * L::COUNT { VECTORS } else { 1 };
            if vectors == VECTORS {
                self.vectors::<L, VECTORS>(runs, &tile, sums);
            } else {
                self.vectors::<L, 1>(runs, &tile, sums);
            }
            first += vectors * L::COUNT;
        }
    }

    #[inline(always)]
    fn vectors<L: Lanes, const WIDTH: usize>(self, runs: &[Run], tile: &Tile, c: &mut [f32]) {
        let width = tile.stride;
        let step = self.sliding.step[2] * width;
        let count = (width - tile.first).min(WIDTH * L::COUNT);
        let mut sums = [L::splat(0.0); WIDTH];
        for run in runs {
            let last = run.count - 1;
            let x = &self.x[run.x + tile.first..][..last * step + count];
            let g = &self.g[run.g + tile.first..][..last * width + count];
            for window in 0..run.count {
                for (j, sum) in sums.iter_mut().enumerate() {
                    let first = j * L::COUNT;
                    let lanes = count.saturating_sub(first).min(L::COUNT);
                    // SAFETY: x reaches to the last window's channels.
                    let x = unsafe { part(x, window * step + first, lanes) };
                    // SAFETY: so does g.
                    let g = unsafe { part(g, window * width + first, lanes) };
                    *sum = L::fma(L::load(x), L::load(g), *sum);
                }
            }
        }
        tile.store::<L, WIDTH>(&[sums], c);
    }
}
