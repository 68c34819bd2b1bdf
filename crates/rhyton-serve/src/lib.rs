//! The model server: `.keras` files over HTTP, in the protocol of TensorFlow Serving.
//!
//! [`Models`] opens files and folders, [`Server`] answers requests for them until it is told to
//! stop. HTTP and JSON stay in this crate; what a model is and how it is run is in `rhyton`, which is
//! imported without training. To add a protocol: a file that turns a request into arrays and arrays
//! into an answer, its `mod` line, and its arm in `handler.rs`.

mod body;
mod describe;
mod error;
mod failure;
mod handler;
mod json;
mod limits;
mod models;
mod request;
mod response;
mod route;
mod server;
mod stream;
mod tensor;

pub use error::{Error, Result};
pub use limits::Limits;
pub use models::{Models, Port, Served};
pub use server::{Server, Stopped};
