//! The library as its users see it: models that are built, trained, saved and loaded.

#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::items_after_statements,
    clippy::format_push_string,
    reason = "tests: a failure should stop them, snapshots are long, and definitions stand where they are used"
)]

mod activations;
mod allocator;
mod callbacks;
mod catalogue;
mod convolutions;
mod expressions;
mod feeding;
mod files;
mod layers;
mod lists;
mod loops;
mod nested;
mod objectives;
mod optimization;
mod own_layers;
mod own_steps;
mod parameters;
mod penalties;
mod precision;
mod refusals;
mod registry;
mod resuming;
mod saving;
mod training;
