//! Matrix products of f32: one micro-kernel over the vector trait, packed operands, fixed order of
//! summation: along k in blocks whose length depends on k only, so the same bits everywhere.
//! `sliding` says where the windows of a convolution lie, `convolution` and `kernel_gradient` are the
//! products over them. To add another product: a file here that walks tiles in a fixed order, and its `mod`
//! line.
#![allow(unsafe_code, reason = "vector instructions are reached after run-time detection")]
#![allow(
    clippy::inline_always,
    reason = "vector code must be inlined into the function that enables its instructions"
)]

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{Lanes, Level, Portable, by_level};

mod convolution;
mod kernel_gradient;
mod sliding;
mod winograd;

pub(crate) use convolution::{Taps, Windows};
pub(crate) use kernel_gradient::KernelGradient;
pub(crate) use sliding::{ConvolutionSizes, Sliding};
pub(crate) use winograd::{PLACES, TAPS, Winograd};

/// Rows that the micro-kernels of convolutions compute at once, the most of any.
const ROWS: usize = 12;
/// The longest block of k: a block of both operands stays in the second-level cache.
const DEPTH_MAX: usize = 512;
/// Rows from which on packing the second operand is cheap beside the product.
const ROWS_OF_PACKED: usize = 512;
/// Bytes between neighbours that fall into the same few sets of the caches are multiples of this.
const CONFLICT_BYTES: usize = 2048;

/// A matrix inside a slice, with the distance between rows and between columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

/// The sizes of a product `[rows, depth] · [depth, columns]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) depth: usize,
}

/// Whether lines so far apart share the caches' sets.
fn conflicts(stride: usize) -> bool {
    (stride * size_of::<f32>()).is_multiple_of(CONFLICT_BYTES)
}

/// Whether the second operand of a product, with these strides, is packed before it is read: not if
/// its rows lie dense and pass by few times.
pub(crate) fn is_packed(sizes: Sizes, row_stride: usize, column_stride: usize) -> bool {
    column_stride != 1 || sizes.rows >= ROWS_OF_PACKED || conflicts(row_stride)
}

impl Level {
    /// Columns of a sliver of the packed operand.
    fn columns(self) -> usize {
        match self {
            Self::Portable => 2 * Portable::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 2 * Avx2::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 2 * Avx512::COUNT,
        }
    }

    /// Rows that a product of so many rows computes at once: as many as registers hold, fewer where
    /// equal tasks matter more.
    pub(crate) fn rows_of_tile(self, rows: usize) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if rows >= 16 * ROWS || rows.is_multiple_of(ROWS) => ROWS,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 8,
            _ => 4,
        }
    }

    /// How many slivers of columns the second operand is packed into.
    pub(crate) fn slivers(self, columns: usize) -> usize {
        columns.div_ceil(self.columns())
    }

    /// Elements of the packed second operand.
    pub(crate) fn packed_len(self, sizes: Sizes) -> usize {
        self.slivers(sizes.columns) * self.columns() * sizes.depth
    }

    /// Packs one sliver of columns of the second operand into its place in `packed`.
    pub(crate) fn pack_sliver(
        self,
        sizes: Sizes,
        b: Matrix<'_>,
        sliver: usize,
        packed: &mut [f32],
    ) {
        let width = self.columns();
        let first = sliver * width;
        let count = width.min(sizes.columns - first);
        for (k, row) in packed.chunks_exact_mut(width).enumerate() {
            let start = k * b.row_stride + first * b.column_stride;
            if b.column_stride == 1 {
                row[..count].copy_from_slice(&b.values[start..start + count]);
            } else {
                for (j, place) in row[..count].iter_mut().enumerate() {
                    *place = b.values[start + j * b.column_stride];
                }
            }
            row[count..].fill(0.0);
        }
    }

    /// Elements of working memory that [`Level::multiply`] needs.
    pub(crate) fn scratch_len(sizes: Sizes) -> usize {
        ROWS * sizes.depth.min(DEPTH_MAX)
    }

    /// Some columns of c = a · b, or c + a · b, for rows of a; c is row-major and dense, of these
    /// columns alone.
    pub(crate) fn multiply(
        self,
        (sizes, columns): (Sizes, Range<usize>),
        factors: Factors<'_>,
        c: &mut [f32],
        scratch: &mut [f32],
    ) {
        assert_eq!(c.len(), sizes.rows * columns.len(), "the result has the product's size");
        assert!(columns.end <= sizes.columns && columns.start.is_multiple_of(self.columns()));
        let Factors { a, b, accumulate } = factors;
        if sizes.depth == 0 || c.is_empty() {
            if !accumulate {
                c.fill(0.0);
            }
            return;
        }
        a.check(sizes.rows, sizes.depth);
        let rows_of_tile = self.rows_of_tile(sizes.rows);
        let (stride, sliver) = match b {
            Second::Packed(values) => {
                assert_eq!(values.len(), self.packed_len(sizes), "a whole packed operand");
                (self.columns(), self.columns() * sizes.depth)
            }
            Second::Dense(matrix) => {
                matrix.check(sizes.depth, sizes.columns);
                assert_eq!(matrix.column_stride, 1, "rows that lie dense");
                (matrix.row_stride, self.columns())
            }
        };
        let (Second::Packed(b) | Second::Dense(Matrix { values: b, .. })) = b;
        let product = Product { sizes, rows_of_tile, a, b, stride, sliver, accumulate };
        by_level!(
            self,
            multiply(
                product: Product<'_>,
                columns: Range<usize>,
                c: &mut [f32],
                scratch: &mut [f32],
            )
        );
    }
}

