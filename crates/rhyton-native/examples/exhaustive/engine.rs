//! One program on every set of instructions.

use std::sync::Arc;

use rhyton_graph::{Backend as _, Executable, Graph, Result, RunOptions};
use rhyton_native::NativeBackend;
use rhyton_tensor::Array;

use crate::errors::is_same;

/// A program on one set of instructions after the other, the best last.
pub(crate) struct Paths {
    executables: Vec<Arc<dyn Executable>>,
    outputs: [Vec<Array>; 2],
}

impl Paths {
    /// Compiles the program for every set of instructions that this machine has.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) fn new(graph: &Graph) -> Result<Self> {
        let compile =
            |device: &&str| NativeBackend.session(Some(device), [].into())?.compile(graph);
        let sets = NativeBackend.instruction_sets();
        let executables = sets.iter().rev().map(compile).collect::<Result<_>>()?;
        Ok(Self { executables, outputs: Default::default() })
    }

    /// Runs the program everywhere: its results, and how many inputs have other bits somewhere.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) fn run(&mut self, inputs: &[&Array]) -> Result<(&[Array], u64)> {
        let options = RunOptions { threads: 1, cancel: None };
        let [best, other] = &mut self.outputs;
        let mut differing = 0;
        for (place, executable) in self.executables.iter().enumerate() {
            executable.run(inputs, if place == 0 { &mut *best } else { &mut *other }, &options)?;
            if place > 0 {
                differing +=
                    best.iter().zip(&*other).map(|(a, b)| count_differing(a, b)).sum::<u64>();
            }
        }
        Ok((best, differing))
    }
}

fn count_differing(a: &Array, b: &Array) -> u64 {
    let (a, b) = (a.view::<f32>(), b.view::<f32>());
    if bytemuck::cast_slice::<f32, u8>(a) == bytemuck::cast_slice::<f32, u8>(b) {
        return 0;
    }
    a.iter().zip(b).filter(|(a, b)| !is_same(**a, **b)).count() as u64
}
