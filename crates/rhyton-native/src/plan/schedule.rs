use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rhyton_graph::{Graph, NodeId, Primitive, Spec, VariableId};
use rhyton_tensor::Array;

use super::elementwise;
use super::groups::{Groups, Unit};
use super::products;
use super::program::{self, Memory, Product};
use super::views::{View, Views};
use super::{Kernel, Step, kernel_of};

/// Where a value lies.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Input(usize),
    Constant(Arc<Array>),
    Variable(VariableId),
    Output(usize),
    /// In the arena, while it is needed.
    Temporary,
}

/// A value's memory.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) place: Place,
    pub(crate) spec: Spec,
}

/// A task of the schedule: a unit of nodes, or a copy between slots.
#[derive(Debug, Clone)]
enum Job {
    Unit(usize),
    Copy { view: View, to: usize },
}

/// A value and the variable that it becomes.
struct Assignment {
    variable: VariableId,
    view: View,
    slot: usize,
}

struct Scheduler<'a> {
    graph: &'a Graph,
    views: &'a Views,
    groups: &'a Groups,
    slots: Vec<Slot>,
    slot_of: Vec<Option<usize>>,
    jobs: Vec<Job>,
    after: Vec<Vec<usize>>,
    /// Copies at the end, from a temporary to a variable.
    commits: Vec<(View, usize)>,
}

/// Orders the units, gives every value its place and builds the kernels.
pub(crate) fn schedule(graph: &Graph, views: &Views, groups: &Groups) -> (Vec<Slot>, Vec<Step>) {
    let jobs = (0..groups.units.len()).map(Job::Unit).collect();
    let mut this = Scheduler {
        graph,
        views,
        groups,
        slots: Vec::new(),
        slot_of: vec![None; graph.nodes.len()],
        jobs,
        after: vec![Vec::new(); groups.units.len()],
        commits: Vec::new(),
    };
    this.place_leaves();
    this.place_outputs();
    this.connect();
    this.place_assigns();
    this.place_temporaries();
    let steps = this.build();
    (this.slots, steps)
}

