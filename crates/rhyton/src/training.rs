//! Training: what is compiled into one program a step, and the loops around it.

mod backup;
mod checkpoint;
mod choices;
mod compile;
mod compiled_file;
mod data;
mod depth;
mod evaluate;
mod executions;
mod feed;
mod fit;
mod history;
mod labels;
mod objectives;
mod on_batch;
mod optimization;
mod own_functions;
mod per_output;
mod profiling;
mod program;
mod progress;
mod running_metric;
mod tracked;
mod update;

pub(crate) use backup::{Backup, Position};
pub(crate) use checkpoint::remove as remove_checkpoint;
pub use choices::{LossChoice, MetricChoice};
pub use compile::Compile;
pub(crate) use compile::Compiled;
pub use compile::IntoOptimizer;
pub(crate) use compiled_file::{
    compile_of, legacy_state, read_compiled, restore_state, write_compiled,
};
pub use evaluate::Evaluate;
pub use fit::{Fit, Verbose};
pub use history::{History, Logs, list_place};
pub use on_batch::{Gradients, OnBatch};
pub use running_metric::RunningMetric;
