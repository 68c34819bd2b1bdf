//! Training: what is compiled into one program a step, and the loops around it.

mod choices;
mod compile;
mod compiled_file;
mod data;
mod evaluate;
mod fit;
mod history;
mod labels;
mod objectives;
mod optimization;
mod per_output;
mod program;
mod progress;
mod tracked;

pub use choices::{LossChoice, MetricChoice};
pub use compile::Compile;
pub(crate) use compile::Compiled;
pub use compile::IntoOptimizer;
pub(crate) use compiled_file::{legacy_state, read_compiled, restore_state, write_compiled};
pub use evaluate::Evaluate;
pub use fit::{Fit, Verbose};
pub use history::{History, Logs, list_place};
