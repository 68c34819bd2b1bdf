//! Rows of windows times weights, read where they lie: for every tap the micro-kernel takes the rows
//! of channels under it, and zeros where a window reaches into the padding.

use std::ops::Range;

use super::{Matrix, ROWS, Sizes, Sliding, Tile, part};
use crate::simd::{Lanes, Level, by_level};

/// Channels times taps whose weights stay in the second-level cache while rows pass by.
const DEPTH_MAX: usize = 512;
/// Stands for a place in the padding.
const OUTSIDE: usize = usize::MAX;
/// The channels of a place in the padding.
static PADDING: [f32; DEPTH_MAX] = [0.0; DEPTH_MAX];

/// What a convolution multiplies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    pub(crate) sliding: &'a Sliding,
    /// The array that windows slide over.
    pub(crate) source: &'a [f32],
    /// The weights as [`Level::pack_taps`] packs them; for single channels as they are.
    pub(crate) weights: &'a [f32],
}

/// A kernel's matrix of each tap, `[depth, columns]` for each group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taps<'a> {
    pub(crate) kernel: &'a [f32],
    /// From one tap, group, source channel and result channel to the next.
    pub(crate) strides: [usize; 4],
}

/// Taps and channels whose weights are used together.
struct Block {
    taps: Range<usize>,
    channels: Range<usize>,
}

impl Level {
    /// Elements of the packed weights of all groups.
    pub(crate) fn packed_taps_len(self, sliding: &Sliding) -> usize {
        let sizes = matrix_of_all_taps(sliding);
        sliding.groups * self.packed_len(sizes)
    }

    /// Packs one sliver of a group's columns, `[tap][channel][column]`.
    pub(crate) fn pack_taps(
        self,
        sliding: &Sliding,
        taps: Taps<'_>,
        [group, sliver]: [usize; 2],
        packed: &mut [f32],
    ) {
        let sizes = Sizes { depth: sliding.depth, ..matrix_of_all_taps(sliding) };
        let [of_tap, of_group, row_stride, column_stride] = taps.strides;
        for (tap, place) in packed.chunks_exact_mut(packed.len() / sliding.kernel).enumerate() {
            let values = &taps.kernel[tap * of_tap + group * of_group..];
            self.pack_sliver(sizes, Matrix { values, row_stride, column_stride }, sliver, place);
        }
    }

    /// Words of working memory that [`Level::convolve`] needs.
    pub(crate) fn table_len(sliding: &Sliding) -> usize {
        let [taps, _] = cut(sliding);
        taps.min(sliding.taps.len()) * ROWS
    }

    /// Rows of results, dense; each is a sum over taps in order, and channels in order.
    pub(crate) fn convolve(
        self,
        windows: Windows<'_>,
        rows: Range<usize>,
        c: &mut [f32],
        table: &mut [usize],
    ) {
        windows.check(self);
        assert!(rows.end <= windows.sliding.rows(), "rows that there are");
        assert_eq!(c.len(), rows.len() * windows.sliding.width(), "the results have their size");
        if windows.sliding.taps.is_empty() {
            c.fill(0.0);
            return;
        }
        by_level!(
            self,
            convolve(windows: Windows<'_>, rows: Range<usize>, c: &mut [f32], table: &mut [usize])
        );
    }
}

/// The weights of a group as one matrix.
fn matrix_of_all_taps(sliding: &Sliding) -> Sizes {
    Sizes { rows: 0, columns: sliding.columns, depth: sliding.kernel * sliding.depth }
}

/// How many taps and how many channels of each make a block.
fn cut(sliding: &Sliding) -> [usize; 2] {
    let channels = sliding.depth.div_ceil(sliding.depth.div_ceil(DEPTH_MAX));
    [DEPTH_MAX / channels, channels]
}

#[inline(always)]
fn convolve<L: Lanes>(
    windows: Windows<'_>,
    rows: Range<usize>,
    c: &mut [f32],
    table: &mut [usize],
) {
    let sliding = windows.sliding;
    let ([of_taps, of_channels], count) = (cut(sliding), sliding.taps.len());
    for first in (0..count).step_by(of_taps) {
        for start in (0..sliding.depth).step_by(of_channels) {
            let block = Block {
                taps: first..count.min(first + of_taps),
                channels: start..sliding.depth.min(start + of_channels),
            };
            windows.block::<L>(&block, rows.clone(), c, table);
        }
    }
}

impl Windows<'_> {
    /// That the operands have their sizes, so that the micro-kernels need not look again.
    fn check(&self, level: Level) {
        let sliding = self.sliding;
        let places = sliding.batch * sliding.source.iter().product::<usize>();
        assert_eq!(self.source.len(), places * sliding.channels(), "a source of its size");
        let taps = sliding.taps.iter().all(|tap| tap.index < sliding.kernel);
        assert!(taps, "taps are elements of the kernel");
        let weights = if sliding.is_depthwise() {
            sliding.kernel * sliding.width()
        } else {
            level.packed_taps_len(sliding)
        };
        assert_eq!(self.weights.len(), weights, "weights for every tap");
    }