impl Matrix<'_> {
    /// That so many rows and columns are there, so that the micro-kernel need not look again.
    fn check(&self, rows: usize, columns: usize) {
        let last = (rows - 1) * self.row_stride + (columns - 1) * self.column_stride;
        assert!(last < self.values.len(), "a matrix of its size");
    }
}

/// The second operand of a product.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Second<'a> {
    /// As [`Level::pack_sliver`] packs it.
    Packed(&'a [f32]),
    /// Where it lies; the distance between columns is 1.
    Dense(Matrix<'a>),
}

/// What a product multiplies, and whether it adds to what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<'a> {
    pub(crate) a: Matrix<'a>,
    pub(crate) b: Second<'a>,
    pub(crate) accumulate: bool,
}

/// The length of the blocks of k: as equal as they can be.
fn depth_of_blocks(depth: usize) -> usize {
    depth.div_ceil(depth.div_ceil(DEPTH_MAX))
}

#[derive(Clone, Copy)]
struct Product<'a> {
    sizes: Sizes,
    rows_of_tile: usize,
    a: Matrix<'a>,
    b: &'a [f32],
    /// From one k to the next, and from one sliver of columns to the next, in b.
    stride: usize,
    sliver: usize,
    accumulate: bool,
}

#[inline(always)]
fn multiply<L: Lanes>(
    product: Product<'_>,
    columns: Range<usize>,
    c: &mut [f32],
    scratch: &mut [f32],
) {
    let block = depth_of_blocks(product.sizes.depth);
    for start in (0..product.sizes.depth).step_by(block) {
        let depth = start..product.sizes.depth.min(start + block);
        let mut first = 0;
        while first < product.sizes.rows {
            let left = product.rows_of_tile.min(product.sizes.rows - first);
            let part = (first, depth.clone(), columns.clone());
            let c = &mut c[first * columns.len()..];
            first += match left {
                ROWS.. if L::COUNT > 8 => product.rows::<L, ROWS, 2>(part, c, scratch),
                8.. if L::COUNT > 8 => product.rows::<L, 8, 2>(part, c, scratch),
                4.. => product.rows::<L, 4, 2>(part, c, scratch),
                2.. => product.rows::<L, 2, 4>(part, c, scratch),
                _ => product.rows::<L, 1, 8>(part, c, scratch),
            };
        }
    }
}

