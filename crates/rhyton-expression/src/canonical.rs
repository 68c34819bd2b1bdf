//! Puts finished nodes into the one order that equal expressions share, and names large shared
//! parts so that text grows with the nodes, not with the paths through them.

use std::collections::{HashMap, HashSet};

use crate::builder::Builder;
use crate::functions::is_reserved;
use crate::syntax::{Expression, Node, NodeId, Parameter, Warning};

/// Printed nodes beyond which shared parts get names.
const EXPANDED_MAX: u64 = 200;
/// Size of a shared part from which a name is worth it.
const NAMED_MIN: u64 = 4;

/// What a builder's nodes become an expression with.
pub(crate) struct Outline {
    pub(crate) root: NodeId,
    pub(crate) bindings: Vec<(String, NodeId)>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) name: Option<String>,
    pub(crate) warnings: Vec<Warning>,
}

impl Builder {
    /// Keeps what the root needs, in canonical order.
    ///
    /// A name survives on the first of the bindings that share a node; names of `x` and of
    /// parameters do not.
    pub(crate) fn finish(mut self, outline: Outline) -> Expression {
        let root = self.number(outline.root);
        let needed = self.needed(root);
        let mut named: HashMap<NodeId, String> = HashMap::new();
        for (name, id) in outline.bindings {
            let leaf = matches!(self.node(id), Node::Input | Node::Parameter(_));
            if needed[id.index()] && !leaf && id != root {
                named.entry(id).or_insert(name);
            }
        }
        self.name_shared(root, &needed, &outline.parameters, &mut named);

        let mut bindings: Vec<(String, NodeId)> =
            named.into_iter().map(|(id, name)| (name, id)).collect();
        bindings.sort_by_key(|(_, id)| *id);
        let mut order = Order::default();
        for (_, id) in &mut bindings {
            *id = order.place(&self, *id);
        }
        let root = order.place(&self, root);
        Expression {
            nodes: order.nodes,
            root,
            bindings,
            parameters: outline.parameters,
            name: outline.name,
            warnings: outline.warnings,
        }
    }

    fn needed(&self, root: NodeId) -> Vec<bool> {
        let mut needed = vec![false; self.len()];
        needed[root.index()] = true;
        for index in (0..self.len()).rev() {
            if needed[index] {
                for operand in self.nodes()[index].operands() {
                    needed[operand.index()] = true;
                }
            }
        }
        needed
    }

    fn name_shared(
        &self,
        root: NodeId,
        needed: &[bool],
        parameters: &[Parameter],
        named: &mut HashMap<NodeId, String>,
    ) {
        if self.printed_size(root, needed, named) <= EXPANDED_MAX {
            return;
        }
        let mut uses = vec![0_u32; self.len()];
        for (node, _) in self.nodes().iter().zip(needed).filter(|(_, needed)| **needed) {
            for operand in node.operands() {
                uses[operand.index()] += 1;
            }
        }
        let mut taken: HashSet<String> = named.values().cloned().collect();
        taken.extend(parameters.iter().map(|parameter| parameter.name.clone()));
        let mut sizes = vec![0_u64; self.len()];
        let mut counter = 0;
        for index in (0..self.len()).filter(|index| needed[*index]) {
            let id = NodeId(index as u32);
            sizes[index] = self.size(id, &sizes, named);
            let shared = uses[index] >= 2 && id != root;
            if shared && sizes[index] >= NAMED_MIN && !named.contains_key(&id) {
                named.insert(id, fresh_name(&mut counter, &taken));
            }
        }
    }

    /// Nodes that printing writes, where a named part counts once and its uses count 1.
    fn printed_size(&self, root: NodeId, needed: &[bool], named: &HashMap<NodeId, String>) -> u64 {
        let mut sizes = vec![0_u64; self.len()];
        let mut total = 0_u64;
        for index in (0..self.len()).filter(|index| needed[*index]) {
            let id = NodeId(index as u32);
            sizes[index] = self.size(id, &sizes, named);
            if named.contains_key(&id) {
                total = total.saturating_add(sizes[index]);
            }
        }
        total.saturating_add(sizes[root.index()])
    }

    fn size(&self, id: NodeId, sizes: &[u64], named: &HashMap<NodeId, String>) -> u64 {
        self.node(id).operands().fold(1_u64, |total, operand| {
            let size = if named.contains_key(&operand) { 1 } else { sizes[operand.index()] };
            total.saturating_add(size)
        })
    }
}

fn fresh_name(counter: &mut usize, taken: &HashSet<String>) -> String {
    loop {
        *counter += 1;
        let name = format!("t{counter}");
        if !taken.contains(&name) && !is_reserved(&name) {
            return name;
        }
    }
}

/// Nodes in the order of a left-to-right walk, operands first.
#[derive(Default)]
struct Order {
    nodes: Vec<Node>,
    placed: HashMap<NodeId, NodeId>,
}

impl Order {
    fn place(&mut self, builder: &Builder, id: NodeId) -> NodeId {
        let mut work = vec![id];
        while let Some(&top) = work.last() {
            let node = builder.node(top);
            if !self.placed.contains_key(&top) {
                let before = work.len();
                let missing = |operand: &NodeId| !self.placed.contains_key(operand);
                work.extend(node.operands().rev().filter(missing));
                if work.len() > before {
                    continue;
                }
                let place = NodeId(self.nodes.len() as u32);
                self.nodes.push(node.with_operands(|operand| self.placed[&operand]));
                self.placed.insert(top, place);
            }
            work.pop();
        }
        self.placed[&id]
    }
}
