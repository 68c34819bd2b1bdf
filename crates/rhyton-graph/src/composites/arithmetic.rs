use rhyton_tensor::{Array, DType, result_type};

use super::shaping::{broadcast_to, cast};
use crate::{Argument, Arguments, Binary, Composite, Error, Operand, Operation, Result, Tensor};

macro_rules! arithmetic {
    ($($(#[$doc:meta])* $function:ident $class:literal $constant:ident $primitive:expr;)*) => {
        $(
            $(#[$doc])*
            ///
            /// Tensors meet in Keras' `result_type` and broadcast; a number takes the tensor's
            /// element type (a real number makes an integer tensor float32).
            #[track_caller]
            pub fn $function(a: impl Operand, b: impl Operand) -> Tensor {
                OPERATIONS[Place::$constant as usize]
                    .apply(Arguments::of([a.argument(), b.argument()]))
            }
        )*

        #[derive(Clone, Copy)]
        enum Place { $($constant,)* }

        /// Keras' operations of two values.
        pub(crate) const OPERATIONS: &[Operation] = &[$(Operation {
            class_name: $class,
            module: "keras.src.ops.numpy",
            call: Composite::One(|arguments| combine($primitive, arguments)),
        },)*];
    };
}

arithmetic! {
    /// a + b.
    add "Add" Add Binary::Add;
    /// a − b.
    subtract "Subtract" Subtract Binary::Subtract;
    /// a · b.
    multiply "Multiply" Multiply Binary::Multiply;
    /// a / b; integers are divided as float32.
    divide "Divide" Divide Binary::Divide;
    /// a / b, as files know the operator `/`; integers are divided as float32.
    true_divide "TrueDivide" TrueDivide Binary::Divide;
    /// aᵇ; integers are raised as float32.
    power "Power" Power Binary::Power;
    /// The larger of a and b; NaN if either is. At a tie the gradient goes to a.
    maximum "Maximum" Maximum Binary::Maximum;
    /// The smaller of a and b; NaN if either is. At a tie the gradient goes to a.
    minimum "Minimum" Minimum Binary::Minimum;
    /// The remainder of a / b with the sign of b.
    remainder "Mod" Mod Binary::Remainder;
    /// ⌊a / b⌋.
    floor_divide "FloorDivide" FloorDivide Binary::FloorDivide;
    /// The angle of the point (b, a).
    atan2 "Arctan2" Arctan2 Binary::Atan2;
    /// Bits set in both; for bool, and.
    bitwise_and "BitwiseAnd" BitwiseAnd Binary::BitwiseAnd;
    /// Bits set in either; for bool, or.
    bitwise_or "BitwiseOr" BitwiseOr Binary::BitwiseOr;
    /// Bits set in exactly one; for bool, exclusive or.
    bitwise_xor "BitwiseXor" BitwiseXor Binary::BitwiseXor;
}

fn combine(primitive: Binary, arguments: &Arguments) -> Result<Tensor> {
    let (a, b) = meet("arithmetic", arguments)?;
    let needs_float = matches!(primitive, Binary::Divide | Binary::Power | Binary::Atan2)
        && !a.dtype().is_float();
    let (a, b) = if needs_float { (cast(&a, DType::F32), cast(&b, DType::F32)) } else { (a, b) };
    Tensor::emit(primitive, &[&a, &b]).checked()
}

/// Two arguments as tensors of one element type and shape.
pub(super) fn meet(operation: &str, arguments: &Arguments) -> Result<(Tensor, Tensor)> {
    let (a, b) = (arguments.get(operation, 0)?, arguments.get(operation, 1)?);
    let (a, b) = match (a, b) {
        (Argument::Tensor(a), Argument::Tensor(b)) => {
            let dtype = result_type(a.dtype(), b.dtype());
            (cast(a, dtype), cast(b, dtype))
        }
        (Argument::Tensor(a), b) => weak(operation, a, b)?,
        (a, Argument::Tensor(b)) => {
            let (b, a) = weak(operation, b, a)?;
            (a, b)
        }
        _ => return Err(Error::argument(operation, "arguments", "at least one tensor", "none")),
    };
    let shape = a.shape().broadcast(operation, b.shape())?;
    Ok((broadcast_to(&a, &shape).checked()?, broadcast_to(&b, &shape).checked()?))
}

/// A tensor and a number beside it, of the element type that they meet in.
pub(super) fn weak(
    operation: &str,
    tensor: &Tensor,
    number: &Argument,
) -> Result<(Tensor, Tensor)> {
    let tensor = cast(tensor, number.weak_dtype(tensor.dtype())).checked()?;
    let scalar = match number {
        Argument::Integer(value) if tensor.dtype().is_integer() => {
            let array = Array::whole(tensor.dtype(), i128::from(*value)).ok_or_else(|| {
                let expected = format!("a number in the range of {}", tensor.dtype());
                Error::argument(operation, "operand", expected, value)
            })?;
            tensor.constant(array)
        }
        Argument::Bool(value) => tensor.scalar_like(f64::from(u8::from(*value))),
        other => tensor.scalar_like(other.number().ok_or_else(|| {
            Error::argument(operation, "operand", "a tensor or a number", format!("{other:?}"))
        })?),
    };
    Ok((tensor, scalar))
}

#[cfg(test)]
mod tests {
    use rhyton_tensor::Array;

    use super::{add, multiply};
    use crate::{eval, where_};

    #[test]
    fn whole_numbers_beyond_the_digits_of_a_double_stay_exact() {
        let x = Array::from_slice(&[2], &[0_i64, 2]).unwrap();
        let big = (1_i64 << 53) + 1;
        let found = eval(
            |x| vec![add(&x[0], big), multiply(big, &x[0]), where_(x[0].clone(), &x[0], big)],
            &[&x],
        );
        let found: Vec<Vec<i64>> =
            found.unwrap().iter().map(|array| array.view::<i64>().to_vec()).collect();
        assert_eq!(found, [[big, big + 2], [0, 2 * big], [big, 2]]);
    }

    #[test]
    fn a_whole_number_that_the_type_has_not_is_refused() {
        let x = Array::from_slice(&[1], &[1_u8]).unwrap();
        let message = eval(|x| vec![add(&x[0], 300)], &[&x]).unwrap_err().to_string();
        assert!(
            message.contains("expected a number in the range of uint8, received 300"),
            "{message}"
        );
    }
}
