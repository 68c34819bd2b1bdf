use rhyton_tensor::DType;

/// The number that the C API's `TF_DataType` gives an element type.
pub(crate) fn code(dtype: DType) -> i32 {
    match dtype {
        DType::F32 => 1,
        DType::F64 => 2,
        DType::I32 => 3,
        DType::U8 => 4,
        DType::I16 => 5,
        DType::I8 => 6,
        DType::I64 => 9,
        DType::Bool => 10,
        DType::BF16 => 14,
        DType::U16 => 17,
        DType::F16 => 19,
        DType::U32 => 22,
        DType::U64 => 23,
    }
}

/// The element type of a `TF_DataType`, if Rhyton has it.
pub(crate) fn dtype(wanted: i32) -> Option<DType> {
    DType::ALL.into_iter().find(|&dtype| code(dtype) == wanted)
}
