//! A plan at one batch size: sizes, strides, the cut into tasks, the layout of the arena.

use rhyton_graph::{Dim, Error, Primitive, Result, Slice, Window};

use crate::arena::LINE_BYTES;
use crate::kernels::TILE;
use crate::plan::program::{Chain, LeafKind, Source};
use crate::plan::views::{Strided, dense_strides};
use crate::plan::{Kernel, Place, Plan};
use crate::simd::{Level, Pooling};

mod products;

use products::bind_product;
pub(crate) use products::{
    BoundForm, BoundKernelGradient, BoundProduct, BoundSquares, BoundWindows, Matrices,
};

/// A plan's numbers for one batch size.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) batch: usize,
    /// For each slot its bytes, and for temporaries where they begin in the arena.
    pub(crate) slots: Vec<(usize, usize)>,
    pub(crate) arena_bytes: usize,
    /// Bytes of working memory for each thread, in whole lines.
    pub(crate) scratch_bytes: usize,
    pub(crate) steps: Vec<BoundStep>,
    /// The sizes of each output.
    pub(crate) outputs: Vec<Vec<usize>>,
}

/// A step's numbers.
#[derive(Debug)]
pub(crate) enum BoundStep {
    Chain(BoundChain),
    Product(BoundProduct),
    KernelGradient(Box<BoundKernelGradient>),
    /// Arrays beside each other, and the windows over each.
    Pool(usize, Pooling),
    Reduce(Vec<Group>),
    ArgReduce {
        outer: usize,
        length: usize,
        inner: usize,
    },
    Boxes(Vec<BoxCopy>),
    Plain,
}

#[derive(Debug)]
pub(crate) struct BoundChain {
    pub(crate) total: usize,
    /// Elements of one task.
    pub(crate) task: usize,
    /// For each leaf that is expanded: sizes and strides, with axes merged where they can be.
    pub(crate) leaves: Vec<Option<Strided>>,
    pub(crate) product: Option<BoundProduct>,
}

/// Neighbouring axes that are all reduced or all kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) size: usize,
    pub(crate) reduced: bool,
}

/// Elements of a box of one value to a box of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoxCopy {
    pub(crate) sizes: Vec<usize>,
    pub(crate) from: usize,
    pub(crate) from_strides: Vec<isize>,
    pub(crate) to: usize,
    pub(crate) to_strides: Vec<isize>,
}

/// Elements of a chain's task; a multiple of the tile.
const CHAIN_TASK: usize = 16 * TILE;

impl Bound {
    /// Fixes the batch size of a plan, which must have a meaning for it.
    pub(crate) fn new(plan: &Plan, batch: usize, level: Level) -> Result<Self> {
        plan.graph.check_batch(batch)?;
        let steps: Vec<BoundStep> =
            plan.steps.iter().map(|step| bind_step(plan, &step.kernel, batch, level)).collect();
        let mut bytes: Vec<usize> = plan
            .slots
            .iter()
            .map(|slot| slot.spec.shape.volume(batch) * slot.spec.dtype.size_bytes())
            .collect();
        let mut scratch_floats = 0;
        for (step, bound) in plan.steps.iter().zip(&steps) {
            let (product, numbers, registers) = match (&step.kernel, bound) {
                (Kernel::Chain(chain), BoundStep::Chain(numbers)) => {
                    (chain.product.as_ref(), numbers.product.as_ref(), chain.tiles())
                }
                (Kernel::Product(product), BoundStep::Product(numbers)) => {
                    (Some(product), Some(numbers), 0)
                }
                _ => (None, None, 0),
            };
            let mut floats = registers * TILE;
            if let (Some(product), Some(numbers)) = (product, numbers) {
                bytes[product.packed] = numbers.packed.saturating_mul(4);
                floats += numbers.scratch + numbers.room;
                if product.fleeting {
                    bytes[product.to] = 0;
                }
            }
            if let (
                Kernel::WeightGradient { partials, repeated, .. },
                BoundStep::KernelGradient(numbers),
            ) = (&step.kernel, bound)
            {
                bytes[*partials] = numbers.partials.saturating_mul(4);
                bytes[*repeated] = numbers.repeated.saturating_mul(4);
                floats += numbers.scratch;
            }
            scratch_floats = scratch_floats.max(floats);
        }
        let total = bytes.iter().fold(0, |sum: usize, bytes| sum.saturating_add(*bytes));
        if total > isize::MAX as usize / 2 {
            let expected = "a batch whose values fit into memory";
            return Err(Error::argument("run", "N", expected, batch));
        }
        let (offsets, arena_bytes) = lay_out(plan, &bytes);
        let outputs = plan.graph.outputs.iter();
        Ok(Self {
            batch,
            slots: offsets.into_iter().zip(bytes).collect(),
            arena_bytes,
            scratch_bytes: (scratch_floats * 4).next_multiple_of(LINE_BYTES),
            steps,
            outputs: outputs.map(|(_, id)| plan.graph.node(*id).spec.shape.bind(batch)).collect(),
        })
    }
}

