//! Convolutions with kernels of 3 × 3 by Winograd's F(2×2, 3×3): squares of four results from 16
//! products instead of 36. Source, kernel and results are taken through three small linear maps,
//!
//! ```text
//! y = Aᵀ [(G k Gᵀ) ∘ (Bᵀ d B)] A      dk = Gᵀ [(Bᵀ d B) ∘ (A dy Aᵀ)] G
//! Bᵀ = 1  0 −1  0      G = 1   0   0      Aᵀ = 1 1  1  0
//!      0  1  1  0          ½   ½   ½           0 1 −1 −1
//!      0 −1  1  0          ½  −½   ½
//!      0  1  0 −1          0   0   1
//! ```
//!
//! and between them lie 16 matrix products over channels. Source: A. Lavin, S. Gray, "Fast Algorithms
//! for Convolutional Neural Networks", arXiv 1509.09308.

use std::ops::Range;

use super::{ConvolutionSizes, Factors, Matrix, ROWS, Second, Sizes, part, part_mut};
use crate::simd::{Lanes, Level, by_level};

/// Places of a transformed square, and so products of matrices.
pub(crate) const PLACES: usize = 16;
/// Elements of the kernel.
pub(crate) const TAPS: usize = 9;
/// Channels from which on the maps cost little beside the products.
const CHANNELS_MIN: usize = 16;
/// Squares from which on the kernel's map costs little.
const SQUARES_MIN: usize = 64;
/// Squares of a panel, and floats of its two transformed operands, at most, unless one line has more.
const SQUARES_MAX: usize = 96;
const FLOATS_MAX: usize = 3 << 16;
/// Stands for a row of pixels outside the source.
const OUTSIDE: usize = usize::MAX;

/// A convolution as squares of 2 × 2 results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Winograd {
    batch: usize,
    /// Height and width of the source and of the results.
    source: [usize; 2],
    target: [usize; 2],
    /// Rows and columns of padding before the source.
    low: [usize; 2],
    /// Channels of the source and of the results.
    pub(crate) depth: usize,
    pub(crate) columns: usize,
}

impl Winograd {
    /// The convolution itself, if this way is the faster one.
    pub(crate) fn forward(sizes: &ConvolutionSizes) -> Option<Self> {
        let this = Self {
            batch: sizes.batch,
            source: [sizes.x[1], sizes.x[2]],
            target: [sizes.y[1], sizes.y[2]],
            low: [sizes.low[1], sizes.low[2]],
            depth: sizes.channels_in,
            columns: sizes.channels_out,
        };
        this.is_faster(sizes).then_some(this)
    }

    /// Its derivative by x, as the convolution of the cotangent with the kernel turned about.
    pub(crate) fn backward(sizes: &ConvolutionSizes) -> Option<Self> {
        let this = Self::forward(sizes)?;
        let low = [2_usize.checked_sub(this.low[0])?, 2_usize.checked_sub(this.low[1])?];
        let this = Self {
            source: this.target,
            target: this.source,
            low,
            depth: this.columns,
            columns: this.depth,
            ..this
        };
        this.is_faster(sizes).then_some(this)
    }

    fn is_faster(&self, sizes: &ConvolutionSizes) -> bool {
        let plain = sizes.kernel == [1, 3, 3]
            && sizes.x[0] == 1
            && sizes.y[0] == 1
            && sizes.low[0] == 0
            && sizes.stride == [1; 3]
            && sizes.dilation == [1; 3]
            && sizes.groups == 1;
        let [height, width] = self.target;
        let squares = height.div_ceil(2) * width.div_ceil(2);
        plain
            && self.depth.min(self.columns) >= CHANNELS_MIN
            && self.batch.saturating_mul(squares) >= SQUARES_MIN
            && 3 * squares * PLACES <= 2 * height * width * TAPS
    }

    /// Squares beside each other.
    fn squares_of_line(&self) -> usize {
        self.target[1].div_ceil(2)
    }

    /// Lines of squares in the whole batch.
    pub(crate) fn lines(&self) -> usize {
        self.batch * self.target[0].div_ceil(2)
    }