    #[inline(always)]
    fn block<L: Lanes>(
        self,
        block: &Block,
        rows: Range<usize>,
        c: &mut [f32],
        table: &mut [usize],
    ) {
        let (sliding, width) = (self.sliding, self.sliding.width());
        let accumulate = block.taps.start > 0 || block.channels.start > 0;
        let table = &mut table[..block.taps.len() * ROWS];
        for first in rows.clone().step_by(ROWS) {
            let count = ROWS.min(rows.end - first);
            Places::new(sliding, first, count).fill(sliding, &block.taps, table);
            let c = &mut c[(first - rows.start) * width..][..count * width];
            if sliding.is_depthwise() {
                for first in (0..width).step_by(2 * L::COUNT) {
                    let tile = Tile { stride: width, first, end: width, accumulate };
                    if width - first <= L::COUNT {
                        self.channels::<L, 1>(block, &tile, table, c);
                    } else {
                        self.channels::<L, 2>(block, &tile, table, c);
                    }
                }
                continue;
            }
            for group in 0..sliding.groups {
                self.group::<L>(block, (group, accumulate), table, c);
            }
        }
    }

    /// All columns of one group, for one tile of rows.
    #[inline(always)]
    fn group<L: Lanes>(
        self,
        block: &Block,
        (group, accumulate): (usize, bool),
        table: &[usize],
        c: &mut [f32],
    ) {
        let Sliding { depth, columns, kernel, .. } = *self.sliding;
        let each = kernel * depth * 2 * L::COUNT;
        let slivers = columns.div_ceil(2 * L::COUNT);
        let end = (group + 1) * columns;
        for sliver in 0..slivers {
            let first = group * columns + sliver * 2 * L::COUNT;
            let b = &self.weights[(group * slivers + sliver) * each..][..each];
            let tile = Tile { stride: self.sliding.width(), first, end, accumulate };
            if end - first <= L::COUNT {
                self.tile::<L, 1>(block, &tile, (b, group * depth, table), c);
            } else {
                self.tile::<L, 2>(block, &tile, (b, group * depth, table), c);
            }
        }
    }

    /// One tile: rows of windows by one sliver of columns. Rows of the source are broadcast
    /// channel by channel; `begin` is the group's first channel.
    #[inline(always)]
    fn tile<L: Lanes, const WIDTH: usize>(
        self,
        block: &Block,
        tile: &Tile,
        (b, begin, table): (&[f32], usize, &[usize]),
        c: &mut [f32],
    ) {
        let (depth, channels) = (self.sliding.depth, block.channels.clone());
        let (first, count) = (begin + channels.start, channels.len());
        let mut sums = [[L::splat(0.0); WIDTH]; ROWS];
        let taps = &self.sliding.taps[block.taps.clone()];
        for (tap, places) in taps.iter().zip(table.chunks_exact(ROWS)) {
            let mut lines = [&PADDING[..]; ROWS];
            for (line, &place) in lines.iter_mut().zip(places) {
                if place != OUTSIDE {
                    // SAFETY: a place of the table is one of the source, with all its channels.
                    *line = unsafe { part(self.source, place + first, count) };
                }
            }
            let start = (tap.index * depth + channels.start) * 2 * L::COUNT;
            // SAFETY: there are weights for every tap and channel.
            let b = unsafe { part(b, start, count * 2 * L::COUNT) };
            for (k, b) in b.chunks_exact(2 * L::COUNT).enumerate() {
                let mut row = [L::splat(0.0); WIDTH];
                for (place, value) in row.iter_mut().enumerate() {
                    *value = L::load(&b[place * L::COUNT..(place + 1) * L::COUNT]);
                }
                for i in 0..ROWS {
                    // SAFETY: a line has all channels of the block; so has the padding.
                    let factor = L::splat(unsafe { *lines[i].get_unchecked(k) });
                    for j in 0..WIDTH {
                        sums[i][j] = L::fma(factor, row[j], sums[i][j]);
                    }
                }
            }
        }
        tile.store::<L, WIDTH>(&sums, c);
    }

