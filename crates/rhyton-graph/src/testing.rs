//! The check that every operation's tests share: shapes, element types, gradients, at several batch
//! sizes, on sample values from the operation's domain. For tests of any crate that has operations.

use std::sync::Arc;

use rhyton_tensor::{Array, DType, philox4x32};

use crate::{Error, Graph, Result, Spec, Tensor, Tracer, gradients, interpret, multiply, sum_axes};

mod cases;
#[cfg(test)]
pub(crate) mod random;
#[cfg(test)]
mod tests;

pub use cases::{Case, Function, cases};

/// Values for one operand of an operation under test.
#[derive(Debug, Clone)]
pub struct Sample {
    spec: Spec,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Between(f64, f64),
    Listed(Vec<f64>),
}

/// The step of a central difference, in f64.
const STEP: f64 = 1e-5;
/// How far a gradient may be from the difference, relative to values above 1.
const TOLERANCE: f64 = 1e-6;
/// Operands with more elements are differentiated along this many random directions.
const DIRECTIONS_MAX: usize = 48;

impl Sample {
    /// Values spread evenly at random over `low..high`, the same at every run.
    pub fn between(spec: Spec, low: f64, high: f64) -> Self {
        Self { spec, values: Values::Between(low, high) }
    }

    /// The values given, again from the first when they end.
    pub fn of(spec: Spec, values: &[f64]) -> Self {
        Self { spec, values: Values::Listed(values.to_vec()) }
    }

    /// Shape and element type of the operand.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The operand at a batch size, its values as `dtype`; `place` tells the operands of one
    /// operation apart.
    pub fn array(&self, place: usize, batch: usize, dtype: DType) -> Array {
        let shape = self.spec.shape.bind(batch);
        let count = shape.iter().product();
        let values: Vec<f64> = (0..count)
            .map(|index: usize| match &self.values {
                Values::Between(low, high) => low + (high - low) * random(place, index),
                Values::Listed(values) => values[index % values.len()],
            })
            .collect();
        Array::from_slice(&shape, &values).expect("one value for each place").cast(dtype)
    }

    /// The element type of the gradient's check: floats as float64.
    fn precise(&self) -> Spec {
        let dtype = if self.spec.dtype.is_float() { DType::F64 } else { self.spec.dtype };
        self.spec.with_dtype(dtype)
    }
}

/// A number in [0, 1) that depends on nothing but its place.
fn random(stream: usize, index: usize) -> f64 {
    let words = philox4x32([7, 11], [index as u32, stream as u32, 0, 0]);
    f64::from(words[0]) / 4_294_967_296.0
}

/// Checks a function of tensors at batch sizes 1 and 7; see [`examine`].
///
/// # Panics
/// With what differs, if anything does.
#[track_caller]
pub fn check_op(samples: &[Sample], function: impl Fn(&[Tensor]) -> Vec<Tensor>) {
    let result = examine(samples, &[1, 7], function);
    assert!(
        result.is_ok(),
        "{}",
        result.map_or_else(|error| error.to_string(), |()| String::new())
    );
}

/// Checks a function of tensors at some batch sizes: evaluation has the inferred shapes and element
/// types, and gradients by every float operand, computed in float64, agree with central differences.
///
/// # Errors
/// A failure while tracing or running; [`Error::Message`] with what differs.
pub fn examine(
    samples: &[Sample],
    batches: &[usize],
    function: impl Fn(&[Tensor]) -> Vec<Tensor>,
) -> Result<()> {
    let specs: Vec<Spec> = samples.iter().map(|sample| sample.spec.clone()).collect();
    let (program, _) = trace(&specs, &function)?;
    let precise: Vec<Spec> = samples.iter().map(Sample::precise).collect();
    let slopes = Slopes::trace(&precise, &function)?;
    for &batch in batches {
        let arrays = |specs: &[Spec]| -> Vec<Array> {
            let pairs = samples.iter().zip(specs).enumerate();
            pairs.map(|(at, (sample, spec))| sample.array(at, batch, spec.dtype)).collect()
        };
        check_values(&program, &arrays(&specs), batch)?;
        if let Some(slopes) = &slopes {
            slopes.check(&arrays(&precise), batch)?;
        }
    }
    Ok(())
}

fn trace(
    specs: &[Spec],
    function: impl Fn(&[Tensor]) -> Vec<Tensor>,
) -> Result<(Graph, Vec<Spec>)> {
    let tracer = Tracer::new(Arc::new([]));
    let results = function(&inputs(&tracer, "x", specs));
    for (place, result) in results.iter().enumerate() {
        tracer.output(&format!("y{place}"), result)?;
    }
    Ok((tracer.finish(), results.iter().map(|result| result.spec().clone()).collect()))
}

fn inputs(tracer: &Tracer, name: &str, specs: &[Spec]) -> Vec<Tensor> {
    let named = specs.iter().enumerate();
    named.map(|(place, spec)| tracer.input(&format!("{name}{place}"), spec.clone())).collect()
}

