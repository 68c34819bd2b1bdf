use bytemuck::Pod;
use rhyton_graph::{ArgReduction, Reduction};
use rhyton_tensor::DType;

use super::Run;
use crate::bound::Group;
use crate::plan::program::Source;
use crate::simd::{Level, PARTIALS};

/// Elements whose partial sum is one f32; longer sums add such parts, so that errors stay small.
const BLOCK: usize = 1024;
/// Rows whose sum is one partial sum of a column.
const ROWS: usize = 64;
/// Columns of a task.
const COLUMNS: usize = 256;

/// How elements of one type combine, by lines and by columns.
#[derive(Clone, Copy)]
struct Fold<T> {
    identity: T,
    /// The combination of a line with what is there.
    line: fn(Level, T, &[T]) -> T,
    /// The combination of each column with what is there.
    columns: fn(Level, &mut [T], &[T]),
}

impl Run<'_> {
    pub(super) fn reduce(&self, reduction: Reduction, from: &Source, groups: &[Group], to: usize) {
        if let (DType::F32, Reduction::Sum, [lines, line]) = (from.dtype, reduction, groups)
            && line.reduced
            && (1..=PARTIALS).contains(&line.size)
        {
            let x = self.memory.read::<f32>(from.slot, 0, lines.size * line.size);
            return short_sums(x, line.size, self.memory.write::<f32>(to, 0, lines.size));
        }
        match from.dtype {
            DType::F32 => self.reduce_as(float_fold(reduction), from.slot, groups, to),
            DType::I32 => self.reduce_as(signed_fold(reduction), from.slot, groups, to),
            DType::U32 => self.reduce_as(unsigned_fold(reduction), from.slot, groups, to),
            _ => self.reduce_as(bool_fold(reduction), from.slot, groups, to),
        }
    }

    fn reduce_as<T: Pod + Sync>(&self, fold: Fold<T>, from: usize, groups: &[Group], to: usize) {
        let x = self.memory.read::<T>(from, 0, self.len(from));
        let total = self.len(to);
        match *groups {
            [kept, line] if !kept.reduced && kept.size > 0 => {
                let rows = (BLOCK * 4).div_ceil(line.size.max(1));
                self.tasks(x.len(), kept.size.div_ceil(rows), &|_, task| {
                    let start = task * rows;
                    let count = rows.min(kept.size - start);
                    let y = self.memory.write::<T>(to, start, count);
                    let x = &x[start * line.size..][..count * line.size];
                    for (place, y) in y.iter_mut().enumerate() {
                        let line = &x[place * line.size..][..line.size];
                        *y = (fold.line)(self.level, fold.identity, line);
                    }
                });
            }
            [rows, kept] if rows.reduced => {
                self.tasks(x.len(), kept.size.div_ceil(COLUMNS), &|_, task| {
                    let start = task * COLUMNS;
                    let y = self.memory.write::<T>(to, start, COLUMNS.min(kept.size - start));
                    columns(self.level, fold, x, [rows.size, kept.size, start], y);
                });
            }
            _ => {
                let y = self.memory.write::<T>(to, 0, total);
                y.fill(fold.identity);
                nested(self.level, fold, x, groups, y);
            }
        }
    }

    pub(super) fn arg_reduce(
        &self,
        reduction: ArgReduction,
        from: &Source,
        sizes: [usize; 3],
        to: usize,
    ) {
        let slot = from.slot;
        let y = self.memory.write::<i32>(to, 0, self.len(to));
        let count = self.len(slot);
        match from.dtype {
            DType::F32 => positions(reduction, self.memory.read::<f32>(slot, 0, count), sizes, y),
            DType::I32 => positions(reduction, self.memory.read::<i32>(slot, 0, count), sizes, y),
            DType::U32 => positions(reduction, self.memory.read::<u32>(slot, 0, count), sizes, y),
            _ => positions(reduction, self.memory.read::<u8>(slot, 0, count), sizes, y),
        }
    }
}

/// Column sums of rows, in blocks of rows.
fn columns<T: Pod>(
    level: Level,
    fold: Fold<T>,
    x: &[T],
    [rows, width, start]: [usize; 3],
    y: &mut [T],
) {
    y.fill(fold.identity);
    let mut part = [fold.identity; COLUMNS];
    let part = &mut part[..y.len()];
    for first in (0..rows).step_by(ROWS) {
        part.fill(fold.identity);
        for row in first..rows.min(first + ROWS) {
            (fold.columns)(level, part, &x[row * width + start..][..y.len()]);
        }
        (fold.columns)(level, y, part);
    }
}

/// Any pattern of groups: walks the outer ones, folds the last.
fn nested<T: Pod>(level: Level, fold: Fold<T>, x: &[T], groups: &[Group], y: &mut [T]) {
    let Some((first, rest)) = groups.split_first() else {
        (fold.columns)(level, y, x);
        return;
    };
    match (rest.is_empty(), first.reduced) {
        (true, true) => y[0] = (fold.line)(level, y[0], x),
        (true, false) => (fold.columns)(level, y, x),
        (false, reduced) if first.size > 0 => {
            let (step, kept) = (x.len() / first.size, y.len() / first.size);
            for place in 0..first.size {
                let part = &x[place * step..(place + 1) * step];
                let range = if reduced { 0..y.len() } else { place * kept..(place + 1) * kept };
                nested(level, fold, part, rest, &mut y[range]);
            }
        }
        _ => {}
    }
}

