//! The graph: primitives with their shapes, gradients and reference evaluation; composites over
//! them; tracing, differentiation, passes; the contract that every backend fulfils.
//!
//! Not here: layers, files, threads, any IO. May import: `rhyton-tensor`. A new primitive or
//! composite is one file and two lines in the list beside it (`primitives.rs`, `composites.rs`).

mod attribute;
mod autodiff;
mod backend;
mod composites;
mod error;
mod graph;
mod interpreter;
mod operation;
mod passes;
mod primitives;
mod shape;
mod tensor;
pub mod testing;
mod text;
mod tracer;

pub use attribute::{Attribute, Attributes};
pub use autodiff::{custom_gradient, gradients};
pub use backend::{Backend, Device, Executable, RunOptions, Session, StepProfile, Unsupported};
pub use composites::*;
pub use error::{Error, Result};
pub use graph::{Graph, Node, NodeId, VariableId, VariableSpec};
pub use interpreter::{InterpreterBackend, interpret};
pub use operation::{Argument, Arguments, Composite, OPERATION_ATTRIBUTES, OPERATIONS, Operation};
pub use passes::{simplify, without_derivatives};
pub use primitives::*;
pub use shape::{Dim, Shape, Spec};
pub use tensor::{Action, Operand, Recorded, Step, Tensor};
pub use tracer::{Tracer, eval, infer};