    /// One tile of single channels: vectors of channels times their own weights.
    #[inline(always)]
    fn channels<L: Lanes, const WIDTH: usize>(
        self,
        block: &Block,
        tile: &Tile,
        table: &[usize],
        c: &mut [f32],
    ) {
        let width = tile.end;
        let lanes = |j: usize| width.saturating_sub(tile.first + j * L::COUNT).min(L::COUNT);
        let mut sums = [[L::splat(0.0); WIDTH]; ROWS];
        let taps = &self.sliding.taps[block.taps.clone()];
        for (tap, places) in taps.iter().zip(table.chunks_exact(ROWS)) {
            let mut row = [L::splat(0.0); WIDTH];
            for (j, value) in row.iter_mut().enumerate() {
                let start = tap.index * width + tile.first + j * L::COUNT;
                // SAFETY: there are weights for every tap and channel.
                *value = L::load(unsafe { part(self.weights, start, lanes(j)) });
            }
            for i in 0..ROWS {
                for j in 0..WIDTH {
                    let start = places[i].wrapping_add(tile.first + j * L::COUNT);
                    let line = if places[i] == OUTSIDE {
                        &PADDING[..L::COUNT]
                    } else {
                        // SAFETY: a place of the table is one of the source, with all its channels.
                        unsafe { part(self.source, start, lanes(j)) }
                    };
                    sums[i][j] = L::fma(L::load(line), row[j], sums[i][j]);
                }
            }
        }
        tile.store::<L, WIDTH>(&sums, c);
    }
}

/// The windows of a tile's rows: the place of each one's origin in every axis, and in the source as
/// a whole. Rows past the last repeat it; their results are never stored.
struct Places {
    at: [[isize; ROWS]; 3],
    base: [isize; ROWS],
}

impl Places {
    #[inline(always)]
    fn new(sliding: &Sliding, first: usize, count: usize) -> Self {
        let mut this = Self { at: [[0; ROWS]; 3], base: [0; ROWS] };
        let (mut sample, mut place) = sliding.place(first);
        let [depth, height, width] = sliding.source;
        for i in 0..ROWS {
            let [z, y, x]: [usize; 3] =
                std::array::from_fn(|axis| place[axis] * sliding.step[axis]);
            for (axis, at) in [z, y, x].into_iter().enumerate() {
                this.at[axis][i] = at as isize;
            }
            this.base[i] = (((sample * depth + z) * height + y) * width + x) as isize;
            if i + 1 >= count {
                continue;
            }
            for axis in (0..3).rev() {
                place[axis] += 1;
                if place[axis] < sliding.places[axis] {
                    break;
                }
                place[axis] = 0;
                sample += usize::from(axis == 0);
            }
        }
        this
    }

    /// For each tap, where the rows of channels under it begin.
    #[inline(always)]
    fn fill(&self, sliding: &Sliding, taps: &Range<usize>, table: &mut [usize]) {
        let [depth, height, width] = sliding.source.map(|size| size as isize);
        let channels = sliding.channels();
        let taps = &sliding.taps[taps.clone()];
        for (tap, line) in taps.iter().zip(table.chunks_exact_mut(ROWS)) {
            let [z, y, x] = tap.offset;
            let shift = (z * height + y) * width + x;
            let within = |at: isize, size: isize| (at as usize) < size as usize;
            for (i, place) in line.iter_mut().enumerate() {
                let inside = within(self.at[0][i] + z, depth)
                    & within(self.at[1][i] + y, height)
                    & within(self.at[2][i] + x, width);
                let start = ((self.base[i] + shift) as usize).wrapping_mul(channels);
                *place = if inside { start } else { OUTSIDE };
            }
        }
    }
}