    /// Lines of squares that are computed together: as many as working memory is good for, and
    /// such that their squares fill the tiles of products.
    pub(crate) fn lines_of_panel(&self) -> usize {
        let of_line = self.squares_of_line();
        let squares = SQUARES_MAX.min(FLOATS_MAX / (PLACES * (self.depth + self.columns)));
        let most = (squares / of_line).max(1);
        let fills = |rows: usize| {
            (most / 2 + 1..=most).rev().find(|lines| (lines * of_line).is_multiple_of(rows))
        };
        fills(ROWS).or_else(|| fills(8)).unwrap_or(most)
    }

    /// The rows of results of some lines, in the order of the results.
    pub(crate) fn rows(&self, lines: Range<usize>) -> Range<usize> {
        self.row_of(lines.start)..self.row_of(lines.end)
    }

    fn row_of(&self, line: usize) -> usize {
        let [height, width] = self.target;
        let of_sample = height.div_ceil(2);
        let (sample, line) = (line / of_sample, line % of_sample);
        (sample * height + 2 * line) * width
    }

    /// Floats of the transformed kernel.
    pub(crate) fn weights_len(&self) -> usize {
        PLACES * self.depth * self.columns
    }

    /// Floats of working memory for a panel.
    pub(crate) fn scratch_len(&self) -> usize {
        let squares = self.lines_of_panel() * self.squares_of_line();
        let product = Sizes { depth: self.depth.max(squares), ..self.product(squares) };
        PLACES * squares * (self.depth + self.columns) + Level::scratch_len(product)
    }

    /// The most rows of results of a panel.
    pub(crate) fn rows_of_panel(&self) -> usize {
        2 * self.lines_of_panel() * self.target[1]
    }

    /// The product of one place.
    fn product(&self, squares: usize) -> Sizes {
        Sizes { rows: squares, columns: self.columns, depth: self.depth }
    }

    /// The first result of a square, and its sample: sample, row, column.
    fn square(&self, square: usize) -> [usize; 3] {
        let (line, x) = (square / self.squares_of_line(), square % self.squares_of_line());
        let of_sample = self.target[0].div_ceil(2);
        [line / of_sample, 2 * (line % of_sample), 2 * x]
    }

    /// Where the four rows of pixels under a line of squares begin in the source.
    fn source_rows(&self, line: usize) -> [usize; 4] {
        let [sample, y, _] = self.square(line * self.squares_of_line());
        let [height, width] = self.source;
        std::array::from_fn(|i| {
            let y = (y + i).checked_sub(self.low[0]).filter(|&y| y < height);
            y.map_or(OUTSIDE, |y| (sample * height + y) * width * self.depth)
        })
    }

    fn squares(&self, lines: &Range<usize>) -> Range<usize> {
        lines.start * self.squares_of_line()..lines.end * self.squares_of_line()
    }
}

impl Level {
    /// G k Gᵀ of the same elements of nine taps, to their places in the 16 matrices.
    pub(crate) fn transform_kernel(self, taps: [&[f32]; TAPS], places: &mut [&mut [f32]; PLACES]) {
        by_level!(
            self,
            transform_kernel(taps: [&[f32]; TAPS], places: &mut [&mut [f32]; PLACES])
        );
    }

    /// The results of some lines of squares.
    pub(crate) fn convolve_squares(
        self,
        (winograd, lines): (&Winograd, Range<usize>),
        (source, weights): (&[f32], &[f32]),
        c: &mut [f32],
        scratch: &mut [f32],
    ) {
        let squares = winograd.squares(&lines);
        let count = squares.len();
        let (depth, columns) = (winograd.depth, winograd.columns);
        let (v, rest) = scratch.split_at_mut(PLACES * count * depth);
        let (m, scratch) = rest.split_at_mut(PLACES * count * columns);
        self.gather_squares(winograd, source, squares.clone(), v);
        let operands = v.chunks_exact(count * depth).zip(weights.chunks_exact(depth * columns));
        for ((a, b), m) in operands.zip(m.chunks_exact_mut(count * columns)) {
            let a = Matrix { values: a, row_stride: depth, column_stride: 1 };
            let b = Second::Dense(Matrix { values: b, row_stride: columns, column_stride: 1 });
            let factors = Factors { a, b, accumulate: false };
            self.multiply((winograd.product(count), 0..columns), factors, m, scratch);
        }
        self.finish_squares(winograd, m, squares, c);
    }

