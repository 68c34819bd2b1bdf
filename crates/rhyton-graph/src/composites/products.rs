use super::arithmetic::multiply;
use super::shaping::{broadcast_to, cast, expand_dims, integers, reshape_to, to_integers};
use crate::{Argument, Arguments, Composite, Dim, Dot, Error, Operation, Result, Shape, Tensor};

/// Keras' products.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Matmul",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_matmul),
    },
    Operation {
        class_name: "Tensordot",
        module: "keras.src.ops.numpy",
        call: Composite::One(call_tensordot),
    },
    Operation { class_name: "Dot", module: "keras.src.ops.numpy", call: Composite::One(call_dot) },
];

/// The matrix product `[…, m, k] · […, k, n] → […, m, n]`; leading axes broadcast, a vector on either
/// side counts as one row or column.
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
    if b.rank() <= 2 {
        let rows = b.rank().saturating_sub(2);
        return Tensor::emit(Dot::matrices(a.rank() - 1, rows), &[&a, &b]).checked();
    }
    let is_row = a.rank() == 1;
    let a = if is_row { expand_dims(&a, 0) } else { a };
    let leading = |x: &Tensor| Shape::from(x.shape()[..x.rank() - 2].to_vec());
    let shared = leading(&a).broadcast("matmul", &leading(&b))?;
    let widened = |x: &Tensor| {
        let own = &x.shape()[x.rank() - 2..];
        broadcast_to(x, &shared.iter().chain(own).copied().collect())
    };
    let (a, b) = (widened(&a).checked()?, widened(&b).checked()?);
    let rank = shared.rank();
    let axes: Vec<usize> = (0..rank).collect();
    let dot = Dot { batch: [axes.clone(), axes], contract: [vec![rank + 1], vec![rank]] };
    let product = Tensor::emit(dot, &[&a, &b]);
    let mut dims: Vec<Dim> = shared.to_vec();
    dims.extend((!is_row).then(|| a.shape()[rank]));
    dims.push(b.shape()[rank + 1]);
    reshape_to(&product, Shape::from(dims)).checked()
}

/// NumPy's `dot`: the last axis of `a` meets the last but one of `b`, or its only one.
fn call_dot(arguments: &Arguments) -> Result<Tensor> {
    let (a, b) = (arguments.tensor("dot", 0)?, arguments.tensor("dot", 1)?);
    match (a.rank(), b.rank()) {
        (0, _) | (_, 0) => multiply(a, b).checked(),
        (_, 1 | 2) => matmul(a, b).checked(),
        (_, other) => {
            let axes: [&[isize]; 2] = [&[-1], &[other as isize - 2]];
            tensordot(a, b, axes).checked()
        }
    }
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
    /// `numpy.matmul` and `numpy.dot` of NumPy 2: shape, weighted sum and last element.
    #[test]
    fn leading_axes_broadcast() {
        let a = array(&[2, 1, 3, 4], 0.7);
        let (b, row, matrix) = (array(&[5, 4, 2], 0.37), array(&[4], 0.9), array(&[3, 4], 0.2));
        let result = eval(
            |x| {
                let dot = Operation::find("Dot").unwrap();
                let both = |a: &Tensor, b: &Tensor| {
                    dot.apply(Arguments::of([a.to_argument(), b.to_argument()]))
                };
                vec![
                    matmul(&x[0], &x[1]),
                    matmul(&x[2], &x[1]),
                    matmul(&x[3], &x[1]),
                    both(&x[3], &x[1]),
                ]
            },
            &[&a, &b, &row, &matrix],
        );
        let expected: [(&[usize], f64, f64); 4] = [
            (&[2, 5, 3, 2], -1.45784, -0.16621),
            (&[5, 2], 2.5218, 1.54295),
            (&[5, 3, 2], 1.75358, 1.72589),
            (&[3, 5, 2], 0.96945, 1.72589),
        ];
        for (found, expected) in result.unwrap().iter().zip(expected) {
            let found = digest(found);
            assert_eq!(found.0, expected.0);
            assert!((found.1 - expected.1).abs() < 1e-4, "{found:?} {expected:?}");
            assert!((found.2 - expected.2).abs() < 1e-4, "{found:?} {expected:?}");
        }
    }
}
