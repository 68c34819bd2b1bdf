use rhyton_graph::{Dim, MaxWindowGradient, Node, Spec, Window, WindowReduce, WindowReduction};
use rhyton_tensor::{Array, DType};

use super::{Lower, Lowering, RANK_MAX, Result, Value};
use crate::ffi::Output;

/// A window of more elements makes a program of more operations than is sensible.
const ELEMENTS_MAX: usize = 1024;

impl Lower for WindowReduce {
    /// Maximum and sum go axis by axis: each combines as many slices as a window has elements
    /// along it. TensorFlow's own pools know neither dilation nor other axes and types.
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let spec = to.spec(node, 0);
        let x = to.operand(node, 0)?;
        let neutral = match self.reduction {
            WindowReduction::Maximum => to.constant(&least(spec.dtype))?,
            WindowReduction::Sum => to.scalar(spec.dtype, 0.0)?,
        };
        let (mut x, mut shape) = surrounded(x, neutral, &spec.shape, &self.window, to)?;
        for axis in (0..shape.len()).filter(|&axis| !self.window.is_single(axis)) {
            let mut tap = vec![0; shape.len()];
            let along = along(&self.window, axis);
            let mut result = None;
            for step in 0..self.window.size[axis] {
                tap[axis] = step;
                let part = element(x, &shape, &along, &tap, to)?;
                result = Some(match (result, self.reduction) {
                    (None, _) => part,
                    (Some(so_far), WindowReduction::Maximum) => {
                        to.emit(c"Maximum", &[so_far, part])?
                    }
                    (Some(so_far), WindowReduction::Sum) => to.emit(c"AddV2", &[so_far, part])?,
                });
            }
            x = result.expect("a window has an element");
            shape[axis] = node.spec.shape[axis];
        }
        Ok(x.into())
    }

    fn unsupported(&self, operands: &[&Spec]) -> Option<String> {
        too_large(self.window.size.iter().sum(), operands)
    }
}

impl Lower for MaxWindowGradient {
    /// For each element of a window in row-major order: where it is the maximum and none before it
    /// was, its place gets the cotangent.
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let (spec, result) = (to.spec(node, 0), to.spec(node, 1));
        let (x, g) = (to.operand(node, 0)?, to.operand(node, 1)?);
        let (zero, least) = (to.scalar(spec.dtype, 0.0)?, to.constant(&least(spec.dtype))?);
        let window = &self.window;
        let (x, shape) = surrounded(x, least, &spec.shape, window, to)?;
        let taps = taps(&window.size);
        let parts = taps.iter().map(|tap| element(x, &shape, window, tap, to));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let largest = parts[1..]
            .iter()
            .try_fold(parts[0], |so_far, &part| to.emit(c"Maximum", &[so_far, part]))?;
        let mut open: Option<Output> = None;
        let mut total: Option<Output> = None;
        for (tap, &part) in taps.iter().zip(&parts) {
            let equal = to.emit(c"Equal", &[part, largest])?;
            let nan = to.emit(c"IsNan", &[part])?;
            let best = to.emit(c"LogicalOr", &[equal, nan])?;
            let missed = to.emit(c"LogicalNot", &[best])?;
            let (hit, still_open) = match open {
                None => (best, missed),
                Some(open) => (
                    to.emit(c"LogicalAnd", &[open, best])?,
                    to.emit(c"LogicalAnd", &[open, missed])?,
                ),
            };
            open = Some(still_open);
            let share = to.emit(c"SelectV2", &[hit, g, zero])?;
            let share =
                returned(share, zero, (&*result.shape, &shape[..]), (window, &tap[..]), to)?;
            total = Some(match total {
                None => share,
                Some(total) => to.emit(c"AddV2", &[total, share])?,
            });
        }
        let total = total.expect("a window has an element");
        let start: Vec<Dim> = window.low.iter().map(|&low| Dim::fixed(low)).collect();
        let limit: Vec<Dim> = start.iter().zip(&*spec.shape).map(|(a, &b)| b.plus(*a)).collect();
        Ok(to.slice(total, (&start, &limit), &vec![1; start.len()])?.into())
    }

    fn unsupported(&self, operands: &[&Spec]) -> Option<String> {
        let elements =
            self.window.size.iter().fold(1, |count: usize, &size| count.saturating_mul(size));
        too_large(elements, operands)
    }
}

