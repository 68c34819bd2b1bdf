use super::shaping::{broadcast_to, cast, flatten, ones_like, to_integers, zeros_like};
use crate::{Argument, Arguments, Composite, Dim, Error, Operation, Result, Shape, Tensor};

/// Keras' tensors filled after another one, and those that are another one as it is.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "ZerosLike",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| zeros_like(&typed(arguments, 1)?).checked()),
    },
    Operation {
        class_name: "OnesLike",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| ones_like(&typed(arguments, 1)?).checked()),
    },
    Operation {
        class_name: "FullLike",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_full_like),
    },
    Operation {
        class_name: "BroadcastTo",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_broadcast_to),
    },
    Operation {
        class_name: "Ravel",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| flatten("ravel", arguments.tensor("ravel", 0)?)),
    },
    Operation {
        class_name: "Copy",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| Ok(arguments.tensor("copy", 0)?.clone())),
    },
    Operation {
        class_name: "Array",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| typed(arguments, 1)),
    },
];

/// The tensor as the element type that the attribute `dtype` names.
fn typed(arguments: &Arguments, place: usize) -> Result<Tensor> {
    let x = arguments.tensor("array", 0)?;
    match arguments.attribute("dtype", place) {
        Argument::Text(name) => cast(x, name.parse()?).checked(),
        _ => Ok(x.clone()),
    }
}

fn call_full_like(arguments: &Arguments) -> Result<Tensor> {
    let x = typed(arguments, 2)?;
    let value = match arguments.get("full_like", 1)? {
        Argument::Tensor(value) => cast(value, x.dtype()),
        given => {
            let refuse =
                || Error::argument("full_like", "fill_value", "a number", format!("{given:?}"));
            x.scalar_like(given.number().ok_or_else(refuse)?)
        }
    };
    broadcast_to(&value, x.shape()).checked()
}

fn call_broadcast_to(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("broadcast_to", 0)?;
    let sizes = to_integers("broadcast_to", "shape", arguments.attribute("shape", 1))?;
    let refuse =
        |_negative| Error::argument("broadcast_to", "shape", "sizes", format!("{sizes:?}"));
    let sizes = sizes.iter().map(|&size| usize::try_from(size).map_err(refuse));
    let dims: Vec<Dim> = sizes.map(|size| Ok(Dim::fixed(size?))).collect::<Result<_>>()?;
    broadcast_to(x, &Shape::from(dims)).checked()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::Array;

    use super::*;
    use crate::eval;

    #[test]
    fn what_is_filled_has_the_shape_of_the_other() {
        let x = Array::from_slice(&[2, 1], &[3_i32, 4]).unwrap();
        let of = |class: &str, more: Vec<Argument>, dtype: Option<&str>| {
            let result = eval(
                |x| {
                    let mut arguments = Arguments::of([x[0].to_argument()]);
                    arguments.positional.extend(more);
                    if let Some(name) = dtype {
                        arguments = arguments.with("dtype", Argument::Text(name.to_owned()));
                    }
                    vec![cast(
                        &Operation::find(class).unwrap().apply(arguments),
                        rhyton_tensor::DType::F64,
                    )]
                },
                &[&x],
            );
            let result = result.unwrap().remove(0);
            (result.shape().to_vec(), result.view::<f64>().to_vec())
        };
        let shape = Argument::List(vec![Argument::Integer(2), Argument::Integer(2)]);
        assert_eq!(of("ZerosLike", vec![], Some("float32")), (vec![2, 1], vec![0.0, 0.0]));
        assert_eq!(of("OnesLike", vec![], None), (vec![2, 1], vec![1.0, 1.0]));
        assert_eq!(of("FullLike", vec![Argument::Number(7.0)], None).1, [7.0, 7.0]);
        assert_eq!(of("BroadcastTo", vec![shape], None), (vec![2, 2], vec![3.0, 3.0, 4.0, 4.0]));
        assert_eq!(of("Ravel", vec![], None), (vec![2], vec![3.0, 4.0]));
        assert_eq!(of("Copy", vec![], None), (vec![2, 1], vec![3.0, 4.0]));
    }
}
