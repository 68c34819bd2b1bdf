//! All inputs, or a share of them, through the engine and against the truth.

use std::sync::atomic::{AtomicU32, Ordering};

use rhyton_graph::Result;
use rhyton_tensor::{Array, DType};

use crate::engine::Paths;
use crate::errors::{SLOPES, VALUES, Worst};
use crate::kernels::{Kernel, scrambled};
use crate::truth::{self, BLOCK, BLOCK_LOG2};

/// Blocks that run through the engine together.
const TOGETHER: usize = 32;
const BLOCKS_LOG2: u32 = 32 - BLOCK_LOG2;

/// What was found of one kernel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row {
    /// Value and slope, then both computed in f64 and rounded once.
    pub(crate) worst: [Worst; 4],
    /// Results whose bits are not the same on all sets of instructions.
    pub(crate) differing: u64,
}

impl Row {
    fn join(mut self, other: &Self) -> Self {
        for (worst, other) in self.worst.iter_mut().zip(other.worst) {
            *worst = worst.max(other);
        }
        self.differing += other.differing;
        self
    }
}

/// Measures a kernel at `1 << log2_inputs` inputs, whole blocks that are spread over all f32.
///
/// # Errors
/// What the engine refuses.
pub(crate) fn measure(kernel: &Kernel, log2_inputs: u32) -> Result<Row> {
    let log2_inputs = log2_inputs.min(kernel.log2_inputs_max());
    let next = AtomicU32::new(0);
    let rows = on_all_cores(|| sweep(kernel, log2_inputs, &next))?;
    Ok(rows.iter().fold(Row::default(), Row::join))
}

/// What the work gives on each core.
///
/// # Errors
/// The first that fails.
pub(crate) fn on_all_cores<T: Send>(work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    })
}

/// The first input of block `place` of `1 << log2_blocks`.
fn block(place: u32, log2_blocks: u32) -> u32 {
    let width = BLOCKS_LOG2 - log2_blocks;
    let offset = if place.is_multiple_of(4) {
        0
    } else {
        ((u64::from(scrambled(place)) << width) >> 32) as u32
    };
    (place << width | offset) << BLOCK_LOG2
}

/// What one thread works with.
struct Worker<'a> {
    kernel: &'a Kernel,
    /// As it is, and computed in f64 and rounded once.
    programs: [Paths; 2],
    x: Array,
    row: Row,
}

fn sweep(kernel: &Kernel, log2_inputs: u32, next: &AtomicU32) -> Result<Row> {
    let log2_blocks = log2_inputs - BLOCK_LOG2;
    let mut worker = Worker {
        kernel,
        programs: [Paths::new(&kernel.graph(false)?)?, Paths::new(&kernel.graph(true)?)?],
        x: Array::zeros(DType::F32, &[TOGETHER * BLOCK]),
        row: Row::default(),
    };
    loop {
        let first = next.fetch_add(TOGETHER as u32, Ordering::Relaxed);
        if first >= 1 << log2_blocks {
            return Ok(worker.row);
        }
        worker.meet(&std::array::from_fn(|place| block(first + place as u32, log2_blocks)))?;
    }
}

impl Worker<'_> {
    /// Runs the blocks that begin with these inputs.
    fn meet(&mut self, starts: &[u32; TOGETHER]) -> Result<()> {
        for (start, x) in starts.iter().zip(self.x.view_mut::<f32>().chunks_exact_mut(BLOCK)) {
            x.iter_mut().zip(*start..).for_each(|(x, bits)| *x = f32::from_bits(bits));
        }
        let [fast, exact] = &mut self.programs;
        let (fast, fast_differing) = fast.run(&[&self.x])?;
        let (exact, exact_differing) =
            if self.kernel.is_wide() { (fast, 0) } else { exact.run(&[&self.x])? };
        self.row.differing += fast_differing + exact_differing;
        let functions = [(Some(self.kernel.value), VALUES), (self.kernel.slope, SLOPES)];
        for (output, (function, scale)) in functions.into_iter().enumerate() {
            let Some(function) = function else { continue };
            let other = match output.checked_sub(usize::from(self.kernel.has_wide_value())) {
                Some(place) if !self.kernel.is_wide() => &exact[place],
                _ => &fast[output],
            };
            let results = [&fast[output], other].map(Array::view::<f32>);
            for (place, start) in starts.iter().enumerate() {
                let truth = truth::on_block(function, *start);
                let blocks = results.map(|results| &results[place * BLOCK..][..BLOCK]);
                let [fast, exact] = blocks;
                let truth = (&truth, function);
                let found = self.row.worst[output].meet(*start, fast, truth, scale);
                let worst = &mut self.row.worst[output + 2];
                match found.filter(|_| fast == exact) {
                    Some(found) => *worst = worst.max(found),
                    None => drop(worst.meet(*start, exact, truth, scale)),
                }
            }
        }
        Ok(())
    }
}
