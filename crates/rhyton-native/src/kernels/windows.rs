use rhyton_graph::WindowReduction;

use super::Run;
use crate::plan::program::Source;
use crate::simd::{Pooling, VectorPool};

/// Elements that a task reads, about.
const ELEMENTS: usize = 1 << 14;

impl Run<'_> {
    /// Maxima or sums of windows over arrays beside each other.
    pub(super) fn pool(
        &self,
        reduction: WindowReduction,
        from: &Source,
        (outer, pooling): (usize, &Pooling),
        to: usize,
    ) {
        let reduction = match reduction {
            WindowReduction::Maximum => VectorPool::Maximum,
            WindowReduction::Sum => VectorPool::Sum,
        };
        let (all, line) = (pooling.lines(), pooling.y[2] * pooling.inner);
        let reads = line * pooling.size.iter().product::<usize>();
        let some = ELEMENTS.div_ceil(reads.max(1)).min(all.max(1));
        let parts = all.div_ceil(some);
        self.tasks(outer * all * reads, outer * parts, &|_, task| {
            let (array, part) = (task / parts, task % parts);
            let lines = part * some..all.min((part + 1) * some);
            let x = self.memory.read::<f32>(from.slot, array * pooling.len(), pooling.len());
            let start = (array * all + lines.start) * line;
            let y = self.memory.write::<f32>(to, start, lines.len() * line);
            self.level.pool(*pooling, reduction, x, (lines, y));
        });
    }

    /// Cotangents of maxima to where these were, one array after another.
    pub(super) fn pool_gradient(
        &self,
        operands: &[Source; 2],
        (outer, pooling): (usize, &Pooling),
        to: usize,
    ) {
        let windows = pooling.lines() * pooling.y[2] * pooling.inner;
        let work = windows * pooling.size.iter().product::<usize>() * 2;
        self.tasks(outer * work, outer, &|_, array| {
            let x = self.memory.read::<f32>(operands[0].slot, array * pooling.len(), pooling.len());
            let g = self.memory.read::<f32>(operands[1].slot, array * windows, windows);
            let dx = self.memory.write::<f32>(to, array * pooling.len(), pooling.len());
            self.level.pool_gradient(*pooling, x, g, dx);
        });
    }
}
