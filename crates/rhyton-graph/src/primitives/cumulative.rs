use rhyton_tensor::Array;

use super::strided::{from_doubles, from_wholes, wholes};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Spec, Tensor};

/// Sums from one end of an axis to every place on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cumulative {
    /// The axis along which is summed.
    pub axis: usize,
    /// Whether a place's own element is left out; the first sum is then 0.
    pub exclusive: bool,
    /// Whether sums begin at the axis' end.
    pub reverse: bool,
}

const NAME: &str = "cumulative_sum";

impl Cumulative {
    /// For each element in the order of summation, its index and that of the sum before it.
    fn walk(&self, shape: &[usize]) -> impl Iterator<Item = (usize, Option<usize>)> {
        let length = shape[self.axis];
        let inner: usize = shape[self.axis + 1..].iter().product();
        let lines = shape.iter().product::<usize>() / length.max(1);
        let reverse = self.reverse;
        (0..lines * length).map(move |turn| {
            let (line, step) = (turn / length, turn % length);
            let begin = line / inner * length * inner + line % inner;
            let at = |step: usize| begin + inner * if reverse { length - 1 - step } else { step };
            (at(step), step.checked_sub(1).map(at))
        })
    }

    /// The sums, with the addition and the zero of the element type.
    fn sums<T: Copy>(&self, shape: &[usize], x: &[T], zero: T, add: fn(T, T) -> T) -> Vec<T> {
        let mut sums = vec![zero; x.len()];
        for (place, before) in self.walk(shape) {
            let so_far = before.map_or(zero, |before| sums[before]);
            sums[place] = if !self.exclusive {
                add(so_far, x[place])
            } else if let Some(before) = before {
                add(so_far, x[before])
            } else {
                zero
            };
        }
        sums
    }
}

impl Rule for Cumulative {
    fn name(&self) -> &'static str {
        NAME
    }

    fn names() -> Vec<&'static str> {
        vec![NAME]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let flags = [("exclusive", self.exclusive.into()), ("reverse", self.reverse.into())];
        std::iter::once(("axis", self.axis.into())).chain(flags).collect()
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            axis: attributes.number("axis")?,
            exclusive: attributes.flag("exclusive")?,
            reverse: attributes.flag("reverse")?,
        })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands(NAME, operands, 1)?;
        let x = &operands[0];
        if self.axis >= x.shape.rank() {
            let expected = format!("an axis below the rank of {}", x.shape);
            return Err(Error::argument(NAME, "axis", expected, self.axis));
        }
        if !x.dtype.is_float() && !x.dtype.is_integer() || x.dtype == rhyton_tensor::DType::Bool {
            return Err(Error::dtype(NAME, "x", "a float or an integer", x.dtype));
        }
        Ok(x.clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let back = Self { reverse: !self.reverse, ..self.clone() };
        Ok(vec![Some(Tensor::emit(back, &[gradient.cotangent]))])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (x, shape) = (operands[0], operands[0].shape());
        if x.dtype().is_float() {
            let sums = self.sums(shape, &x.to_f64(), 0.0, |a, b| a + b);
            return Ok(from_doubles(x.dtype(), shape, &sums));
        }
        Ok(from_wholes(x.dtype(), shape, &self.sums(shape, &wholes(x), 0, |a, b| a + b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval;

    /// `tf.math.cumsum` of TensorFlow 2.21.
    #[test]
    fn sums_run_along_the_axis() {
        let x = Array::from_slice(&[2, 3], &[1_i32, 2, 3, 4, 5, 6]).unwrap();
        let sums = |axis, exclusive, reverse| {
            let sum = Cumulative { axis, exclusive, reverse };
            let result = eval(|x| vec![Tensor::emit(sum, &[&x[0]])], &[&x]).unwrap();
            result[0].view::<i32>().to_vec()
        };
        assert_eq!(sums(1, false, false), [1, 3, 6, 4, 9, 15]);
        assert_eq!(sums(1, true, false), [0, 1, 3, 0, 4, 9]);
        assert_eq!(sums(1, false, true), [6, 5, 3, 15, 11, 6]);
        assert_eq!(sums(1, true, true), [5, 3, 0, 11, 6, 0]);
        assert_eq!(sums(0, false, false), [1, 2, 3, 5, 7, 9]);
    }

    #[test]
    fn integers_wrap_and_empty_axes_stay_empty() {
        let x = Array::from_slice(&[2], &[200_u8, 100]).unwrap();
        let sum = Cumulative { axis: 0, exclusive: false, reverse: false };
        let result = eval(|x| vec![Tensor::emit(sum.clone(), &[&x[0]])], &[&x]).unwrap();
        assert_eq!(result[0].view::<u8>(), [200, 44]);
        let empty = Array::zeros(rhyton_tensor::DType::F32, &[0, 3]);
        let result = eval(|x| vec![Tensor::emit(sum, &[&x[0]])], &[&empty]).unwrap();
        assert_eq!(result[0].shape(), [0, 3]);
    }
}
