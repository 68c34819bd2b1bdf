//! Maxima and sums of windows over arrays whose last axis has no windows: vectors along that axis.

use std::ops::Range;

use super::Level;
use super::functions::maximum;
use super::lanes::Lanes;

/// Windows over up to three axes of an array `[spatial…, inner]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pooling {
    pub(crate) x: [usize; 3],
    pub(crate) y: [usize; 3],
    pub(crate) size: [usize; 3],
    pub(crate) stride: [usize; 3],
    pub(crate) dilation: [usize; 3],
    pub(crate) low: [usize; 3],
    /// Elements beside each other that have windows of their own.
    pub(crate) inner: usize,
}

/// What becomes of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorPool {
    Maximum,
    Sum,
}

/// Vectors that one sweep over a window's elements computes.
const VECTORS: usize = 4;

impl Level {
    /// Results of some lines of windows; a line is all windows along the last of the three axes.
    pub(crate) fn pool(
        self,
        pooling: Pooling,
        reduction: VectorPool,
        x: &[f32],
        (lines, y): (Range<usize>, &mut [f32]),
    ) {
        assert_eq!(y.len(), lines.len() * pooling.y[2] * pooling.inner, "results of those lines");
        by_level!(
            self,
            pool(pooling: Pooling, reduction: VectorPool, x: &[f32], lines: Range<usize>, y: &mut [f32])
        );
    }

    /// Adds each window's cotangent to the place of its first maximum.
    pub(crate) fn pool_gradient(self, pooling: Pooling, x: &[f32], g: &[f32], dx: &mut [f32]) {
        dx.fill(0.0);
        by_level!(self, pool_gradient(pooling: Pooling, x: &[f32], g: &[f32], dx: &mut [f32]));
    }
}

impl Pooling {
    /// Elements of x, with all that lie beside each other.
    pub(crate) fn len(&self) -> usize {
        self.x.iter().product::<usize>() * self.inner
    }

    /// Lines of windows.
    pub(crate) fn lines(&self) -> usize {
        self.y[0] * self.y[1]
    }

    /// Which of a window's elements along an axis lie in x.
    #[inline(always)]
    fn inside(&self, axis: usize, window: usize) -> Range<usize> {
        let (low, dilation) = (self.low[axis], self.dilation[axis]);
        let start = window * self.stride[axis];
        let first = low.saturating_sub(start).div_ceil(dilation);
        let end = (self.x[axis] + low).saturating_sub(start).div_ceil(dilation);
        first..end.min(self.size[axis]).max(first)
    }

    /// The elements of a window that lie in x.
    #[inline(always)]
    fn reach(&self, line: usize, window: usize) -> Reach {
        let [z, y] = [line / self.y[1], line % self.y[1]];
        let ranges = [self.inside(0, z), self.inside(1, y), self.inside(2, window)];
        if ranges.iter().any(Range::is_empty) {
            return Reach { start: 0, counts: [0; 3], steps: [0; 3] };
        }
        let place = [z, y, window];
        let first: [usize; 3] = std::array::from_fn(|axis| {
            let start = place[axis] * self.stride[axis] + ranges[axis].start * self.dilation[axis];
            start.wrapping_sub(self.low[axis])
        });
        let steps = [self.x[1] * self.x[2], self.x[2], 1];
        let start = first[0] * steps[0] + first[1] * steps[1] + first[2];
        Reach {
            start: start * self.inner,
            counts: [ranges[0].len(), ranges[1].len(), ranges[2].len()],
            steps: std::array::from_fn(|axis| steps[axis] * self.dilation[axis] * self.inner),
        }
    }
}

/// Where a window's elements lie.
#[derive(Debug, Clone, Copy)]
struct Reach {
    start: usize,
    counts: [usize; 3],
    steps: [usize; 3],
}

/// Runs a block for every element of a window, in row-major order. A macro, because a closure is
/// compiled without the caller's instruction set.
macro_rules! for_each {
    ($reach:expr, |$at:ident| $body:block) => {{
        let reach: Reach = $reach;
        for z in 0..reach.counts[0] {
            for y in 0..reach.counts[1] {
                let line = reach.start + z * reach.steps[0] + y * reach.steps[1];
                for x in 0..reach.counts[2] {
                    let $at = line + x * reach.steps[2];
                    $body
                }
            }
        }
    }};
}

#[inline(always)]
fn pool<L: Lanes>(
    pooling: Pooling,
    reduction: VectorPool,
    x: &[f32],
    lines: Range<usize>,
    y: &mut [f32],
) {
    let inner = pooling.inner;
    for line in lines.clone() {
        for window in 0..pooling.y[2] {
            let reach = pooling.reach(line, window);
            let place = (line - lines.start) * pooling.y[2] + window;
            let y = &mut y[place * inner..][..inner];
            let mut first = 0;
            while inner - first >= VECTORS * L::COUNT {
                vectors::<L, VECTORS>(reach, reduction, (x, first), &mut y[first..]);
                first += VECTORS * L::COUNT;
            }
            while first < inner {
                let end = inner.min(first + L::COUNT);
                vectors::<L, 1>(reach, reduction, (x, first), &mut y[first..end]);
                first = end;
            }
        }
    }
}

