use rhyton_tensor::{Array, DType, philox4x32};

use super::{Gradient, Rule, expect_operands};
use crate::{Attribute, Attributes, Dim, Error, Result, Shape, Spec, Tensor};

/// Random words without state: from a key `u32[2]` and one counter `u32[R, 2]` for each row, the
/// result is `u32[R, length]`. Element (r, j) is word `j mod 4` of the Philox 4×32-10 block whose
/// counter is `(j / 4, counter[r][0], counter[r][1], 0)`; equal on every backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RandomBits {
    /// Words for each row.
    pub length: usize,
}

impl Rule for RandomBits {
    fn name(&self) -> &'static str {
        "random_bits"
    }

    fn names() -> Vec<&'static str> {
        vec!["random_bits"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("length", self.length.into())]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { length: attributes.number("length")? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands("random_bits", operands, 2)?;
        for (spec, argument) in operands.iter().zip(["key", "counter"]) {
            if spec.dtype != DType::U32 {
                return Err(Error::dtype("random_bits", argument, "uint32", spec.dtype));
            }
        }
        let (key, counter) = (&operands[0].shape, &operands[1].shape);
        if *key != Shape::fixed(&[2]) {
            return Err(Error::shape("random_bits", "key", "[2]", key));
        }
        if counter.rank() != 2 || counter[1] != Dim::fixed(2) {
            return Err(Error::shape("random_bits", "counter", "[R, 2]", counter));
        }
        Ok(Spec::new(DType::U32, vec![counter[0], Dim::fixed(self.length)]))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None, None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (key, counter) = (operands[0].view::<u32>(), operands[1].view::<u32>());
        let mut words = Vec::with_capacity(counter.len() / 2 * self.length);
        for row in counter.chunks_exact(2) {
            for j in 0..self.length as u32 {
                let block = philox4x32([key[0], key[1]], [j / 4, row[0], row[1], 0]);
                words.push(block[j as usize % 4]);
            }
        }
        Ok(Array::from_slice(&[counter.len() / 2, self.length], &words)?)
    }
}
