//! Where a layer's weights stand in a file: groups are named by class, not by layer, and numbered
//! in Keras' order of layers.

use std::collections::BTreeMap;

use super::order::{Callee, callees};
use crate::models::{Kind, Network};

/// A group of a file and the layer whose weights are in it; inputs have groups without weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The group, e.g. `layers/dense_1`.
    pub(crate) group: String,
    /// The layer's (or input's) name.
    pub(crate) name: String,
    /// The layer, by its place in the network; `None` for an input.
    pub(crate) layer: Option<usize>,
}

/// The groups of all layers, in Keras' order.
pub(crate) fn places(network: &Network) -> Vec<Place> {
    let order = match network.kind {
        Kind::Sequential => {
            let inputs = network.inputs.iter().map(|&step| Callee::Step(step));
            inputs.chain((0..network.layers.len()).map(Callee::Layer)).collect()
        }
        Kind::Functional => callees(network),
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut places = Vec::new();
    for callee in order {
        let (class, name, layer) = match callee {
            Callee::Layer(layer) => {
                let value = &network.layers[layer];
                (value.spec().class_name, value.label(), Some(layer))
            }
            Callee::Step(step) if network.inputs.contains(&step) => {
                ("InputLayer", network.steps[step].name.clone(), None)
            }
            Callee::Step(_) => continue,
        };
        let class = rhyton_formats::snake_case(class);
        let count = counts.entry(class.clone()).or_default();
        let suffix = if *count == 0 { String::new() } else { format!("_{count}") };
        *count += 1;
        places.push(Place { group: format!("layers/{class}{suffix}"), name, layer });
    }
    places
}
