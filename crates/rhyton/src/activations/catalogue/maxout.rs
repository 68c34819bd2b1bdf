use rhyton_graph::{Tensor, max};

use super::{AXIS, BuiltIn, function, groups, parameter};

pub(super) const DEFINITION: BuiltIn = BuiltIn {
    name: "maxout",
    parameters: &[parameter("pieces", 2.0).whole_from(1.0), AXIS],
    formula: function("the largest of each group of neighbours", |x, parameters| {
        groups(x, parameters[0], parameters[1])
            .map_or_else(Tensor::failed, |(x, axis)| max(&x, Some(&[axis as isize]), false))
    }),
    traps: &["divides the axis by pieces; a group is neighbours, as in TensorFlow Addons"],
    source: "Goodfellow et al. 2013, arXiv 1302.4389",
    ..BuiltIn::DEFAULT
};
