use std::sync::Arc;

use super::{Pass, Rewrite};
use crate::{Graph, Node, NodeId, Primitive};

/// Drops nodes on which no output, assignment or tap depends; inputs stay.
pub(super) const PASS: Pass = Pass { name: "dead", run };

fn run(graph: &Graph) -> Graph {
    let mut used = vec![false; graph.nodes.len()];
    for root in graph.roots() {
        used[root.index()] = true;
    }
    for (id, node) in graph.iter().rev() {
        used[id.index()] |= matches!(node.primitive, Primitive::Input(_) | Primitive::Tap(_));
        if used[id.index()] {
            for operand in &node.operands {
                used[operand.index()] = true;
            }
        }
    }
    let empty = Graph { variables: Arc::clone(&graph.variables), ..Graph::default() };
    let mut rewrite = Rewrite { graph: empty, places: Vec::with_capacity(used.len()) };
    for (id, node) in graph.iter() {
        let place = if used[id.index()] {
            let operands = node.operands.iter().map(|&operand| rewrite.place(operand)).collect();
            rewrite.graph.push(Node { operands, ..node.clone() })
        } else {
            NodeId(u32::MAX)
        };
        rewrite.places.push(place);
    }
    rewrite.finish(graph)
}
