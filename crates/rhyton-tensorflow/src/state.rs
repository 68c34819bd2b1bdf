use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rhyton_graph::{Result, VariableId, VariableSpec};
use rhyton_tensor::Array;

use crate::error::{backend, failed};
use crate::ffi::{self, Failure, Operation, Output, Tensor, TensorFlow};

/// What a session shares with its programs.
pub(crate) struct State {
    pub(crate) engine: ffi::Session,
    pub(crate) variables: Vec<Variable>,
    pub(crate) specs: Arc<[VariableSpec]>,
    /// How many programs were compiled; names their nodes.
    pub(crate) programs: AtomicUsize,
    /// Held for writing by what changes variables.
    turn: RwLock<()>,
}

/// A resource variable and the nodes by which the host reaches it.
pub(crate) struct Variable {
    pub(crate) handle: Output,
    pub(crate) read: Output,
    pub(crate) value: Output,
    pub(crate) assign: Operation,
}

impl State {
    pub(crate) fn new(
        library: &Arc<TensorFlow>,
        config: &[u8],
        specs: Arc<[VariableSpec]>,
    ) -> Result<Self> {
        let open = |failure: Failure| failed("opening a session", &failure);
        let engine = ffi::Session::new(library, config).map_err(open)?;
        let declared = specs.iter().enumerate();
        let variables: Vec<Variable> = declared
            .map(|(place, variable)| declare(&engine, place, variable))
            .collect::<Result<_, _>>()
            .map_err(open)?;
        let (programs, turn) = (AtomicUsize::new(0), RwLock::new(()));
        let state = Self { engine, variables, specs, programs, turn };
        state.zero()?;
        Ok(state)
    }

    /// The session for a program that assigns nothing.
    pub(crate) fn shared(&self) -> RwLockReadGuard<'_, ()> {
        self.turn.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session for a program that assigns.
    pub(crate) fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.turn.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives every variable its first value.
    fn zero(&self) -> Result<()> {
        if self.variables.is_empty() {
            return Ok(());
        }
        let zeros: Vec<Tensor> = self
            .specs
            .iter()
            .map(|variable| {
                let zeros = Array::zeros(variable.spec.dtype, &variable.spec.shape.bind(0));
                self.tensor(&zeros)
            })
            .collect::<Result<_>>()?;
        let places: Vec<Output> = self.variables.iter().map(|variable| variable.value).collect();
        let assigns: Vec<Operation> =
            self.variables.iter().map(|variable| variable.assign).collect();
        let run = self.engine.run((&places, &zeros), &[], &assigns);
        run.map(|_nothing| ()).map_err(|failure| failed("making the variables", &failure))
    }

    /// A copy of an array on TensorFlow's side.
    pub(crate) fn tensor(&self, array: &Array) -> Result<Tensor> {
        Tensor::from_bytes(self.engine.library(), array.dtype(), array.shape(), array.bytes())
            .map_err(|failure| failed("copying an array", &failure))
    }

    pub(crate) fn name(&self, variable: VariableId) -> &str {
        &self.specs[variable.index()].name
    }
}

fn declare(
    engine: &ffi::Session,
    place: usize,
    variable: &VariableSpec,
) -> Result<Variable, Failure> {
    let dtype = variable.spec.dtype;
    let sizes: Vec<i64> = variable.spec.shape.bind(0).iter().map(|&size| size as i64).collect();
    let name = |role: &str| format!("variables/{place}/{role}");
    let handle = engine
        .operation(c"VarHandleOp", &name("handle"))
        .dtype(c"dtype", dtype)
        .shape(c"shape", &sizes)
        .text(c"shared_name", &format!("variable_{place}"))
        .finish()?
        .output();
    let read = engine.operation(c"ReadVariableOp", &name("read")).input(handle);
    let read = read.dtype(c"dtype", dtype).finish()?.output();
    let value = engine.operation(c"Placeholder", &name("value")).dtype(c"dtype", dtype);
    let value = value.shape(c"shape", &sizes).finish()?.output();
    let assign = engine.operation(c"AssignVariableOp", &name("assign")).input(handle).input(value);
    let assign = assign.finish()?;
    Ok(Variable { handle, read, value, assign })
}

/// Copies a tensor into an array whose storage is reused.
pub(crate) fn copy_out(tensor: &Tensor, array: &mut Array) -> Result<()> {
    let Some(dtype) = tensor.dtype() else {
        return Err(backend("a result has an unknown element type", "report this program"));
    };
    array.resize_to(dtype, &tensor.shape());
    let bytes = tensor.bytes();
    if bytes.len() != array.bytes().len() {
        return Err(backend("a result is shorter than its shape", "report this program"));
    }
    array.bytes_mut().copy_from_slice(bytes);
    Ok(())
}
