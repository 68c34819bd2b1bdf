use std::sync::Arc;
use std::sync::atomic::Ordering;

use rhyton_graph::{Executable, Graph, Result, Session, Unsupported, VariableId, VariableSpec};
use rhyton_tensor::Array;

use crate::error::{backend, failed};
use crate::ffi::TensorFlow;
use crate::state::{State, copy_out};
use crate::{lower, program};

/// One TensorFlow graph and session, with one resource variable for each variable.
pub(crate) struct TensorFlowSession(Arc<State>);

impl TensorFlowSession {
    pub(crate) fn new(
        library: &Arc<TensorFlow>,
        config: &[u8],
        specs: Arc<[VariableSpec]>,
    ) -> Result<Self> {
        Ok(Self(Arc::new(State::new(library, config, specs)?)))
    }
}

impl Session for TensorFlowSession {
    fn unsupported(&self, graph: &Graph) -> Vec<Unsupported> {
        lower::unsupported(graph)
    }

    fn compile(&self, graph: &Graph) -> Result<Arc<dyn Executable>> {
        let number = self.0.programs.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(program::Program::new(Arc::clone(&self.0), graph, number)?))
    }

    fn read(&self, variable: VariableId) -> Result<Array> {
        let read = self.0.variables[variable.index()].read;
        let doing = || format!("reading variable `{}`", self.0.name(variable));
        let _turn = self.0.shared();
        let values = self.0.engine.run((&[], &[]), &[read], &[]);
        let values = values.map_err(|failure| failed(&doing(), &failure))?;
        let Some(value) = values.first() else {
            return Err(backend(format!("{}: no value", doing()), "report this program"));
        };
        let mut array = Array::zeros(self.0.specs[variable.index()].spec.dtype, &[0]);
        copy_out(value, &mut array)?;
        Ok(array)
    }

    fn write(&self, variable: VariableId, value: &Array) -> Result<()> {
        self.0.specs[variable.index()].check(value)?;
        let nodes = &self.0.variables[variable.index()];
        let tensor = self.0.tensor(value)?;
        let _turn = self.0.alone();
        let run = self.0.engine.run((&[nodes.value], &[tensor]), &[], &[nodes.assign]);
        run.map(|_nothing| ()).map_err(|failure| {
            failed(&format!("writing variable `{}`", self.0.name(variable)), &failure)
        })
    }
}

#[cfg(test)]
mod tests;
