use crate::DType;

/// What can be wrong with a host array.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of values does not fill the shape.
    #[error(
        "array: expected {expected} values for shape {shape:?}, received {received}; pass a shape whose product is the number of values"
    )]
    Length {
        /// The shape asked for.
        shape: Vec<usize>,
        /// Its product.
        expected: usize,
        /// The values given.
        received: usize,
    },
    /// The array was viewed as another element type.
    #[error("array: expected dtype {expected}, received {received}; call `cast` first")]
    DType {
        /// The element type asked for.
        expected: DType,
        /// The array's own.
        received: DType,
    },
    /// The product of the dimensions does not fit the address space.
    #[error("array: shape {shape:?} overflows; no array can hold that many values")]
    Overflow {
        /// The shape asked for.
        shape: Vec<usize>,
    },
    /// The system has not that much memory.
    #[error("array: shape {shape:?} takes {bytes} bytes, more than there is; use smaller batches")]
    Memory {
        /// The shape asked for.
        shape: Vec<usize>,
        /// What it takes.
        bytes: usize,
    },
    /// A name is no element type.
    #[error("dtype: unknown name `{name}`; expected one of {}", DType::names().join(", "))]
    UnknownDType {
        /// The name given.
        name: String,
    },
    /// Row selection outside the array.
    #[error("array: row {row} is out of range for {rows} rows")]
    Row {
        /// The row asked for.
        row: usize,
        /// The rows there are.
        rows: usize,
    },
    /// An operation needs at least one axis.
    #[error("array: expected at least one axis, received a scalar; reshape it to [1, …] first")]
    Scalar,
}
