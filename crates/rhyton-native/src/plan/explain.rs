use std::fmt::Write;
use std::time::Duration;

use rhyton_graph::{Dim, Shape, StepProfile};

use super::program::{Instruction, LeafKind, Source};
use super::{Kernel, Place, Plan, Step};
use crate::bound::{Bound, BoundForm, BoundProduct, BoundSquares, BoundStep, Matrices};
use crate::gemm::{Sliding, TAPS};
use crate::machine::Code;

/// What a product multiplies.
fn form(product: &BoundProduct) -> String {
    match &product.form {
        BoundForm::Matrices(Matrices { batches, sizes, .. }) => {
            format!("product {batches}x[{}, {}, {}]", sizes.rows, sizes.depth, sizes.columns)
        }
        BoundForm::Windows(bound) if bound.backward => {
            let walks: Vec<String> = bound.walks.iter().map(windows).collect();
            format!("input gradient of {}", walks.join(", "))
        }
        BoundForm::Windows(bound) => windows(&bound.walks[0]),
        BoundForm::Squares(BoundSquares { winograd, backward }) => {
            let what =
                if *backward { "input gradient of squares" } else { "convolution of squares" };
            format!("{what} [{} lines, {}, {}]", winograd.lines(), winograd.depth, winograd.columns)
        }
    }
}

/// Rows of windows times weights, of every group.
fn windows(sliding: &Sliding) -> String {
    let Sliding { groups, depth, columns, .. } = sliding;
    let (rows, taps) = (sliding.rows(), sliding.taps.len());
    if sliding.is_depthwise() {
        return format!("depthwise convolution [{rows}, {taps} taps, {groups}]");
    }
    format!("convolution {groups}x[{rows}, {taps} taps of {depth}, {columns}]")
}

/// Multiplications and additions of a product; of squares those that they save counted too.
fn operations(product: &BoundProduct) -> f64 {
    match &product.form {
        BoundForm::Matrices(Matrices { batches, sizes, .. }) => {
            2.0 * [*batches, sizes.rows, sizes.depth, sizes.columns]
                .map(|n| n as f64)
                .iter()
                .product::<f64>()
        }
        BoundForm::Windows(bound) if bound.backward => bound.walks.iter().map(of_windows).sum(),
        BoundForm::Windows(bound) => of_windows(&bound.walks[0]),
        BoundForm::Squares(BoundSquares { winograd, .. }) => {
            let rows = winograd.rows(0..winograd.lines()).len();
            let sizes = [rows, TAPS, winograd.depth, winograd.columns];
            2.0 * sizes.map(|n| n as f64).iter().product::<f64>()
        }
    }
}

fn of_windows(sliding: &Sliding) -> f64 {
    let Sliding { groups, depth, columns, .. } = sliding;
    let sizes = [sliding.rows(), sliding.taps.len(), *groups, *depth, *columns];
    2.0 * sizes.map(|n| n as f64).iter().product::<f64>()
}

/// A place's short name: `in0`, `const3`, `var2`, `out1`, `tmp7`.
fn name(plan: &Plan, slot: usize) -> String {
    match &plan.slots[slot].place {
        Place::Input(place) => format!("in{place}"),
        Place::Constant(_) => format!("const{slot}"),
        Place::Variable(id) => format!("var{}", id.0),
        Place::Output(place) => format!("out{place}"),
        Place::Temporary => format!("tmp{slot}"),
    }
}

impl Plan {
    /// One line for each step: kernel, shapes, places read and written, bytes moved at the bound
    /// batch size, layer; steps that run their reference evaluation are marked.
    pub(crate) fn explain(&self, bound: &Bound) -> String {
        let mut text = String::new();
        let size = |slot: usize| {
            let spec = &self.slots[slot].spec;
            spec.shape.volume(bound.batch) * spec.dtype.size_bytes()
        };
        for (place, (step, numbers)) in self.steps.iter().zip(&bound.steps).enumerate() {
            let names = |slots: Vec<usize>| {
                let mut slots = slots;
                slots.sort_unstable();
                slots.dedup();
                slots.iter().map(|&slot| name(self, slot)).collect::<Vec<_>>().join(" ")
            };
            let (reads, writes) = (step.kernel.reads(), step.kernel.writes());
            let bytes: usize = reads.iter().chain(&writes).map(|&slot| size(slot)).sum();
            let what = self.describe(step, numbers);
            let (reads, writes) = (names(reads), names(writes));
            let path =
                if step.path.is_empty() { String::new() } else { format!("  ({})", step.path) };
            // Writing to a string can't fail.
            let _ = writeln!(text, "{place:3} {what}: {reads} -> {writes}, {bytes} B{path}");
        }
        let _ = writeln!(
            text,
            "N = {}: {} steps, arena {} B, working memory {} B a thread",
            bound.batch,
            self.steps.len(),
            bound.arena_bytes,
            bound.scratch_bytes
        );
        text
    }

    /// What every step took, from their times.
    pub(crate) fn profile(&self, bound: &Bound, times: &[Duration]) -> Vec<StepProfile> {
        let live = self.live_bytes(bound);
        let numbers = self.steps.iter().zip(&bound.steps).zip(times).zip(live);
        let profiled = numbers.map(|(((step, numbers), time), live_bytes)| StepProfile {
            kernel: self.describe(step, numbers),
            path: step.path.to_string(),
            seconds: time.as_secs_f64(),
            operations: Self::operations_of(step, numbers, bound.batch),
            bytes: self.moved_bytes(step, bound.batch),
            live_bytes,
        });
        profiled.collect()
    }

