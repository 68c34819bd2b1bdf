use rhyton_tensor::{Array, DType};

use super::strided::{for_each_place, from_doubles, from_wholes, offset, strides, wholes};
use super::{Gradient, Rule, expect_operands};
use crate::{
    Attribute, Attributes, Error, Result, Shape, Spec, Tensor, broadcast_in_dim, cast, equal,
    multiply, select, sum_axes, zeros_like,
};

/// Combines the elements along some axes, which disappear.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reduce {
    /// How elements combine.
    pub reduction: Reduction,
    /// The axes that disappear, rising.
    pub axes: Vec<usize>,
}

/// How a reduction combines elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum; 0 for no elements. Integers wrap.
    Sum,
    /// The product; 1 for no elements. Integers wrap.
    Product,
    /// The largest; NaN if any is; the lowest value for no elements. Ties share the gradient.
    Maximum,
    /// The smallest; NaN if any is; the highest value for no elements. Ties share the gradient.
    Minimum,
    /// Whether any holds.
    Any,
    /// Whether all hold.
    All,
}

impl Reduction {
    /// Every reduction, in the order of the enum.
    pub const ALL: [Self; 6] =
        [Self::Sum, Self::Product, Self::Maximum, Self::Minimum, Self::Any, Self::All];

    fn name(self) -> &'static str {
        match self {
            Self::Sum => "reduce_sum",
            Self::Product => "reduce_product",
            Self::Maximum => "reduce_maximum",
            Self::Minimum => "reduce_minimum",
            Self::Any => "reduce_any",
            Self::All => "reduce_all",
        }
    }
}

impl Reduce {
    /// A reduction over these axes.
    pub fn new(reduction: Reduction, axes: &[usize]) -> Self {
        let mut axes = axes.to_vec();
        axes.sort_unstable();
        axes.dedup();
        Self { reduction, axes }
    }

    /// The axes of an operand that stay, rising.
    pub fn kept(&self, rank: usize) -> Vec<usize> {
        (0..rank).filter(|axis| !self.axes.contains(axis)).collect()
    }
}

impl Rule for Reduce {
    fn name(&self) -> &'static str {
        self.reduction.name()
    }

    fn names() -> Vec<&'static str> {
        Reduction::ALL.map(Reduction::name).to_vec()
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axes", (&self.axes).into())]
    }

    fn parse(name: &str, attributes: &mut Attributes) -> Result<Self> {
        let known = Reduction::ALL.into_iter().find(|reduction| reduction.name() == name);
        let reduction =
            known.ok_or_else(|| Error::argument(name, "name", "a known primitive", "another"))?;
        Ok(Self::new(reduction, &attributes.numbers("axes")?))
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands(self.name(), operands, 1)?;
        let x = &operands[0];
        if let Some(&axis) = self.axes.iter().find(|&&axis| axis >= x.shape.rank()) {
            let expected = format!("axes below the rank of {}", x.shape);
            return Err(Error::argument(self.name(), "axes", expected, axis));
        }
        let logical = matches!(self.reduction, Reduction::Any | Reduction::All);
        if logical != (x.dtype == DType::Bool) {
            let expected = if logical { "bool" } else { "a number" };
            return Err(Error::dtype(self.name(), "x", expected, x.dtype));
        }
        Ok(x.with_shape(self.kept(x.shape.rank()).iter().map(|&a| x.shape[a]).collect::<Shape>()))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let x = &gradient.operands[0];
        let kept = self.kept(x.rank());
        let spread = |value: &Tensor| broadcast_in_dim(value, x.shape(), &kept);
        let contribution = match self.reduction {
            Reduction::Sum => spread(gradient.cotangent),
            Reduction::Product => spread(gradient.cotangent) * products_of_others(x, &self.axes),
            Reduction::Maximum | Reduction::Minimum => {
                let ties = equal(x, spread(gradient.result));
                let count = sum_axes(&cast(&ties, x.dtype()), &self.axes);
                select(&ties, spread(&(gradient.cotangent / count)), zeros_like(x))
            }
            Reduction::Any | Reduction::All => return Ok(vec![None]),
        };
        Ok(vec![Some(contribution)])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        if x.dtype().is_float() {
            let fold = |sums: &mut f64, value: f64| match self.reduction {
                Reduction::Sum => *sums += value,
                Reduction::Product => *sums *= value,
                Reduction::Maximum if value > *sums || value.is_nan() => *sums = value,
                Reduction::Minimum if value < *sums || value.is_nan() => *sums = value,
                _ => {}
            };
            let start = match self.reduction {
                Reduction::Product => 1.0,
                Reduction::Maximum => f64::NEG_INFINITY,
                Reduction::Minimum => f64::INFINITY,
                _ => 0.0,
            };
            let (shape, values) = self.fold(x, &x.to_f64(), start, fold);
            return Ok(from_doubles(x.dtype(), &shape, &values));
        }
        let fold = |sums: &mut i128, value: i128| match self.reduction {
            Reduction::Sum => *sums += value,
            Reduction::Product => *sums = wrap(x.dtype(), sums.wrapping_mul(value)),
            Reduction::Maximum | Reduction::Any => *sums = value.max(*sums),
            Reduction::Minimum | Reduction::All => *sums = value.min(*sums),
        };
        let (lowest, highest) = whole_range(x.dtype());
        let start = match self.reduction {
            Reduction::Sum => 0,
            Reduction::Product => 1,
            Reduction::Maximum | Reduction::Any => lowest,
            Reduction::Minimum | Reduction::All => highest,
        };
        let (shape, values) = self.fold(x, &wholes(x), start, fold);
        Ok(from_wholes(x.dtype(), &shape, &values))
    }
}

