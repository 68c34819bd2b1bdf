//! Model files: `.keras`, `.h5`, and weights alone, as configuration and arrays.
//!
//! Here: files ↔ [`ModelFile`], the guards against hostile files, atomic writes. Not here: what a
//! layer's configuration means, which variable is the kernel, any code a file might name (none is
//! ever run). `rhyton` and the command may import this crate; it imports `rhyton-tensor`, and
//! `rhyton-data` for what NumPy writes.
//!
//! To add a format: one file in `formats/` with a `FORMAT`, its `mod` line and its line in
//! [`FORMATS`].

mod atomic;
mod error;
mod formats;
mod hdf5;
mod limits;
mod model_file;
mod snake_case;

pub use error::Error;
pub use formats::{
    FORMATS, Format, WeightForm, is_model_file, read, read_bytes, write, write_bytes,
};
pub use model_file::{Group, LayerWeights, ModelFile, NamedArray, Weights};
pub use snake_case::snake_case;

/// The result of reading or writing a model file.
pub type Result<T, E = Error> = std::result::Result<T, E>;
