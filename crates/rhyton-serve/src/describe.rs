use rhyton::DType;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::models::{Port, Served};
use crate::request::SIGNATURE;

/// `GET /v1/models/NAME`: the state of the one version that is served.
pub(crate) fn status(served: &Served) -> String {
    let mut text = pretty(&json!({
        "model_version_status": [{
            "version": served.version.to_string(),
            "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        }],
    }));
    text.push('\n');
    text
}

/// `GET /v1/models/NAME/metadata`: the signature of inputs and outputs.
pub(crate) fn metadata(served: &Served) -> String {
    let spec = pretty(&json!({
        "name": served.name,
        "signature_name": "",
        "version": served.version.to_string(),
    }));
    let inputs =
        tensors(&served.inputs, |place| format!("{SIGNATURE}_{}:0", served.inputs[place].name));
    let outputs = tensors(&served.outputs, |place| format!("StatefulPartitionedCall:{place}"));
    let signature = pretty(&json!({
        "signature_def": {
            SIGNATURE: {
                "inputs": inputs,
                "outputs": outputs,
                "method_name": "tensorflow/serving/predict",
                "defaults": {},
            },
        },
    }));
    format!(
        "{{\n\"model_spec\":{spec}\n,\n\"metadata\": {{\"signature_def\": {signature}\n}}\n}}\n"
    )
}

fn tensors(ports: &[Port], name: impl Fn(usize) -> String) -> Map<String, Value> {
    let tensor = |(place, port): (usize, &Port)| {
        let sizes = port.spec.shape.iter().map(|size| {
            let size = size.fixed_size().map_or("-1".to_owned(), |size| size.to_string());
            json!({"size": size, "name": ""})
        });
        let value = json!({
            "dtype": type_name(port.spec.dtype),
            "tensor_shape": {"dim": sizes.collect::<Vec<_>>(), "unknown_rank": false},
            "name": name(place),
        });
        (port.name.clone(), value)
    };
    ports.iter().enumerate().map(tensor).collect()
}

/// The element type in TensorFlow's `DataType`.
fn type_name(dtype: DType) -> String {
    let name = match dtype {
        DType::F16 => "half",
        DType::F32 => "float",
        DType::F64 => "double",
        other => other.name(),
    };
    format!("DT_{}", name.to_uppercase())
}

/// JSON with one space a level, as protobuf prints it.
fn pretty(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => String::new(),
    }
}
