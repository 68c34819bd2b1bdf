use super::arithmetic::weak;
use super::shaping::{concatenate, slice_axis, to_integers};
use crate::{Argument, Arguments, Composite, Dim, Error, Operation, Pad, Result, Reverse, Tensor};

/// Keras' padding.
pub(crate) const OPERATIONS: &[Operation] =
    &[Operation { class_name: "Pad", module: "keras.src.ops.numpy", call: Composite::One(call) }];

choice! {
    /// What stands in the places that [`pad`] adds.
    PadMode "mode" {
        /// One number.
        #[default]
        Constant "constant",
        /// The elements mirrored at the first and last, which are not repeated.
        Reflect "reflect",
        /// The elements mirrored at the edge, with the first and last repeated.
        Symmetric "symmetric",
    }
}

/// Places added before and after each axis, one pair for each or one for all; `constant` fills
/// them in the mode of that name and is ignored in the others.
///
/// Source: `keras.ops.pad` of Keras 3.15 on TensorFlow.
#[track_caller]
pub fn pad(x: &Tensor, pad_width: &[(usize, usize)], mode: PadMode, constant: f64) -> Tensor {
    let pair = |&(low, high): &(usize, usize)| {
        Argument::List([low, high].map(|n| Argument::Integer(n as i64)).into())
    };
    let value = match mode {
        PadMode::Constant if constant.fract() == 0.0 => Argument::Integer(constant as i64),
        PadMode::Constant => Argument::Number(constant),
        _ => Argument::None,
    };
    let arguments = Arguments::of([x.to_argument(), value])
        .with("pad_width", Argument::List(pad_width.iter().map(pair).collect()))
        .with("mode", Argument::Text(mode.name().to_owned()));
    OPERATIONS[0].apply(arguments)
}

fn call(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("pad", 0)?;
    let value = arguments.attribute("constant_values", 1);
    let widths = widths(x, arguments.attribute("pad_width", usize::MAX))?;
    let mode = match arguments.attribute("mode", usize::MAX) {
        Argument::Text(name) => name.parse()?,
        _ => PadMode::Constant,
    };
    if mode != PadMode::Constant {
        return widths
            .iter()
            .enumerate()
            .try_fold(x.clone(), |x, (axis, &width)| mirrored(&x, axis, width, mode));
    }
    let (x, value) = match value {
        Argument::None => (x.clone(), x.scalar_like(0.0)),
        Argument::Tensor(value) => (x.clone(), super::cast(value, x.dtype())),
        number => weak("pad", x, number)?,
    };
    let amounts = |side: fn(&(usize, usize)) -> usize| {
        widths.iter().map(|width| Dim::fixed(side(width))).collect()
    };
    let interior = vec![0; x.rank()];
    let pad = Pad { low: amounts(|width| width.0), high: amounts(|width| width.1), interior };
    Tensor::emit(pad, &[&x, &value]).checked()
}

/// The pairs for each axis, from a number, a pair or a list of pairs.
fn widths(x: &Tensor, argument: &Argument) -> Result<Vec<(usize, usize)>> {
    let pair = |argument: &Argument| -> Result<(usize, usize)> {
        let given = to_integers("pad", "pad_width", argument)?;
        let amounts: Option<Vec<usize>> =
            given.iter().map(|&n| i32::try_from(n).ok().and_then(|n| n.try_into().ok())).collect();
        match amounts.as_deref() {
            Some([both]) => Ok((*both, *both)),
            Some([low, high]) => Ok((*low, *high)),
            _ => {
                let expected = format!("pairs of whole numbers from 0 to {}", i32::MAX);
                Err(Error::argument("pad", "pad_width", expected, format!("{given:?}")))
            }
        }
    };
    let pairs = match argument {
        Argument::List(items) if items.iter().any(|item| matches!(item, Argument::List(_))) => {
            items.iter().map(pair).collect::<Result<Vec<_>>>()?
        }
        one => vec![pair(one)?],
    };
    match pairs.len() {
        count if count == x.rank() => Ok(pairs),
        1 => Ok(vec![pairs[0]; x.rank()]),
        count => {
            let expected = format!("one pair, or one for each axis of {}", x.shape());
            Err(Error::argument("pad", "pad_width", expected, format!("{count} pairs")))
        }
    }
}

fn mirrored(x: &Tensor, axis: usize, width: (usize, usize), mode: PadMode) -> Result<Tensor> {
    let (low, high) = width;
    if width == (0, 0) {
        return Ok(x.clone());
    }
    let skip = usize::from(mode == PadMode::Reflect);
    let size = x.shape()[axis].fixed_size();
    let Some(size) = size.filter(|&size| low.max(high) + skip <= size) else {
        let expected = format!("at least {} elements along axis {axis}", low.max(high) + skip);
        return Err(Error::shape("pad", "x", format!("{expected}, to mirror them"), x.shape()));
    };
    let edge = |from: usize, to: usize| {
        let part = slice_axis(x, axis, Dim::fixed(from), Dim::fixed(to));
        Tensor::emit(Reverse { axes: vec![axis] }, &[&part])
    };
    let parts = [edge(skip, skip + low), x.clone(), edge(size - skip - high, size - skip)];
    concatenate(&parts, axis as isize).checked()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::{Array, DType};

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, eval};

    #[test]
    fn gradients_agree() {
        let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[4])), -1.0, 1.0);
        check_op(&[x], |x| {
            let modes = [PadMode::Constant, PadMode::Reflect, PadMode::Symmetric];
            modes.map(|mode| pad(&x[0], &[(0, 0), (2, 3)], mode, 0.5)).into()
        });
    }

    /// `keras.ops.pad` of Keras 3.15.1, which is `numpy.pad`.
    #[test]
    fn elements_are_mirrored() {
        let x = Array::from_slice(&[3], &[1_i32, 2, 3]).unwrap();
        let result = eval(
            |x| {
                vec![
                    pad(&x[0], &[(2, 1)], PadMode::Reflect, 0.0),
                    pad(&x[0], &[(2, 3)], PadMode::Symmetric, 0.0),
                    pad(&x[0], &[(1, 2)], PadMode::Constant, 9.0),
                ]
            },
            &[&x],
        );
        let result = result.unwrap();
        assert_eq!(result[0].view::<i32>(), [3, 2, 1, 2, 3, 2]);
        assert_eq!(result[1].view::<i32>(), [2, 1, 1, 2, 3, 3, 2, 1]);
        assert_eq!(result[2].view::<i32>(), [9, 1, 2, 3, 9, 9]);
        let error = eval(|x| vec![pad(&x[0], &[(3, 0)], PadMode::Reflect, 0.0)], &[&x]);
        let message = error.unwrap_err().to_string();
        assert!(message.contains("at least 4 elements along axis 0"), "{message}");
    }
}
