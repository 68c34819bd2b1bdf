//! Activations at points: compiled for the engine that the settings name, as training's programs
//! are, or exactly in double precision.

use std::fmt;
use std::sync::Arc;

use rhyton_graph::{Executable, RunOptions, Session, Spec, Tensor, Tracer};
use rhyton_tensor::{Array, DType};

use super::Activation;
use crate::{Error, Result, backends, configuration};

/// An activation and its derivative by its input, compiled for arrays of one shape.
///
/// The engine, the passes and the stated derivative are those of a model, so every element has the
/// bits that it has in training. Parameters have their fixed or first values.
pub struct Evaluator {
    program: Arc<dyn Executable>,
    /// Programs live as long as their session.
    _session: Arc<dyn Session>,
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").finish_non_exhaustive()
    }
}

impl Evaluator {
    /// Value and derivative for an array of the shape compiled for, into `results`, which is reused
    /// between calls; on `threads` threads, 0 for all. Calls from several threads run side by side.
    ///
    /// # Errors
    /// An array of another shape or element type; what the engine fails with.
    pub fn run(&self, points: &Array, results: &mut Vec<Array>, threads: usize) -> Result<()> {
        let options = RunOptions { threads, ..RunOptions::default() };
        Ok(self.program.run(&[points], results, &options)?)
    }
}

impl Activation {
    /// Compiles value and derivative for arrays of a shape on the engine that the settings name.
    ///
    /// # Errors
    /// What the activation's name or text failed with; an engine that is not there.
    pub fn evaluator(&self, dtype: DType, shape: &[usize]) -> Result<Evaluator> {
        let engine = backends::from_settings(&configuration::settings()?)?;
        let tracer = Tracer::new(Arc::new([]));
        let x = tracer.input("x", Spec::new(dtype, shape));
        for (name, result) in ["y", "dy"].into_iter().zip(self.traced(&x)) {
            tracer.output(name, &result)?;
        }
        let graph = rhyton_graph::simplify(&rhyton_graph::without_derivatives(&tracer.finish()));
        let session = engine.backend.session(engine.device.as_deref(), Arc::new([]))?;
        let program = session.compile(&graph)?;
        Ok(Evaluator { program, _session: session })
    }

    /// Values and derivatives at points, exactly as training computes them on the engine that the
    /// settings name.
    ///
    /// # Errors
    /// As [`Activation::evaluator`].
    pub fn evaluate(&self, points: &Array) -> Result<[Array; 2]> {
        let mut results = Vec::new();
        self.evaluator(points.dtype(), points.shape())?.run(points, &mut results, 0)?;
        Ok(pair(results))
    }

    /// Values and derivatives at points, computed in double precision and rounded once to the
    /// points' element type.
    ///
    /// # Errors
    /// As [`Activation::call`].
    pub fn evaluate_exactly(&self, points: &Array) -> Result<[Array; 2]> {
        let exact = points.cast(DType::F64);
        let results = rhyton_graph::eval(|x| self.traced(&x[0]).into(), &[&exact])?;
        Ok(pair(results).map(|result| result.cast(points.dtype())))
    }

    /// The value and its derivative by `x`.
    fn traced(&self, x: &Tensor) -> [Tensor; 2] {
        let failed = |error: Error| {
            Tensor::failed(rhyton_graph::Error::Message { message: error.to_string() })
        };
        let value = self.apply(x).unwrap_or_else(failed);
        let total = rhyton_graph::sum(&value, None, false);
        let slope = rhyton_graph::gradients(&total, &[x]);
        let slope = slope.map_or_else(Tensor::failed, |mut slopes| slopes.remove(0));
        [value, slope]
    }
}

fn pair(mut results: Vec<Array>) -> [Array; 2] {
    let slope = results.remove(1);
    [results.remove(0), slope]
}