/// Places for the temporaries such that those needed at one time do not overlap: the largest
/// first, each at the lowest place that is free during its life.
fn lay_out(plan: &Plan, bytes: &[usize]) -> (Vec<usize>, usize) {
    let mut life: Vec<Option<(usize, usize)>> = vec![None; plan.slots.len()];
    for (place, step) in plan.steps.iter().enumerate() {
        for slot in step.kernel.reads().into_iter().chain(step.kernel.writes()) {
            let (first, _) = life[slot].unwrap_or((place, place));
            life[slot] = Some((first, place));
        }
    }
    let is_temporary = |slot: &usize| matches!(plan.slots[*slot].place, Place::Temporary);
    let mut order: Vec<usize> = (0..plan.slots.len()).filter(is_temporary).collect();
    order.sort_by_key(|&slot| std::cmp::Reverse(bytes[slot]));
    let mut offsets = vec![0; plan.slots.len()];
    let mut placed: Vec<(usize, usize, (usize, usize))> = Vec::new();
    let mut total = 0;
    for slot in order {
        let Some((first, last)) = life[slot] else { continue };
        let size = bytes[slot].next_multiple_of(LINE_BYTES);
        let mut busy: Vec<(usize, usize)> = placed
            .iter()
            .filter(|(_, _, (from, to))| *from <= last && first <= *to)
            .map(|&(start, end, _)| (start, end))
            .collect();
        busy.sort_unstable();
        let mut start = 0;
        for (from, to) in busy {
            if start + size <= from {
                break;
            }
            start = start.max(to);
        }
        offsets[slot] = start;
        placed.push((start, start + size, (first, last)));
        total = total.max(start + size);
    }
    (offsets, total)
}

fn bind_step(plan: &Plan, kernel: &Kernel, batch: usize, level: Level) -> BoundStep {
    match kernel {
        Kernel::Chain(chain) => BoundStep::Chain(bind_chain(chain, batch, level)),
        Kernel::Product(product) => BoundStep::Product(bind_product(product, batch, level)),
        Kernel::WeightGradient { window, kernel, operands, .. } => {
            let (x, kernel) = (operands[0].bind(batch).sizes, kernel.bind(batch));
            BoundStep::KernelGradient(Box::new(BoundKernelGradient::new(window, &x, &kernel)))
        }
        Kernel::WindowReduce { window, from, .. } => bind_windows(window, &from.bind(batch).sizes),
        Kernel::MaxWindowGradient { window, operands, .. } => {
            bind_windows(window, &operands[0].bind(batch).sizes)
        }
        Kernel::Reduce { reduce, from, .. } => {
            let sizes = from.bind(batch).sizes;
            BoundStep::Reduce(group_axes(&sizes, &reduce.axes))
        }
        Kernel::ArgReduce { reduce, from, .. } => {
            let sizes = from.bind(batch).sizes;
            BoundStep::ArgReduce {
                outer: sizes[..reduce.axis].iter().product(),
                length: sizes[reduce.axis],
                inner: sizes[reduce.axis + 1..].iter().product(),
            }
        }
        Kernel::Copy { from, .. } => {
            let view = from.bind(batch);
            let to = dense_strides(&view.sizes);
            BoundStep::Boxes(vec![simplified(&BoxCopy {
                from: 0,
                from_strides: signed(&view.strides),
                to: 0,
                to_strides: signed(&to),
                sizes: view.sizes,
            })])
        }
        Kernel::Move { parts, node, .. } => {
            let node = plan.graph.node(*node);
            let sizes = node.spec.shape.bind(batch);
            let boxes = bind_boxes(&node.primitive, parts, &sizes, batch);
            BoundStep::Boxes(boxes.iter().map(simplified).collect())
        }
        Kernel::RandomBits { .. }
        | Kernel::Iota { .. }
        | Kernel::Dimension { .. }
        | Kernel::Reference { .. } => BoundStep::Plain,
    }
}

fn bind_windows(window: &Window, x: &[usize]) -> BoundStep {
    let (outer, pooling) = crate::plan::windows::pooling(window, x);
    BoundStep::Pool(outer, pooling)
}

