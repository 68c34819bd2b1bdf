//! The order in which Keras lists the steps of a functional model: by depth, then by the order of
//! its walk from the outputs. Group names of weights count along it.
//!
//! Source: Keras 3.15 `keras/src/ops/function.py`, `map_graph`.

use std::collections::BTreeMap;

use crate::models::{Network, Slot, StepAction};

/// What steps call: one entry for each input, operation, and layer (at all its calls).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Callee {
    Layer(usize),
    /// An input or operation, by its step.
    Step(usize),
}

/// The callee of a step.
pub(crate) fn callee(network: &Network, step: usize) -> Callee {
    match &network.steps[step].action {
        StepAction::Layer { layer, .. } => Callee::Layer(*layer),
        _ => Callee::Step(step),
    }
}

/// All callees in Keras' order.
pub(crate) fn callees(network: &Network) -> Vec<Callee> {
    let mut walk = Walk {
        network,
        finished: vec![false; network.steps.len()],
        steps: Vec::new(),
        seen: Vec::new(),
    };
    for &output in &network.outputs {
        walk.visit(output);
    }
    let mut step_depths = vec![0_usize; network.steps.len()];
    let mut depths: BTreeMap<Callee, usize> = BTreeMap::new();
    for &step in walk.steps.iter().rev() {
        let callee = callee(network, step);
        let depth = step_depths[step].max(depths.get(&callee).copied().unwrap_or(0));
        depths.insert(callee, depth);
        step_depths[step] = depth;
        for slot in network.steps[step].action.reads() {
            step_depths[slot.step] = step_depths[slot.step].max(depth + 1);
        }
    }
    let mut order = walk.seen;
    for &input in &network.inputs {
        if !order.contains(&Callee::Step(input)) {
            order.insert(0, Callee::Step(input));
            depths.insert(Callee::Step(input), 0);
        }
    }
    order.sort_by_key(|callee| std::cmp::Reverse(depths[callee]));
    order
}

struct Walk<'a> {
    network: &'a Network,
    finished: Vec<bool>,
    /// Steps in decreasing depth: each after all it reads.
    steps: Vec<usize>,
    /// Callees in the order in which the walk meets them.
    seen: Vec<Callee>,
}

impl Walk<'_> {
    /// Without recursion: a file may hold a chain of any length.
    fn visit(&mut self, output: Slot) {
        let mut open = vec![(output.step, 0)];
        while let Some((step, next)) = open.pop() {
            if next == 0 {
                if self.finished[step] {
                    continue;
                }
                let callee = callee(self.network, step);
                if !self.seen.contains(&callee) {
                    self.seen.push(callee);
                }
            }
            if let Some(slot) = self.network.steps[step].action.reads().get(next) {
                open.push((step, next + 1));
                if !self.finished[slot.step] {
                    open.push((slot.step, 0));
                }
            } else {
                self.finished[step] = true;
                self.steps.push(step);
            }
        }
    }
}
