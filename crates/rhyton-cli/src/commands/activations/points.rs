use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};
use rhyton::{Array, DType};

/// The points that an activation is evaluated at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Points {
    /// Numbers, in order.
    Numbers(Vec<f32>),
    /// An `.npy` file.
    File(PathBuf),
}

/// As many points as a range may have.
const COUNT_MAX: f64 = 1e7;

impl Points {
    /// The points as a float32 vector.
    ///
    /// # Errors
    /// A file that can't be read or holds no numbers.
    pub(super) fn read(&self) -> Result<Array> {
        match self {
            Self::Numbers(numbers) => Ok(Array::from_slice(&[numbers.len()], numbers)?),
            Self::File(path) => {
                let array = rhyton_data::npy::read(path)?;
                if array.is_empty() {
                    bail!("{}: expected at least one number, received none", path.display());
                }
                let count = array.len();
                Ok(array.cast(DType::F32).reshaped(&[count])?)
            }
        }
    }
}

impl FromStr for Points {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_npy =
            |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        if let Some(path) = Some(PathBuf::from(text)).filter(is_npy) {
            return Ok(Self::File(path));
        }
        if text.contains("..") {
            return range(text).map(Self::Numbers);
        }
        let number = |part: &str| {
            let refuse = |_| format!("expected a number, received `{}`", part.trim());
            part.trim().parse::<f32>().map_err(refuse)
        };
        text.split(',').map(number).collect::<Result<_, _>>().map(Self::Numbers)
    }
}

/// `start..end:step`, both ends included where the step hits them.
fn range(text: &str) -> Result<Vec<f32>, String> {
    let parse = |part: &str| part.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    let parts = text.split_once("..").and_then(|(start, rest)| {
        let (end, step) = rest.split_once(':')?;
        Some((parse(start)?, parse(end)?, parse(step)?))
    });
    let Some((start, end, step)) = parts else {
        return Err("expected start..end:step, as in -3..3:0.5".to_owned());
    };
    if step <= 0.0 || end < start {
        return Err("expected a step above 0 and an end at or after the start".to_owned());
    }
    // The last point belongs to the range although 0.1 * 30 is a little more than 3.
    let steps = ((end - start) / step * (1.0 + 1e-12) + 1e-9).floor();
    if steps >= COUNT_MAX {
        return Err(format!("expected at most {COUNT_MAX} points; take a larger step"));
    }
    Ok((0..=steps as u64).map(|place| (start + place as f64 * step) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<f32> {
        match text.parse() {
            Ok(Points::Numbers(numbers)) => numbers,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ranges_hold_both_ends() {
        assert_eq!(numbers("-1..1:0.5"), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(numbers("0..3:0.1").len(), 31);
        assert_eq!(numbers("0..1:0.4"), [0.0, 0.4, 0.8]);
        assert_eq!(numbers("2..2:1"), [2.0]);
    }

    #[test]
    fn lists_take_what_is_no_number() {
        assert_eq!(numbers("1, 2.5,-inf"), [1.0, 2.5, f32::NEG_INFINITY]);
        assert!(numbers("nan")[0].is_nan());
        assert_eq!("f.npy".parse(), Ok(Points::File("f.npy".into())));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "a", "0..1", "0..1:0", "1..0:1", "0..inf:1", "0..1:1e-30", "1,,2"] {
            assert!(text.parse::<Points>().is_err(), "{text}");
        }
    }
}
