use rhyton_tensor::{Array, DType};

use super::gather::rows;
use super::strided::{for_each_place, from_doubles, from_wholes, offset, strides, wholes};
use super::{Gather, Gradient, Iota, Rule, expect_equal_dtypes, expect_operands};
use crate::{
    Attribute, Attributes, Dim, Error, Result, Shape, Spec, Tensor, broadcast_in_dim, equal,
    reshape_to, select, zeros_like,
};

/// Puts updates, shaped like the [`Gather`] of the same axis and indices, into rows of a base.
/// Indices outside are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scatter {
    /// How an update meets what is there.
    pub scattering: Scattering,
    /// The axis that the indices count.
    pub axis: usize,
}

/// How an update meets what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scattering {
    /// It is added; updates of one row in the order of their indices.
    Add,
    /// It replaces the value; the last of several wins.
    Set,
}

impl Rule for Scatter {
    fn name(&self) -> &'static str {
        match self.scattering {
            Scattering::Add => "scatter_add",
            Scattering::Set => "scatter_set",
        }
    }

    fn names() -> Vec<&'static str> {
        vec!["scatter_add", "scatter_set"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axis", self.axis.into())]
    }

    fn parse(name: &str, attributes: &mut Attributes) -> Result<Self> {
        let scattering = match name {
            "scatter_add" => Scattering::Add,
            _ => Scattering::Set,
        };
        Ok(Self { scattering, axis: attributes.number("axis")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        let name = self.name();
        expect_operands(name, operands, 3)?;
        let [base, indices, updates] = [&operands[0], &operands[1], &operands[2]];
        let shape = Gather { axis: self.axis }.shape(name, base, indices)?;
        expect_equal_dtypes(name, &[base.clone(), updates.clone()])?;
        if updates.shape != shape {
            return Err(Error::shape(name, "updates", shape.to_string(), &updates.shape));
        }
        if base.dtype == DType::Bool && self.scattering == Scattering::Add {
            return Err(Error::dtype(name, "base", "a number", base.dtype));
        }
        Ok(base.clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let (indices, cotangent) = (&gradient.operands[1], gradient.cotangent);
        let gathered = || Tensor::emit(Gather { axis: self.axis }, &[cotangent, indices]);
        if self.scattering == Scattering::Add {
            let updates = gradient.needed[2].then(gathered);
            return Ok(vec![Some(cotangent.clone()), None, updates]);
        }
        let zeros = zeros_like(&gradient.operands[2]);
        let base = Tensor::emit(*self, &[cotangent, indices, &zeros]);
        let updates = if gradient.needed[2] {
            let won = self.winners(gradient)?;
            Some(select(&won, gathered(), zeros))
        } else {
            None
        };
        Ok(vec![Some(base), None, updates])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (base, indices, updates) = (operands[0], operands[1], operands[2]);
        let targets = self.targets(base, indices, updates);
        if self.scattering == Scattering::Set {
            let mut result = base.clone();
            let size = base.dtype().size_bytes();
            for (target, update) in targets.into_iter().zip(updates.bytes().chunks_exact(size)) {
                if let Some(place) = target {
                    result.bytes_mut()[place * size..][..size].copy_from_slice(update);
                }
            }
            return Ok(result);
        }
        if base.dtype().is_float() {
            let sums = scatter_sums(base.to_f64(), &targets, &updates.to_f64(), |a, b| a + b);
            return Ok(from_doubles(base.dtype(), base.shape(), &sums));
        }
        let sums = scatter_sums(wholes(base), &targets, &wholes(updates), i128::wrapping_add);
        Ok(from_wholes(base.dtype(), base.shape(), &sums))
    }
}

fn scatter_sums<T: Copy>(
    mut sums: Vec<T>,
    targets: &[Option<usize>],
    updates: &[T],
    add: fn(T, T) -> T,
) -> Vec<T> {
    for (target, &update) in targets.iter().zip(updates) {
        if let Some(place) = *target {
            sums[place] = add(sums[place], update);
        }
    }
    sums
}

impl Scatter {
    /// For each update in row-major order the place in the base that it goes to.
    fn targets(self, base: &Array, indices: &Array, updates: &Array) -> Vec<Option<usize>> {
        let rows = rows(indices, base.shape()[self.axis]);
        let (walk, index_walk) = (strides(base.shape()), strides(indices.shape()));
        let mut targets = Vec::new();
        for_each_place(updates.shape(), |place| {
            let (before, rest) = place.split_at(self.axis);
            let (index, after) = rest.split_at(indices.rank());
            let outside = offset(before, &walk) + offset(after, &walk[self.axis + 1..]);
            let row = rows[offset(index, &index_walk)];
            targets.push(row.map(|row| outside + row * walk[self.axis]));
        });
        targets
    }

    /// Which updates are the last of their row, in the shape of the updates: each index writes its
    /// own number into its row; those that read it back have won.
    fn winners(self, gradient: &Gradient<'_>) -> Result<Tensor> {
        let (base, indices) = (&gradient.operands[0], &gradient.operands[1]);
        let count = indices.shape().polynomial();
        if count.len() > 2 {
            let expected = "indices along at most one axis of the batch";
            return Err(Error::shape(self.name(), "indices", expected, indices.shape()));
        }
        let part = |power: usize| count.get(power).copied().unwrap_or(0);
        let count = Dim { batches: part(1) as usize, constant: part(0) as isize };
        let shape = Shape::from(vec![count]);
        let line = indices.leaf(Iota { shape, axis: 0, dtype: DType::I32 });
        let numbers = reshape_to(&line, indices.shape().clone());
        let rows = Shape::from(vec![base.shape()[self.axis]]);
        let nobody = base.constant(Array::scalar(-1_i32));
        let nobody = broadcast_in_dim(&nobody, &rows, &[]);
        let set = Self { scattering: Scattering::Set, axis: 0 };
        let last = Tensor::emit(set, &[&nobody, indices, &numbers]);
        let read = Tensor::emit(Gather { axis: 0 }, &[&last, indices]);
        let won = equal(&read, &numbers);
        let axes: Vec<usize> = (self.axis..self.axis + indices.rank()).collect();
        broadcast_in_dim(&won, gradient.operands[2].shape(), &axes).checked()
    }
}
