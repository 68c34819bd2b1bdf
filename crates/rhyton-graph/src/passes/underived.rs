use std::sync::Arc;

use super::{Fate, Rewrite};
use crate::{Graph, Primitive};

/// The program without what only a differentiation reads: for a graph that is about to run. What
/// comes out would be differentiated by the primitives' own rules.
#[must_use]
pub fn without_derivatives(graph: &Graph) -> Graph {
    Rewrite::run(graph, |_, mut node| match &mut node.primitive {
        Primitive::CustomGradient(_) | Primitive::StopGradient(_) => Fate::Same(node.operands[0]),
        Primitive::Scan(scan) => {
            scan.body = Arc::new(without_derivatives(&scan.body));
            Fate::Kept(Box::new(node))
        }
        _ => Fate::Kept(Box::new(node)),
    })
}
