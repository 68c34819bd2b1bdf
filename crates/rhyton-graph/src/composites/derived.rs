use super::arithmetic::{divide, meet};
use super::comparison::{equal, not_equal, where_};
use super::functions::{absolute, sqrt, square};
use super::reductions::{max, mean, min, sum};
use super::shaping::{cast, ones_like, to_integers, zeros_like};
use crate::{Argument, Arguments, Composite, Operation, Result, Tensor};
use rhyton_tensor::DType;

/// Keras' operations that are a line of others each.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Amax",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| reduced(max, arguments)),
    },
    Operation {
        class_name: "Amin",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| reduced(min, arguments)),
    },
    Operation {
        class_name: "Average",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_average),
    },
    Operation {
        class_name: "CountNonzero",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_count_nonzero),
    },
    Operation {
        class_name: "DivideNoNan",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_divide_no_nan),
    },
    Operation {
        class_name: "Hypot",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_hypot),
    },
    Operation {
        class_name: "Conjugate",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| Ok(arguments.tensor("conjugate", 0)?.clone())),
    },
];

type Reduction = fn(&Tensor, Option<&[isize]>, bool) -> Tensor;

fn reduced(reduction: Reduction, arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("reduction", 0)?;
    let keepdims = matches!(arguments.attribute("keepdims", 2), Argument::Bool(true));
    reduction(x, axes(arguments)?.as_deref(), keepdims).checked()
}

fn axes(arguments: &Arguments) -> Result<Option<Vec<isize>>> {
    match arguments.attribute("axis", 1) {
        Argument::None => Ok(None),
        given => to_integers("reduction", "axis", given).map(Some),
    }
}

/// Σ w · x ÷ Σ w along an axis; the mean without weights, which have x's shape or the axis'.
fn call_average(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("average", 0)?;
    let axis = match arguments.attribute("axis", usize::MAX) {
        Argument::None => None,
        given => Some(to_integers("average", "axis", given)?),
    };
    let Some(Argument::Tensor(weights)) = arguments.positional.get(1) else {
        return mean(x, axis.as_deref(), false).checked();
    };
    let float = if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
    let weights = cast(weights, float.dtype()).checked()?;
    let weights = match (axis.as_deref(), weights.rank()) {
        (Some([axis]), 1) if x.rank() > 1 => {
            let place = x.shape().axis("average", *axis)?;
            super::shaping::broadcast_in_dim(&weights, x.shape(), &[place]).checked()?
        }
        _ => weights,
    };
    let weighted = sum(&(&float * &weights), axis.as_deref(), false);
    (weighted / sum(&(weights * ones_like(&float)), axis.as_deref(), false)).checked()
}

fn call_count_nonzero(arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("count_nonzero", 0)?;
    let counted = cast(&not_equal(x, zeros_like(x)), DType::I32);
    sum(&counted, axes(arguments)?.as_deref(), false).checked()
}

/// a / b, and 0 where b is.
fn call_divide_no_nan(arguments: &Arguments) -> Result<Tensor> {
    let (a, b) = meet("divide_no_nan", arguments)?;
    let is_zero = equal(&b, zeros_like(&b));
    let quotient = divide(a, where_(&is_zero, ones_like(&b), &b));
    where_(is_zero, zeros_like(&quotient), &quotient).checked()
}

/// √(a² + b²), scaled by the larger so that no square overflows.
fn call_hypot(arguments: &Arguments) -> Result<Tensor> {
    let (a, b) = meet("hypot", arguments)?;
    let float = |x: &Tensor| if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
    let (a, b) = (absolute(float(&a)), absolute(float(&b)));
    let (large, small) = (super::maximum(&a, &b), super::minimum(&a, &b));
    let is_zero = equal(&large, zeros_like(&large));
    let ratio = &small / where_(&is_zero, ones_like(&large), &large);
    (large * sqrt(square(ratio) + 1.0)).checked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec};

    fn of(class: &str, operands: &[&Tensor], axis: Option<i64>) -> Tensor {
        let positional = operands.iter().map(|x| x.to_argument()).collect();
        let arguments = Arguments { positional, attributes: Vec::new() };
        let axis = axis.map_or(Argument::None, Argument::Integer);
        Operation::find(class).unwrap().apply(arguments.with("axis", axis))
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let spec = || Spec::new(DType::F32, Shape::batched(&[3, 4]));
        let (a, b) = (Sample::between(spec(), -1.0, 1.0), Sample::between(spec(), 0.5, 1.5));
        check_op(&[a, b], |x| {
            vec![
                of("Amax", &[&x[0]], Some(1)),
                of("Amin", &[&x[0]], None),
                of("Average", &[&x[0]], Some(-1)),
                of("Average", &[&x[0], &x[1]], Some(-1)),
                of("CountNonzero", &[&x[0]], Some(1)),
                of("DivideNoNan", &[&x[0], &x[1]], None),
                of("Hypot", &[&x[0], &x[1]], None),
            ]
        });
    }
}
