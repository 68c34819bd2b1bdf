use rhyton_graph::{Tensor, reshape_to, sort};

use super::{AXIS, BuiltIn, function, groups, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "group_sort",
    parameters: &[parameter("size", 2.0).whole_from(1.0), AXIS],
    formula: function("each group of neighbours in rising order", |x, parameters| {
        let sorted = |(groups, axis): (Tensor, usize)| {
            reshape_to(&sort(&groups, Some(axis as isize)), x.shape().clone())
        };
        groups(x, parameters[0], parameters[1]).map_or_else(Tensor::failed, sorted)
    }),
    traps: &["with groups of 2 it is MaxMin, with the smaller first"],
    source: "Anil et al. 2018, arXiv 1811.05381",
    ..BuiltIn::DEFAULT
};
