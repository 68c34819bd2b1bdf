use std::ops::Range;

use rhyton_graph::Window;

use crate::simd::Pooling;

/// The axes from the first to the last along which windows slide, if there are at most three.
pub(crate) fn axes(window: &Window) -> Option<Range<usize>> {
    let sliding = |axis: &usize| !window.is_single(*axis);
    let first = (0..window.size.len()).find(sliding).unwrap_or(0);
    let end = (0..window.size.len()).rfind(sliding).map_or(0, |last| last + 1);
    (end - first <= 3).then_some(first..end)
}

/// How many arrays lie beside each other, and the windows over each.
pub(crate) fn pooling(window: &Window, x: &[usize]) -> (usize, Pooling) {
    let axes = axes(window).expect("windows over more axes have no kernel");
    let padded = |value: &dyn Fn(usize) -> usize, missing: usize| -> [usize; 3] {
        let gap = 3 - axes.len();
        std::array::from_fn(|place| match place.checked_sub(gap) {
            Some(place) => value(axes.start + place),
            None => missing,
        })
    };
    let pooling = Pooling {
        x: padded(&|axis| x[axis], 1),
        y: padded(&|axis| window.count(axis, x[axis]), 1),
        size: padded(&|axis| window.size[axis], 1),
        stride: padded(&|axis| window.stride[axis], 1),
        dilation: padded(&|axis| window.dilation[axis], 1),
        low: padded(&|axis| window.low[axis], 0),
        inner: x[axes.end..].iter().product(),
    };
    (x[..axes.start].iter().product(), pooling)
}
