use std::ops::Range;

use super::Run;
use crate::bound::BoundProduct;
use crate::gemm::{Matrix, Sizes};
use crate::plan::program::Product;
use crate::simd::Level;

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
        let BoundProduct { batches, sizes, panel, panels, .. } = bound;
        let Sizes { rows, columns, depth } = *sizes;
        if batches * rows * columns == 0 {
            return;
        }
        self.pack(product, bound);
        let packed_len = self.level.packed_len(*sizes);
        let scratch_len = Level::scratch_len(*sizes);
        let work = (batches * rows * columns * depth).div_ceil(4);
        self.tasks(work, batches * panels, &|participant, task| {
            let (batch, start) = (task / panels, task % panels * panel);
            let range = start..rows.min(start + panel);
            let a = self.operand(product, bound, 0, batch);
            let a = Matrix { values: a.values.get(start * a.row_stride..).unwrap_or(&[]), ..a };
            let packed = self.memory.read::<f32>(product.packed, batch * packed_len, packed_len);
            let first = (batch * rows + start) * columns;
            let part = Sizes { rows: range.len(), ..*sizes };
            let (scratch, registers) = self.scratch.part(participant).split_at_mut(scratch_len);
            let count = range.len() * columns;
            let room = if product.fleeting { panel * columns } else { 0 };
            let (own, registers) = registers.split_at_mut(room);
            let c = if product.fleeting {
                &mut own[..count]
            } else {
                self.memory.write::<f32>(product.to, first, count)
            };
            self.level.multiply(part, (a, packed), c, scratch);
            epilogue(Panel { range: first..first + count, values: c }, registers);
        });
    }

    /// One operand's matrix of one batch index.
    fn operand(
        &self,
        product: &Product,
        bound: &BoundProduct,
        operand: usize,
        batch: usize,
    ) -> Matrix<'_> {
        let canonical = &bound.canonical;
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
    fn pack(&self, product: &Product, bound: &BoundProduct) {
        let sizes = bound.sizes;
        let slivers = self.level.slivers(sizes.columns);
        let each = self.level.packed_len(sizes) / slivers;
        let tasks = bound.batches * slivers;
        self.tasks(tasks * each, tasks, &|_, task| {
            let (batch, sliver) = (task / slivers, task % slivers);
            let b = self.operand(product, bound, 1, batch);
            let packed = self.memory.write::<f32>(product.packed, task * each, each);
            self.level.pack_sliver(sizes, b, sliver, packed);
        });
    }
}
