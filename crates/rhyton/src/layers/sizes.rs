use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{Error, Result};

/// Arithmetic on smaller sizes does not overflow.
const LIMIT: usize = 1 << 31;

/// A number for each of `N` axes. Keras' forms are read: one number for all, or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sizes<const N: usize>(pub [usize; N]);

impl<const N: usize> Sizes<N> {
    /// The numbers, if each is at least 1 and none absurd.
    ///
    /// # Errors
    /// [`Error::Config`] naming the layer's class and the argument.
    pub(super) fn positive(self, owner: &str, argument: &str) -> Result<[usize; N]> {
        if self.0.iter().all(|size| (1..LIMIT).contains(size)) {
            return Ok(self.0);
        }
        let expected = "a number of at least 1 for each axis";
        Err(Error::config(owner, argument, expected, format!("{:?}", self.0)))
    }
}

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(size: usize) -> Self {
        Self([size; N])
    }
}

impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(sizes: [usize; N]) -> Self {
        Self(sizes)
    }
}

impl From<(usize, usize)> for Sizes<2> {
    fn from(sizes: (usize, usize)) -> Self {
        Self(sizes.into())
    }
}

impl From<(usize, usize, usize)> for Sizes<3> {
    fn from(sizes: (usize, usize, usize)) -> Self {
        Self(sizes.into())
    }
}

impl<const N: usize> Serialize for Sizes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        if self.0.iter().all(|size| *size == self.0[0]) {
            return self.0[0].serialize(serializer);
        }
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Sizes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        numbers(&value)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("expected {}", one_or_list::<N>())))
    }
}

/// What is taken away or added before and after each of `N` axes. Keras' forms are read: one number
/// for all, or a list with a number or a pair `[before, after]` for each axis (for one axis, the
/// pair alone).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Margins<const N: usize>(pub [[usize; 2]; N]);

impl<const N: usize> Margins<N> {
    /// The numbers, if none is absurd.
    ///
    /// # Errors
    /// [`Error::Config`] naming the layer's class and the argument.
    pub(super) fn checked(self, owner: &str, argument: &str) -> Result<[[usize; 2]; N]> {
        if self.0.as_flattened().iter().all(|margin| *margin < LIMIT) {
            return Ok(self.0);
        }
        let expected = format!("numbers below {LIMIT}");
        Err(Error::config(owner, argument, expected, format!("{:?}", self.0)))
    }
}

impl<const N: usize> From<usize> for Margins<N> {
    fn from(margin: usize) -> Self {
        Self([[margin; 2]; N])
    }
}

impl From<(usize, usize)> for Margins<1> {
    fn from(pair: (usize, usize)) -> Self {
        Self([pair.into()])
    }
}

impl From<(usize, usize)> for Margins<2> {
    fn from((height, width): (usize, usize)) -> Self {
        Self([[height; 2], [width; 2]])
    }
}

impl From<((usize, usize), (usize, usize))> for Margins<2> {
    fn from((height, width): ((usize, usize), (usize, usize))) -> Self {
        Self([height.into(), width.into()])
    }
}

impl From<(usize, usize, usize)> for Margins<3> {
    fn from((depth, height, width): (usize, usize, usize)) -> Self {
        Self([[depth; 2], [height; 2], [width; 2]])
    }
}

impl<const N: usize> From<[[usize; 2]; N]> for Margins<N> {
    fn from(pairs: [[usize; 2]; N]) -> Self {
        Self(pairs)
    }
}

impl<const N: usize> Serialize for Margins<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let first = self.0[0];
        if first[0] == first[1] && self.0.iter().all(|pair| *pair == first) {
            return first[0].serialize(serializer);
        }
        if N == 1 { first.serialize(serializer) } else { self.0.as_slice().serialize(serializer) }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Margins<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let pairs = if N == 1 { numbers(&value).map(|pair| vec![pair]) } else { pairs(&value, N) };
        let pairs = pairs.and_then(|pairs| <[[usize; 2]; N]>::try_from(pairs).ok());
        pairs.map(Self).ok_or_else(|| {
            let expected = match N {
                1 => one_or_list::<2>(),
                _ => format!(
                    "a whole number, or a list with a number or a pair for each of {N} axes"
                ),
            };
            D::Error::custom(format!("expected {expected}"))
        })
    }
}

fn one_or_list<const N: usize>() -> String {
    let list = if N == 1 { "1 such number".to_owned() } else { format!("{N} such numbers") };
    format!("a whole number from 0 to {} or a list of {list}", i32::MAX)
}

/// One number for all, or a list of as many.
fn numbers<const N: usize>(value: &Value) -> Option<[usize; N]> {
    if let Some(number) = number(value) {
        return Some([number; N]);
    }
    let list: Vec<usize> = value.as_array()?.iter().map(number).collect::<Option<_>>()?;
    list.try_into().ok()
}

fn pairs(value: &Value, count: usize) -> Option<Vec<[usize; 2]>> {
    if let Some(number) = number(value) {
        return Some(vec![[number; 2]; count]);
    }
    value.as_array()?.iter().map(numbers).collect()
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().map(|number| number as usize).filter(|number| *number < LIMIT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_read_in_every_form_and_written_in_the_shortest() {
        let read = |value| serde_json::from_value::<Sizes<2>>(value).map(|sizes| sizes.0).ok();
        assert_eq!(read(json!(3)), Some([3, 3]));
        assert_eq!(read(json!([3, 4])), Some([3, 4]));
        for wrong in
            [json!([3]), json!([3, 4, 5]), json!(-1), json!(1.5), json!("3"), json!(1 << 31)]
        {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
        assert_eq!(serde_json::to_value(Sizes([3, 3])).unwrap(), json!(3));
        assert_eq!(serde_json::to_value(Sizes([3, 4])).unwrap(), json!([3, 4]));
        assert_eq!(Sizes::<2>::from((1, 2)), Sizes([1, 2]));
        let error = serde_json::from_value::<Sizes<2>>(json!([1])).unwrap_err();
        insta::assert_snapshot!(error, @"expected a whole number from 0 to 2147483647 or a list of 2 such numbers");
    }

    #[test]
    fn margins_are_read_in_every_form_and_written_in_the_shortest() {
        fn read<const N: usize>(value: Value) -> Option<[[usize; 2]; N]> {
            serde_json::from_value::<Margins<N>>(value).map(|margins| margins.0).ok()
        }
        assert_eq!(read(json!(2)), Some([[2, 2]]));
        assert_eq!(read(json!([1, 2])), Some([[1, 2]]));
        assert_eq!(read(json!([1, 2])), Some([[1, 1], [2, 2]]));
        assert_eq!(read(json!([[1, 2], 3])), Some([[1, 2], [3, 3]]));
        assert_eq!(read(json!(1)), Some([[1, 1]; 3]));
        assert_eq!(read::<1>(json!([[1, 2]])), None);
        assert_eq!(read::<3>(json!([1, 2])), None);
        assert_eq!(serde_json::to_value(Margins([[1, 2]])).unwrap(), json!([1, 2]));
        assert_eq!(serde_json::to_value(Margins([[1, 1], [1, 1]])).unwrap(), json!(1));
        assert_eq!(
            serde_json::to_value(Margins([[1, 1], [2, 2]])).unwrap(),
            json!([[1, 1], [2, 2]])
        );
    }
}
