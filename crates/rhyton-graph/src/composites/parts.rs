use super::arrangement::{split, split_at};
use super::normalization::moments;
use super::order::top_k;
use super::shaping::{one_axis, squeeze, to_integers};
use crate::{Argument, Arguments, Composite, Error, Operation, Result, Tensor};

/// Keras' operations with several results.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Split",
        module: "keras.src.ops.numpy",
        call: Composite::Several(call_split),
    },
    Operation {
        class_name: "Unstack",
        module: "keras.src.ops.core",
        call: Composite::Several(call_unstack),
    },
    Operation {
        class_name: "Moments",
        module: "keras.src.ops.nn",
        call: Composite::Several(call_moments),
    },
    Operation {
        class_name: "TopK",
        module: "keras.src.ops.math",
        call: Composite::Several(call_top_k),
    },
];

/// More parts than these are refused: a file's number must not decide how much is traced.
const PARTS_MAX: usize = 10_000;

fn count(operation: &str, name: &str, given: usize) -> Result<usize> {
    if given <= PARTS_MAX {
        return Ok(given);
    }
    Err(Error::argument(operation, name, format!("at most {PARTS_MAX}"), given))
}

fn call_split(arguments: &Arguments) -> Result<Vec<Tensor>> {
    let x = arguments.tensor("split", 0)?;
    let axis = one_axis("split", arguments.attribute("axis", 2), 0)?;
    let given = arguments.attribute("indices_or_sections", 1);
    let numbers = to_integers("split", "indices_or_sections", given)?;
    let refuse = |_negative| {
        Error::argument("split", "indices_or_sections", "numbers from 0", format!("{numbers:?}"))
    };
    let places: Vec<usize> =
        numbers.iter().map(|&n| usize::try_from(n).map_err(refuse)).collect::<Result<_>>()?;
    match (given, &places[..]) {
        (Argument::Integer(_), &[sections]) => {
            split(x, count("split", "indices_or_sections", sections)?, axis)
        }
        _ => split_at(x, &places, axis),
    }
}

fn call_unstack(arguments: &Arguments) -> Result<Vec<Tensor>> {
    let x = arguments.tensor("unstack", 0)?;
    let axis = one_axis("unstack", arguments.attribute("axis", 2), 0)?;
    let place = x.shape().axis("unstack", axis)?;
    let Some(size) = x.shape()[place].fixed_size() else {
        let expected = format!("a fixed size at axis {axis}");
        return Err(Error::shape("unstack", "x", expected, x.shape()));
    };
    let parts = split(x, count("unstack", "x", size)?, axis)?;
    parts.iter().map(|part| squeeze(part, axis).checked()).collect()
}

fn call_moments(arguments: &Arguments) -> Result<Vec<Tensor>> {
    let x = arguments.tensor("moments", 0)?;
    let axes = to_integers("moments", "axes", arguments.attribute("axes", 1))?;
    let keepdims = matches!(arguments.attribute("keepdims", 2), Argument::Bool(true));
    let (mean, variance) = moments(x, &axes, keepdims);
    Ok(vec![mean.checked()?, variance.checked()?])
}

fn call_top_k(arguments: &Arguments) -> Result<Vec<Tensor>> {
    let x = arguments.tensor("top_k", 0)?;
    let k = arguments.attribute("k", 1);
    let whole = k.number().filter(|k| *k >= 0.0 && k.fract() == 0.0);
    let refuse = || Error::argument("top_k", "k", "a whole number from 0", format!("{k:?}"));
    let (values, indices) = top_k(x, whole.ok_or_else(refuse)? as usize);
    Ok(vec![values.checked()?, indices.checked()?])
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::DType;

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, Tensor};

    fn all(class: &str, x: &Tensor, attributes: &[(&'static str, Argument)]) -> Vec<Tensor> {
        let arguments =
            Arguments { positional: vec![x.to_argument()], attributes: attributes.to_vec() };
        Operation::find(class).unwrap().apply_all(arguments).unwrap()
    }

    #[test]
    fn every_part_has_its_gradient() {
        let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[4, 3])), -1.0, 1.0);
        check_op(&[x], |x| {
            let axis = ("axis", Argument::Integer(1));
            let places = Argument::List(vec![Argument::Integer(1)]);
            let axes = ("axes", Argument::List(vec![Argument::Integer(-1)]));
            let mut parts =
                all("Split", &x[0], &[("indices_or_sections", Argument::Integer(2)), axis.clone()]);
            parts.extend(all("Split", &x[0], &[("indices_or_sections", places), axis.clone()]));
            parts.extend(all("Unstack", &x[0], &[axis]));
            parts.extend(all("Moments", &x[0], &[axes]));
            parts.extend(all("TopK", &x[0], &[("k", Argument::Integer(2))]));
            assert_eq!(parts.len(), 2 + 2 + 4 + 2 + 2);
            parts
        });
    }

    #[test]
    fn recorded_parts_are_results_of_one_step() {
        let x = Tensor::input(None, Spec::new(DType::F32, Shape::batched(&[4])));
        let axis = ("axis", Argument::Integer(-1));
        let parts = all("Split", &x, &[("indices_or_sections", Argument::Integer(2)), axis]);
        let places: Vec<usize> = parts.iter().map(|part| part.recorded().unwrap().index).collect();
        assert_eq!(places, [0, 1]);
    }
}
