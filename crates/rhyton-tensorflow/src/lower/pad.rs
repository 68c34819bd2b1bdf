use rhyton_graph::{Dim, Node, Pad, Spec};

use super::{Lower, Lowering, RANK_MAX, Result, Value};
use crate::ffi::Output;

impl Lower for Pad {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let (mut x, value) = (to.operand(node, 0)?, to.operand(node, 1)?);
        let mut shape = to.spec(node, 0).shape.to_vec();
        x = to.spread(x, value, &mut shape, &self.interior)?;
        let zero = Dim::fixed(0);
        if self.low.iter().chain(&self.high).all(|&dim| dim == zero) {
            return Ok(x.into());
        }
        let counts: Vec<Dim> =
            self.low.iter().zip(&self.high).flat_map(|(&low, &high)| [low, high]).collect();
        Ok(to.padded(x, value, &counts)?.into())
    }

    fn unsupported(&self, operands: &[&Spec]) -> Option<String> {
        let rank = operands[0].shape.rank();
        let interior = self.interior.iter().any(|&interior| interior > 0);
        (interior && rank >= RANK_MAX).then(|| {
            format!("interior padding expected fewer than {RANK_MAX} axes, received {rank}")
        })
    }
}

impl Lowering<'_> {
    /// `x` with places between neighbours along each axis; `shape` follows.
    pub(super) fn spread(
        &mut self,
        mut x: Output,
        value: Output,
        shape: &mut Vec<Dim>,
        interior: &[usize],
    ) -> Result<Output> {
        for (axis, &interior) in interior.iter().enumerate() {
            if interior > 0 {
                x = between(x, value, (shape, axis, interior), self)?;
            }
        }
        Ok(x)
    }

    /// `x` with places around it; `counts` has those before and after along each axis in turn.
    pub(super) fn padded(&mut self, x: Output, value: Output, counts: &[Dim]) -> Result<Output> {
        let flat = self.vector(counts)?;
        let pairs = self.integers([counts.len() / 2, 2])?;
        let paddings = self.emit(c"Reshape", &[flat, pairs])?;
        self.emit(c"PadV2", &[x, paddings, value])
    }
}

/// Puts `interior` places between neighbours along one axis: each element becomes a row of itself
/// and the places, and the last row's places are cut off. `shape` follows.
fn between(
    x: Output,
    value: Output,
    (shape, axis, interior): (&mut Vec<Dim>, usize, usize),
    to: &mut Lowering<'_>,
) -> Result<Output> {
    let size = shape[axis];
    if size == Dim::fixed(0) {
        return Ok(x);
    }
    let step = interior + 1;
    let mut rows = shape.clone();
    rows.insert(axis + 1, Dim::ONE);
    let x = to.reshape(x, shape, &rows)?;
    let mut counts = vec![Dim::fixed(0); 2 * rows.len()];
    counts[2 * (axis + 1) + 1] = Dim::fixed(interior);
    let x = to.padded(x, value, &counts)?;
    rows[axis + 1] = Dim::fixed(step);
    shape[axis] = size.times(step);
    let x = to.reshape(x, &rows, shape)?;
    shape[axis] = shape[axis].offset(-(interior as isize));
    let start = vec![Dim::fixed(0); shape.len()];
    to.slice(x, (&start, shape), &vec![1; shape.len()])
}
