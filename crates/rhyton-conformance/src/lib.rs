//! The list of backends, and what each is excused from, for the suite in `tests/it`: every case runs
//! on every backend and is held to the reference interpreter. And the catalogue of all that
//! configurations can name, with its cases, against Keras' own list of names.
//!
//! Not here: a backend's own tests (its plans, its kernels, its library). Nothing may depend on this
//! crate; it may import all. To add a backend: a line in [`BACKENDS`] and its function; what it
//! can't do is a row of [`EXCEPTIONS`], with the reason.

mod backends;
mod catalogue;
mod exceptions;
mod run;
mod support;

pub use backends::{BACKENDS, Candidate, NamedBackend, tensorflow_library};
pub use catalogue::{Entry, Shelf, catalogue, to_json};
pub use exceptions::{EXCEPTIONS, Exception, excused};
pub use run::{BATCHES, difference, run_batches};
pub use support::support_page;
