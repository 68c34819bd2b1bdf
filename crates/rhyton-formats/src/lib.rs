//! Model files: `.keras` and the weights in it, as configuration and arrays.
//!
//! Here: files ↔ [`ModelFile`], the guards against hostile files, atomic writes. Not here: what a
//! layer's configuration means, which variable is the kernel, any code a file might name (none is
//! ever run). `rhyton` and the command may import this crate; it imports `rhyton-tensor` only.
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
pub use formats::{FORMATS, Format, is_model_file, read, read_bytes, write, write_bytes};
pub use model_file::{Group, ModelFile, Weights};
pub use snake_case::snake_case;

/// The result of reading or writing a model file.
pub type Result<T, E = Error> = std::result::Result<T, E>;