fn bind_chain(chain: &Chain, batch: usize, level: Level) -> BoundChain {
    let total = chain.shape.volume(batch);
    let leaves = chain
        .leaves
        .iter()
        .map(|leaf| (leaf.kind == LeafKind::Expanded).then(|| merged(&leaf.source.bind(batch))))
        .collect();
    let product = chain.product.as_ref().map(|product| bind_product(product, batch, level));
    BoundChain { total, task: CHAIN_TASK, leaves, product }
}

/// The view with neighbouring axes merged where they lie behind each other, ones dropped.
fn merged(view: &Strided) -> Strided {
    let mut result = Strided { sizes: Vec::new(), strides: Vec::new() };
    for (&size, &stride) in view.sizes.iter().zip(&view.strides) {
        if size == 1 {
            continue;
        }
        if let (Some(last), Some(outer)) = (result.sizes.last_mut(), result.strides.last_mut())
            && *outer == stride * size
        {
            *last *= size;
            *outer = stride;
            continue;
        }
        result.sizes.push(size);
        result.strides.push(stride);
    }
    if result.sizes.is_empty() {
        result.sizes.push(1);
        result.strides.push(1);
    }
    result
}

/// The axes merged into alternating groups; ones belong to no group.
fn group_axes(sizes: &[usize], axes: &[usize]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (axis, &size) in sizes.iter().enumerate().filter(|(_, size)| **size != 1) {
        let reduced = axes.contains(&axis);
        match groups.last_mut() {
            Some(last) if last.reduced == reduced => last.size *= size,
            _ => groups.push(Group { size, reduced }),
        }
    }
    groups
}

fn signed(strides: &[usize]) -> Vec<isize> {
    strides.iter().map(|&stride| stride as isize).collect()
}

/// The boxes that a slice, reversal, padding or concatenation copies.
fn bind_boxes(
    primitive: &Primitive,
    parts: &[Source],
    sizes: &[usize],
    batch: usize,
) -> Vec<BoxCopy> {
    let dense = dense_strides(sizes);
    let mut begin = 0;
    let mut boxes = Vec::new();
    for part in parts {
        let Strided { sizes: part_sizes, strides } = part.bind(batch);
        let mut copy = BoxCopy {
            sizes: part_sizes,
            from: 0,
            from_strides: signed(&strides),
            to: 0,
            to_strides: signed(&dense),
        };
        match primitive {
            Primitive::Slice(slice) => cut(&mut copy, slice, sizes, batch),
            Primitive::Reverse(reverse) => {
                for &axis in &reverse.axes {
                    copy.from += strides[axis] * copy.sizes[axis].saturating_sub(1);
                    copy.from_strides[axis] = -copy.from_strides[axis];
                }
            }
            Primitive::Pad(pad) => {
                for (axis, &stride) in dense.iter().enumerate() {
                    copy.to += bind(pad.low[axis], batch) * stride;
                    copy.to_strides[axis] *= pad.interior[axis] as isize + 1;
                }
            }
            Primitive::Concatenate(concatenate) => {
                copy.to = begin * dense[concatenate.axis];
                begin += copy.sizes[concatenate.axis];
            }
            _ => {}
        }
        boxes.push(copy);
    }
    boxes
}

fn cut(copy: &mut BoxCopy, slice: &Slice, sizes: &[usize], batch: usize) {
    for axis in 0..sizes.len() {
        copy.from += bind(slice.start[axis], batch) * copy.from_strides[axis] as usize;
        copy.from_strides[axis] *= slice.stride[axis] as isize;
    }
    copy.sizes = sizes.to_vec();
}

fn bind(dim: Dim, batch: usize) -> usize {
    dim.bind(batch)
}

/// The box with axes merged that lie behind each other on both sides.
fn simplified(copy: &BoxCopy) -> BoxCopy {
    let mut result = BoxCopy {
        sizes: Vec::new(),
        from_strides: Vec::new(),
        to_strides: Vec::new(),
        from: copy.from,
        to: copy.to,
    };
    for axis in (0..copy.sizes.len()).filter(|&axis| copy.sizes[axis] != 1) {
        let (size, from, to) = (copy.sizes[axis], copy.from_strides[axis], copy.to_strides[axis]);
        let last = result.sizes.len().wrapping_sub(1);
        let joins = last < result.sizes.len()
            && result.from_strides[last] == from * size as isize
            && result.to_strides[last] == to * size as isize;
        if joins {
            result.sizes[last] *= size;
            result.from_strides[last] = from;
            result.to_strides[last] = to;
        } else {
            result.sizes.push(size);
            result.from_strides.push(from);
            result.to_strides.push(to);
        }
    }
    if result.sizes.is_empty() {
        result.sizes.push(1);
        result.from_strides.push(1);
        result.to_strides.push(1);
    }
    result
}
