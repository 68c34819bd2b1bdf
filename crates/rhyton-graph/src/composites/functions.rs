use rhyton_tensor::DType;

use super::shaping::cast;
use crate::{Argument, Arguments, Composite, Operand, Operation, Result, Tensor, Unary};

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $class:literal $module:literal $primitive:ident;)*) => {
        $(
            $(#[$doc])*
            /// Integers are taken as float32 where the function is not whole.
            #[track_caller]
            pub fn $function(x: impl Operand) -> Tensor {
                OPERATIONS[Place::$primitive as usize].apply(Arguments::of([x.argument()]))
            }
        )*

        #[derive(Clone, Copy)]
        enum Place { $($primitive,)* }

        /// Keras' functions of one value.
        pub(super) const OPERATIONS: &[Operation] = &[$(Operation {
            class_name: $class,
            module: concat!("keras.src.ops.", $module),
            call: Composite::One(|arguments| call(Unary::$primitive, arguments)),
        },)*];
    };
}

functions! {
    /// −x.
    negative "Negative" "numpy" Negative;
    /// |x|.
    absolute "Absolute" "numpy" Absolute;
    /// −1, 0 or 1 with the sign of x.
    sign "Sign" "numpy" Sign;
    /// The largest whole number ≤ x.
    floor "Floor" "numpy" Floor;
    /// The smallest whole number ≥ x.
    ceil "Ceil" "numpy" Ceil;
    /// The nearest whole number, ties to even.
    round "Round" "numpy" Round;
    /// eˣ.
    exp "Exp" "numpy" Exp;
    /// eˣ − 1, exact near 0.
    expm1 "Expm1" "numpy" Expm1;
    /// ln x.
    log "Log" "numpy" Log;
    /// ln(1 + x), exact near 0.
    log1p "Log1p" "numpy" Log1p;
    /// √x.
    sqrt "Sqrt" "numpy" Sqrt;
    /// 1/√x.
    rsqrt "Rsqrt" "math" Rsqrt;
    /// 1/x.
    reciprocal "Reciprocal" "numpy" Reciprocal;
    /// sin x.
    sin "Sin" "numpy" Sin;
    /// cos x.
    cos "Cos" "numpy" Cos;
    /// tan x.
    tan "Tan" "numpy" Tan;
    /// arcsin x.
    arcsin "Arcsin" "numpy" Asin;
    /// arccos x.
    arccos "Arccos" "numpy" Acos;
    /// arctan x.
    arctan "Arctan" "numpy" Atan;
    /// sinh x.
    sinh "Sinh" "numpy" Sinh;
    /// cosh x.
    cosh "Cosh" "numpy" Cosh;
    /// arsinh x.
    arcsinh "Arcsinh" "numpy" Asinh;
    /// arcosh x.
    arccosh "Arccosh" "numpy" Acosh;
    /// artanh x.
    arctanh "Arctanh" "numpy" Atanh;
    /// tanh x.
    tanh "Tanh" "numpy" Tanh;
    /// 1/(1 + e⁻ˣ), without overflow.
    sigmoid "Sigmoid" "nn" Sigmoid;
    /// ln(1 + eˣ), without overflow.
    softplus "Softplus" "nn" Softplus;
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt.
    erf "Erf" "math" Erf;
    /// 1 − erf x, exact in the tail.
    erfc "Erfc" "math" Erfc;
    /// Whether x is NaN.
    isnan "Isnan" "numpy" IsNan;
    /// Each bit inverted; for bool, not.
    bitwise_not "BitwiseNot" "numpy" BitwiseNot;
}

/// x · x.
#[track_caller]
pub fn square(x: impl Operand) -> Tensor {
    COMPOSED[0].apply(Arguments::of([x.argument()]))
}

/// Functions of one value that are no primitive.
pub(super) const COMPOSED: &[Operation] = &[Operation {
    class_name: "Square",
    module: "keras.src.ops.numpy",
    call: Composite::One(|arguments| {
        let x = arguments.tensor("square", 0)?;
        (x * x).checked()
    }),
}];

fn call(primitive: Unary, arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor("function", 0)?;
    if let (Unary::Round, Argument::Integer(decimals)) =
        (primitive, arguments.attribute("decimals", 1))
        && *decimals != 0
    {
        let factor = 10_f64.powi((*decimals).clamp(-38, 38) as i32);
        let float = if x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
        return cast(&(round(float * factor) / factor), x.dtype()).checked();
    }
    let keeps_integers = matches!(
        primitive,
        Unary::Negative
            | Unary::Absolute
            | Unary::Sign
            | Unary::Floor
            | Unary::Ceil
            | Unary::Round
            | Unary::IsNan
            | Unary::BitwiseNot
    );
    let x = if keeps_integers || x.dtype().is_float() { x.clone() } else { cast(x, DType::F32) };
    Tensor::emit(primitive, &[&x]).checked()
}
