//! The command as its users meet it: a process with arguments, files and two streams.

mod activations;
mod compare;
mod models;
mod process;
mod surface;
