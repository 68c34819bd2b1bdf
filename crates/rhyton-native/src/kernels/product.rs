use std::ops::Range;

use super::Run;
use crate::bound::{BoundForm, BoundProduct, Matrices};
use crate::gemm::{Factors, Matrix, Second, Sizes};
use crate::plan::program::Product;

/// Rows of a product's result that are in the cache.
pub(super) struct Panel<'a> {
    /// Their place among all elements of the result.
    pub(super) range: Range<usize>,
    pub(super) values: &'a [f32],
}

/// What is done to rows of the result while they are in the cache, with working memory.
pub(super) type Epilogue<'a> = dyn Fn(Panel<'_>, &mut [f32]) + Sync + 'a;

impl Run<'_> {
    /// Runs a product panel by panel, each followed by the epilogue.
    pub(super) fn product(&self, product: &Product, bound: &BoundProduct, epilogue: &Epilogue<'_>) {
        match &bound.form {
            BoundForm::Matrices(matrices) => self.matrices(product, bound, matrices, epilogue),
            BoundForm::Squares(squares) => self.squares(product, bound, squares, epilogue),
            BoundForm::Windows(windows) if windows.is_in_order() => {
                self.windows(product, bound, windows, epilogue);
            }
            BoundForm::Windows(windows) => self.scattered_windows(product, bound, windows),
        }
    }

    fn matrices(
        &self,
        product: &Product,
        bound: &BoundProduct,
        matrices: &Matrices,
        epilogue: &Epilogue<'_>,
    ) {
        let Matrices { batches, sizes, panels, parts, .. } = matrices;
        let Sizes { rows, columns, depth } = *sizes;
        if batches * rows * columns == 0 {
            return;
        }
        if bound.packed > 0 {
            self.pack(product, matrices);
        }
        let work = (batches * rows * columns * depth).div_ceil(4);
        self.tasks(work, batches * panels * parts, &|participant, task| {
            let (batch, task) = (task / (panels * parts), task % (panels * parts));
            let (start, part) = (task % panels * bound.panel, task / panels);
            let count = bound.panel.min(rows - start);
            let a = self.operand(product, matrices, 0, batch);
            let a = Matrix { values: a.values.get(start * a.row_stride..).unwrap_or(&[]), ..a };
            let b = self.second(product, matrices, bound.packed > 0, batch);
            let factors = Factors { a, b, accumulate: false };
            let (scratch, rest) = self.scratch.part(participant).split_at_mut(bound.scratch);
            let (own, registers) = rest.split_at_mut(bound.room);
            let size = Sizes { rows: count, ..*sizes };
            let first = (batch * rows + start) * columns;
            if *parts == 1 {
                let c = self.panel(product, first..first + count * columns, own);
                self.level.multiply((size, 0..columns), factors, c, scratch);
                epilogue(Panel { range: first..first + c.len(), values: c }, registers);
                return;
            }
            let width = matrices.width;
            let part = part * width..columns.min((part + 1) * width);
            let c = &mut own[..count * part.len()];
            self.level.multiply((size, part.clone()), factors, c, scratch);
            for (row, c) in c.chunks_exact(part.len()).enumerate() {
                let start = first + row * columns + part.start;
                let range = start..start + c.len();
                if !product.fleeting {
                    self.memory.write::<f32>(product.to, start, c.len()).copy_from_slice(c);
                }
                epilogue(Panel { range, values: c }, registers);
            }
        });
    }

    /// The second operand of one batch index, as the kernel reads it.
    fn second(
        &self,
        product: &Product,
        matrices: &Matrices,
        is_packed: bool,
        batch: usize,
    ) -> Second<'_> {
        if !is_packed {
            return Second::Dense(self.operand(product, matrices, 1, batch));
        }
        let len = self.level.packed_len(matrices.sizes);
        Second::Packed(self.memory.read::<f32>(product.packed, batch * len, len))
    }

    /// Where a panel of results is computed: in its place, or in working memory if nothing but the
    /// epilogue reads it.
    pub(super) fn panel<'m>(
        &'m self,
        product: &Product,
        range: Range<usize>,
        own: &'m mut [f32],
    ) -> &'m mut [f32] {
        if product.fleeting {
            &mut own[..range.len()]
        } else {
            self.memory.write::<f32>(product.to, range.start, range.len())
        }
    }

    /// One operand's matrix of one batch index.
    fn operand(
        &self,
        product: &Product,
        matrices: &Matrices,
        operand: usize,
        batch: usize,
    ) -> Matrix<'_> {
        let canonical = &matrices.canonical;
        let mut rest = batch;
        let mut offset = 0;
        for (axis, &size) in canonical.batch.iter().enumerate().rev() {
            offset += rest % size * canonical.batch_strides[operand][axis];
            rest /= size;
        }
        let slot = product.operands[operand].slot;
        let values = self.memory.read::<f32>(slot, offset, self.len(slot) - offset);
        let [row_stride, column_stride] = if operand == 0 { canonical.a } else { canonical.b };
        Matrix { values, row_stride, column_stride }
    }

    /// Packs the second operand of every batch index.
    fn pack(&self, product: &Product, matrices: &Matrices) {
        let sizes = matrices.sizes;
        let slivers = self.level.slivers(sizes.columns);
        let each = self.level.packed_len(sizes) / slivers;
        let tasks = matrices.batches * slivers;
        self.tasks(tasks * each, tasks, &|_, task| {
            let (batch, sliver) = (task / slivers, task % slivers);
            let b = self.operand(product, matrices, 1, batch);
            let packed = self.memory.write::<f32>(product.packed, task * each, each);
            self.level.pack_sliver(sizes, b, sliver, packed);
        });
    }
}
