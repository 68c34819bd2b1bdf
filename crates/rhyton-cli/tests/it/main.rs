//! The command as its users meet it: a process with arguments, files and two streams.

#![allow(clippy::unwrap_used, reason = "a failed preparation fails the test")]

mod activations;
mod bench;
mod compare;
mod data;
mod descriptions;
mod models;
mod process;
mod resume;
mod serve;
mod surface;