impl Scheduler<'_> {
    fn slot(&mut self, place: Place, spec: Spec) -> usize {
        self.slots.push(Slot { place, spec });
        self.slots.len() - 1
    }

    fn place_leaves(&mut self) {
        for (id, node) in self.graph.iter() {
            let place = match &node.primitive {
                Primitive::Input(_) => {
                    let inputs = &self.graph.inputs;
                    let place = inputs.iter().position(|&input| input == id);
                    Place::Input(place.expect("every input node is listed"))
                }
                Primitive::Constant(constant) => Place::Constant(Arc::clone(&constant.array)),
                Primitive::ReadVariable(read) => {
                    // All reads of a variable are one place, so that writers see their readers.
                    if let Some(known) = self.variable_slot(read.variable) {
                        self.slot_of[id.index()] = Some(known);
                        continue;
                    }
                    Place::Variable(read.variable)
                }
                _ => continue,
            };
            self.slot_of[id.index()] = Some(self.slot(place, node.spec.clone()));
        }
    }

    /// Roots of assignments that could be computed in the variable's own memory.
    fn wants_variable(&self, root: NodeId) -> bool {
        self.graph.assigns.iter().any(|&assign| {
            let view = self.views.read(assign);
            view.root == root && view.is_dense()
        })
    }

    /// Computed outputs lie in the caller's arrays; others are copied there.
    fn place_outputs(&mut self) {
        for place in 0..self.graph.outputs.len() {
            let node = self.graph.outputs[place].1;
            let view = self.views.read(node);
            let spec = self.graph.node(node).spec.clone();
            let slot = self.slot(Place::Output(place), spec);
            let root = view.root.index();
            let computed = self.groups.unit_of[root].is_some() && self.slot_of[root].is_none();
            if computed && view.is_dense() && !self.wants_variable(view.root) {
                self.slot_of[root] = Some(slot);
            } else {
                self.jobs.push(Job::Copy { view, to: slot });
                self.after.push(Vec::new());
            }
        }
    }

    /// The nodes with memory that a job reads.
    fn reads(&self, job: usize) -> Vec<View> {
        match &self.jobs[job] {
            Job::Copy { view, .. } => vec![view.clone()],
            Job::Unit(unit) => match &self.groups.units[*unit] {
                Unit::Chain { members, product } => {
                    let nodes = members.iter().chain(product);
                    nodes.flat_map(|&node| self.reads_of(node)).collect()
                }
                Unit::Single(node) => self.reads_of(*node),
            },
        }
    }

    fn reads_of(&self, node: NodeId) -> Vec<View> {
        if self.views.moved[node.index()] {
            return vec![self.views.source(node).clone()];
        }
        let operands = elementwise::operands(self.graph, node).into_iter();
        operands.map(|operand| self.views.read(operand)).collect()
    }

    /// Jobs come after those whose results they read.
    fn connect(&mut self) {
        for job in 0..self.jobs.len() {
            for view in self.reads(job) {
                if let Some(unit) = self.groups.unit_of[view.root.index()].filter(|&u| u != job) {
                    self.after[job].push(unit);
                }
            }
        }
    }

    /// Whether `job` must come after `other` for any reason known so far.
    fn follows(&self, job: usize, other: usize) -> bool {
        let mut seen = vec![false; self.jobs.len()];
        let mut open = vec![job];
        while let Some(next) = open.pop() {
            if next == other {
                return true;
            }
            for &before in &self.after[next] {
                if !std::mem::replace(&mut seen[before], true) {
                    open.push(before);
                }
            }
        }
        false
    }

    /// Variables are updated where they lie if every other reader of the old value can come first;
    /// otherwise the new value waits in a temporary until all steps are done. A program with steps
    /// that can fail changes nothing before its last one.
    fn place_assigns(&mut self) {
        let assigns: Vec<Assignment> =
            self.graph.assigns.clone().into_iter().filter_map(|id| self.assignment(id)).collect();
        let fallible = self.graph.iter().any(|(id, _)| self.is_fallible(id));
        for Assignment { variable, view, slot } in assigns {
            let root = view.root.index();
            let free = self.slot_of[root].is_none() && !fallible;
            let writer = self.groups.unit_of[root].filter(|_| free);
            let Some(writer) = writer.filter(|&unit| self.can_write_in_place(unit, variable))
            else {
                self.commits.push((view, slot));
                continue;
            };
            for reader in self.readers(variable).into_iter().filter(|&reader| reader != writer) {
                self.after[writer].push(reader);
            }
            self.slot_of[root] = Some(slot);
        }
    }

    /// What an assignment writes; a value that no step computes in its own order is staged first.
    fn assignment(&mut self, assign: NodeId) -> Option<Assignment> {
        let Primitive::Assign(target) = &self.graph.node(assign).primitive else { return None };
        let (variable, spec) = (target.variable, target.spec.clone());
        let known = self.variable_slot(variable);
        let slot = known.unwrap_or_else(|| self.slot(Place::Variable(variable), spec.clone()));
        let view = self.views.read(assign);
        let unit = self.groups.unit_of[view.root.index()];
        if unit.is_some() && view.is_dense() {
            return Some(Assignment { variable, view, slot });
        }
        let staged = self.slot(Place::Temporary, spec);
        self.after.push(unit.into_iter().collect());
        self.jobs.push(Job::Copy { view, to: staged });
        self.slot_of[assign.index()] = Some(staged);
        let view = View { root: assign, steps: Vec::new() };
        Some(Assignment { variable, view, slot })
    }

    fn is_fallible(&self, id: NodeId) -> bool {
        let Some(unit) = self.groups.unit_of[id.index()] else { return false };
        let single = matches!(self.groups.units[unit], Unit::Single(_));
        single && !self.views.moved[id.index()] && super::is_reference(self.graph, id)
    }

    fn variable_slot(&self, variable: VariableId) -> Option<usize> {
        self.slots.iter().position(|slot| matches!(slot.place, Place::Variable(v) if v == variable))
    }

    fn reads_variable(&self, view: &View, variable: VariableId) -> bool {
        let node = &self.graph.node(view.root).primitive;
        matches!(node, Primitive::ReadVariable(read) if read.variable == variable)
    }

    fn readers(&self, variable: VariableId) -> Vec<usize> {
        let reads =
            |&job: &usize| self.reads(job).iter().any(|view| self.reads_variable(view, variable));
        (0..self.jobs.len()).filter(reads).collect()
    }

    fn can_write_in_place(&self, writer: usize, variable: VariableId) -> bool {
        let own = self.reads(writer);
        let mut own = own.iter().filter(|view| self.reads_variable(view, variable)).peekable();
        if own.peek().is_some() {
            let Job::Unit(unit) = self.jobs[writer] else { return false };
            let Unit::Chain { product, .. } = &self.groups.units[unit] else { return false };
            let in_product = product.is_some_and(|dot| {
                self.reads_of(dot).iter().any(|view| self.reads_variable(view, variable))
            });
            if in_product || !own.all(View::is_dense) {
                return false;
            }
        }
        let mut readers = self.readers(variable).into_iter();
        readers.all(|reader| reader == writer || !self.follows(reader, writer))
    }

    /// Everything that is read by another step, and is nowhere yet, lies in the arena.
    fn place_temporaries(&mut self) {
        let mut read = vec![false; self.graph.nodes.len()];
        for job in 0..self.jobs.len() {
            for view in self.reads(job) {
                let unit = self.groups.unit_of[view.root.index()];
                let inside = unit == Some(job)
                    && view.is_root()
                    && !products::is_product(self.graph, view.root);
                read[view.root.index()] |= !inside;
            }
        }
        for (view, _) in &self.commits {
            read[view.root.index()] = true;
        }
        for (id, node) in self.graph.iter() {
            let Some(unit) = self.groups.unit_of[id.index()] else { continue };
            let alone = matches!(self.groups.units[unit], Unit::Single(_))
                || products::is_product(self.graph, id);
            if self.slot_of[id.index()].is_none() && (alone || read[id.index()]) {
                let spec = node.spec.clone();
                self.slot_of[id.index()] = Some(self.slot(Place::Temporary, spec));
            }
        }
    }

    /// The jobs in an order that respects all constraints; early in the graph comes first.
    fn order(&self) -> Vec<usize> {
        let key = |job: usize| match &self.jobs[job] {
            Job::Unit(unit) => self.groups.order[*unit],
            Job::Copy { view, .. } => (usize::MAX, view.root.index()),
        };
        let mut before = vec![0; self.jobs.len()];
        let mut next = vec![Vec::new(); self.jobs.len()];
        for (job, after) in self.after.iter().enumerate() {
            for &other in after {
                before[job] += 1;
                next[other].push(job);
            }
        }
        let mut ready: BinaryHeap<Reverse<((usize, usize), usize)>> = BinaryHeap::new();
        let idle = (0..self.jobs.len()).filter(|&job| before[job] == 0);
        ready.extend(idle.map(|job| Reverse((key(job), job))));
        let mut order = Vec::with_capacity(self.jobs.len());
        while let Some(Reverse((_, job))) = ready.pop() {
            order.push(job);
            for &other in &next[job] {
                before[other] -= 1;
                if before[other] == 0 {
                    ready.push(Reverse((key(other), other)));
                }
            }
        }
        assert_eq!(
            order.len(),
            self.jobs.len(),
            "the units of a graph depend on each other in order"
        );
        order
    }

    fn build(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for job in self.order() {
            steps.push(self.step(job));
        }
        for (view, to) in std::mem::take(&mut self.commits) {
            let path = Arc::clone(&self.graph.node(view.root).path);
            let from = self.memory().source(view);
            steps.push(Step { kernel: Kernel::Copy { from, to }, path, nodes: Vec::new() });
        }
        steps
    }

    fn memory(&self) -> Memory<'_> {
        Memory { graph: self.graph, views: self.views, slots: &self.slot_of }
    }

    fn step(&mut self, job: usize) -> Step {
        let unit = match self.jobs[job].clone() {
            Job::Copy { view, to } => {
                let path = Arc::clone(&self.graph.node(view.root).path);
                let from = self.memory().source(view);
                return Step { kernel: Kernel::Copy { from, to }, path, nodes: Vec::new() };
            }
            Job::Unit(unit) => self.groups.units[unit].clone(),
        };
        match unit {
            Unit::Chain { members, product } => {
                let product = product.map(|dot| self.product(dot));
                let kernel = Kernel::Chain(program::compile(&self.memory(), &members, product));
                let last = members.last().expect("a chain has members");
                let path = Arc::clone(&self.graph.node(*last).path);
                Step { kernel, path, nodes: members }
            }
            Unit::Single(node) => {
                let path = Arc::clone(&self.graph.node(node).path);
                let kernel = if self.views.moved[node.index()] {
                    let from = self.memory().source(self.views.source(node).clone());
                    let to = self.slot_of[node.index()].expect("moved values have memory");
                    Kernel::Copy { from, to }
                } else if products::is_product(self.graph, node) {
                    Kernel::Product(self.product(node))
                } else if let Some(kernel) = self.kernel_gradient(node) {
                    kernel
                } else {
                    kernel_of(&self.memory(), node)
                };
                Step { kernel, path, nodes: vec![node] }
            }
        }
    }

    /// Whether a node is read by another step than its own.
    fn escapes(&self, id: NodeId) -> bool {
        let unit = self.groups.unit_of[id.index()];
        let committed = self.commits.iter().any(|(view, _)| view.root == id);
        let others = (0..self.jobs.len()).filter(|&job| Some(job) != unit);
        let mut reads = others.flat_map(|job| self.reads(job));
        let alone = matches!(unit.map(|unit| &self.groups.units[unit]), Some(Unit::Single(_)));
        let reordered = unit.is_some_and(|unit| {
            self.reads(unit).iter().any(|view| view.root == id && !view.is_root())
        });
        alone || committed || reordered || reads.any(|view| view.root == id)
    }

    /// The derivative of a convolution by its kernel, with working memory.
    fn kernel_gradient(&mut self, id: NodeId) -> Option<Kernel> {
        let node = self.graph.node(id);
        let Primitive::ConvolutionKernelGradient(gradient) = &node.primitive else { return None };
        if super::is_reference(self.graph, id) {
            return None;
        }
        let nothing = || Spec::new(node.spec.dtype, &[0][..]);
        let partials = self.slot(Place::Temporary, nothing());
        let repeated = self.slot(Place::Temporary, nothing());
        let memory = self.memory();
        let read = |place: usize| memory.source(self.views.read(node.operands[place]));
        Some(Kernel::WeightGradient {
            window: gradient.window.clone(),
            kernel: node.spec.shape.clone(),
            operands: [read(0), read(1)],
            to: self.slot_of[id.index()].expect("a step of its own has memory"),
            partials,
            repeated,
        })
    }

    fn product(&mut self, id: NodeId) -> Product {
        let node = self.graph.node(id);
        let form = products::form(self.graph, id).expect("only products are asked for");
        let packed = self.slot(Place::Temporary, Spec::new(node.spec.dtype, &[0][..]));
        let memory = self.memory();
        let read = |place: usize| memory.source(self.views.read(node.operands[place]));
        let to = self.slot_of[id.index()].expect("products have memory");
        let temporary = matches!(self.slots[to].place, Place::Temporary);
        let fleeting = temporary && !self.escapes(id);
        Product { form, operands: [read(0), read(1)], to, fleeting, packed }
    }
}
