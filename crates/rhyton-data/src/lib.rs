//! Data sets for training and prediction: the readers and writers of arrays (`.npy`, `.npz`, IDX,
//! CSV), images, the embedded digits, named sets, columns in memory and in files, splits for
//! validation and what they leak, batches prepared ahead, and augmentation.
//!
//! Not here: models, graphs, the environment (folders to search are passed in). It imports
//! `rhyton-tensor` only. A new format is one module here and one row in `load::read_path`; a new
//! named set is one row in `load::NAMES` and `load::read_name`.

mod atomic;
mod augmentation;
mod batches;
mod bounded;
mod column;
pub mod csv;
mod dataset;
mod digits;
mod error;
pub mod idx;
mod idx_folder;
mod image_file;
mod image_folder;
mod labels;
mod load;
pub mod npy;
pub mod npz;
mod overlap;
mod part;
mod positioned;
mod split;
mod stored;

pub use atomic::{WriteSeek, replace_file, replace_with};
pub use augmentation::{Augmentation, FillMode, FlipMode, Interpolation};
pub use batches::{Batch, Batches, permute};
pub use column::{Chunks, Column, Rows};
pub use dataset::{Dataset, InputShape};
pub use error::Error;
pub use labels::one_hot;
pub use load::{LoadOptions, NAMES, load};
pub use overlap::Overlap;
pub use part::Part;
pub use stored::Stored;

/// The result of an operation on data sets.
pub type Result<T, E = Error> = std::result::Result<T, E>;
