use super::shaping::{cast, integers, reshape_to, to_integers};
use crate::{Argument, Arguments, Dim, Dot, Error, Operation, Result, Shape, Tensor};

/// Keras' products.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { class_name: "Matmul", module: "keras.src.ops.numpy", call: call_matmul },
    Operation { class_name: "Tensordot", module: "keras.src.ops.numpy", call: call_tensordot },
];

/// The matrix product `[…, m, k] · […, k, n] → […, m, n]`; leading axes broadcast when one operand
/// has none of them, a vector on either side counts as one row or column.
#[track_caller]
pub fn matmul(a: &Tensor, b: &Tensor) -> Tensor {
    OPERATIONS[0].apply(Arguments::of([a.to_argument(), b.to_argument()]))
}

/// The product summed over pairs of axes, one of each operand; the result has the other axes of
/// `a`, then those of `b`.
#[track_caller]
pub fn tensordot(a: &Tensor, b: &Tensor, axes: [&[isize]; 2]) -> Tensor {
    let axes = Argument::List(axes.map(integers).into());
    OPERATIONS[1].apply(Arguments::of([a.to_argument(), b.to_argument()]).with("axes", axes))
}

fn call_tensordot(arguments: &Arguments) -> Result<Tensor> {
    const NAME: &str = "tensordot";
    let (a, b) = (arguments.tensor(NAME, 0)?, arguments.tensor(NAME, 1)?);
    let dtype = rhyton_tensor::result_type(a.dtype(), b.dtype());
    let (a, b) = (cast(a, dtype), cast(b, dtype));
    let contract = match arguments.attribute("axes", 2) {
        Argument::List(pair) if pair.len() == 2 => {
            let side = |x: &Tensor, axes: &Argument| -> Result<Vec<usize>> {
                let axes = to_integers(NAME, "axes", axes)?;
                axes.into_iter().map(|axis| x.shape().axis(NAME, axis)).collect()
            };
            [side(&a, &pair[0])?, side(&b, &pair[1])?]
        }
        given => {
            let count = match given {
                Argument::None => Some(2),
                Argument::Integer(count) => usize::try_from(*count).ok(),
                _ => None,
            };
            let count =
                count.filter(|&count| count <= a.rank().min(b.rank())).ok_or_else(|| {
                    let expected = "two lists of axes, or how many axes of both meet";
                    Error::argument(NAME, "axes", expected, format!("{given:?}"))
                })?;
            [(a.rank() - count..a.rank()).collect(), (0..count).collect()]
        }
    };
    let dot = Dot { batch: [Vec::new(), Vec::new()], contract };
    Tensor::emit(dot, &[&a, &b]).checked()
}

fn call_matmul(arguments: &Arguments) -> Result<Tensor> {
    let (a, b) = (arguments.tensor("matmul", 0)?, arguments.tensor("matmul", 1)?);
    let dtype = rhyton_tensor::result_type(a.dtype(), b.dtype());
    let (a, b) = (cast(a, dtype), cast(b, dtype));
    if a.rank() == 0 || b.rank() == 0 {
        let scalar = if a.rank() == 0 { a.shape() } else { b.shape() };
        return Err(Error::shape("matmul", "operands", "at least one axis each", scalar));
    }
    let rows = b.rank().saturating_sub(2);
    if a.rank() <= 2 && b.rank() > 2 {
        return Err(Error::shape("matmul", "a", "as many leading axes as b", a.shape()));
    }
    if b.rank() <= 2 {
        return Tensor::emit(Dot::matrices(a.rank() - 1, rows), &[&a, &b]).checked();
    }
    let leading = a.rank() - 2;
    if b.rank() != a.rank() || a.shape()[..leading] != b.shape()[..leading] {
        return Err(Error::shape(
            "matmul",
            "b",
            format!("the leading axes of {}", a.shape()),
            b.shape(),
        ));
    }
    let axes: Vec<usize> = (0..leading).collect();
    let dot =
        Dot { batch: [axes.clone(), axes], contract: [vec![a.rank() - 1], vec![b.rank() - 2]] };
    let product = Tensor::emit(dot, &[&a, &b]);
    let mut dims: Vec<Dim> = a.shape()[..leading].to_vec();
    dims.extend([a.shape()[leading], b.shape()[leading + 1]]);
    reshape_to(&product, Shape::from(dims)).checked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::composites::spatial::golden::{array, digest};
    use crate::eval;

    /// `numpy.tensordot` of NumPy 2: shape, weighted sum and last element.
    #[test]
    fn axes_meet_in_pairs() {
        let operands = [array(&[2, 3, 4], 0.7), array(&[4, 2, 5], 0.37)];
        let result = eval(
            |x| vec![tensordot(&x[0], &x[1], [&[2, 0], &[0, -2]])],
            &[&operands[0], &operands[1]],
        );
        let found = digest(&result.unwrap()[0]);
        assert_eq!(found.0, [3, 5]);
        assert!((found.1 + 0.76241).abs() < 1e-5 && (found.2 + 0.51573).abs() < 1e-5, "{found:?}");
    }
}