    /// Bᵀ d B of squares, `[place][square][channel]`.
    fn gather_squares(
        self,
        winograd: &Winograd,
        source: &[f32],
        squares: Range<usize>,
        v: &mut [f32],
    ) {
        by_level!(
            self,
            gather_squares(winograd: &Winograd, source: &[f32], squares: Range<usize>, v: &mut [f32])
        );
    }

    /// Aᵀ m A of squares, to rows of results.
    fn finish_squares(self, winograd: &Winograd, m: &[f32], squares: Range<usize>, c: &mut [f32]) {
        by_level!(
            self,
            finish_squares(winograd: &Winograd, m: &[f32], squares: Range<usize>, c: &mut [f32])
        );
    }

    /// Adds those of some lines to the 16 sums over squares of (Bᵀ d B)ᵀ · (A dy Aᵀ), or begins them.
    pub(crate) fn add_squares(
        self,
        (winograd, lines): (&Winograd, Range<usize>),
        (x, g): (&[f32], &[f32]),
        (sums, begin): (&mut [f32], bool),
        scratch: &mut [f32],
    ) {
        let squares = winograd.squares(&lines);
        let count = squares.len();
        let (depth, columns) = (winograd.depth, winograd.columns);
        let (v, rest) = scratch.split_at_mut(PLACES * count * depth);
        let (m, scratch) = rest.split_at_mut(PLACES * count * columns);
        self.gather_squares(winograd, x, squares.clone(), v);
        self.spread_squares(winograd, g, squares, m);
        let sizes = Sizes { rows: depth, columns, depth: count };
        let operands = v.chunks_exact(count * depth).zip(m.chunks_exact(count * columns));
        for ((a, b), sums) in operands.zip(sums.chunks_exact_mut(depth * columns)) {
            let a = Matrix { values: a, row_stride: 1, column_stride: depth };
            let b = Second::Dense(Matrix { values: b, row_stride: columns, column_stride: 1 });
            let factors = Factors { a, b, accumulate: !begin };
            self.multiply((sizes, 0..columns), factors, sums, scratch);
        }
    }

    /// A dy Aᵀ of squares, `[place][square][channel]`.
    fn spread_squares(self, winograd: &Winograd, g: &[f32], squares: Range<usize>, m: &mut [f32]) {
        by_level!(
            self,
            spread_squares(winograd: &Winograd, g: &[f32], squares: Range<usize>, m: &mut [f32])
        );
    }

    /// Gᵀ sums G: elements of the 16 sums to the same elements of the kernel's nine.
    pub(crate) fn finish_kernel(self, sums: [&[f32]; PLACES], taps: &mut [&mut [f32]; TAPS]) {
        by_level!(self, finish_kernel(sums: [&[f32]; PLACES], taps: &mut [&mut [f32]; TAPS]));
    }
}

/// Bᵀ of four rows.
#[inline(always)]
fn source_map<L: Lanes>(d: [L::F; 4]) -> [L::F; 4] {
    [L::sub(d[0], d[2]), L::add(d[1], d[2]), L::sub(d[2], d[1]), L::sub(d[1], d[3])]
}

/// G of three rows.
#[inline(always)]
fn kernel_map<L: Lanes>(k: [L::F; 3]) -> [L::F; 4] {
    let half = L::splat(0.5);
    let (outer, inner) = (L::mul(L::add(k[0], k[2]), half), L::mul(k[1], half));
    [k[0], L::add(outer, inner), L::sub(outer, inner), k[2]]
}

/// Gᵀ of four rows.
#[inline(always)]
fn kernel_map_back<L: Lanes>(u: [L::F; 4]) -> [L::F; 3] {
    let half = L::splat(0.5);
    let (sum, difference) = (L::mul(L::add(u[1], u[2]), half), L::mul(L::sub(u[1], u[2]), half));
    [L::add(u[0], sum), difference, L::add(sum, u[3])]
}

