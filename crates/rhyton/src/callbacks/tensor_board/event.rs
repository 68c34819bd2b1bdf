//! TensorBoard's `Event` messages, in protobuf's wire format.
//!
//! Source: `event.proto`, `summary.proto`, `tensor.proto` of TensorBoard 2.21.

/// What a value is for TensorBoard's plugins: `SummaryMetadata.data_class`.
enum DataClass {
    Unknown = 0,
    Scalar = 1,
    Tensor = 2,
}

/// The event that a file begins with.
pub(super) fn file_version() -> Vec<u8> {
    let mut event = Vec::new();
    double(&mut event, 1, now());
    bytes(&mut event, 3, b"brain.Event:2");
    event
}

/// An event of values at a step.
pub(super) fn summary(step: u64, values: &[Vec<u8>]) -> Vec<u8> {
    let mut summary = Vec::new();
    for value in values {
        bytes(&mut summary, 1, value);
    }
    let mut event = Vec::new();
    double(&mut event, 1, now());
    integer(&mut event, 2, step);
    bytes(&mut event, 5, &summary);
    event
}

/// A number under a tag.
pub(super) fn scalar(tag: &str, value: f32) -> Vec<u8> {
    let mut tensor = tensor(1, &[]);
    bytes(&mut tensor, 5, &value.to_le_bytes());
    tagged(tag, &tensor, ("scalars", b"", DataClass::Scalar))
}

/// Buckets under a tag: left edge, right edge, count of each.
pub(super) fn histogram(tag: &str, buckets: &[[f64; 3]]) -> Vec<u8> {
    let mut tensor = tensor(2, &[buckets.len() as u64, 3]);
    let numbers: Vec<u8> = buckets.as_flattened().iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes(&mut tensor, 4, &numbers);
    tagged(tag, &tensor, ("histograms", b"", DataClass::Tensor))
}

/// The layers of a model, which TensorBoard shows as a graph.
pub(super) fn keras_model(config: &str) -> Vec<u8> {
    let mut tensor = tensor(7, &[]);
    bytes(&mut tensor, 8, config.as_bytes());
    tagged("keras", &tensor, ("graph_keras_model", b"1", DataClass::Unknown))
}

/// A tensor's element type and shape.
fn tensor(dtype: u64, shape: &[u64]) -> Vec<u8> {
    let mut dims = Vec::new();
    for &size in shape {
        let mut dim = Vec::new();
        integer(&mut dim, 1, size);
        bytes(&mut dims, 2, &dim);
    }
    let mut tensor = Vec::new();
    integer(&mut tensor, 1, dtype);
    bytes(&mut tensor, 2, &dims);
    tensor
}

/// A tensor under a tag, for a plugin with its own content.
fn tagged(tag: &str, tensor: &[u8], (plugin, content, class): (&str, &[u8], DataClass)) -> Vec<u8> {
    let mut data = Vec::new();
    bytes(&mut data, 1, plugin.as_bytes());
    if !content.is_empty() {
        bytes(&mut data, 2, content);
    }
    let mut metadata = Vec::new();
    bytes(&mut metadata, 1, &data);
    if !matches!(class, DataClass::Unknown) {
        integer(&mut metadata, 4, class as u64);
    }
    let mut value = Vec::new();
    bytes(&mut value, 1, tag.as_bytes());
    bytes(&mut value, 8, tensor);
    bytes(&mut value, 9, &metadata);
    value
}

/// Seconds since 1970.
fn now() -> f64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn integer(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn double(out: &mut Vec<u8>, field: u64, value: f64) {
    varint(out, field << 3 | 1);
    out.extend(value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What protobuf 7.36 makes of the same message.
    #[test]
    fn a_scalar_is_protobuf() {
        let expected = b"\n\x01t\x42\x0a\x08\x01\x12\x00\x2a\x04\x00\x00\x00\x3f\
                         J\x0d\n\x09\n\x07scalars\x20\x01";
        assert_eq!(scalar("t", 0.5), expected);
        let mut long = Vec::new();
        integer(&mut long, 2, 300);
        assert_eq!(long, [0x10, 0xAC, 0x02]);
    }
}
