use rhyton_tensor::{Array, DType};

use super::strided::{for_each_place, from_doubles, from_wholes, offset, strides, wholes};
use super::{Gradient, Rule, expect_equal_dtypes, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor, transpose};

/// The product of two operands, summed over contracted axes: batch axes pair up and come first in
/// the result, then the first operand's other axes, then the second's. Two int8 operands give
/// int32; otherwise the element type is the operands'.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Dot {
    /// The axes that pair up, of each operand.
    pub batch: [Vec<usize>; 2],
    /// The axes that are summed over in pairs, of each operand.
    pub contract: [Vec<usize>; 2],
}

impl Dot {
    /// The product of matrices `[…, k]` and `[k, …]` over one axis of each.
    pub fn matrices(first: usize, second: usize) -> Self {
        Self { batch: [Vec::new(), Vec::new()], contract: [vec![first], vec![second]] }
    }

    /// The axes of an operand of this rank that are neither paired nor summed, rising.
    pub fn free(&self, operand: usize, rank: usize) -> Vec<usize> {
        let taken = |axis: &usize| {
            self.batch[operand].contains(axis) || self.contract[operand].contains(axis)
        };
        (0..rank).filter(|axis| !taken(axis)).collect()
    }

    /// The result's axes as the operand's: its gradient is the product of the cotangent and the
    /// other operand over the other's free axes, brought back to the operand's order of axes.
    ///
    /// With `stacked`, cotangent and other operand have a further first axis, the steps of a loop,
    /// over which the product sums as well.
    pub(super) fn operand_gradient(
        &self,
        operand: usize,
        cotangent: &Tensor,
        value: &Tensor,
        stacked: bool,
    ) -> Tensor {
        let other = 1 - operand;
        let shift = usize::from(stacked);
        let other_rank = value.rank() - shift;
        let batch = self.batch[operand].len();
        let other_free = self.free(other, other_rank);
        let own_free_count = cotangent.rank() - shift - batch - other_free.len();
        let start = batch + if other == 0 { 0 } else { own_free_count };
        let shifted = |axes: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
            axes.map(|axis| axis + shift).collect()
        };
        let mut contract = [
            shifted(&mut (start..start + other_free.len())),
            shifted(&mut other_free.iter().copied()),
        ];
        if stacked {
            for axes in &mut contract {
                axes.insert(0, 0);
            }
        }
        let own_batch = shifted(&mut (0..batch));
        let dot =
            Self { batch: [own_batch, shifted(&mut self.batch[other].iter().copied())], contract };
        let product = Tensor::emit(dot, &[cotangent, value]);
        self.restore_order(operand, own_free_count, &product)
    }

    /// The axes batch, free, contracted (in the other operand's order) brought to the operand's.
    fn restore_order(&self, operand: usize, free_count: usize, product: &Tensor) -> Tensor {
        let other = 1 - operand;
        let rank = self.batch[operand].len() + self.contract[operand].len() + free_count;
        let pairs = self.contract[other].iter().copied().zip(self.contract[operand].iter());
        let mut pairs: Vec<(usize, usize)> = pairs.map(|(a, &b)| (a, b)).collect();
        pairs.sort_unstable();
        let contracted = pairs.into_iter().map(|(_, axis)| axis);
        let free = self.free(operand, rank);
        let order: Vec<usize> =
            self.batch[operand].iter().chain(&free).copied().chain(contracted).collect();
        let mut permutation = vec![0; order.len()];
        for (place, &axis) in order.iter().enumerate() {
            permutation[axis] = place;
        }
        if permutation.iter().copied().eq(0..permutation.len()) {
            return product.clone();
        }
        transpose(product, &permutation)
    }

    fn check_axes(&self, operands: &[Spec]) -> Result<()> {
        for (operand, spec) in operands.iter().enumerate() {
            let rank = spec.shape.rank();
            let mut axes: Vec<usize> =
                self.batch[operand].iter().chain(&self.contract[operand]).copied().collect();
            let count = axes.len();
            axes.sort_unstable();
            axes.dedup();
            if axes.len() != count || axes.last().is_some_and(|&axis| axis >= rank) {
                let expected = format!("distinct axes below {rank}");
                return Err(Error::argument("dot", "axes", expected, format!("{self:?}")));
            }
        }
        for axes in [&self.batch, &self.contract] {
            if axes[0].len() != axes[1].len() {
                let received = format!("{axes:?}");
                return Err(Error::argument("dot", "axes", "pairs of axes", received));
            }
            for (&a, &b) in axes[0].iter().zip(&axes[1]) {
                if operands[0].shape[a] != operands[1].shape[b] {
                    let expected = format!("{} along axis {b}", operands[0].shape[a]);
                    return Err(Error::shape(
                        "dot",
                        "the second operand",
                        expected,
                        &operands[1].shape,
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Rule for Dot {
    fn name(&self) -> &'static str {
        "dot"
    }

    fn names() -> Vec<&'static str> {
        vec!["dot"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("batch", self.batch[..].into()), ("contract", self.contract[..].into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { batch: attributes.pair("batch")?, contract: attributes.pair("contract")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("dot", operands, 2)?;
        expect_equal_dtypes("dot", operands)?;
        self.check_axes(operands)?;
        let dtype = match operands[0].dtype {
            DType::I8 => DType::I32,
            DType::Bool => return Err(Error::dtype("dot", "operands", "a number", DType::Bool)),
            dtype => dtype,
        };
        let dims = |operand: usize, axes: &[usize]| {
            axes.iter().map(|&axis| operands[operand].shape[axis]).collect::<Vec<_>>()
        };
        let mut shape = dims(0, &self.batch[0]);
        for (operand, spec) in operands.iter().enumerate() {
            shape.extend(dims(operand, &self.free(operand, spec.shape.rank())));
        }
        Ok(Spec::new(dtype, Shape::from(shape)))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        if !gradient.cotangent.dtype().is_float() {
            return Ok(vec![None, None]);
        }
        Ok((0..2)
            .map(|operand| {
                gradient.needed[operand].then(|| {
                    let value = &gradient.operands[1 - operand];
                    self.operand_gradient(operand, gradient.cotangent, value, false)
                })
            })
            .collect())
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (a, b) = (operands[0], operands[1]);
        if a.dtype().is_float() {
            let (a_values, b_values) = (a.to_f64(), b.to_f64());
            let (shape, sums) =
                self.sums(a, b, |i, j| a_values[i] * b_values[j], |sum: f64, term| sum + term);
            return Ok(from_doubles(a.dtype(), &shape, &sums));
        }
        let (a_values, b_values) = (wholes(a), wholes(b));
        let (shape, sums) = self.sums(
            a,
            b,
            |i, j| a_values[i].wrapping_mul(b_values[j]),
            |sum: i128, term| sum.wrapping_add(term),
        );
        let dtype = if a.dtype() == DType::I8 { DType::I32 } else { a.dtype() };
        Ok(from_wholes(dtype, &shape, &sums))
    }
}

impl Dot {
    /// The sums of products for every place of the result.
    fn sums<T: Copy + Default>(
        &self,
        a: &Array,
        b: &Array,
        product: impl Fn(usize, usize) -> T,
        add: impl Fn(T, T) -> T,
    ) -> (Vec<usize>, Vec<T>) {
        let (a_strides, b_strides) = (strides(a.shape()), strides(b.shape()));
        let free = [self.free(0, a.rank()), self.free(1, b.rank())];
        let pick = |values: &[usize], axes: &[usize]| {
            axes.iter().map(|&axis| values[axis]).collect::<Vec<_>>()
        };
        let outer = self.batch[0].len() + free[0].len() + free[1].len();
        let mut shape = pick(a.shape(), &self.batch[0]);
        shape.extend(pick(a.shape(), &free[0]));
        shape.extend(pick(b.shape(), &free[1]));
        let mut a_walk = pick(&a_strides, &self.batch[0]);
        a_walk.extend(pick(&a_strides, &free[0]));
        a_walk.resize(outer, 0);
        let mut b_walk = pick(&b_strides, &self.batch[1]);
        b_walk.resize(b_walk.len() + free[0].len(), 0);
        b_walk.extend(pick(&b_strides, &free[1]));
        let inner = pick(a.shape(), &self.contract[0]);
        let a_inner = pick(&a_strides, &self.contract[0]);
        let b_inner = pick(&b_strides, &self.contract[1]);
        let mut steps = Vec::new();
        for_each_place(&inner, |place| {
            steps.push((offset(place, &a_inner), offset(place, &b_inner)));
        });
        let mut sums = Vec::new();
        for_each_place(&shape, |place| {
            let (i, j) = (offset(place, &a_walk), offset(place, &b_walk));
            let terms = steps.iter().map(|(di, dj)| product(i + di, j + dj));
            sums.push(terms.fold(T::default(), &add));
        });
        (shape, sums)
    }
}
