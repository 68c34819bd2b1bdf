use bytemuck::Pod;

use super::Run;
use crate::bound::BoxCopy;
use crate::plan::program::Source;

/// Elements of a task, about.
const ELEMENTS: usize = 1 << 13;

impl Run<'_> {
    /// Fills the result if asked to, then copies a box of each part into it.
    pub(super) fn move_boxes(
        &self,
        parts: &[Source],
        fill: Option<&Source>,
        boxes: &[BoxCopy],
        to: usize,
    ) {
        match self.plan.slots[to].spec.dtype.size_bytes() {
            1 => self.move_as::<u8>(parts, fill, boxes, to),
            2 => self.move_as::<u16>(parts, fill, boxes, to),
            4 => self.move_as::<u32>(parts, fill, boxes, to),
            _ => self.move_as::<u64>(parts, fill, boxes, to),
        }
    }

    fn move_as<T: Pod + Sync>(
        &self,
        parts: &[Source],
        fill: Option<&Source>,
        boxes: &[BoxCopy],
        to: usize,
    ) {
        let total = self.len(to);
        if let Some(fill) = fill {
            let value = self.memory.read::<T>(fill.slot, 0, 1)[0];
            self.tasks(total, total.div_ceil(ELEMENTS), &|_, task| {
                let start = task * ELEMENTS;
                self.memory.write::<T>(to, start, ELEMENTS.min(total - start)).fill(value);
            });
        }
        for (part, copy) in parts.iter().zip(boxes) {
            if !copy.sizes.contains(&0) {
                self.move_box(self.memory.read::<T>(part.slot, 0, self.len(part.slot)), copy, to);
            }
        }
    }

    /// Copies a box that is not empty. Tasks take places of the first axis, between which all other
    /// elements of the result lie.
    fn move_box<T: Pod + Sync>(&self, x: &[T], copy: &BoxCopy, to: usize) {
        let (outer, elements) = (copy.sizes[0], copy.sizes.iter().product::<usize>());
        let some = ELEMENTS.div_ceil(elements / outer);
        let last = |axis: usize| (copy.sizes[axis] - 1) * copy.to_strides[axis] as usize;
        let extent = (1..copy.sizes.len()).map(last).sum::<usize>() + 1;
        let step = copy.to_strides[0] as usize;
        assert!(outer == 1 || extent <= step, "results are written in row-major order");
        self.tasks(elements, outer.div_ceil(some), &|_, task| {
            let first = task * some;
            let count = some.min(outer - first);
            let start = copy.to + first * step;
            let y = self.memory.write::<T>(to, start, (count - 1) * step + extent);
            let from = copy.from as isize + first as isize * copy.from_strides[0];
            copy_axis(copy, (0, count), [from, 0], x, y);
        });
    }
}

/// Copies the first elements of an axis.
fn copy_axis<T: Copy>(
    copy: &BoxCopy,
    (axis, size): (usize, usize),
    [from, to]: [isize; 2],
    x: &[T],
    y: &mut [T],
) {
    let (from_step, to_step) = (copy.from_strides[axis], copy.to_strides[axis]);
    if axis + 1 < copy.sizes.len() {
        for index in 0..size as isize {
            let next = [from + index * from_step, to + index * to_step];
            copy_axis(copy, (axis + 1, copy.sizes[axis + 1]), next, x, y);
        }
        return;
    }
    if from_step == 1 && to_step == 1 {
        y[to as usize..][..size].copy_from_slice(&x[from as usize..][..size]);
        return;
    }
    for index in 0..size as isize {
        y[(to + index * to_step) as usize] = x[(from + index * from_step) as usize];
    }
}
