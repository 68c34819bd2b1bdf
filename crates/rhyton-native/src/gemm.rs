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

#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{Lanes, Level, Portable, by_level};

mod convolution;
mod kernel_gradient;
mod sliding;

pub(crate) use convolution::{Taps, Windows};
pub(crate) use kernel_gradient::KernelGradient;
pub(crate) use sliding::{ConvolutionSizes, Sliding};

/// Rows that the micro-kernel computes at once.
const ROWS: usize = 12;
/// The longest block of k: a packed block of both operands stays in the second-level cache.
const DEPTH_MAX: usize = 512;

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

impl Level {
    /// Columns that the micro-kernel computes at once.
    fn columns(self) -> usize {
        match self {
            Self::Portable => 2 * Portable::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 2 * Avx2::COUNT,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 2 * Avx512::COUNT,
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

    /// c = a · b for rows of a, with b packed; c is row-major and dense.
    pub(crate) fn multiply(
        self,
        sizes: Sizes,
        (a, packed): (Matrix<'_>, &[f32]),
        c: &mut [f32],
        scratch: &mut [f32],
    ) {
        assert_eq!(c.len(), sizes.rows * sizes.columns, "the result has the product's size");
        if sizes.depth == 0 {
            c.fill(0.0);
            return;
        }
        let product = Product { sizes, a, packed };
        by_level!(self, multiply(product: Product<'_>, c: &mut [f32], scratch: &mut [f32]));
    }
}

/// The length of the blocks of k: as equal as they can be.
fn depth_of_blocks(depth: usize) -> usize {
    depth.div_ceil(depth.div_ceil(DEPTH_MAX))
}

#[derive(Clone, Copy)]
struct Product<'a> {
    sizes: Sizes,
    a: Matrix<'a>,
    packed: &'a [f32],
}

#[inline(always)]
fn multiply<L: Lanes>(product: Product<'_>, c: &mut [f32], scratch: &mut [f32]) {
    product.run::<L>(c, scratch);
}

impl Product<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, c: &mut [f32], scratch: &mut [f32]) {
        let Sizes { rows, columns, depth } = self.sizes;
        let block = depth_of_blocks(depth);
        for start in (0..depth).step_by(block) {
            let length = block.min(depth - start);
            for row in (0..rows).step_by(ROWS) {
                let count = ROWS.min(rows - row);
                self.pack_rows(row..row + count, start..start + length, scratch);
                let a = &scratch[..length * ROWS];
                let c = &mut c[row * columns..(row + count) * columns];
                for first in (0..columns).step_by(2 * L::COUNT) {
                    let sliver = &self.packed[first * depth..][..2 * L::COUNT * depth];
                    let b = &sliver[start * 2 * L::COUNT..][..length * 2 * L::COUNT];
                    let tile = Tile { stride: columns, first, end: columns, accumulate: start > 0 };
                    if columns - first <= L::COUNT {
                        tile.compute::<L, 1>(a, b, c);
                    } else {
                        tile.compute::<L, 2>(a, b, c);
                    }
                }
            }
        }
    }

    /// Rows of a as `[k][row of the tile]`, rows that are not there as zeros.
    #[inline(always)]
    fn pack_rows(
        self,
        rows: std::ops::Range<usize>,
        depth: std::ops::Range<usize>,
        packed: &mut [f32],
    ) {
        let Matrix { values, row_stride, column_stride } = self.a;
        let count = rows.len();
        let places = packed[..depth.len() * ROWS].chunks_exact_mut(ROWS);
        if row_stride == 1 {
            for (place, k) in places.zip(depth) {
                let start = rows.start + k * column_stride;
                place[..count].copy_from_slice(&values[start..start + count]);
                place[count..].fill(0.0);
            }
            return;
        }
        if column_stride == 1 {
            // Rows past the last repeat it; their results are never stored.
            let row = |i: usize| {
                let start = (rows.start + i.min(count - 1)) * row_stride + depth.start;
                &values[start..start + depth.len()]
            };
            let lines: [&[f32]; ROWS] = std::array::from_fn(row);
            for (k, place) in places.enumerate() {
                for (value, line) in place.iter_mut().zip(lines) {
                    *value = line[k];
                }
            }
            return;
        }
        for (place, k) in places.zip(depth) {
            for (i, value) in place.iter_mut().enumerate() {
                let row = rows.start + i.min(count - 1);
                *value = values[row * row_stride + k * column_stride];
            }
        }
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
    #[inline(always)]
    fn compute<L: Lanes, const WIDTH: usize>(&self, a: &[f32], b: &[f32], c: &mut [f32]) {
        let mut sums = [[L::splat(0.0); WIDTH]; ROWS];
        for (a, b) in a.chunks_exact(ROWS).zip(b.chunks_exact(2 * L::COUNT)) {
            let mut row = [L::splat(0.0); WIDTH];
            for (place, value) in row.iter_mut().enumerate() {
                *value = L::load(&b[place * L::COUNT..(place + 1) * L::COUNT]);
            }
            for i in 0..ROWS {
                let factor = L::splat(a[i]);
                for j in 0..WIDTH {
                    sums[i][j] = L::fma(factor, row[j], sums[i][j]);
                }
            }
        }
        self.store::<L, WIDTH>(&sums, c);
    }

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
