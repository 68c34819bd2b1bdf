use rhyton_tensor::{Array, DType};

use super::strided::{for_each_place, offset, strides, wholes};
use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// The position of the extreme element along one axis, which disappears; the result is int32. The
/// first of several wins, and a NaN wins over all numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArgReduce {
    /// Which extreme.
    pub reduction: ArgReduction,
    /// The axis that disappears.
    pub axis: usize,
}

/// Which extreme's position is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArgReduction {
    /// The largest element's.
    Maximum,
    /// The smallest element's.
    Minimum,
}

impl Rule for ArgReduce {
    fn name(&self) -> &'static str {
        match self.reduction {
            ArgReduction::Maximum => "arg_maximum",
            ArgReduction::Minimum => "arg_minimum",
        }
    }

    fn names() -> Vec<&'static str> {
        vec!["arg_maximum", "arg_minimum"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("axis", self.axis.into())]
    }

    fn parse(name: &str, attributes: &mut Attributes) -> Result<Self> {
        let reduction = match name {
            "arg_maximum" => ArgReduction::Maximum,
            _ => ArgReduction::Minimum,
        };
        Ok(Self { reduction, axis: attributes.number("axis")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands(self.name(), operands, 1)?;
        let shape = &operands[0].shape;
        if self.axis >= shape.rank() {
            let expected = format!("an axis below the rank of {shape}");
            return Err(Error::argument(self.name(), "axis", expected, self.axis));
        }
        if shape[self.axis] == crate::Dim::fixed(0) {
            return Err(Error::shape(self.name(), "x", "at least one element", shape));
        }
        let kept = shape.iter().enumerate().filter(|(axis, _)| *axis != self.axis);
        Ok(Spec::new(DType::I32, kept.map(|(_, dim)| *dim).collect::<Shape>()))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let x = operands[0];
        if x.dtype().is_float() {
            return self.positions(x, &x.to_f64());
        }
        self.positions(x, &wholes(x))
    }
}

impl ArgReduce {
    fn positions<T: PartialOrd + Copy>(&self, x: &Array, values: &[T]) -> Result<Array> {
        let mut shape = x.shape().to_vec();
        let length = shape.remove(self.axis);
        let mut walk = strides(x.shape());
        let step = walk.remove(self.axis);
        let mut positions: Vec<i32> = Vec::new();
        for_each_place(&shape, |place| {
            let start = offset(place, &walk);
            let line = (0..length).map(|index| values[start + index * step]);
            positions.push(self.position(line));
        });
        Ok(Array::from_slice(&shape, &positions)?)
    }

    fn position<T: PartialOrd + Copy>(&self, line: impl Iterator<Item = T>) -> i32 {
        let is_nan = |value: T| value.partial_cmp(&value).is_none();
        let mut best: Option<(usize, T)> = None;
        for (index, value) in line.enumerate() {
            let wins = best.is_none_or(|(_, so_far)| {
                !is_nan(so_far)
                    && (is_nan(value)
                        || match self.reduction {
                            ArgReduction::Maximum => value > so_far,
                            ArgReduction::Minimum => value < so_far,
                        })
            });
            if wins {
                best = Some((index, value));
            }
        }
        best.map_or(0, |(index, _)| index as i32)
    }
}
