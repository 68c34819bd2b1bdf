use std::ops::Range;

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use rhyton_tensor::DType;

use super::product::Panel;
use super::{Run, TILE, integers};
use crate::arena::Region;
use crate::bound::BoundChain;
use crate::machine::{Argument, Code};
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
        let tile =
            |start, count| Tile { run: self, chain, leaves: &bound.leaves, panel, start, count };
        let mut begin = range.start;
        if let Some(code) = &chain.code {
            let whole = range.len() / code.lanes * code.lanes;
            begin += whole;
            // Only expanded leaves need the detour over tiles.
            let step = if code.tiles() > 0 { TILE } else { whole.max(1) };
            for start in (range.start..begin).step_by(step) {
                tile(start, step.min(begin - start)).run_code(code, registers);
            }
        }
        for start in (begin..range.end).step_by(TILE) {
            let tile = tile(start, TILE.min(range.end - start));
            for instruction in &chain.instructions {
                tile.execute(instruction, registers);
            }
        }
    }
}

/// The registers below and above those that are written.
struct Others<'a> {
    below: &'a [f32],
    above: &'a [f32],
    written: Range<usize>,
}

impl Others<'_> {
    /// The first words of a register; two registers lie behind each other.
    fn register(&self, register: usize, words: usize) -> &[f32] {
        if register < self.written.start {
            &self.below[register * TILE..][..words]
        } else {
            &self.above[(register - self.written.end) * TILE..][..words]
        }
    }
}

impl Tile<'_, '_> {
    /// Computes whole vectors by machine code.
    fn run_code(&self, code: &Code, registers: &mut [f32]) {
        for argument in &code.arguments {
            if let Argument::Expanded(tile, leaf) = *argument {
                self.load(leaf, &mut registers[tile * TILE..]);
            }
        }
        code.run(self.count, |argument| self.place(argument, registers));
    }

    /// What a pointer of machine code points to.
    fn place(&self, argument: Argument, registers: &[f32]) -> Region {
        let memory = &self.run.memory;
        match argument {
            Argument::Leaf(leaf) => {
                let slot = self.chain.leaves[leaf].source.slot;
                match self.panel {
                    Some((product, panel)) if *product == slot => {
                        let start = self.start - panel.range.start;
                        Region::shared(cast_slice(&panel.values[start..][..self.count]))
                    }
                    _ => memory.region(slot, self.start, [self.count, size_of::<f32>()]),
                }
            }
            Argument::Scalar(leaf) => {
                memory.region(self.chain.leaves[leaf].source.slot, 0, [1, size_of::<f32>()])
            }
            Argument::Expanded(tile, _) => {
                Region::shared(cast_slice(&registers[tile * TILE..][..self.count]))
            }
            Argument::Store(store) => {
                let place = &self.chain.stores[store];
                memory.region(place.slot, self.start, [self.count, place.dtype.size_bytes()])
            }
        }
    }

    fn execute(&self, instruction: &Instruction, registers: &mut [f32]) {
        match instruction {
            Instruction::Load { leaf, to } => {
                self.load(*leaf, &mut registers[to * TILE..]);
            }
            Instruction::Write { from, store } => {
                let Operand::Register(register) = from else { return };
                self.write(&registers[register * TILE..], *store);
            }
            Instruction::Compute { operation, operands, to } => match *to {
                Operand::Register(register) => {
                    let (below, rest) = registers.split_at_mut(register * TILE);
                    let width = 1 + usize::from(operation.is_wide());
                    let (target, above) = rest.split_at_mut(width * TILE);
                    let others = Others { below, above, written: register..register + width };
                    self.compute(*operation, operands, &others, &mut target[..width * self.count]);
                }
                Operand::Stored(store) => {
                    let slot = self.chain.stores[store].slot;
                    let others =
                        Others { below: registers, above: &[], written: usize::MAX..usize::MAX };
                    let memory = &self.run.memory;
                    let target = if operation.is_wide() {
                        cast_slice_mut(memory.write::<f64>(slot, self.start, self.count))
                    } else {
                        memory.write::<f32>(slot, self.start, self.count)
                    };
                    self.compute(*operation, operands, &others, target);
                }
                Operand::Leaf(_) | Operand::Scalar(_) => {}
            },
        }
    }

