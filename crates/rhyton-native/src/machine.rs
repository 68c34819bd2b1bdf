//! Machine code of x86-64 for elementwise chains: one loop over their elements instead of one loop
//! for each instruction, with intermediate values in registers.
//!
//! A chain is recorded (`record`) as a block of vector operations (`block`), which gets registers
//! (`registers`), instructions (`emit`), bytes (`encode`) and executable memory (`memory`). Every
//! operation is the one that the interpreter carries out, so both give the same bits, which tests
//! hold them to; the interpreter runs what has no machine code, on every machine.

use std::io;
use std::sync::Arc;

mod block;
mod emit;
mod encode;
mod memory;
mod record;
mod registers;
#[cfg(test)]
mod tests;

pub(crate) use block::Argument;
use emit::emit;
use encode::Width;
pub(crate) use memory::Pages;
use memory::{ARGUMENTS_MAX, Function};

use crate::arena::Region;
use crate::plan::program::Chain;
use crate::simd::Level;

/// A chain's machine code.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    function: Function,
    /// What the pointers point to.
    pub(crate) arguments: Vec<Argument>,
    /// Elements come in vectors of so many.
    pub(crate) lanes: usize,
    /// Vector instructions of one round.
    pub(crate) instructions: usize,
    pub(crate) bytes: usize,
}

impl Code {
    /// Computes so many elements, whole vectors, with a place for each argument.
    pub(crate) fn run(&self, elements: usize, place: impl Fn(Argument) -> Region) {
        debug_assert_eq!(elements % self.lanes, 0, "elements come in whole vectors");
        let places = self.arguments.iter().map(|&argument| place(argument));
        self.function.call(places, elements);
    }

    /// Tiles that expanded leaves need.
    pub(crate) fn tiles(&self) -> usize {
        let expanded = |argument: &&Argument| matches!(argument, Argument::Expanded(..));
        self.arguments.iter().filter(expanded).count()
    }
}

fn width(level: Level) -> Option<Width> {
    match level.lanes() {
        8 => Some(Width::Ymm),
        16 => Some(Width::Zmm),
        _ => None,
    }
}

/// Gives chains their machine code, where they can have it and the system lets code be made.
pub(crate) fn assemble<'a>(
    chains: impl Iterator<Item = &'a mut Chain>,
    level: Level,
    pages: impl FnOnce(&[u8]) -> io::Result<Pages>,
) {
    let Some(width) = width(level) else { return };
    let mut bytes = Vec::new();
    let mut made = Vec::new();
    for chain in chains {
        let Some(block) = record::record(chain, width) else { continue };
        if block.arguments.len() > ARGUMENTS_MAX {
            continue;
        }
        let emitted = emit(&block);
        let start = bytes.len();
        bytes.extend(&emitted.bytes);
        bytes.resize(bytes.len().next_multiple_of(64), 0);
        made.push((chain, block, start + emitted.entry, emitted));
    }
    if made.is_empty() {
        return;
    }
    // Without executable memory the interpreter runs.
    let Ok(pages) = pages(&bytes) else { return };
    let pages = Arc::new(pages);
    for (chain, block, entry, emitted) in made {
        let size = |(place, argument): (usize, &Argument)| match argument {
            Argument::Scalar(_) => (0, false),
            Argument::Leaf(_) | Argument::Expanded(..) => (size_of::<f32>(), false),
            Argument::Store(_) => (if block.bytes[place] { 1 } else { size_of::<f32>() }, true),
        };
        let arguments = block.arguments.iter().enumerate().map(size).collect();
        let function = Function { pages: Arc::clone(&pages), entry, arguments };
        chain.code = Some(Code {
            function,
            arguments: block.arguments,
            lanes: width.lanes(),
            instructions: emitted.instructions,
            bytes: emitted.bytes.len(),
        });
    }
}
