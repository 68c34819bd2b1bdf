use rhyton_tensor::{Array, DType};

use super::{Gradient, Rule, expect_equal_dtypes, expect_equal_shapes, expect_operands, strided};
use crate::{Attributes, Error, Result, Spec, Tensor};

/// Comparisons of two values of equal shape and element type; the result is bool. A NaN is equal
/// to nothing and neither less nor greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// a = b
    Equal,
    /// a ≠ b
    NotEqual,
    /// a < b
    Less,
    /// a ≤ b
    LessEqual,
    /// a > b
    Greater,
    /// a ≥ b
    GreaterEqual,
}

impl Compare {
    /// Every comparison, in the order of the enum.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessEqual,
        Self::Greater,
        Self::GreaterEqual,
    ];

    /// The comparison of two ordered values.
    pub fn holds<T: PartialOrd + Copy>(self, a: T, b: T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            Self::Less => a < b,
            Self::LessEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterEqual => a >= b,
        }
    }
}

impl Rule for Compare {
    fn name(&self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::NotEqual => "not_equal",
            Self::Less => "less",
            Self::LessEqual => "less_equal",
            Self::Greater => "greater",
            Self::GreaterEqual => "greater_equal",
        }
    }

    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(Self::name).collect()
    }

    fn parse(name: &str, _: &mut Attributes) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| Error::argument(name, "name", "a known primitive", "another"))
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_operands(self.name(), operands, 2)?;
        expect_equal_dtypes(self.name(), operands)?;
        expect_equal_shapes(self.name(), operands)?;
        Ok(operands[0].with_dtype(DType::Bool))
    }

    fn gradient(&self, _: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None, None])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        Ok(strided::compare(operands[0], operands[1], *self))
    }
}
