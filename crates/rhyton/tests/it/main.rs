//! The library as its users see it: models that are built, trained, saved and loaded.

mod saving;
mod training;