fn check_values(program: &Graph, arrays: &[Array], batch: usize) -> Result<()> {
    let values = interpret(program, &arrays.iter().collect::<Vec<_>>())?;
    for ((name, id), value) in program.outputs.iter().zip(&values) {
        let spec = &program.node(*id).spec;
        if value.shape() != spec.shape.bind(batch) || value.dtype() != spec.dtype {
            return Err(differs(format!("{name} at N = {batch}: {spec}, evaluated {value:?}")));
        }
    }
    Ok(())
}

/// The sum of a function's results times given cotangents, and its gradients.
struct Slopes {
    loss: Graph,
    gradients: Graph,
    /// Operands that are floats.
    places: Vec<usize>,
    cotangents: Vec<Spec>,
}

impl Slopes {
    /// `None` when no float goes in or none comes out.
    fn trace(specs: &[Spec], function: impl Fn(&[Tensor]) -> Vec<Tensor>) -> Result<Option<Self>> {
        let (_, results) = trace(specs, &function)?;
        let floats = |spec: &&Spec| spec.dtype.is_float();
        let cotangents: Vec<Spec> = results.iter().filter(floats).cloned().collect();
        let places: Vec<usize> =
            (0..specs.len()).filter(|&place| specs[place].dtype.is_float()).collect();
        if cotangents.is_empty() || places.is_empty() {
            return Ok(None);
        }
        let program = |with_gradients: bool| -> Result<Graph> {
            let tracer = Tracer::new(Arc::new([]));
            let values = inputs(&tracer, "x", specs);
            let seeds = inputs(&tracer, "g", &cotangents);
            let results = function(&values);
            let floats = results.iter().filter(|result| result.dtype().is_float());
            let parts = floats.zip(&seeds).map(|(result, seed)| {
                sum_axes(&multiply(result, seed), &(0..result.rank()).collect::<Vec<_>>())
            });
            let parts: Vec<Tensor> = parts.map(|part| crate::cast(&part, DType::F64)).collect();
            let (first, rest) = parts.split_first().expect("at least one float result");
            let loss = rest.iter().fold(first.clone(), |sum, part| sum + part);
            if !with_gradients {
                tracer.output("loss", &loss)?;
                return Ok(tracer.finish());
            }
            let sources: Vec<&Tensor> = places.iter().map(|&place| &values[place]).collect();
            for (place, gradient) in gradients(&loss, &sources)?.iter().enumerate() {
                tracer.output(&format!("dx{place}"), gradient)?;
            }
            Ok(tracer.finish())
        };
        Ok(Some(Self { loss: program(false)?, gradients: program(true)?, places, cotangents }))
    }

    fn check(&self, arrays: &[Array], batch: usize) -> Result<()> {
        let seeds = self.cotangents.iter().enumerate().map(|(place, spec)| {
            let sample = Sample::between(spec.clone(), 0.5, 1.5);
            sample.array(100 + place, batch, spec.dtype)
        });
        let all: Vec<Array> = arrays.iter().cloned().chain(seeds).collect();
        let found = interpret(&self.gradients, &all.iter().collect::<Vec<_>>())?;
        for (&place, gradient) in self.places.iter().zip(&found) {
            if gradient.shape() != all[place].shape() || gradient.dtype() != all[place].dtype() {
                let what = format!("gradient by operand {place}: {gradient:?}");
                return Err(differs(what));
            }
            self.check_operand(&all, place, gradient.view::<f64>(), batch)?;
        }
        Ok(())
    }

    fn check_operand(&self, all: &[Array], at: usize, slope: &[f64], batch: usize) -> Result<()> {
        let count = slope.len();
        for way in 0..count.min(DIRECTIONS_MAX) {
            let direction: Vec<f64> = (0..count)
                .map(|index| {
                    if count <= DIRECTIONS_MAX {
                        f64::from(u8::from(index == way))
                    } else {
                        random(200 + way, index).mul_add(2.0, -1.0)
                    }
                })
                .collect();
            let moved = |by: f64| -> Result<f64> {
                let mut all = all.to_vec();
                let values = all[at].view_mut::<f64>().iter_mut().zip(&direction);
                values.for_each(|(value, step)| *value += by * step);
                let loss = interpret(&self.loss, &all.iter().collect::<Vec<_>>())?;
                Ok(loss[0].view::<f64>()[0])
            };
            let difference = (moved(STEP)? - moved(-STEP)?) / (2.0 * STEP);
            let gradient: f64 = slope.iter().zip(&direction).map(|(a, b)| a * b).sum();
            let error = (difference - gradient).abs();
            if error.is_nan() || error > TOLERANCE * gradient.abs().max(1.0) {
                return Err(differs(format!(
                    "gradient by operand {at}, direction {way}, N = {batch}: {gradient}, \
                     by differences {difference}"
                )));
            }
        }
        Ok(())
    }
}

fn differs(message: String) -> Error {
    Error::Message { message }
}
