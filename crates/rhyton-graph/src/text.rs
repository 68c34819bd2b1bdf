//! The text form of a graph: one line a node, read and written without loss. It is a file format: a
//! user's function is saved this way, so the reader is total, bounded, and checks every type.
//!
//! `rhyton-graph 1`, then lines: `variable "name" : spec` in the order of their numbers; nodes
//! `%3 = dot{batch=[[], []], contract=[[1], [0]]} %0, %2 : float32[N, 10]  # path`; at the end
//! `output "name" %3` and `assign %4`. Floats are the shortest decimals that read back exactly, NaN
//! its bits in hexadecimal. A sub-graph is `graph { … }` around the same lines.

mod bounds;
mod parse;
mod print;
#[cfg(test)]
mod tests;

/// The first line of every text; the number grows when a reader of this version could not read it.
const HEADER: &str = "rhyton-graph 1";