    /// Bytes of the values that a step reads and writes, each once.
    fn moved_bytes(&self, step: &Step, batch: usize) -> usize {
        let mut slots = step.kernel.reads();
        slots.extend(step.kernel.writes());
        slots.sort_unstable();
        slots.dedup();
        let size = |slot: usize| {
            let spec = &self.slots[slot].spec;
            spec.shape.volume(batch) * spec.dtype.size_bytes()
        };
        slots.into_iter().map(size).sum()
    }

    fn operations_of(step: &Step, numbers: &BoundStep, batch: usize) -> f64 {
        let volume = |source: &Source| source.shape.volume(batch) as f64;
        match (&step.kernel, numbers) {
            (Kernel::Chain(chain), BoundStep::Chain(numbers)) => {
                let is_load = |i: &&Instruction| matches!(i, Instruction::Load { .. });
                let loads = chain.instructions.iter().filter(is_load).count();
                let functions = (chain.instructions.len() - loads) as f64;
                numbers.product.as_ref().map_or(0.0, operations) + functions * numbers.total as f64
            }
            (Kernel::Product(_), BoundStep::Product(product)) => operations(product),
            (Kernel::WeightGradient { .. }, BoundStep::KernelGradient(gradient)) => {
                of_windows(&gradient.sliding)
            }
            (Kernel::Reduce { from, .. } | Kernel::ArgReduce { from, .. }, _) => volume(from),
            (Kernel::WindowReduce { from, .. }, _) => volume(from),
            _ => 0.0,
        }
    }

    /// For each step the bytes of temporaries that some step before or at it writes and some step at or
    /// after it uses.
    fn live_bytes(&self, bound: &Bound) -> Vec<usize> {
        let mut life = vec![None; self.slots.len()];
        for (place, step) in self.steps.iter().enumerate() {
            for slot in step.kernel.reads().into_iter().chain(step.kernel.writes()) {
                let (first, _) = life[slot].unwrap_or((place, place));
                life[slot] = Some((first, place));
            }
        }
        let mut live = vec![0; self.steps.len()];
        for (slot, life) in life.into_iter().enumerate() {
            let (Some((first, last)), Place::Temporary) = (life, &self.slots[slot].place) else {
                continue;
            };
            for bytes in &mut live[first..=last] {
                *bytes += bound.slots[slot].1;
            }
        }
        live
    }

    fn describe(&self, step: &Step, numbers: &BoundStep) -> String {
        let shape = |source: &Source| format!("{}{}", source.dtype, source.shape);
        match (&step.kernel, numbers) {
            (Kernel::Chain(chain), BoundStep::Chain(numbers)) => {
                let is_load = |i: &&Instruction| matches!(i, Instruction::Load { .. });
                let loads = chain.instructions.iter().filter(is_load).count();
                let spread =
                    chain.leaves.iter().filter(|leaf| leaf.kind == LeafKind::Expanded).count();
                let product = numbers.product.as_ref();
                let product =
                    product.map_or(String::new(), |product| format!("{} then ", form(product)));
                let nodes: Vec<&str> =
                    step.nodes.iter().map(|&node| self.graph.node(node).primitive.name()).collect();
                let code = chain.code.as_ref().map_or(String::new(), |code| {
                    let Code { instructions, bytes, .. } = code;
                    format!("; machine code, {instructions} instructions, {bytes} bytes")
                });
                format!(
                    "{product}chain {} of {} ({loads} loads, {spread} spread{code})",
                    chain.shape,
                    nodes.join(" ")
                )
            }
            (Kernel::Product(_), BoundStep::Product(product)) => form(product),
            (Kernel::WeightGradient { .. }, BoundStep::KernelGradient(gradient)) => {
                let what = windows(&gradient.sliding);
                format!("kernel gradient of {what}, {} chunks", gradient.chunks)
            }
            (Kernel::WindowReduce { reduction, window, from, .. }, _) => {
                format!("{reduction:?} of windows {:?} over {}", window.size, shape(from))
            }
            (Kernel::MaxWindowGradient { window, operands, .. }, _) => {
                let x = shape(&operands[0]);
                format!("gradient of maxima of windows {:?} over {x}", window.size)
            }
            (Kernel::Reduce { reduce, from, .. }, _) => {
                format!("{:?} over {:?} of {}", reduce.reduction, reduce.axes, shape(from))
            }
            (Kernel::ArgReduce { reduce, from, .. }, _) => {
                format!(
                    "position of {:?} along {} of {}",
                    reduce.reduction,
                    reduce.axis,
                    shape(from)
                )
            }
            (Kernel::Copy { from, .. }, _) => format!("copy of {}", shape(from)),
            (Kernel::Move { node, .. }, _) => {
                let node = self.graph.node(*node);
                format!("{} to {}", node.primitive.name(), node.spec)
            }
            (Kernel::RandomBits { counter, length, .. }, _) => {
                format!(
                    "random_bits to {}",
                    Shape::from(vec![counter.shape[0], Dim::fixed(*length)])
                )
            }
            (Kernel::Iota { shape, axis, .. }, _) => format!("iota {shape} along {axis}"),
            (Kernel::Dimension { shape, axis, .. }, _) => format!("dimension {axis} of {shape}"),
            (Kernel::Reference { node, .. }, _) => {
                let node = self.graph.node(*node);
                format!("REFERENCE {} to {}", node.primitive.name(), node.spec)
            }
            _ => String::new(),
        }
    }
}
