//! The order in which Keras lists the steps of a functional model: by depth, then by the order of
//! its walk from the outputs. Group names of weights count along it.
//!
//! Source: Keras 3.15 `keras/src/ops/function.py`, `map_graph`.

use std::collections::{BTreeMap, BTreeSet};

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

/// The calls of all callees.
pub(crate) struct Calls {
    /// For each step, which call of its callee it is.
    pub(crate) numbers: Vec<usize>,
    steps: BTreeMap<Callee, Vec<usize>>,
}

impl Calls {
    pub(crate) fn of(network: &Network) -> Self {
        let mut calls = Self { numbers: Vec::new(), steps: BTreeMap::new() };
        for step in 0..network.steps.len() {
            let steps = calls.steps.entry(callee(network, step)).or_default();
            calls.numbers.push(steps.len());
            steps.push(step);
        }
        calls
    }

    /// The steps that call a callee, in order.
    pub(crate) fn steps(&self, callee: Callee) -> &[usize] {
        self.steps.get(&callee).map_or(&[], Vec::as_slice)
    }
}

/// All callees in Keras' order.
pub(crate) fn callees(network: &Network) -> Vec<Callee> {
    let mut walk = Walk {
        network,
        finished: vec![false; network.steps.len()],
        steps: Vec::new(),
        seen: BTreeSet::new(),
        order: Vec::new(),
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
    let mut order: Vec<Callee> = Vec::new();
    for &input in network.inputs.iter().rev() {
        if walk.seen.insert(Callee::Step(input)) {
            order.push(Callee::Step(input));
            depths.insert(Callee::Step(input), 0);
        }
    }
    order.extend(walk.order);
    order.sort_by_key(|callee| std::cmp::Reverse(depths[callee]));
    order
}

struct Walk<'a> {
    network: &'a Network,
    finished: Vec<bool>,
    /// Steps in decreasing depth: each after all it reads.
    steps: Vec<usize>,
    seen: BTreeSet<Callee>,
    /// Callees in the order in which the walk meets them.
    order: Vec<Callee>,
}

impl Walk<'_> {
    /// Without recursion: a file may hold a chain of any length.
    fn visit(&mut self, output: Slot) {
        let mut open = vec![(output.step, None)];
        while let Some((step, rest)) = open.pop() {
            let mut rest = match rest {
                Some(rest) => rest,
                None if self.finished[step] => continue,
                None => {
                    let callee = callee(self.network, step);
                    if self.seen.insert(callee) {
                        self.order.push(callee);
                    }
                    self.network.steps[step].action.reads().into_iter()
                }
            };
            if let Some(slot) = rest.next() {
                open.push((step, Some(rest)));
                if !self.finished[slot.step] {
                    open.push((slot.step, None));
                }
            } else if !std::mem::replace(&mut self.finished[step], true) {
                self.steps.push(step);
            }
        }
    }
}
