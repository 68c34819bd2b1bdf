use super::comparison::{greater_equal, less_equal, where_};
use super::indexing::iota_like;
use super::shaping::zeros_like;
use crate::{Argument, Arguments, Composite, Error, Operation, Result, Tensor};
use rhyton_tensor::DType;

/// Keras' parts of matrices below and above a diagonal, the others 0.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        class_name: "Tril",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| triangle("tril", false, arguments)),
    },
    Operation {
        class_name: "Triu",
        module: "keras.src.ops.numpy",
        call: Composite::One(|arguments| triangle("triu", true, arguments)),
    },
];

fn triangle(operation: &str, upper: bool, arguments: &Arguments) -> Result<Tensor> {
    let x = arguments.tensor(operation, 0)?;
    let Some(rows) = x.rank().checked_sub(2) else {
        return Err(Error::shape(operation, "x", "at least two axes", x.shape()));
    };
    let k = match arguments.attribute("k", 1) {
        Argument::None => 0,
        Argument::Integer(k) => *k,
        other => {
            let received = format!("{other:?}");
            return Err(Error::argument(operation, "k", "a whole number", received));
        }
    };
    let row = iota_like(x, rows, DType::I64) + k;
    let column = iota_like(x, rows + 1, DType::I64);
    let kept = if upper { greater_equal(column, row) } else { less_equal(column, row) };
    where_(kept, x, zeros_like(x)).checked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sample, check_op};
    use crate::{Shape, Spec};

    #[test]
    fn triangles_have_their_gradients() {
        let x = Sample::between(Spec::new(DType::F32, Shape::batched(&[3, 4])), -1.0, 1.0);
        check_op(&[x], |x| {
            let of = |place: usize, k| {
                let arguments = Arguments::of([x[0].to_argument()]);
                OPERATIONS[place].apply(arguments.with("k", Argument::Integer(k)))
            };
            vec![of(0, 0), of(0, -1), of(1, 1)]
        });
    }

    #[test]
    fn the_diagonal_belongs_to_both() {
        let x = rhyton_tensor::Array::from_slice(&[2, 2], &[1_i32, 2, 3, 4]).unwrap();
        let of = |place: usize| {
            let result = crate::eval(
                |x| vec![OPERATIONS[place].apply(Arguments::of([x[0].to_argument()]))],
                &[&x],
            );
            result.unwrap()[0].view::<i32>().to_vec()
        };
        assert_eq!(of(0), [1, 0, 3, 4]);
        assert_eq!(of(1), [1, 2, 0, 4]);
    }
}
