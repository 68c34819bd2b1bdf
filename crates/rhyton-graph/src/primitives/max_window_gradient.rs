use rhyton_tensor::{Array, DType};

use super::strided::from_doubles;
use super::window_reduce::expect_narrow_padding;
use super::{ArgReduce, ArgReduction, Gather, Gradient, Iota, Pad, Rule, Window};
use super::{expect_equal_dtypes, expect_operands};
use crate::{
    Attribute, Attributes, Dim, Error, Result, Shape, Spec, Tensor, broadcast_in_dim, equal,
    reshape_to, select, sum_axes, transpose, zeros_like,
};

/// The derivative of the maximum of windows by their array x, from x and the cotangent of the
/// result: each window's goes to its first maximum in row-major order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MaxWindowGradient {
    /// The windows, over all axes.
    pub window: Window,
}

const NAME: &str = "max_window_gradient";

impl Rule for MaxWindowGradient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn names() -> Vec<&'static str> {
        vec![NAME]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        self.window.attributes()
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { window: Window::parse(attributes)? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands(NAME, operands, 2)?;
        expect_equal_dtypes(NAME, operands)?;
        let (x, g) = (&operands[0], &operands[1]);
        if !x.dtype.is_float() {
            return Err(Error::dtype(NAME, "x", "a float", x.dtype));
        }
        let expected = self.window.over(NAME, &x.shape)?;
        expect_narrow_padding(NAME, &self.window)?;
        if g.shape != expected {
            let expected = format!("{expected}, one number for each window");
            return Err(Error::shape(NAME, "g", expected, &g.shape));
        }
        Ok(x.clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let picked = gradient.needed[1].then(|| {
            let x = &gradient.operands[0];
            let elements = self.elements(x, &x.scalar_like(f64::NEG_INFINITY));
            let axis = elements.rank() - 1;
            let arg = ArgReduce { reduction: ArgReduction::Maximum, axis };
            let best = Tensor::emit(arg, &[&elements]);
            let axes: Vec<usize> = (0..axis).collect();
            let best = broadcast_in_dim(&best, elements.shape(), &axes);
            let shape = elements.shape().clone();
            let own = elements.leaf(Iota { shape, axis, dtype: DType::I32 });
            let cotangent = gradient.cotangent;
            let candidates = self.elements(cotangent, &cotangent.scalar_like(0.0));
            let chosen = select(equal(&own, &best), &candidates, zeros_like(&candidates));
            sum_axes(&chosen, &[axis])
        });
        Ok(vec![None, picked])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (x, g) = (operands[0], operands[1]);
        let (values, cotangents) = (x.to_f64(), g.to_f64());
        let mut best: Vec<Option<usize>> = vec![None; cotangents.len()];
        self.window.for_each(x.shape(), |place, _, from| {
            let wins = best[place].is_none_or(|so_far| {
                let (so_far, value) = (values[so_far], values[from]);
                !so_far.is_nan() && (value > so_far || value.is_nan())
            });
            if wins {
                best[place] = Some(from);
            }
        });
        let mut sums = vec![0.0; values.len()];
        for (best, cotangent) in best.into_iter().zip(cotangents) {
            if let Some(place) = best {
                sums[place] += cotangent;
            }
        }
        Ok(from_doubles(x.dtype(), x.shape(), &sums))
    }
}

impl MaxWindowGradient {
    /// The elements of every window on one last axis, in row-major order; `padding` fills.
    fn elements(&self, x: &Tensor, padding: &Tensor) -> Tensor {
        let window = &self.window;
        let rank = x.rank();
        let fixed = |amounts: &[usize]| amounts.iter().map(|&amount| Dim::fixed(amount)).collect();
        let (low, high) = (fixed(&window.low), fixed(&window.high));
        let mut result = Tensor::emit(Pad { low, high, interior: vec![0; rank] }, &[x, padding]);
        let sliding: Vec<usize> = (0..rank).filter(|&axis| !window.is_single(axis)).collect();
        for &axis in sliding.iter().rev() {
            let windows = window.count(axis, x.shape()[axis].bind(0));
            let count = windows.saturating_mul(window.size[axis]);
            if let Err(error) = crate::error::check_constant("max_pool", "pool_size", count) {
                return Tensor::failed(error);
            }
            let indices = x.constant(indices(window, axis, windows));
            result = Tensor::emit(Gather { axis }, &[&result, &indices]);
        }
        let place = |axis: usize| axis + sliding.iter().filter(|&&other| other < axis).count();
        let inner = sliding.iter().map(|&axis| place(axis) + 1);
        let order: Vec<usize> = (0..rank).map(place).chain(inner).collect();
        let result = transpose(&result, &order);
        let count = sliding.iter().map(|&axis| window.size[axis]).product();
        let outer = result.shape().iter().take(rank).copied();
        let shape: Shape = outer.chain([Dim::fixed(count)]).collect();
        reshape_to(&result, shape)
    }
}

/// The index of each window's elements on a padded axis, `[windows, size]`.
fn indices(window: &Window, axis: usize, windows: usize) -> Array {
    let starts = (0..windows).map(|place| place * window.stride[axis]);
    let indices: Vec<i32> = starts
        .flat_map(|start| {
            (0..window.size[axis]).map(move |step| (start + step * window.dilation[axis]) as i32)
        })
        .collect();
    Array::from_slice(&[windows, window.size[axis]], &indices)
        .expect("one index for each element of each window")
}
