//! The language of activations: parse, print, derive, stabilise, evaluate in f64, review, lower to a
//! graph, and the initialisation that a function asks for.
//!
//! Here: the text of a function of `x` with named parameters (`docs/expressions.md` is its grammar)
//! and everything that follows from the text alone. Not here: names that users register (the caller
//! hands them in as a [`Vocabulary`]), training. May be imported by `rhyton`; imports only
//! `rhyton-graph`. To add an elementwise function: a variant of [`Function`], its row in
//! `functions.rs`, its arm in the lowering; a function over an axis: a variant of [`AxisFunction`]
//! and its row in `over_axis.rs`; a shorthand made of others: a row of `PRELUDE` in either.

mod builder;
mod canonical;
mod derive;
mod error;
mod evaluate;
mod functions;
mod gain;
mod lower;
mod nearest;
mod over_axis;
mod parse;
mod print;
mod review;
mod simplify;
mod slices;
mod stabilise;
mod switches;
mod syntax;
mod token;
mod vocabulary;

pub use error::{Error, ParseError, ParseErrorKind};
pub use functions::{Function, core_function_names};
pub use gain::{EdgeOfChaos, Initialization, LayerSignal, Moments, Propagation, Signal, Verdict};
pub use lower::Lowering;
pub use nearest::nearest_names;
pub use over_axis::AxisFunction;
pub use parse::{Context, without_modules};
pub use review::{
    Accuracy, Bound, DerivativeCheck, End, Half, Inputs, Jump, Kink, Limit, Monotone, Range,
    Review, Tally, Worst,
};
pub use syntax::{Binary, Expression, Node, NodeId, Number, Parameter, Variable, Warning};
pub use token::ascii_name;
pub use vocabulary::Vocabulary;

/// Version of the language, written beside every stored definition.
///
/// A reader refuses a greater number; a text that parses under one version keeps its meaning
/// under every later one.
pub const LANGUAGE_VERSION: u32 = 2;

/// Longest text that is parsed, in bytes.
pub const MAX_LENGTH: usize = 4096;

/// Deepest nesting (parentheses, calls, unary operators, powers, conditionals).
pub const MAX_DEPTH: usize = 64;

/// Most stated derivatives in one expression: each may have to be taken apart for every other.
pub const MAX_STATED: usize = 8;

/// Most nodes of a parsed expression, after registered names are inlined.
pub const MAX_NODES: usize = 1024;
