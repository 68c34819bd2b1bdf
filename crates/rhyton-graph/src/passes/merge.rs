use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Fate, Pass, Rewrite};
use crate::{Graph, Node, NodeId, Primitive};

/// Computes equal things once: nodes of one primitive with the same attributes and operands;
/// constants are equal by their bits.
pub(super) const PASS: Pass = Pass { name: "merge", run };

fn run(graph: &Graph) -> Graph {
    let mut known: HashMap<u64, Vec<NodeId>> = HashMap::with_capacity(graph.nodes.len());
    Rewrite::run(graph, |graph, node| {
        if matches!(node.primitive, Primitive::Input(_) | Primitive::Assign(_)) {
            return Fate::Kept(Box::new(node));
        }
        let places = known.entry(hash(&node)).or_default();
        let same = places.iter().copied().find(|&place| {
            let earlier = graph.node(place);
            earlier.operands == node.operands && earlier.primitive == node.primitive
        });
        if let Some(place) = same {
            return Fate::Same(place);
        }
        places.push(NodeId(graph.nodes.len() as u32));
        Fate::Kept(Box::new(node))
    })
}

fn hash(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.primitive.name().hash(&mut hasher);
    node.primitive.rule().attributes().hash(&mut hasher);
    node.operands.hash(&mut hasher);
    hasher.finish()
}
