//! Training: what is compiled into one program a step, and the loops around it.

mod compile;
mod compiled_file;
mod data;
mod evaluate;
mod fit;
mod history;
mod program;
mod progress;
mod tracked;

pub(crate) use compile::Compiled;
pub use compile::{Compile, LossChoice, MetricChoice};
pub(crate) use compiled_file::{read_compiled, write_compiled};
pub use evaluate::Evaluate;
pub use fit::{Fit, Verbose};
pub use history::{History, Logs};
