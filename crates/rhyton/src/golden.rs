//! What real Keras makes of every case of a kind, from the kind's file in `goldens/`.

use rhyton_graph::{Shape, Spec, Tensor, Tracer, interpret};
use rhyton_tensor::{Array, DType};
use serde_json::Value;

use crate::Result;
use crate::objects::ObjectList;

/// The records of a kind, from the text of its file.
///
/// Every case of the list must have its record, or the script has not run since it was added.
pub(crate) fn records<T: ?Sized>(text: &str, list: &ObjectList<T>) -> Vec<Value> {
    let all: Value = serde_json::from_str(text).expect("a JSON file");
    let records = all["cases"].as_array().expect("a list").clone();
    for spec in list.specs {
        assert!(!spec.cases.is_empty(), "{} has no case", spec.class_name);
        for case in spec.cases {
            let case: Value = serde_json::from_str(case).expect("a case is JSON");
            let found = records
                .iter()
                .any(|record| record["class_name"] == spec.class_name && record["case"] == case);
            assert!(found, "{} {case} has no golden; run cargo xtask golden", spec.class_name);
        }
    }
    records
}

/// The object form of a record's case.
pub(crate) fn object(record: &Value) -> Value {
    serde_json::json!({"class_name": record["class_name"], "config": record["case"]})
}

/// Names the record that a test is at, if the test panics before this goes.
pub(crate) struct At<'a>(pub(crate) &'a Value);

impl Drop for At<'_> {
    #[expect(clippy::print_stderr, reason = "beside the panic's own message")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("at {} {}", self.0["class_name"], self.0["case"]);
        }
    }
}

/// An array of a record.
pub(crate) fn array(value: &Value) -> Array {
    let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).expect("sizes");
    let values: Vec<f64> = serde_json::from_value(value["values"].clone()).expect("numbers");
    let dtype: DType = value["dtype"].as_str().expect("a name").parse().expect("an element type");
    Array::from_slice(&shape, &values).expect("values fill the shape").cast(dtype)
}

/// Runs a function of tensors whose first axis is the batch.
pub(crate) fn run(
    arrays: &[Array],
    function: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<Vec<Array>> {
    let tracer = Tracer::new(std::sync::Arc::new([]));
    let inputs: Vec<Tensor> = arrays
        .iter()
        .enumerate()
        .map(|(place, array)| {
            let shape = match array.shape() {
                [] => Shape::scalar(),
                [_, rest @ ..] => Shape::batched(rest),
            };
            tracer.input(&format!("x{place}"), Spec::new(array.dtype(), shape))
        })
        .collect();
    for (place, result) in function(&inputs)?.iter().enumerate() {
        tracer.output(&format!("y{place}"), result)?;
    }
    Ok(interpret(&tracer.finish(), &arrays.iter().collect::<Vec<_>>())?)
}
