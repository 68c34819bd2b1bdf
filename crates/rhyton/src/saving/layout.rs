//! Where a layer's weights stand in a file: groups are named by class, not by layer, and numbered
//! in Keras' order of layers, within each model.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Callee, callees};
use crate::models::{Kind, ModelLayer, Network};

/// A group of a file and what its weights belong to; inputs and nested models have groups without
/// weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The group, e.g. `layers/dense_1`, in a nested model `layers/sequential/layers/dense_1`.
    pub(crate) group: String,
    /// The layer's (or input's) name.
    pub(crate) name: String,
    /// The path of the layer's weights; `None` for an input or a model.
    pub(crate) path: Option<String>,
}

/// The groups of all layers, in Keras' order; a nested model's behind its own.
pub(crate) fn places(network: &Network) -> Vec<Place> {
    let mut places = Vec::new();
    add_places(network, ("", ""), &mut places);
    places
}

fn add_places(network: &Network, (outer, prefix): (&str, &str), places: &mut Vec<Place>) {
    let order = match network.kind {
        Kind::Sequential => {
            let inputs = network.inputs.iter().map(|&step| Callee::Step(step));
            inputs.chain((0..network.layers.len()).map(Callee::Layer)).collect()
        }
        Kind::Functional => callees(network),
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut group_of = |class: &str| {
        let class = rhyton_formats::snake_case(class);
        let count = counts.entry(class.clone()).or_default();
        let suffix = if *count == 0 { String::new() } else { format!("_{count}") };
        *count += 1;
        format!("{outer}layers/{class}{suffix}")
    };
    let inputs: BTreeSet<usize> = network.inputs.iter().copied().collect();
    for callee in order {
        match callee {
            Callee::Layer(layer) => {
                let layer = &network.layers[layer];
                let (group, name) = (group_of(layer.spec().class_name), layer.label());
                let path = format!("{prefix}{name}");
                let nested = ModelLayer::of(&**layer);
                let own = nested.is_none().then(|| path.clone());
                places.push(Place { group: group.clone(), name, path: own });
                if let Some(nested) = nested {
                    let inside = (format!("{group}/"), format!("{path}/"));
                    add_places(nested.network(), (&inside.0, &inside.1), places);
                }
            }
            Callee::Step(step) if inputs.contains(&step) => {
                let name = network.steps[step].name.clone();
                places.push(Place { group: group_of("InputLayer"), name, path: None });
            }
            Callee::Step(_) => {}
        }
    }
}
