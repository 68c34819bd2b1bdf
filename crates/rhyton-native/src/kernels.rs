//! What steps do, at one batch size, on the memory of one run.

use rhyton_graph::Result;

use crate::arena::{Memory, Scratch};
use crate::bound::{Bound, BoundStep};
use crate::plan::{Kernel, Plan, Step};
use crate::simd::Level;
use crate::threads::Pool;

mod chain;
mod convolution;
mod integers;
mod movement;
mod product;
mod reduce;
mod reference;
mod sources;
mod windows;

/// Elements of a tile: several tiles of f32 fit the first-level cache.
pub(crate) const TILE: usize = 1024;
/// Elements times instructions below which a step is not worth waking another thread.
const ALONE: usize = 1 << 15;

/// What all steps of a run share.
pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) bound: &'a Bound,
    pub(crate) memory: Memory<'a>,
    pub(crate) scratch: &'a Scratch<'a>,
    pub(crate) level: Level,
    pub(crate) threads: usize,
}

impl Run<'_> {
    /// Carries out one step.
    pub(crate) fn step(&self, step: &Step, bound: &BoundStep) -> Result<()> {
        match (&step.kernel, bound) {
            (Kernel::Chain(chain), BoundStep::Chain(numbers)) => self.chain(chain, numbers),
            (Kernel::Product(product), BoundStep::Product(numbers)) => {
                self.product(product, numbers, &|_, _| {});
            }
            (
                Kernel::WeightGradient { operands, to, partials, repeated, .. },
                BoundStep::KernelGradient(numbers),
            ) => self.kernel_gradient(operands, [*to, *partials, *repeated], numbers),
            (Kernel::WindowReduce { reduction, from, to, .. }, BoundStep::Pool(outer, pooling)) => {
                self.pool(*reduction, from, (*outer, pooling), *to);
            }
            (Kernel::MaxWindowGradient { operands, to, .. }, BoundStep::Pool(outer, pooling)) => {
                self.pool_gradient(operands, (*outer, pooling), *to);
            }
            (Kernel::Reduce { reduce, from, to }, BoundStep::Reduce(groups)) => {
                self.reduce(reduce.reduction, from, groups, *to);
            }
            (
                Kernel::ArgReduce { reduce, from, to },
                &BoundStep::ArgReduce { outer, length, inner },
            ) => {
                self.arg_reduce(reduce.reduction, from, [outer, length, inner], *to);
            }
            (Kernel::Copy { from, to }, BoundStep::Boxes(boxes)) => {
                self.move_boxes(std::slice::from_ref(from), None, boxes, *to);
            }
            (Kernel::Move { parts, fill, to, .. }, BoundStep::Boxes(boxes)) => {
                self.move_boxes(parts, fill.as_ref(), boxes, *to);
            }
            (Kernel::RandomBits { key, counter, length, to }, _) => {
                self.random_bits([key.slot, counter.slot], *length, *to);
            }
            (Kernel::Iota { shape, axis, dtype, to }, _) => self.iota(shape, *axis, *dtype, *to),
            (Kernel::Dimension { shape, axis, to }, _) => {
                let size = shape[*axis].bind(self.bound.batch);
                self.memory.write::<i32>(*to, 0, 1)[0] = size as i32;
            }
            (Kernel::Reference { node, operands, to }, _) => {
                return self.reference(*node, operands, *to);
            }
            _ => unreachable!("a step is bound as what it is"),
        }
        Ok(())
    }

    /// Runs tasks on the run's threads, or on the caller alone if `work` is small.
    fn tasks(&self, work: usize, count: usize, task: &(dyn Fn(usize, usize) + Sync)) {
        let threads = if work < ALONE { 1 } else { self.threads };
        Pool::global().run(threads, count, task);
    }

    /// The number of elements of a slot.
    fn len(&self, slot: usize) -> usize {
        self.bound.slots[slot].1 / self.plan.slots[slot].spec.dtype.size_bytes()
    }
}
