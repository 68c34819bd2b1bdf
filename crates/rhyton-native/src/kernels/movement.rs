use bytemuck::Pod;

use super::Run;
use crate::bound::BoxCopy;
use crate::plan::program::Source;

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

    fn move_as<T: Pod>(
        &self,
        parts: &[Source],
        fill: Option<&Source>,
        boxes: &[BoxCopy],
        to: usize,
    ) {
        let y = self.memory.write::<T>(to, 0, self.len(to));
        if let Some(fill) = fill {
            y.fill(self.memory.read::<T>(fill.slot, 0, 1)[0]);
        }
        for (part, copy) in parts.iter().zip(boxes) {
            let x = self.memory.read::<T>(part.slot, 0, self.len(part.slot));
            if !copy.sizes.contains(&0) {
                let (from, to) = (copy.from as isize, copy.to as isize);
                copy_axis(copy, 0, [from, to], x, y);
            }
        }
    }
}

fn copy_axis<T: Copy>(copy: &BoxCopy, axis: usize, [from, to]: [isize; 2], x: &[T], y: &mut [T]) {
    let (size, from_step, to_step) =
        (copy.sizes[axis], copy.from_strides[axis], copy.to_strides[axis]);
    if axis + 1 < copy.sizes.len() {
        for index in 0..size as isize {
            let next = [from + index * from_step, to + index * to_step];
            copy_axis(copy, axis + 1, next, x, y);
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