    /// What an instruction reads; f32 stands for all words.
    fn source<'s, T: Pod>(&self, operand: Operand, others: &'s Others<'_>) -> &'s [T]
    where
        Self: 's,
    {
        let memory = &self.run.memory;
        let slot = |leaf: usize| self.chain.leaves[leaf].source.slot;
        let words = self.count * size_of::<T>() / size_of::<f32>();
        match (operand, self.panel) {
            (Operand::Register(register), _) => cast_slice(others.register(register, words)),
            // Products are f32.
            (Operand::Leaf(leaf), Some((product, panel))) if *product == slot(leaf) => {
                cast_slice(&panel.values[self.start - panel.range.start..][..words])
            }
            (Operand::Leaf(leaf), _) => memory.read(slot(leaf), self.start, self.count),
            (Operand::Scalar(leaf), _) => memory.read(slot(leaf), 0, 1),
            (Operand::Stored(store), _) => {
                memory.read(self.chain.stores[store].slot, self.start, self.count)
            }
        }
    }

    fn compute(
        &self,
        operation: Operation,
        operands: &[Operand; 3],
        others: &Others<'_>,
        y: &mut [f32],
    ) {
        let level = self.run.level;
        let word = |place: usize| self.source::<f32>(operands[place], others);
        let bits = |place: usize| cast_slice::<f32, u32>(word(place));
        let wide = |place: usize| self.source::<f64>(operands[place], others);
        match operation {
            Operation::Unary(function) => level.unary(function, word(0), y),
            Operation::Binary(function) => level.binary(function, word(0), word(1), y),
            Operation::Compare(comparison) => level.compare(comparison, word(0), word(1), y),
            Operation::Select => level.select(word(0), word(1), word(2), y),
            Operation::UnaryByWide(function) => level.unary_by_wide(function, word(0), y),
            Operation::BinaryByWide(function) => {
                level.binary_by_wide(function, word(0), word(1), y);
            }
            Operation::IntegerUnary(function, dtype) => {
                integers::unary(function, dtype, bits(0), cast_slice_mut(y));
            }
            Operation::Integer(function, dtype) => {
                integers::binary(function, dtype, [bits(0), bits(1)], cast_slice_mut(y));
            }
            Operation::IntegerCompare(comparison, dtype) => {
                integers::compare(comparison, dtype, [bits(0), bits(1)], cast_slice_mut(y));
            }
            Operation::Convert(from, to) => {
                integers::convert(from, to, bits(0), cast_slice_mut(y));
            }
            Operation::WideUnary(function) => {
                level.wide_unary(function, wide(0), cast_slice_mut(y));
            }
            Operation::WideBinary(function) => {
                level.wide_binary(function, wide(0), wide(1), cast_slice_mut(y));
            }
            Operation::WideCompare(comparison) => {
                level.wide_compare(comparison, wide(0), wide(1), cast_slice_mut(y));
            }
            Operation::WideSelect => {
                level.wide_select(bits(0), wide(1), wide(2), cast_slice_mut(y));
            }
            Operation::Widen(from) => level.words_to_wide(from, bits(0), cast_slice_mut(y)),
            Operation::Narrow(to) => level.wide_to_words(to, wide(0), cast_slice_mut(y)),
        }
    }

    /// A tile of a leaf, to a register.
    fn load(&self, leaf: usize, register: &mut [f32]) {
        match self.chain.leaves[leaf].source.dtype {
            DType::F64 => {
                self.gathered::<f64>(leaf, cast_slice_mut(&mut register[..2 * self.count]));
            }
            DType::Bool | DType::U8 => {
                let slot = self.chain.leaves[leaf].source.slot;
                let Some(view) = &self.leaves[leaf] else { return };
                let bytes = self.run.memory.read::<u8>(slot, 0, self.run.len(slot));
                let words: &mut [u32] = cast_slice_mut(&mut register[..self.count]);
                gather(view, bytes, self.start, words, |&byte| u32::from(byte));
            }
            _ => self.gathered::<f32>(leaf, &mut register[..self.count]),
        }
    }

    fn gathered<T: Pod>(&self, leaf: usize, to: &mut [T]) {
        let place = &self.chain.leaves[leaf];
        let (memory, slot) = (&self.run.memory, place.source.slot);
        if place.kind == LeafKind::Scalar {
            to.fill(memory.read::<T>(slot, 0, 1)[0]);
            return;
        }
        let Some(view) = &self.leaves[leaf] else { return };
        gather(view, memory.read::<T>(slot, 0, self.run.len(slot)), self.start, to, |&value| value);
    }

    /// A register to a store's memory.
    fn write(&self, from: &[f32], store: usize) {
        let place = &self.chain.stores[store];
        let memory = &self.run.memory;
        if place.dtype == DType::F64 {
            let wide = memory.write::<f64>(place.slot, self.start, self.count);
            wide.copy_from_slice(cast_slice(&from[..2 * self.count]));
            return;
        }
        let from = &from[..self.count];
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
