//! Data sets for training and prediction: the readers and writers of arrays (`.npy`, `.npz`, IDX,
//! CSV), the embedded digits, named sets, the split for validation, and batches.
//!
//! Not here: models, graphs, the environment (folders to search are passed in), prefetching and
//! augmentation. It imports `rhyton-tensor` only. A new format is one module here and one row in
//! `load::read_path`; a new named set is one row in `load::NAMES` and `load::read_name`.

mod atomic;
mod batches;
mod bounded;
pub mod csv;
mod dataset;
mod digits;
mod error;
pub mod idx;
mod idx_folder;
mod labels;
mod load;
pub mod npy;
pub mod npz;
mod part;

pub use atomic::replace_file;
pub use batches::{Batch, Batches, permute};
pub use dataset::{Dataset, InputShape};
pub use error::Error;
pub use labels::one_hot;
pub use load::{LoadOptions, NAMES, load};
pub use part::Part;

/// The result of an operation on data sets.
pub type Result<T, E = Error> = std::result::Result<T, E>;
