use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rhyton_tensor::Array;

use crate::{Error, Graph, NodeId, Result, VariableId, VariableSpec};

/// An engine that runs graphs.
pub trait Backend: Send + Sync {
    /// The name that configuration uses, e.g. `native`.
    fn name(&self) -> &'static str;

    /// The devices that can be had now; the first is the default.
    ///
    /// # Errors
    /// [`Error::Backend`] when the engine can't be found or loaded, saying how to enable it.
    fn devices(&self) -> Result<Vec<Device>>;

    /// A session on a device (`None`: the default) for one model's variables, all zero.
    ///
    /// # Errors
    /// [`Error::Backend`] when the engine or the device can't be had.
    fn session(
        &self,
        device: Option<&str>,
        variables: Arc<[VariableSpec]>,
    ) -> Result<Arc<dyn Session>>;
}

/// A place where graphs run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The name that configuration uses after the colon, e.g. `cpu` or `0`.
    pub name: String,
    /// What it is, for people.
    pub description: String,
}

/// One device, one model's variables, and every program over them.
pub trait Session: Send + Sync {
    /// The nodes that this engine can't run, with reasons; empty when it can run all.
    fn unsupported(&self, graph: &Graph) -> Vec<Unsupported>;

    /// Makes a program runnable for every batch size.
    ///
    /// # Errors
    /// [`Error::Backend`] when the graph has unsupported nodes or the engine refuses it.
    fn compile(&self, graph: &Graph) -> Result<Arc<dyn Executable>>;

    /// The present value of a variable.
    ///
    /// # Errors
    /// [`Error::Backend`] when the device fails.
    fn read(&self, variable: VariableId) -> Result<Array>;

    /// Sets a variable.
    ///
    /// # Errors
    /// [`Error::Input`] when the array does not fit the variable.
    fn write(&self, variable: VariableId, value: &Array) -> Result<()>;
}

/// A compiled program.
pub trait Executable: Send + Sync {
    /// Runs once. `outputs` receives one array for each output and is reused between calls: after
    /// the first run of a size, a run allocates nothing. A program that assigns holds its session
    /// alone; others run side by side.
    ///
    /// # Errors
    /// [`Error::Input`] for arrays that do not fit, [`Error::Cancelled`], [`Error::Backend`].
    fn run(&self, inputs: &[&Array], outputs: &mut Vec<Array>, options: &RunOptions) -> Result<()>;

    /// Runs once and tells what every step took, in the order of the run; `None` from an engine that
    /// can't tell. A run that is not asked for this is not slower for it.
    ///
    /// # Errors
    /// As [`Executable::run`].
    fn profile(
        &self,
        inputs: &[&Array],
        outputs: &mut Vec<Array>,
        options: &RunOptions,
    ) -> Result<Option<Vec<StepProfile>>> {
        self.run(inputs, outputs, options)?;
        Ok(None)
    }
}

/// What one step of a program took.
#[derive(Debug, Clone, PartialEq)]
pub struct StepProfile {
    /// What is computed, with shapes.
    pub kernel: String,
    /// The layer that it belongs to; empty for what belongs to none.
    pub path: String,
    /// How long it took.
    pub seconds: f64,
    /// Multiplications and additions of products; one for each element and function elsewhere.
    pub operations: f64,
    /// Bytes of all that it reads and writes, each value once.
    pub bytes: usize,
    /// Bytes of intermediate values that must be kept while it runs.
    pub live_bytes: usize,
}

/// How to run a program.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// How many threads to use; 0 means all that the engine has. Results do not depend on it.
    pub threads: usize,
    /// Set by another thread to stop the run at the next opportunity.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl RunOptions {
    /// Fails if the run was cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        match &self.cancel {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(Error::Cancelled),
            _ => Ok(()),
        }
    }
}

/// A node that an engine can't run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// Its place in the graph.
    pub node: NodeId,
    /// The primitive's name.
    pub primitive: String,
    /// Why not.
    pub reason: String,
}

impl VariableSpec {
    /// Checks that an array has this variable's shape and element type.
    ///
    /// # Errors
    /// [`Error::Input`] naming the variable.
    pub fn check(&self, value: &Array) -> Result<()> {
        let fits = self.spec.dtype == value.dtype()
            && self.spec.shape.fixed_sizes().as_deref() == Some(value.shape());
        if fits {
            return Ok(());
        }
        Err(Error::Input {
            input: self.name.clone(),
            expected: self.spec.to_string(),
            received: format!("{}{:?}", value.dtype(), value.shape()),
        })
    }
}
