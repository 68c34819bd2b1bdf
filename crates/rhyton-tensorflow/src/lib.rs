//! TensorFlow through its C API, loaded at run time.