fn float_fold(reduction: Reduction) -> Fold<f32> {
    match reduction {
        Reduction::Maximum => Fold {
            identity: f32::NEG_INFINITY,
            line: |_, start, x| {
                x.iter().fold(start, |a, &b| if b > a || b.is_nan() { b } else { a })
            },
            columns: |_, y, x| {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = if x > *y || x.is_nan() { x } else { *y };
                }
            },
        },
        Reduction::Minimum => Fold {
            identity: f32::INFINITY,
            line: |_, start, x| {
                x.iter().fold(start, |a, &b| if b < a || b.is_nan() { b } else { a })
            },
            columns: |_, y, x| {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = if x < *y || x.is_nan() { x } else { *y };
                }
            },
        },
        Reduction::Product => Fold {
            identity: 1.0,
            line: |_, start, x| x.iter().fold(start, |a, b| a * b),
            columns: |_, y, x| y.iter_mut().zip(x).for_each(|(y, x)| *y *= x),
        },
        Reduction::Sum | Reduction::Any | Reduction::All => Fold {
            identity: 0.0,
            line: |level, start, x| {
                let parts = x.chunks(BLOCK).map(|block| f64::from(level.sum(block)));
                (f64::from(start) + parts.sum::<f64>()) as f32
            },
            columns: |_, y, x| y.iter_mut().zip(x).for_each(|(y, x)| *y += x),
        },
    }
}

macro_rules! whole_fold {
    ($name:ident, $type:ty) => {
        fn $name(reduction: Reduction) -> Fold<$type> {
            match reduction {
                Reduction::Maximum | Reduction::Any => Fold {
                    identity: <$type>::MIN,
                    line: |_, start, x| x.iter().fold(start, |a, &b| a.max(b)),
                    columns: |_, y, x| y.iter_mut().zip(x).for_each(|(y, &x)| *y = (*y).max(x)),
                },
                Reduction::Minimum | Reduction::All => Fold {
                    identity: <$type>::MAX,
                    line: |_, start, x| x.iter().fold(start, |a, &b| a.min(b)),
                    columns: |_, y, x| y.iter_mut().zip(x).for_each(|(y, &x)| *y = (*y).min(x)),
                },
                Reduction::Sum | Reduction::Product => Fold {
                    identity: 0,
                    line: |_, start, x| x.iter().fold(start, |a, &b| a.wrapping_add(b)),
                    columns: |_, y, x| {
                        y.iter_mut().zip(x).for_each(|(y, &x)| *y = y.wrapping_add(x));
                    },
                },
            }
        }
    };
}

whole_fold!(signed_fold, i32);
whole_fold!(unsigned_fold, u32);

fn bool_fold(reduction: Reduction) -> Fold<u8> {
    if reduction == Reduction::Any {
        return Fold {
            identity: 0,
            line: |_, start, x| x.iter().fold(start, |a, &b| a | b),
            columns: |_, y, x| y.iter_mut().zip(x).for_each(|(y, x)| *y |= x),
        };
    }
    Fold {
        identity: 1,
        line: |_, start, x| x.iter().fold(start, |a, &b| a & b),
        columns: |_, y, x| y.iter_mut().zip(x).for_each(|(y, x)| *y &= x),
    }
}

/// Sums of short lines, some lines side by side: each element is a partial sum, and these combine as
/// the tree of [`Level::sum`] does.
fn short_sums(x: &[f32], length: usize, y: &mut [f32]) {
    const LINES: usize = 16;
    let mut partials = [[0.0_f32; LINES]; PARTIALS];
    for (x, y) in x.chunks(LINES * length).zip(y.chunks_mut(LINES)) {
        for (place, line) in x.chunks_exact(length).enumerate() {
            for (partial, &value) in partials.iter_mut().zip(line) {
                partial[place] = value;
            }
        }
        let mut width = PARTIALS / 2;
        let mut sums = partials;
        while width > 0 {
            let (low, high) = sums.split_at_mut(width);
            for (low, high) in low.iter_mut().zip(high) {
                low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
            }
            width /= 2;
        }
        y.iter_mut().zip(sums[0]).for_each(|(y, sum)| *y = 0.0 + sum);
    }
}

/// The positions of the extremes along the middle axis; the first wins, a NaN wins over numbers.
fn positions<T: Copy + PartialOrd>(
    reduction: ArgReduction,
    x: &[T],
    [outer, length, inner]: [usize; 3],
    y: &mut [i32],
) {
    if length == 0 {
        y.fill(0);
        return;
    }
    let is_nan = |value: T| value.partial_cmp(&value).is_none();
    for (place, y) in y.iter_mut().enumerate().take(outer * inner) {
        let start = place / inner * length * inner + place % inner;
        let (mut best, mut position) = (x[start], 0);
        for index in 1..length {
            let value = x[start + index * inner];
            let wins = match reduction {
                ArgReduction::Maximum => value > best,
                ArgReduction::Minimum => value < best,
            };
            if !is_nan(best) && (wins || is_nan(value)) {
                (best, position) = (value, index);
            }
        }
        *y = position as i32;
    }
}
