use super::arithmetic::weak;
use super::{maximum, minimum};
use crate::{Argument, Arguments, Composite, Operand, Operation, Result, Tensor};

/// Keras' limits on both sides.
pub(crate) const OPERATIONS: &[Operation] =
    &[Operation { class_name: "Clip", module: "keras.src.ops.numpy", call: Composite::One(call) }];

/// x, but at least the number `x_min` and at most the number `x_max`; NaN stays NaN. At a limit the
/// gradient still goes to x.
#[track_caller]
pub fn clip(x: impl Operand, x_min: impl Operand, x_max: impl Operand) -> Tensor {
    let arguments = Arguments::of([x.argument()]);
    let arguments = arguments.with("x_min", x_min.argument()).with("x_max", x_max.argument());
    OPERATIONS[0].apply(arguments)
}

fn call(arguments: &Arguments) -> Result<Tensor> {
    let limit = |name: &str, place| arguments.attribute(name, place);
    let below = |x: &Tensor, limit: &Argument| -> Result<Tensor> {
        let (x, limit) = weak("clip", x, limit)?;
        maximum(x, limit).checked()
    };
    let raised = below(arguments.tensor("clip", 0)?, limit("x_min", 1))?;
    let (x, limit) = weak("clip", &raised, limit("x_max", 2))?;
    minimum(x, limit).checked()
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::{Array, DType};

    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec, eval};

    #[test]
    fn limits_hold_and_gradients_agree() {
        let spec = Spec::new(DType::F32, Shape::batched(&[5]));
        let x = Sample::of(spec, &[-2.0, -0.4, 0.0, 0.7, 3.0]);
        check_op(&[x], |x| vec![clip(&x[0], -1, 1.5)]);
    }

    /// `keras.ops.clip` of Keras 3.15: integers stay integers beside integers, NaN stays.
    #[test]
    fn values_and_types_are_those_of_keras() {
        let whole = Array::from_slice(&[3], &[-5_i32, 2, 9]).unwrap();
        let result = eval(|x| vec![clip(&x[0], 0, 4)], &[&whole]).unwrap();
        assert_eq!(result[0].view::<i32>(), [0, 2, 4]);
        let real = Array::from_slice(&[3], &[f32::NEG_INFINITY, 0.25, f32::NAN]).unwrap();
        let result = eval(|x| vec![clip(&x[0], 0, 1)], &[&real]).unwrap();
        assert_eq!(result[0].view::<f32>()[..2], [0.0, 0.25]);
        assert!(result[0].view::<f32>()[2].is_nan());
    }
}