/// Aᵀ of four rows.
#[inline(always)]
fn result_map<L: Lanes>(m: [L::F; 4]) -> [L::F; 2] {
    [L::add(L::add(m[0], m[1]), m[2]), L::sub(L::sub(m[1], m[2]), m[3])]
}

/// A of two rows.
#[inline(always)]
fn result_map_back<L: Lanes>(y: [L::F; 2]) -> [L::F; 4] {
    let none = L::splat(0.0);
    [y[0], L::add(y[0], y[1]), L::sub(y[0], y[1]), L::sub(none, y[1])]
}

/// A map along columns and then along rows. A macro, because a function passed as a value is compiled
/// without the caller's instruction set.
macro_rules! both_ways {
    ($map:ident, $square:expr, $from:literal => $to:literal) => {{
        let square: [[L::F; $from]; $from] = $square;
        let mut turned = [[L::splat(0.0); $from]; $to];
        for j in 0..$from {
            let mut column = [L::splat(0.0); $from];
            for (value, line) in column.iter_mut().zip(square) {
                *value = line[j];
            }
            for (line, value) in turned.iter_mut().zip($map::<L>(column)) {
                line[j] = value;
            }
        }
        let mut result = [[L::splat(0.0); $to]; $to];
        for (result, line) in result.iter_mut().zip(turned) {
            *result = $map::<L>(line);
        }
        result
    }};
}

#[inline(always)]
fn transform_kernel<L: Lanes>(taps: [&[f32]; TAPS], places: &mut [&mut [f32]; PLACES]) {
    let count = taps[0].len();
    for first in (0..count).step_by(L::COUNT) {
        let lanes = first..count.min(first + L::COUNT);
        let mut kernel = [[L::splat(0.0); 3]; 3];
        for (value, tap) in kernel.as_flattened_mut().iter_mut().zip(taps) {
            *value = L::load(&tap[lanes.clone()]);
        }
        let results = both_ways!(kernel_map, kernel, 3 => 4);
        for (place, &value) in places.iter_mut().zip(results.as_flattened()) {
            L::store(value, &mut place[lanes.clone()]);
        }
    }
}

#[inline(always)]
fn gather_squares<L: Lanes>(
    winograd: &Winograd,
    source: &[f32],
    squares: Range<usize>,
    v: &mut [f32],
) {
    let (depth, count, of_line) = (winograd.depth, squares.len(), winograd.squares_of_line());
    let [height, width] = winograd.source;
    assert_eq!(source.len(), winograd.batch * height * width * depth, "a source of its size");
    assert_eq!(v.len(), PLACES * count * depth, "working memory of its size");
    for line in 0..count / of_line {
        let rows = winograd.source_rows(squares.start / of_line + line);
        for first in (0..depth).step_by(L::COUNT) {
            let pixels = Pixels { winograd, source, rows, first };
            // Neighbours share two columns of pixels.
            let mut columns = [pixels.column::<L>(0), pixels.column::<L>(1)];
            for square in 0..of_line {
                let next = [pixels.column::<L>(2 * square + 2), pixels.column::<L>(2 * square + 3)];
                let at = line * of_line + square;
                for i in 0..4 {
                    let row = [columns[0][i], columns[1][i], next[0][i], next[1][i]];
                    for (j, value) in source_map::<L>(row).into_iter().enumerate() {
                        let place = ((4 * i + j) * count + at) * depth + first;
                        // SAFETY: every place has all channels of all squares.
                        L::store(value, unsafe { part_mut(v, place, pixels.lanes::<L>()) });
                    }
                }
                columns = next;
            }
        }
    }
}

/// A vector of channels of the pixels under a line of squares.
#[derive(Clone, Copy)]
struct Pixels<'a> {
    winograd: &'a Winograd,
    source: &'a [f32],
    rows: [usize; 4],
    first: usize,
}