impl Reduce {
    /// Folds the elements that meet in each place of the result.
    fn fold<T: Copy>(
        &self,
        x: &Array,
        values: &[T],
        start: T,
        fold: impl Fn(&mut T, T),
    ) -> (Vec<usize>, Vec<T>) {
        let kept = self.kept(x.rank());
        let shape: Vec<usize> = kept.iter().map(|&axis| x.shape()[axis]).collect();
        let result_strides = strides(&shape);
        let mut strides_of_x = vec![0; x.rank()];
        for (&axis, &stride) in kept.iter().zip(&result_strides) {
            strides_of_x[axis] = stride;
        }
        let mut results = vec![start; shape.iter().product()];
        let mut next = values.iter();
        for_each_place(x.shape(), |place| {
            let value = *next.next().expect("one value for each place");
            fold(&mut results[offset(place, &strides_of_x)], value);
        });
        (shape, results)
    }
}

/// For each element, the product of all others along the axes: the derivative of their product,
/// right also where elements are zero. One zero leaves the product of the rest at its own place;
/// two leave nothing.
fn products_of_others(x: &Tensor, axes: &[usize]) -> Tensor {
    let kept: Vec<usize> = (0..x.rank()).filter(|axis| !axes.contains(axis)).collect();
    let spread = |value: &Tensor| broadcast_in_dim(value, x.shape(), &kept);
    let zero = zeros_like(x);
    let is_zero = equal(x, &zero);
    let zeros = spread(&sum_axes(&cast(&is_zero, x.dtype()), axes));
    let nonzero = select(&is_zero, x.scalar_like(1.0), x);
    let product = spread(&Tensor::emit(Reduce::new(Reduction::Product, axes), &[&nonzero]));
    let without_zero = select(equal(&zeros, 0.0), multiply(&product, 1.0 / &nonzero), &zero);
    let at_the_zero = select(&is_zero, &product, &zero);
    select(equal(&zeros, 1.0), at_the_zero, without_zero)
}

fn wrap(dtype: DType, value: i128) -> i128 {
    wholes(&from_wholes(dtype, &[], &[value]))[0]
}

/// The least and the greatest number of an integer type.
pub(super) fn whole_range(dtype: DType) -> (i128, i128) {
    let bits = dtype.size_bytes() as u32 * 8;
    match dtype {
        DType::Bool => (0, 1),
        _ if dtype.is_signed() => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        _ => (0, (1 << bits) - 1),
    }
}
