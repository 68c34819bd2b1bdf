use std::ops::Range;

use bytemuck::{cast_slice, cast_slice_mut};
use rhyton_tensor::DType;

use super::product::Panel;
use super::{Run, TILE, integers};
use crate::bound::BoundChain;
use crate::plan::elementwise::Operation;
use crate::plan::program::{Chain, Instruction, LeafKind, Operand};
use crate::plan::views::Strided;

/// One tile of one task: which elements, and what the instructions work on.
struct Tile<'a, 'r> {
    run: &'a Run<'r>,
    chain: &'a Chain,
    leaves: &'a [Option<Strided>],
    /// The product's result under its slot, if the chain follows a product.
    panel: Option<&'a (usize, Panel<'a>)>,
    start: usize,
    count: usize,
}

impl Run<'_> {
    /// Runs a chain, behind its product if it has one.
    pub(super) fn chain(&self, chain: &Chain, bound: &BoundChain) {
        if let (Some(product), Some(numbers)) = (&chain.product, &bound.product) {
            self.product(product, numbers, &|panel, registers| {
                let range = panel.range.clone();
                self.sweep(chain, bound, (range, Some((product.to, panel))), registers);
            });
            return;
        }
        let tasks = bound.total.div_ceil(bound.task);
        let work = bound.total * chain.instructions.len();
        self.tasks(work, tasks, &|participant, task| {
            let start = task * bound.task;
            let range = start..bound.total.min(start + bound.task);
            self.sweep(chain, bound, (range, None), self.scratch.part(participant));
        });
    }

    /// Computes the chain's elements of a range, tile by tile.
    fn sweep(
        &self,
        chain: &Chain,
        bound: &BoundChain,
        (range, panel): (Range<usize>, Option<(usize, Panel<'_>)>),
        registers: &mut [f32],
    ) {
        let panel = panel.as_ref();
        for start in range.clone().step_by(TILE) {
            let count = TILE.min(range.end - start);
            let tile = Tile { run: self, chain, leaves: &bound.leaves, panel, start, count };
            for instruction in &chain.instructions {
                tile.execute(instruction, registers);
            }
        }
    }
}

/// The registers below and above the one that is written.
struct Others<'a> {
    below: &'a [f32],
    above: &'a [f32],
    written: usize,
}

impl Others<'_> {
    fn register(&self, register: usize, count: usize) -> &[f32] {
        if register < self.written {
            &self.below[register * TILE..][..count]
        } else {
            &self.above[(register - self.written - 1) * TILE..][..count]
        }
    }
}

impl Tile<'_, '_> {
    fn execute(&self, instruction: &Instruction, registers: &mut [f32]) {
        match instruction {
            Instruction::Load { leaf, to } => {
                self.load(*leaf, &mut registers[to * TILE..][..self.count]);
            }
            Instruction::Write { from, store } => {
                let Operand::Register(register) = from else { return };
                self.write(&registers[register * TILE..][..self.count], *store);
            }
            Instruction::Compute { operation, operands, to } => match *to {
                Operand::Register(register) => {
                    let (below, rest) = registers.split_at_mut(register * TILE);
                    let (target, above) = rest.split_at_mut(TILE);
                    let others = Others { below, above, written: register };
                    self.compute(operation, operands, &others, &mut target[..self.count]);
                }
                Operand::Stored(store) => {
                    let slot = self.chain.stores[store].slot;
                    let target = self.run.memory.write::<f32>(slot, self.start, self.count);
                    let others = Others { below: registers, above: &[], written: usize::MAX };
                    self.compute(operation, operands, &others, target);
                }
                Operand::Leaf(_) | Operand::Scalar(_) => {}
            },
        }
    }

    fn source<'s>(&self, operand: Operand, others: &'s Others<'_>) -> &'s [f32]
    where
        Self: 's,
    {
        let memory = &self.run.memory;
        match operand {
            Operand::Register(register) => others.register(register, self.count),
            Operand::Leaf(leaf) => {
                let slot = self.chain.leaves[leaf].source.slot;
                match self.panel {
                    Some((product, panel)) if *product == slot => {
                        &panel.values[self.start - panel.range.start..][..self.count]
                    }
                    _ => memory.read(slot, self.start, self.count),
                }
            }
            Operand::Scalar(leaf) => memory.read(self.chain.leaves[leaf].source.slot, 0, 1),
            Operand::Stored(store) => {
                memory.read(self.chain.stores[store].slot, self.start, self.count)
            }
        }
    }

