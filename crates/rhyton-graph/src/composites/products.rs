use super::shaping::{cast, reshape_to};
use crate::{Arguments, Dim, Dot, Error, Operation, Result, Shape, Tensor};

/// Keras' products.
pub(crate) const OPERATIONS: &[Operation] =
    &[Operation { class_name: "Matmul", module: "keras.src.ops.numpy", call: call_matmul }];

/// The matrix product `[…, m, k] · […, k, n] → […, m, n]`; leading axes broadcast when one operand
/// has none of them, a vector on either side counts as one row or column.
#[track_caller]
pub fn matmul(a: &Tensor, b: &Tensor) -> Tensor {
    OPERATIONS[0].apply(Arguments::of([a.to_argument(), b.to_argument()]))
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
