use std::ops::Range;

use bytemuck::cast_slice_mut;

use super::Run;
use super::product::{Epilogue, Panel};
use crate::bound::{BoundKernelGradient, BoundProduct, BoundSquares, BoundWindows};
use crate::gemm::{KernelGradient, PLACES, Sliding, TAPS, Windows, Winograd};
use crate::plan::program::{Product, Source};

/// Elements of a task that copies or adds.
const ELEMENTS: usize = 1 << 13;

impl Run<'_> {
    /// A convolution whose rows are the result's, panel by panel, each followed by the epilogue.
    pub(super) fn windows(
        &self,
        product: &Product,
        bound: &BoundProduct,
        windows: &BoundWindows,
        epilogue: &Epilogue<'_>,
    ) {
        let sliding = &windows.walks[0];
        let operands = self.prepare(product, windows);
        let width = sliding.width();
        self.panels(sliding, bound.panel, &|participant, rows| {
            let (table, rest) = self.scratch.part(participant).split_at_mut(bound.scratch);
            let (own, registers) = rest.split_at_mut(bound.room);
            let range = rows.start * width..rows.end * width;
            let c = self.panel(product, range.clone(), own);
            let windows = Windows { sliding, ..operands };
            self.level.convolve(windows, rows, c, cast_slice_mut(table));
            epilogue(Panel { range, values: c }, registers);
        });
    }

    /// A convolution of squares, panel by panel, each followed by the epilogue.
    pub(super) fn squares(
        &self,
        product: &Product,
        bound: &BoundProduct,
        squares: &BoundSquares,
        epilogue: &Epilogue<'_>,
    ) {
        let winograd = &squares.winograd;
        let [source, kernel] = [0, 1].map(|place| {
            let slot = product.operands[place].slot;
            self.memory.read::<f32>(slot, 0, self.len(slot))
        });
        self.transform_kernel(kernel, squares, product.packed);
        let weights = self.memory.read::<f32>(product.packed, 0, winograd.weights_len());
        let (lines, width) = (winograd.lines(), winograd.columns);
        self.tasks(usize::MAX, lines.div_ceil(bound.panel), &|participant, task| {
            let lines = task * bound.panel..lines.min((task + 1) * bound.panel);
            let rows = winograd.rows(lines.clone());
            let (scratch, rest) = self.scratch.part(participant).split_at_mut(bound.scratch);
            let (own, registers) = rest.split_at_mut(bound.room);
            let range = rows.start * width..rows.end * width;
            let c = self.panel(product, range.clone(), own);
            self.level.convolve_squares((winograd, lines), (source, weights), c, scratch);
            epilogue(Panel { range, values: c }, registers);
        });
    }

    /// The 16 matrices of a kernel, row by row.
    fn transform_kernel(&self, kernel: &[f32], squares: &BoundSquares, to: usize) {
        let Winograd { depth, columns, .. } = squares.winograd;
        let each = depth * columns;
        self.tasks(PLACES * each, depth, &|participant, row| {
            let mut places: [&mut [f32]; PLACES] = std::array::from_fn(|place| {
                self.memory.write::<f32>(to, place * each + row * columns, columns)
            });
            if !squares.backward {
                let taps =
                    std::array::from_fn(|tap| &kernel[tap * each + row * columns..][..columns]);
                return self.level.transform_kernel(taps, &mut places);
            }
            // A row of the turned kernel is a column of the kernel itself.
            let lines = &mut self.scratch.part(participant)[..TAPS * columns];
            for (tap, line) in lines.chunks_exact_mut(columns).enumerate() {
                let column = kernel[(TAPS - 1 - tap) * each + row..].iter().step_by(depth);
                line.iter_mut().zip(column).for_each(|(value, &weight)| *value = weight);
            }
            let taps = std::array::from_fn(|tap| &lines[tap * columns..][..columns]);
            self.level.transform_kernel(taps, &mut places);
        });
    }

    /// A derivative by x whose rows lie apart, or are sums of several computed ones.
    pub(super) fn scattered_windows(
        &self,
        product: &Product,
        bound: &BoundProduct,
        windows: &BoundWindows,
    ) {
        let operands = self.prepare(product, windows);
        let channels = windows.sizes.channels_in;
        for sliding in &windows.walks {
            let width = sliding.width();
            let several = width / channels;
            self.panels(sliding, bound.panel, &|participant, rows| {
                let (table, rest) = self.scratch.part(participant).split_at_mut(bound.scratch);
                let c = &mut rest[..rows.len() * width];
                let windows = Windows { sliding, ..operands };
                self.level.convolve(windows, rows.clone(), c, cast_slice_mut(table));
                for (row, c) in rows.zip(c.chunks_exact(width)) {
                    let start = sliding.target_of(row) * channels;
                    let place = self.memory.write::<f32>(product.to, start, channels);
                    if several == 1 {
                        place.copy_from_slice(c);
                        continue;
                    }
                    for (place, parts) in place.iter_mut().zip(c.chunks_exact(several)) {
                        *place = parts.iter().sum();
                    }
                }
            });
        }
    }

    /// Runs a task for each panel of rows.
    fn panels(&self, sliding: &Sliding, panel: usize, task: &(dyn Fn(usize, Range<usize>) + Sync)) {
        let rows = sliding.rows();
        let work = (rows * sliding.width() * sliding.depth * sliding.taps.len()).div_ceil(4);
        self.tasks(work.max(rows), rows.div_ceil(panel), &|participant, number| {
            let start = number * panel;
            task(participant, start..rows.min(start + panel));
        });
    }

    /// The operands as the micro-kernel reads them: the kernel packed or, where every channel stands
    /// alone, the channels of x repeated.
    fn prepare<'a>(&'a self, product: &Product, windows: &'a BoundWindows) -> Windows<'a> {
        let [source, kernel] = [0, 1].map(|place| {
            let slot = product.operands[place].slot;
            self.memory.read::<f32>(slot, 0, self.len(slot))
        });
        let sliding = &windows.walks[0];
        let len = self.bound.slots[product.packed].1 / size_of::<f32>();
        if let Some(several) = windows.sizes.multiplier() {
            if len == 0 {
                return Windows { sliding, source, weights: kernel };
            }
            let source = self.repeat(&product.operands[0], several, product.packed);
            return Windows { sliding, source, weights: kernel };
        }
        let slivers = self.level.slivers(sliding.columns);
        let (tasks, sizes) = (sliding.groups * slivers, &windows.sizes);
        let each = len / tasks;
        self.tasks(len, tasks, &|_, task| {
            let taps = if windows.backward {
                sizes.taps_backward(kernel)
            } else {
                sizes.taps_forward(kernel)
            };
            let packed = self.memory.write::<f32>(product.packed, task * each, each);
            self.level.pack_taps(sliding, taps, [task / slivers, task % slivers], packed);
        });
        let weights = self.memory.read::<f32>(product.packed, 0, len);
        Windows { sliding, source, weights }
    }

    /// The elements of a value, each several times, in working memory.
    fn repeat(&self, from: &Source, several: usize, to: usize) -> &[f32] {
        let x = self.memory.read::<f32>(from.slot, 0, self.len(from.slot));
        let count = x.len() * several;
        self.tasks(count, x.len().div_ceil(ELEMENTS), &|_, task| {
            let start = task * ELEMENTS;
            let x = &x[start..x.len().min(start + ELEMENTS)];
            let y = self.memory.write::<f32>(to, start * several, x.len() * several);
            x.iter().zip(y.chunks_exact_mut(several)).for_each(|(&x, y)| y.fill(x));
        });
        self.memory.read::<f32>(to, 0, count)
    }

    /// A convolution's derivative by its kernel, with slots of the result, the partial sums and x
    /// with its channels repeated.
    pub(super) fn kernel_gradient(
        &self,
        operands: &[Source; 2],
        [to, partials, repeated]: [usize; 3],
        bound: &BoundKernelGradient,
    ) {
        let BoundKernelGradient { sizes, sliding, chunks, parts, .. } = bound;
        let whole =
            |source: &Source| self.memory.read::<f32>(source.slot, 0, self.len(source.slot));
        let [mut x, g] = [whole(&operands[0]), whole(&operands[1])];
        if bound.repeated > 0 {
            let several = sizes.channels_out / sizes.channels_in;
            x = self.repeat(&operands[0], several, repeated);
        }
        if let Some(winograd) = &bound.winograd {
            return self.squares_gradient(winograd, *chunks, [x, g], [to, partials]);
        }
        let gradient = KernelGradient { sliding, x, g };
        let (weights, width, tiles) = (sizes.weights(), sliding.width(), sliding.tiles());
        let segments = sliding.segments();
        let of_block = sliding.segments_of_block();
        let blocks = segments.div_ceil(of_block);
        let sums = if *chunks > 1 { partials } else { to };
        let work = sliding.rows() * weights / sliding.groups / 4;
        self.tasks(work, chunks * parts, &|_, task| {
            let (chunk, part) = (task / parts, task % parts);
            let begin = |chunk: usize| segments.min(chunk * blocks / chunks * of_block);
            let tiles = part * tiles / parts..(part + 1) * tiles / parts;
            let [start, end] =
                [tiles.start, tiles.end].map(|tile| sliding.row_of_tile(tile) * width);
            let place = chunk * weights + start;
            let sums = self.memory.write::<f32>(sums, place, end - start);
            self.level.kernel_gradient(gradient, begin(chunk)..begin(chunk + 1), tiles, sums);
        });
        if *chunks > 1 {
            self.tasks(weights * chunks, weights.div_ceil(ELEMENTS), &|_, task| {
                let start = task * ELEMENTS;
                let count = ELEMENTS.min(weights - start);
                let sums = self.combine(partials, [*chunks, weights], start..start + count);
                self.memory.write::<f32>(to, start, count).copy_from_slice(sums);
            });
        }
    }

    /// The same as sums of squares.
    fn squares_gradient(
        &self,
        winograd: &Winograd,
        chunks: usize,
        [x, g]: [&[f32]; 2],
        [to, partials]: [usize; 2],
    ) {
        let (lines, of_panel) = (winograd.lines(), winograd.lines_of_panel());
        let (panels, each) = (lines.div_ceil(of_panel), winograd.weights_len());
        self.tasks(usize::MAX, chunks, &|participant, chunk| {
            let begin = chunk * panels / chunks;
            let sums = self.memory.write::<f32>(partials, chunk * each, each);
            for panel in begin..(chunk + 1) * panels / chunks {
                let lines = panel * of_panel..lines.min((panel + 1) * of_panel);
                let scratch = self.scratch.part(participant);
                let sums = (&mut *sums, panel == begin);
                self.level.add_squares((winograd, lines), (x, g), sums, scratch);
            }
        });
        let weights = winograd.depth * winograd.columns;
        self.tasks(each * chunks, weights.div_ceil(ELEMENTS), &|_, task| {
            let start = task * ELEMENTS;
            let count = ELEMENTS.min(weights - start);
            let sums = std::array::from_fn(|place| {
                let start = place * weights + start;
                self.combine(partials, [chunks, each], start..start + count)
            });
            let mut taps = std::array::from_fn(|tap| {
                self.memory.write::<f32>(to, tap * weights + start, count)
            });
            self.level.finish_kernel(sums, &mut taps);
        });
    }

    /// The sum of some of the chunks' partial sums, as a binary tree over chunks.
    fn combine(&self, from: usize, [chunks, each]: [usize; 2], range: Range<usize>) -> &[f32] {
        let mut step = 1;
        while step < chunks {
            for chunk in (0..chunks - step).step_by(2 * step) {
                let sums = chunk * each + range.start;
                let sums = self.memory.write::<f32>(from, sums, range.len());
                let others = (chunk + step) * each + range.start;
                let others = self.memory.read::<f32>(from, others, range.len());
                sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
            }
            step *= 2;
        }
        self.memory.read::<f32>(from, range.start, range.len())
    }
}
