use rhyton_tensor::{Array, DType, result_type};

use super::arithmetic::{bitwise_and, bitwise_or, bitwise_xor, meet, weak};
use super::functions::bitwise_not;
use super::shaping::{broadcast_to, cast};
use crate::{
    Argument, Arguments, Compare, Composite, Error, Operand, Operation, Result, Select, Tensor,
};

macro_rules! comparisons {
    ($($(#[$doc:meta])* $function:ident $class:ident;)*) => {
        $(
            $(#[$doc])*
            #[track_caller]
            pub fn $function(a: impl Operand, b: impl Operand) -> Tensor {
                OPERATIONS[Place::$class as usize]
                    .apply(Arguments::of([a.argument(), b.argument()]))
            }
        )*

        #[derive(Clone, Copy)]
        enum Place { $($class,)* Where }

        /// Keras' comparisons, and the choice by a condition.
        pub(crate) const OPERATIONS: &[Operation] = &[$(Operation {
            class_name: stringify!($class),
            module: "keras.src.ops.numpy",
            call: Composite::One(|arguments| {
                let (a, b) = meet(stringify!($function), arguments)?;
                Tensor::emit(Compare::$class, &[&a, &b]).checked()
            }),
        },)*
        Operation { class_name: "Where", module: "keras.src.ops.numpy", call: Composite::One(choose) }];
    };
}

comparisons! {
    /// Whether a = b, as bool.
    equal Equal;
    /// Whether a ≠ b, as bool.
    not_equal NotEqual;
    /// Whether a < b, as bool.
    less Less;
    /// Whether a ≤ b, as bool.
    less_equal LessEqual;
    /// Whether a > b, as bool.
    greater Greater;
    /// Whether a ≥ b, as bool.
    greater_equal GreaterEqual;
}

/// For each element, `a` where the condition holds and `b` elsewhere; all three broadcast.
#[track_caller]
pub fn where_(condition: impl Operand, a: impl Operand, b: impl Operand) -> Tensor {
    let arguments = Arguments::of([condition.argument(), a.argument(), b.argument()]);
    OPERATIONS[Place::Where as usize].apply(arguments)
}

/// [`where_`], under the name of its primitive.
#[track_caller]
pub fn select(condition: impl Operand, a: impl Operand, b: impl Operand) -> Tensor {
    where_(condition, a, b)
}

/// Whether both hold; numbers hold when they are not 0.
#[track_caller]
pub fn logical_and(a: &Tensor, b: &Tensor) -> Tensor {
    bitwise_and(cast(a, DType::Bool), cast(b, DType::Bool))
}

/// Whether either holds; numbers hold when they are not 0.
#[track_caller]
pub fn logical_or(a: &Tensor, b: &Tensor) -> Tensor {
    bitwise_or(cast(a, DType::Bool), cast(b, DType::Bool))
}

/// Whether it does not hold; numbers hold when they are not 0.
#[track_caller]
pub fn logical_not(x: &Tensor) -> Tensor {
    bitwise_not(cast(x, DType::Bool))
}

/// Keras' logic: numbers hold when they are not 0.
pub(crate) const LOGICAL: &[Operation] = &[
    Operation {
        class_name: "LogicalAnd",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| logical(bitwise_and, arguments)),
    },
    Operation {
        class_name: "LogicalOr",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| logical(bitwise_or, arguments)),
    },
    Operation {
        class_name: "LogicalXor",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| logical(bitwise_xor, arguments)),
    },
    Operation {
        class_name: "LogicalNot",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| {
            bitwise_not(cast(arguments.tensor("logical_not", 0)?, DType::Bool)).checked()
        }),
    },
];

fn logical(bits: fn(Tensor, Tensor) -> Tensor, arguments: &Arguments) -> Result<Tensor> {
    let side =
        |place| match (arguments.get("logical", place)?, arguments.get("logical", 1 - place)?) {
            (Argument::Tensor(tensor), _) => cast(tensor, DType::Bool).checked(),
            (constant, Argument::Tensor(other)) => {
                let holds = match constant {
                    Argument::Bool(flag) => Some(*flag),
                    other => other.number().map(|number| number != 0.0),
                };
                let refuse =
                    || Error::argument("logical", "operand", "a flag", format!("{constant:?}"));
                Ok(other.constant(Array::from_bools(&[], &[holds.ok_or_else(refuse)?])?))
            }
            (one, _) => Err(Error::argument("logical", "operands", "a tensor", format!("{one:?}"))),
        };
    bits(side(0)?, side(1)?).checked()
}

fn choose(arguments: &Arguments) -> Result<Tensor> {
    let condition = cast(arguments.tensor("where", 0)?, DType::Bool).checked()?;
    let (a, b) = match (arguments.get("where", 1)?, arguments.get("where", 2)?) {
        (Argument::Tensor(a), Argument::Tensor(b)) => {
            let dtype = result_type(a.dtype(), b.dtype());
            (cast(a, dtype), cast(b, dtype))
        }
        (Argument::Tensor(a), b) => weak("where", a, b)?,
        (a, Argument::Tensor(b)) => {
            let (b, a) = weak("where", b, a)?;
            (a, b)
        }
        (a, b) => match (a.number(), b.number()) {
            (Some(a), Some(b)) => {
                let like = cast(&condition, DType::F32);
                (like.scalar_like(a), like.scalar_like(b))
            }
            _ => return Err(Error::argument("where", "a, b", "tensors or numbers", "neither")),
        },
    };
    let shape = condition.shape().broadcast("where", a.shape())?.broadcast("where", b.shape())?;
    let [condition, a, b] = [condition, a, b].map(|tensor| broadcast_to(&tensor, &shape));
    Tensor::emit(Select, &[&condition, &a, &b]).checked()
}
