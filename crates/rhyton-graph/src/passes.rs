//! Rewrites of a finished program that keep every output and assignment bit for bit, as the
//! interpreter sees them. They never reorder or re-associate arithmetic, keep node paths, and keep
//! all inputs, taps, and the order of inputs, outputs and assignments. To add one: a file, its
//! `mod` line and its line in [`PASSES`].

use std::sync::Arc;

use crate::{Graph, Node, NodeId, Primitive};

pub use underived::without_derivatives;

mod dead;
mod fold;
mod identity;
mod merge;
#[cfg(test)]
mod tests;
mod underived;

/// A rewrite of one program.
struct Pass {
    name: &'static str,
    run: fn(&Graph) -> Graph,
}

/// Every pass, in the order in which they run.
const PASSES: &[Pass] = &[identity::PASS, fold::PASS, merge::PASS, dead::PASS];

/// Runs all passes, in the bodies of loops too.
///
/// The result computes the same bits in the interpreter, in fewer nodes. It can still be
/// differentiated: `stop_gradient` and stated derivatives stay. [`without_derivatives`] drops them.
#[must_use]
pub fn simplify(graph: &Graph) -> Graph {
    let mut result = PASSES.iter().fold(graph.clone(), |graph, pass| {
        let result = (pass.run)(&graph);
        debug_assert!(is_ordered(&result), "pass {}: operands come before users", pass.name);
        result
    });
    for node in &mut result.nodes {
        match &mut node.primitive {
            Primitive::Scan(scan) => scan.body = Arc::new(simplify(&scan.body)),
            Primitive::CustomGradient(custom) => {
                custom.derivative = Arc::new(simplify(&custom.derivative));
            }
            _ => {}
        }
    }
    result
}

/// Whether all operands come before their users.
fn is_ordered(graph: &Graph) -> bool {
    graph.iter().all(|(id, node)| node.operands.iter().all(|&operand| operand < id))
}

/// A program written anew, node by node, from another.
struct Rewrite {
    graph: Graph,
    /// For each node of the old program so far its place in the new one.
    places: Vec<NodeId>,
}

/// What becomes of a node.
enum Fate {
    /// It stands in the new program.
    Kept(Box<Node>),
    /// An earlier node of the new program has its value.
    Same(NodeId),
}

impl Rewrite {
    /// Asks `decide` about each node, whose operands already name places in the new program.
    fn run(old: &Graph, mut decide: impl FnMut(&Graph, Node) -> Fate) -> Graph {
        let graph = Graph { variables: Arc::clone(&old.variables), ..Graph::default() };
        let mut rewrite = Self { graph, places: Vec::with_capacity(old.nodes.len()) };
        for node in &old.nodes {
            let operands = node.operands.iter().map(|&operand| rewrite.place(operand)).collect();
            let place = match decide(&rewrite.graph, Node { operands, ..node.clone() }) {
                Fate::Kept(node) => rewrite.graph.push(*node),
                Fate::Same(place) => place,
            };
            rewrite.places.push(place);
        }
        rewrite.finish(old)
    }

    fn place(&self, old: NodeId) -> NodeId {
        self.places[old.index()]
    }

    fn finish(mut self, old: &Graph) -> Graph {
        let places = |ids: &[NodeId]| ids.iter().map(|&id| self.place(id)).collect::<Vec<_>>();
        let (inputs, assigns) = (places(&old.inputs), places(&old.assigns));
        let outputs = old.outputs.iter().map(|(name, id)| (name.clone(), self.place(*id)));
        let outputs = outputs.collect();
        (self.graph.inputs, self.graph.assigns, self.graph.outputs) = (inputs, assigns, outputs);
        self.graph
    }
}
