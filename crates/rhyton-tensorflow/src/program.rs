use std::sync::Arc;

use rhyton_graph::{Executable, Graph, Result, RunOptions};
use rhyton_tensor::{Array, DType};

use crate::error::{backend, failed};
use crate::ffi::{Operation, Output, Tensor};
use crate::lower::{self, Lowered};
use crate::state::{State, copy_out};

/// A program: some nodes of the session's graph. They stay there when the program is dropped.
pub(crate) struct Program {
    session: Arc<State>,
    graph: Graph,
    /// The placeholders of the inputs, then that of the batch size if the program needs it.
    feeds: Vec<Output>,
    wants_batch: bool,
    fetches: Vec<Output>,
    targets: Vec<Operation>,
}

impl Program {
    pub(crate) fn new(session: Arc<State>, graph: &Graph, number: usize) -> Result<Self> {
        if let Some(first) = lower::unsupported(graph).first() {
            let node = graph.node(first.node);
            let what = format!("`{}` in `{}`: {}", first.primitive, node.path, first.reason);
            return Err(backend(what, "use the `native` backend for this model"));
        }
        let Lowered { mut feeds, batch, fetches, targets } = lower::lower(&session, graph, number)?;
        feeds.extend(batch);
        let wants_batch = batch.is_some();
        Ok(Self { session, graph: graph.clone(), feeds, wants_batch, fetches, targets })
    }

    fn values(&self, inputs: &[&Array], batch: usize) -> Result<Vec<Tensor>> {
        let mut values: Vec<Tensor> =
            inputs.iter().map(|array| self.session.tensor(array)).collect::<Result<_>>()?;
        if self.wants_batch {
            values.push(self.session.tensor(&Array::full(DType::I32, &[], batch as f64))?);
        }
        Ok(values)
    }

    fn run_session(&self, values: &[Tensor]) -> Result<Vec<Tensor>> {
        let run = || {
            let run = self.session.engine.run((&self.feeds, values), &self.fetches, &self.targets);
            run.map_err(|failure| failed("running a program", &failure))
        };
        if self.targets.is_empty() {
            let _turn = self.session.shared();
            run()
        } else {
            let _turn = self.session.alone();
            run()
        }
    }
}

impl Executable for Program {
    fn run(&self, inputs: &[&Array], outputs: &mut Vec<Array>, options: &RunOptions) -> Result<()> {
        options.check()?;
        let batch = self.graph.bind_batch(inputs)?;
        self.graph.check_batch(batch)?;
        outputs.resize_with(self.fetches.len(), || Array::zeros(DType::F32, &[0]));
        if self.fetches.is_empty() && self.targets.is_empty() {
            return Ok(());
        }
        let results = self.run_session(&self.values(inputs, batch)?)?;
        for ((result, array), (name, id)) in
            results.iter().zip(outputs.iter_mut()).zip(&self.graph.outputs)
        {
            copy_out(result, array)?;
            let spec = &self.graph.node(*id).spec;
            if array.dtype() != spec.dtype || array.shape() != spec.shape.bind(batch) {
                let received = format!("{}{:?}", array.dtype(), array.shape());
                let what = format!("output `{name}` expected {spec}, received {received}");
                return Err(backend(what, "report this program"));
            }
        }
        Ok(())
    }
}