impl Pixels<'_> {
    #[inline(always)]
    fn lanes<L: Lanes>(self) -> usize {
        L::COUNT.min(self.winograd.depth - self.first)
    }

    /// Bᵀ of a column of four pixels.
    #[inline(always)]
    fn column<L: Lanes>(self, x: usize) -> [L::F; 4] {
        let mut column = [L::splat(0.0); 4];
        let x = x.wrapping_sub(self.winograd.low[1]);
        if x < self.winograd.source[1] {
            for (value, row) in column.iter_mut().zip(self.rows) {
                if row != OUTSIDE {
                    let start = row + x * self.winograd.depth + self.first;
                    // SAFETY: the row and the column are inside the source.
                    *value = L::load(unsafe { part(self.source, start, self.lanes::<L>()) });
                }
            }
        }
        source_map::<L>(column)
    }
}

#[inline(always)]
fn finish_squares<L: Lanes>(winograd: &Winograd, m: &[f32], squares: Range<usize>, c: &mut [f32]) {
    let (columns, count) = (winograd.columns, squares.len());
    let [height, width] = winograd.target;
    let begin = winograd.row_of(squares.start / winograd.squares_of_line());
    assert_eq!(m.len(), PLACES * count * columns, "working memory of its size");
    for (at, square) in squares.enumerate() {
        let [sample, y, x] = winograd.square(square);
        let corner = (sample * height + y) * width + x - begin;
        for first in (0..columns).step_by(L::COUNT) {
            let lanes = L::COUNT.min(columns - first);
            let mut places = [[L::splat(0.0); 4]; 4];
            for (place, value) in places.as_flattened_mut().iter_mut().enumerate() {
                let start = (place * count + at) * columns + first;
                // SAFETY: every place has all channels of all squares.
                *value = L::load(unsafe { part(m, start, lanes) });
            }
            let results = both_ways!(result_map, places, 4 => 2);
            for (i, line) in results.iter().enumerate().take(height - y) {
                for (j, &value) in line.iter().enumerate().take(width - x) {
                    let row = corner + i * width + j;
                    L::store(value, &mut c[row * columns + first..][..lanes]);
                }
            }
        }
    }
}

#[inline(always)]
fn spread_squares<L: Lanes>(winograd: &Winograd, g: &[f32], squares: Range<usize>, m: &mut [f32]) {
    let (columns, count) = (winograd.columns, squares.len());
    let [height, width] = winograd.target;
    assert_eq!(m.len(), PLACES * count * columns, "working memory of its size");
    for (at, square) in squares.enumerate() {
        let [sample, y, x] = winograd.square(square);
        for first in (0..columns).step_by(L::COUNT) {
            let lanes = L::COUNT.min(columns - first);
            let mut results = [[L::splat(0.0); 2]; 2];
            for (i, line) in results.iter_mut().enumerate().take(height - y) {
                for (j, value) in line.iter_mut().enumerate().take(width - x) {
                    let row = (sample * height + y + i) * width + x + j;
                    *value = L::load(&g[row * columns + first..][..lanes]);
                }
            }
            let places = both_ways!(result_map_back, results, 2 => 4);
            for (place, &value) in places.as_flattened().iter().enumerate() {
                let start = (place * count + at) * columns + first;
                // SAFETY: every place has all channels of all squares.
                L::store(value, unsafe { part_mut(m, start, lanes) });
            }
        }
    }
}

#[inline(always)]
fn finish_kernel<L: Lanes>(sums: [&[f32]; PLACES], taps: &mut [&mut [f32]; TAPS]) {
    let count = taps[0].len();
    for first in (0..count).step_by(L::COUNT) {
        let lanes = first..count.min(first + L::COUNT);
        let mut places = [[L::splat(0.0); 4]; 4];
        for (value, sums) in places.as_flattened_mut().iter_mut().zip(sums) {
            *value = L::load(&sums[lanes.clone()]);
        }
        let results = both_ways!(kernel_map_back, places, 4 => 3);
        for (tap, &value) in taps.iter_mut().zip(results.as_flattened()) {
            L::store(value, &mut tap[lanes.clone()]);
        }
    }
}
