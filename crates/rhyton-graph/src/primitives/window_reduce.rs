use rhyton_tensor::{Array, DType};

use super::reduce::whole_range;
use super::strided::{from_doubles, from_wholes, wholes};
use super::{Gradient, MaxWindowGradient, Pad, Rule, Window, expect_operands};
use crate::{Attribute, Attributes, Dim, Error, Result, Spec, Tensor};

/// The maximum or the sum of every window over an array of numbers; padding counts as the least
/// number or 0. NaN wins over all numbers. Padding is less than a window's extent, so that every
/// gradient is again a window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WindowReduce {
    /// What becomes of a window.
    pub reduction: WindowReduction,
    /// The windows, over all axes; axes of the batch have windows of one element.
    pub window: Window,
}

/// What becomes of a window's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowReduction {
    /// The largest.
    Maximum,
    /// Their sum.
    Sum,
}

impl Rule for WindowReduce {
    fn name(&self) -> &'static str {
        match self.reduction {
            WindowReduction::Maximum => "window_maximum",
            WindowReduction::Sum => "window_sum",
        }
    }

    fn names() -> Vec<&'static str> {
        vec!["window_maximum", "window_sum"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        self.window.attributes()
    }

    fn parse(name: &str, attributes: &mut Attributes) -> Result<Self> {
        let reduction = match name {
            "window_maximum" => WindowReduction::Maximum,
            _ => WindowReduction::Sum,
        };
        Ok(Self { reduction, window: Window::parse(attributes)? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands(self.name(), operands, 1)?;
        let x = &operands[0];
        if x.dtype == DType::Bool {
            return Err(Error::dtype(self.name(), "x", "a number", x.dtype));
        }
        let shape = self.window.over(self.name(), &x.shape)?;
        expect_narrow_padding(self.name(), &self.window)?;
        Ok(x.with_shape(shape))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let x = &gradient.operands[0];
        if !x.dtype().is_float() {
            return Ok(vec![None]);
        }
        Ok(vec![Some(match self.reduction {
            WindowReduction::Maximum => {
                let rule = MaxWindowGradient { window: self.window.clone() };
                Tensor::emit(rule, &[x, gradient.cotangent])
            }
            WindowReduction::Sum => self.spread(gradient.cotangent, x),
        })])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        let window = &self.window;
        let sizes = x.shape().iter().enumerate();
        let shape: Vec<usize> = sizes.map(|(axis, &length)| window.count(axis, length)).collect();
        let count = shape.iter().product();
        if x.dtype().is_float() {
            let start = match self.reduction {
                WindowReduction::Maximum => f64::NEG_INFINITY,
                WindowReduction::Sum => 0.0,
            };
            let values = x.to_f64();
            let mut results = vec![start; count];
            window.for_each(x.shape(), |place, _, from| {
                let (result, value) = (&mut results[place], values[from]);
                match self.reduction {
                    WindowReduction::Sum => *result += value,
                    WindowReduction::Maximum if value > *result || value.is_nan() => {
                        *result = value;
                    }
                    WindowReduction::Maximum => {}
                }
            });
            return Ok(from_doubles(x.dtype(), &shape, &results));
        }
        let start = match self.reduction {
            WindowReduction::Maximum => whole_range(x.dtype()).0,
            WindowReduction::Sum => 0,
        };
        let values = wholes(x);
        let mut results = vec![start; count];
        window.for_each(x.shape(), |place, _, from| match self.reduction {
            WindowReduction::Sum => results[place] += values[from],
            WindowReduction::Maximum => results[place] = results[place].max(values[from]),
        });
        Ok(from_wholes(x.dtype(), &shape, &results))
    }
}

impl WindowReduce {
    /// The cotangent of x in a sum: each element gets the sum over the windows that hold it, which
    /// is a sum over windows of the cotangent with gaps of the stride.
    fn spread(&self, cotangent: &Tensor, x: &Tensor) -> Tensor {
        let window = &self.window;
        let rank = x.rank();
        let interior: Vec<usize> = window.stride.iter().map(|stride| stride - 1).collect();
        let mut back = Window { stride: vec![1; rank], ..window.clone() };
        let mut rest = vec![0; rank];
        for axis in (0..rank).filter(|&axis| !window.is_single(axis)) {
            let [length, windows] = [x, cotangent].map(|tensor| tensor.shape()[axis].bind(0));
            let spaced = (windows - 1) * window.stride[axis] + 1;
            let widest = window.extent(axis) - 1;
            let high = length + window.low[axis] - spaced;
            back.low[axis] = widest - window.low[axis];
            back.high[axis] = high.min(widest);
            rest[axis] = high - back.high[axis];
        }
        let fixed = |amounts: &[usize]| amounts.iter().map(|&amount| Dim::fixed(amount)).collect();
        let gaps = Pad { low: fixed(&vec![0; rank]), high: fixed(&rest), interior };
        let spaced = Tensor::emit(gaps, &[cotangent, &cotangent.scalar_like(0.0)]);
        Tensor::emit(Self { reduction: WindowReduction::Sum, window: back }, &[&spaced])
    }
}

/// Fails if a window could lie wholly in the padding.
pub(super) fn expect_narrow_padding(name: &str, window: &Window) -> Result<()> {
    for (argument, padding) in [("low", &window.low), ("high", &window.high)] {
        let wide = (0..padding.len()).find(|&axis| padding[axis] >= window.extent(axis));
        if let Some(axis) = wide {
            let expected = format!("less than {}, the window's extent", window.extent(axis));
            let received = format!("{} along axis {axis}", padding[axis]);
            return Err(Error::argument(name, argument, expected, received));
        }
    }
    Ok(())
}