    fn compute(
        &self,
        operation: &Operation,
        operands: &[Operand; 3],
        others: &Others<'_>,
        y: &mut [f32],
    ) {
        let level = self.run.level;
        let [a, b, c] = operands.map(|operand| self.source(operand, others));
        match *operation {
            Operation::Unary(function) => level.unary(function, a, y),
            Operation::Binary(function) => level.binary(function, a, b, y),
            Operation::Compare(comparison) => level.compare(comparison, a, b, y),
            Operation::Select => level.select(a, b, c, y),
            Operation::UnaryExact(function) => {
                y.iter_mut().zip(a).for_each(|(y, &a)| *y = function(f64::from(a)) as f32);
            }
            Operation::BinaryExact(function) => {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = function(f64::from(a), f64::from(b)) as f32;
                }
            }
            Operation::IntegerUnary(function, dtype) => {
                integers::unary(function, dtype, cast_slice(a), cast_slice_mut(y));
            }
            Operation::Integer(function, dtype) => {
                integers::binary(
                    function,
                    dtype,
                    [cast_slice(a), cast_slice(b)],
                    cast_slice_mut(y),
                );
            }
            Operation::IntegerCompare(comparison, dtype) => {
                let words = [cast_slice(a), cast_slice(b)];
                integers::compare(comparison, dtype, words, cast_slice_mut(y));
            }
            Operation::Convert(from, to) => {
                integers::convert(from, to, cast_slice(a), cast_slice_mut(y));
            }
        }
    }

    /// A tile of a leaf, as words.
    fn load(&self, leaf: usize, to: &mut [f32]) {
        let place = &self.chain.leaves[leaf];
        let (memory, slot) = (&self.run.memory, place.source.slot);
        if place.kind == LeafKind::Scalar {
            to.fill(memory.read::<f32>(slot, 0, 1)[0]);
            return;
        }
        let Some(view) = &self.leaves[leaf] else { return };
        let elements = self.run.len(slot);
        if matches!(place.source.dtype, DType::Bool | DType::U8) {
            let bytes = memory.read::<u8>(slot, 0, elements);
            let words: &mut [u32] = cast_slice_mut(to);
            gather(view, bytes, self.start, words, |&byte| u32::from(byte));
        } else {
            gather(view, memory.read::<f32>(slot, 0, elements), self.start, to, |&value| value);
        }
    }

    /// A register to a store's memory.
    fn write(&self, from: &[f32], store: usize) {
        let place = &self.chain.stores[store];
        let memory = &self.run.memory;
        if place.dtype == DType::Bool {
            let words: &[u32] = cast_slice(from);
            let bytes = memory.write::<u8>(place.slot, self.start, self.count);
            bytes.iter_mut().zip(words).for_each(|(byte, &word)| *byte = word as u8);
        } else {
            memory.write::<f32>(place.slot, self.start, self.count).copy_from_slice(from);
        }
    }
}

/// Elements `start..start + to.len()` of a view in row-major order.
fn gather<T: Copy, U: Copy>(
    view: &Strided,
    from: &[T],
    start: usize,
    to: &mut [U],
    convert: impl Fn(&T) -> U,
) {
    let last = view.sizes.len() - 1;
    let (inner, stride) = (view.sizes[last], view.strides[last]);
    let mut done = 0;
    let mut position = start;
    while done < to.len() {
        let (mut row, column) = (position / inner, position % inner);
        let mut offset = column * stride;
        for axis in (0..last).rev() {
            offset += row % view.sizes[axis] * view.strides[axis];
            row /= view.sizes[axis];
        }
        let count = (inner - column).min(to.len() - done);
        let part = &mut to[done..done + count];
        match stride {
            0 => part.fill(convert(&from[offset])),
            1 => part.iter_mut().zip(&from[offset..]).for_each(|(to, from)| *to = convert(from)),
            _ => {
                let line = from[offset..].iter().step_by(stride);
                part.iter_mut().zip(line).for_each(|(to, from)| *to = convert(from));
            }
        }
        done += count;
        position += count;
    }
}