fn too_large(elements: usize, operands: &[&Spec]) -> Option<String> {
    let rank = operands[0].shape.rank();
    if rank >= RANK_MAX {
        return Some(format!("windows expected fewer than {RANK_MAX} axes, received {rank}"));
    }
    (elements > ELEMENTS_MAX)
        .then(|| format!("windows expected at most {ELEMENTS_MAX} elements, received {elements}"))
}

/// The part of windows that is along one axis, over a padded array.
fn along(window: &Window, axis: usize) -> Window {
    let mut one = Window::single(window.size.len());
    one.size[axis] = window.size[axis];
    one.stride[axis] = window.stride[axis];
    one.dilation[axis] = window.dilation[axis];
    one
}

/// The least number of a type, a scalar.
fn least(dtype: DType) -> Array {
    if dtype.is_float() {
        return Array::full(dtype, &[], f64::NEG_INFINITY);
    }
    super::cast::extreme(dtype, 0x00, if dtype.is_signed() { 0x80 } else { 0x00 })
}

/// The array with its padding, and its shape.
fn surrounded(
    x: Output,
    value: Output,
    shape: &[Dim],
    window: &Window,
    to: &mut Lowering<'_>,
) -> Result<(Output, Vec<Dim>)> {
    let sides = || window.low.iter().zip(&window.high);
    if sides().all(|(&low, &high)| low + high == 0) {
        return Ok((x, shape.to_vec()));
    }
    let counts: Vec<Dim> =
        sides().flat_map(|(&low, &high)| [Dim::fixed(low), Dim::fixed(high)]).collect();
    let x = to.padded(x, value, &counts)?;
    let padded = shape.iter().zip(sides());
    let padded = padded.map(|(dim, (&low, &high))| dim.offset((low + high) as isize));
    Ok((x, padded.collect()))
}

/// The indices of a window's elements in row-major order.
fn taps(size: &[usize]) -> Vec<Vec<usize>> {
    size.iter().fold(vec![Vec::new()], |taps, &size| {
        let longer = |tap: &Vec<usize>| {
            (0..size).map(|step| tap.iter().copied().chain([step]).collect()).collect::<Vec<_>>()
        };
        taps.iter().flat_map(longer).collect()
    })
}

/// Along one axis: the elements one window further each, from a window's element on.
fn span(length: Dim, window: &Window, axis: usize, step: usize) -> (Dim, Dim) {
    if window.is_single(axis) {
        return (Dim::fixed(0), length);
    }
    let length = length.bind(0);
    let windows = (length - window.extent(axis)) / window.stride[axis];
    let begin = step * window.dilation[axis];
    (Dim::fixed(begin), Dim::fixed(begin + windows * window.stride[axis] + 1))
}

/// One element of every window over a padded array.
fn element(
    x: Output,
    shape: &[Dim],
    window: &Window,
    tap: &[usize],
    to: &mut Lowering<'_>,
) -> Result<Output> {
    let spans = shape.iter().zip(tap).enumerate();
    let (start, limit): (Vec<Dim>, Vec<Dim>) =
        spans.map(|(axis, (&dim, &step))| span(dim, window, axis, step)).unzip();
    to.slice(x, (&start, &limit), &window.stride)
}

/// Values of every window at the places of one of its elements in a padded array.
fn returned(
    values: Output,
    zero: Output,
    (windows, shape): (&[Dim], &[Dim]),
    (window, tap): (&Window, &[usize]),
    to: &mut Lowering<'_>,
) -> Result<Output> {
    let interior: Vec<usize> = window.stride.iter().map(|stride| stride - 1).collect();
    let mut spread = windows.to_vec();
    let values = to.spread(values, zero, &mut spread, &interior)?;
    let counts: Vec<Dim> = (0..shape.len())
        .flat_map(|axis| {
            let (begin, end) = span(shape[axis], window, axis, tap[axis]);
            let rest = shape[axis].bind(0).saturating_sub(end.bind(0));
            [begin, Dim::fixed(rest)]
        })
        .collect();
    to.padded(values, zero, &counts)
}
