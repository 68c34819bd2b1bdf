//! The language as its users see it: formulas, derivatives, rewrites, and any text at all.

mod catalogue;
mod derivatives;
mod stabilised;
mod texts;