/// The first vectors of y; `first` is their place among the elements beside each other.
#[inline(always)]
fn vectors<L: Lanes, const COUNT: usize>(
    reach: Reach,
    reduction: VectorPool,
    (x, first): (&[f32], usize),
    y: &mut [f32],
) {
    let count = y.len().min(COUNT * L::COUNT);
    match reduction {
        VectorPool::Maximum => {
            let mut best = [L::splat(f32::NEG_INFINITY); COUNT];
            for_each!(reach, |at| {
                let x = &x[at + first..][..count];
                for j in 0..COUNT {
                    best[j] = maximum::<L>(best[j], L::load(&x[j * L::COUNT..]));
                }
            });
            for j in 0..COUNT {
                L::store(best[j], &mut y[j * L::COUNT..]);
            }
        }
        VectorPool::Sum => {
            let mut sums = [L::splat(0.0); COUNT];
            for_each!(reach, |at| {
                let x = &x[at + first..][..count];
                for j in 0..COUNT {
                    sums[j] = L::add(sums[j], L::load(&x[j * L::COUNT..]));
                }
            });
            for j in 0..COUNT {
                L::store(sums[j], &mut y[j * L::COUNT..]);
            }
        }
    }
}

#[inline(always)]
fn pool_gradient<L: Lanes>(pooling: Pooling, x: &[f32], g: &[f32], dx: &mut [f32]) {
    let inner = pooling.inner;
    for line in 0..pooling.lines() {
        for window in 0..pooling.y[2] {
            let reach = pooling.reach(line, window);
            let g = &g[(line * pooling.y[2] + window) * inner..][..inner];
            for first in (0..inner).step_by(L::COUNT) {
                let end = inner.min(first + L::COUNT);
                send::<L>(reach, (x, first..end), &g[first..end], dx);
            }
        }
    }
}

/// One vector's cotangents to the first maxima; a NaN is greater than all, and the first one wins.
#[inline(always)]
fn send<L: Lanes>(reach: Reach, (x, lanes): (&[f32], Range<usize>), g: &[f32], dx: &mut [f32]) {
    let count = lanes.len();
    let mut best = L::splat(f32::NEG_INFINITY);
    let mut position = L::splat(0.0);
    let mut number = 0_u32;
    for_each!(reach, |at| {
        let value = L::load(&x[at + lanes.start..][..count]);
        let own = L::splat(number as f32);
        let (greater, nan, settled) = (L::less(best, value), L::is_nan(value), L::is_nan(best));
        let moved = L::select(nan, own, L::select(greater, own, position));
        let risen = L::select(nan, value, L::select(greater, value, best));
        position = L::select(settled, position, moved);
        best = L::select(settled, best, risen);
        number += 1;
    });
    let g = L::load(g);
    let mut number = 0_u32;
    for_each!(reach, |at| {
        let place = &mut dx[at + lanes.start..][..count];
        let hit = L::equal(position, L::splat(number as f32));
        let part = L::select(hit, g, L::splat(0.0));
        L::store(L::add(L::load(place), part), place);
        number += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhyton_testing::assert_same_bits;

    #[test]
    fn all_instruction_sets_give_the_same_bits() {
        for inner in [1, 3, 16, 17, 70] {
            let pooling = Pooling {
                x: [2, 5, 6],
                y: [2, 3, 3],
                size: [1, 3, 2],
                stride: [1, 2, 2],
                dilation: [1, 1, 1],
                low: [0, 1, 0],
                inner,
            };
            let value = |i: usize| match i % 41 {
                7 => f32::NAN,
                11 => f32::NEG_INFINITY,
                _ => ((i * 37) % 23) as f32 - 11.5,
            };
            let x: Vec<f32> = (0..pooling.len()).map(value).collect();
            let windows = pooling.lines() * pooling.y[2] * inner;
            let g: Vec<f32> = (0..windows).map(|i| i as f32 / 8.0).collect();
            let mut results = Level::available().into_iter().map(|level| {
                let mut all = vec![0.0; 2 * windows];
                let (maxima, sums) = all.split_at_mut(windows);
                let lines = 0..pooling.lines();
                level.pool(pooling, VectorPool::Maximum, &x, (lines.clone(), maxima));
                level.pool(pooling, VectorPool::Sum, &x, (lines, sums));
                let mut dx = vec![f32::NAN; x.len()];
                level.pool_gradient(pooling, &x, &g, &mut dx);
                all.extend(dx);
                all.iter().map(|&v| if v.is_nan() { f32::NAN } else { v }).collect::<Vec<f32>>()
            });
            let first = results.next().unwrap();
            results.for_each(|other| assert_same_bits(&other, &first));
        }
    }
}