impl Product<'_> {
    /// So many rows by all columns, some vectors of them at a time; returns how many rows.
    #[inline(always)]
    fn rows<L: Lanes, const ROWS: usize, const WIDTH: usize>(
        self,
        (first, depth, columns): (usize, Range<usize>, Range<usize>),
        c: &mut [f32],
        scratch: &mut [f32],
    ) -> usize {
        let c = &mut c[..ROWS * columns.len()];
        let Matrix { values, row_stride, column_stride } = self.a;
        let begin = first * row_stride + depth.start * column_stride;
        if column_stride == 1 && (ROWS == 1 || !conflicts(row_stride)) {
            let lines: [&[f32]; ROWS] = std::array::from_fn(|i| {
                // SAFETY: the matrix has these rows and columns.
                unsafe { part(values, begin + i * row_stride, depth.len()) }
            });
            // SAFETY: every line has an element for each k.
            let a = |k: usize, i: usize| unsafe { *lines[i].get_unchecked(k) };
            self.slivers::<L, ROWS, WIDTH>(a, (depth, columns), c);
            return ROWS;
        }
        let (values, stride) = if row_stride == 1 && !conflicts(column_stride) {
            (&values[begin..], column_stride)
        } else {
            let packed = &mut scratch[..depth.len() * ROWS];
            for (k, place) in packed.chunks_exact_mut(ROWS).enumerate() {
                for (i, value) in place.iter_mut().enumerate() {
                    *value = values[begin + i * row_stride + k * column_stride];
                }
            }
            (&scratch[..depth.len() * ROWS], ROWS)
        };
        // SAFETY: the matrix has these rows and columns; so does what was packed.
        let a = |k: usize, i: usize| unsafe { *values.get_unchecked(k * stride + i) };
        self.slivers::<L, ROWS, WIDTH>(a, (depth, columns), c);
        ROWS
    }

    /// One tile of rows, vectors of columns side by side.
    #[inline(always)]
    fn slivers<L: Lanes, const ROWS: usize, const WIDTH: usize>(
        self,
        a: impl Fn(usize, usize) -> f32 + Copy,
        (depth, columns): (Range<usize>, Range<usize>),
        c: &mut [f32],
    ) {
        let mut first = columns.start;
        while first < columns.end {
            let tile = Tile {
                stride: columns.len(),
                first: first - columns.start,
                end: columns.len(),
                accumulate: self.accumulate || depth.start > 0,
            };
            let part = (first, depth.clone());
            // All vectors but the last are full.
            let width = match (columns.end - first).div_ceil(L::COUNT) {
                8.. if WIDTH > 4 => self.tile::<L, ROWS, 8>(a, part, &tile, c),
                4.. if WIDTH > 2 => self.tile::<L, ROWS, 4>(a, part, &tile, c),
                2.. => self.tile::<L, ROWS, 2>(a, part, &tile, c),
                _ => self.tile::<L, ROWS, 1>(a, part, &tile, c),
            };
            first += width * L::COUNT;
        }
    }

    #[inline(always)]
    fn tile<L: Lanes, const ROWS: usize, const WIDTH: usize>(
        self,
        a: impl Fn(usize, usize) -> f32 + Copy,
        (first, depth): (usize, Range<usize>),
        tile: &Tile,
        c: &mut [f32],
    ) -> usize {
        let columns = tile.end - tile.first;
        let vectors: [(usize, usize); WIDTH] = std::array::from_fn(|j| {
            let vector = first / L::COUNT + j;
            let lanes = (columns - j * L::COUNT).min(L::COUNT);
            (vector / 2 * self.sliver + vector % 2 * L::COUNT, lanes)
        });
        let mut sums = [[L::splat(0.0); WIDTH]; ROWS];
        for k in 0..depth.len() {
            let line = (depth.start + k) * self.stride;
            let mut row = [L::splat(0.0); WIDTH];
            for (value, (start, lanes)) in row.iter_mut().zip(vectors) {
                // SAFETY: b has a line for each k with all columns that there are.
                *value = L::load(unsafe { part(self.b, line + start, lanes) });
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = L::splat(a(k, i));
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum = L::fma(factor, value, *sum);
                }
            }
        }
        tile.store::<L, WIDTH>(&sums, c);
        WIDTH
    }
}

/// Elements `start..start + count`. A bounds check in a loop over sums that live in registers makes
/// the compiler keep a copy of them in memory, so the loops check before they begin.
///
/// # Safety
/// The elements are there.
#[inline(always)]
unsafe fn part(values: &[f32], start: usize, count: usize) -> &[f32] {
    debug_assert!(start + count <= values.len());
    // SAFETY: the caller's promise.
    unsafe { values.get_unchecked(start..start + count) }
}

/// The same to write to.
///
/// # Safety
/// The elements are there.
#[inline(always)]
unsafe fn part_mut(values: &mut [f32], start: usize, count: usize) -> &mut [f32] {
    debug_assert!(start + count <= values.len());
    // SAFETY: the caller's promise.
    unsafe { values.get_unchecked_mut(start..start + count) }
}

/// Where a tile of the result lies among the rows of c, and whether it adds to what is there.
struct Tile {
    /// From one row of c to the next.
    stride: usize,
    /// The tile's first column, and the one after the last that there is.
    first: usize,
    end: usize,
    accumulate: bool,
}

impl Tile {
    /// Stores as many rows as c has.
    #[inline(always)]
    fn store<L: Lanes, const WIDTH: usize>(&self, sums: &[[L::F; WIDTH]], c: &mut [f32]) {
        for (sums, line) in sums.iter().zip(c.chunks_exact_mut(self.stride)) {
            for (j, &sum) in sums.iter().enumerate() {
                let place = self.first + j * L::COUNT;
                let end = self.end.min(place + L::COUNT);
                let line = &mut line[place..end];
                let total = if self.accumulate { L::add(L::load(line), sum) } else { sum };
                L::store(total, line);
            }
        }
    }
}

#[cfg(test)]
mod tests;
