use std::cmp::Ordering;

use rhyton_tensor::{Array, DType};

use super::strided::{for_each_place, from_doubles, from_wholes, offset, strides, wholes};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Spec, Tensor, take_along_axis};

/// The elements of every line along an axis in rising order, or falling with `descending`. NaN
/// counts as greater than all numbers, −0 equals +0, false is less than true; equal elements keep
/// their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The axis along which is sorted.
    pub axis: usize,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// Where each element of [`Sort`] comes from: its index along the axis, int32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argsort {
    /// The axis along which is sorted.
    pub axis: usize,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// Rules of both.
macro_rules! order_rule {
    ($name:literal) => {
        fn name(&self) -> &'static str {
            $name
        }

        fn names() -> Vec<&'static str> {
            vec![$name]
        }

        fn attributes(&self) -> Vec<(&'static str, Attribute)> {
            vec![("axis", self.axis.into()), ("descending", self.descending.into())]
        }

        fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
            let descending = attributes.flag("descending")?;
            Ok(Self { axis: attributes.number("axis")?, descending })
        }
    };
}

impl Rule for Sort {
    order_rule!("sort");

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_axis("sort", operands, self.axis)?;
        Ok(operands[0].clone())
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let x = &gradient.operands[0];
        if !x.dtype().is_float() {
            return Ok(vec![None]);
        }
        let Self { axis, descending } = *self;
        let order = Tensor::emit(Argsort { axis, descending }, &[x]);
        let places = Tensor::emit(Argsort { axis, descending: false }, &[&order]);
        Ok(vec![Some(take_along_axis(gradient.cotangent, &places, axis as isize))])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        let places = Lines { axis: self.axis, descending: self.descending }.places(x);
        if x.dtype().is_float() {
            let values = x.to_f64();
            let sorted: Vec<f64> = places.iter().map(|&(place, _)| values[place]).collect();
            return Ok(from_doubles(x.dtype(), x.shape(), &sorted));
        }
        let values = wholes(x);
        let sorted: Vec<i128> = places.iter().map(|&(place, _)| values[place]).collect();
        Ok(from_wholes(x.dtype(), x.shape(), &sorted))
    }
}

impl Rule for Argsort {
    order_rule!("argsort");

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_axis("argsort", operands, self.axis)?;
        Ok(operands[0].with_dtype(DType::I32))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        let places = Lines { axis: self.axis, descending: self.descending }.places(x);
        let indices: Vec<i32> = places.iter().map(|&(_, index)| index as i32).collect();
        Ok(Array::from_slice(x.shape(), &indices)?)
    }
}

fn expect_axis(name: &str, operands: &[Spec], axis: usize) -> Result<()> {
    expect_operands(name, operands, 1)?;
    let shape = &operands[0].shape;
    if axis < shape.rank() {
        return Ok(());
    }
    let expected = format!("an axis below the rank of {shape}");
    Err(Error::argument(name, "axis", expected, axis))
}

/// Lines of an array along an axis, in an order.
struct Lines {
    axis: usize,
    descending: bool,
}

impl Lines {
    /// For each place of the sorted array in row-major order, where its element stands in `x`, and
    /// that element's index along the axis.
    fn places(&self, x: &Array) -> Vec<(usize, usize)> {
        if x.dtype().is_float() {
            let values = x.to_f64();
            return self.sorted(x.shape(), |a, b| order_of_floats(values[a], values[b]));
        }
        let values = wholes(x);
        self.sorted(x.shape(), |a, b| values[a].cmp(&values[b]))
    }

    fn sorted(
        &self,
        shape: &[usize],
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Vec<(usize, usize)> {
        let steps = strides(shape);
        let mut outer = shape.to_vec();
        let length = std::mem::replace(&mut outer[self.axis], 1);
        let step = steps[self.axis];
        let mut places = vec![(0, 0); shape.iter().product()];
        if length == 0 {
            return places;
        }
        for_each_place(&outer, |place| {
            let start = offset(place, &steps);
            let mut line: Vec<usize> = (0..length).collect();
            line.sort_by(|&a, &b| {
                let order = compare(start + a * step, start + b * step);
                if self.descending { order.reverse() } else { order }
            });
            for (at, index) in line.into_iter().enumerate() {
                places[start + at * step] = (start + index * step, index);
            }
        });
        places
    }
}

fn order_of_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval;

    #[test]
    fn nan_is_greatest_and_equal_elements_keep_their_order() {
        let nan = f32::NAN;
        let x = Array::from_slice(&[6], &[2.0, nan, -1.0, 2.0, 0.0, -0.0_f32]).unwrap();
        let order = |descending| {
            let sort = |x: &[Tensor]| vec![Tensor::emit(Argsort { axis: 0, descending }, &[&x[0]])];
            eval(sort, &[&x]).unwrap()[0].view::<i32>().to_vec()
        };
        assert_eq!(order(false), [2, 4, 5, 0, 3, 1]);
        assert_eq!(order(true), [1, 0, 3, 4, 5, 2]);
    }

    #[test]
    fn lines_of_any_type_and_axis_are_sorted() {
        let x = Array::from_slice(&[3, 2], &[3_u8, 1, 200, 7, 0, 9]).unwrap();
        let sort = |axis, descending| {
            let sort = |x: &[Tensor]| vec![Tensor::emit(Sort { axis, descending }, &[&x[0]])];
            eval(sort, &[&x]).unwrap()[0].view::<u8>().to_vec()
        };
        assert_eq!(sort(0, false), [0, 1, 3, 7, 200, 9]);
        assert_eq!(sort(1, true), [3, 1, 200, 7, 9, 0]);
        let empty = Array::zeros(DType::F32, &[2, 0]);
        let result =
            eval(|x| vec![Tensor::emit(Sort { axis: 1, descending: false }, &[&x[0]])], &[&empty]);
        assert_eq!(result.unwrap()[0].shape(), [2, 0]);
    }
}
