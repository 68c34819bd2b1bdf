//! A layer's gradients against central differences, on the interpreter in float64.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhyton_graph::{
    Backend, Executable, InterpreterBackend, NodeId, Primitive, RunOptions, Session, Spec, Tensor,
    Tracer, VariableId, gradients, sum,
};
use rhyton_tensor::{Array, DType};

use super::array;
use crate::layer::{Call, Layer, Randomness, Scope, Weights};
use crate::{Error, Result};

/// Samples in the batch.
const ROWS: usize = 3;
/// The step of a central difference.
const STEP: f64 = 1e-5;
/// How far a gradient may be from the difference, relative to values above 1.
const TOLERANCE: f64 = 1e-6;
/// Directions in which each operand is moved.
const DIRECTIONS: usize = 4;

/// Compares gradients with central differences, in training and outside.
pub(super) fn check(layer: &dyn Layer, inputs: &[Spec]) -> Result<()> {
    for training in [false, true] {
        Slopes::new(layer, inputs, training)?.check(layer)?;
    }
    Ok(())
}

/// The weights that a layer gives new values itself, in training.
pub(super) fn assigned(layer: &dyn Layer, inputs: &[Spec]) -> Result<BTreeSet<VariableId>> {
    let weights = build(layer, inputs)?;
    let tracer = weights.tracer();
    trace(layer, &tracer, &weights, (inputs, true))?;
    let graph = tracer.finish();
    let variable = |&id: &NodeId| match &graph.node(id).primitive {
        Primitive::Assign(assign) => Some(assign.variable),
        _ => None,
    };
    Ok(graph.assigns.iter().filter_map(variable).collect())
}

fn build(layer: &dyn Layer, inputs: &[Spec]) -> Result<Weights> {
    let mut weights = Weights::default();
    let mut scope = Scope::root(&mut weights, &layer.label(), layer.common());
    layer.build(&mut scope, inputs)?;
    Ok(weights)
}

/// The layer's inputs and outputs in a program; random layers draw the same numbers at every run.
fn trace(
    layer: &dyn Layer,
    tracer: &Tracer,
    weights: &Weights,
    (inputs, training): (&[Spec], bool),
) -> Result<[Vec<Tensor>; 2]> {
    let named = inputs.iter().enumerate();
    let x: Vec<Tensor> =
        named.map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone())).collect();
    let mut cx = Call::new(tracer, weights, training).without_autocast();
    if training {
        let step = tracer.constant(Array::scalar(4_i32));
        let seed = tracer.constant(Array::from_slice(&[2], &[9_u32, 0])?);
        cx = cx.with_randomness(Randomness { seed, step });
    }
    let outputs = cx.run(&layer.label(), layer, &x)?;
    Ok([x, outputs])
}

/// A program whose outputs are a number made of the layer's outputs, and its gradients.
struct Slopes {
    session: Arc<dyn Session>,
    program: Arc<dyn Executable>,
    /// Float inputs and weights, in the order of the gradients.
    operands: Vec<Operand>,
    inputs: Vec<Array>,
}

/// What the gradient is taken by.
#[derive(Clone)]
enum Operand {
    Input(usize),
    Weight(VariableId, String, Array),
}

impl Slopes {
    fn new(layer: &dyn Layer, inputs: &[Spec], training: bool) -> Result<Self> {
        let precise: Vec<Spec> = inputs.iter().map(precise).collect();
        let weights = build(layer, inputs)?.with_floats(DType::F64);
        let values: Vec<Array> = weights.initial_values(1)?;
        let tracer = weights.tracer();
        let [x, outputs] = trace(layer, &tracer, &weights, (&precise, training))?;
        let mut total: Option<Tensor> = None;
        let mut cotangents = Vec::new();
        for (place, output) in outputs.iter().filter(|y| y.dtype().is_float()).enumerate() {
            let factors =
                tracer.input(&format!("factor{place}"), output.spec().with_dtype(DType::F64));
            cotangents.push(array(&output.shape().bind(ROWS), 50 + place).cast(DType::F64));
            let part = sum(&(output * factors), None, false);
            total = Some(match total {
                Some(total) => total + part,
                None => part,
            });
        }
        let total =
            total.map_or_else(|| Ok(tracer.constant(Array::scalar(0.0_f64))), Tensor::checked)?;
        let mut operands = Vec::new();
        let mut by = Vec::new();
        for (place, tensor) in x.iter().enumerate().filter(|(_, x)| x.dtype().is_float()) {
            operands.push(Operand::Input(place));
            by.push(tensor.clone());
        }
        let floats = weights.iter().zip(&values).filter(|((_, w), _)| w.spec.dtype.is_float());
        for (((variable, weight), value), stream) in floats.zip(200..) {
            // Away from zeros and ones, where a wrong gradient may look right; variances stay above 0.
            let shift = array(value.shape(), stream);
            let moved = zip(&value.cast(DType::F64), &shift.cast(DType::F64), |v, d| v + 0.3 * d)?;
            operands.push(Operand::Weight(variable, weight.path.clone(), moved));
            by.push(tracer.variable(variable));
        }
        tracer.output("total", &total)?;
        for (place, slope) in gradients(&total, &by.iter().collect::<Vec<_>>())?.iter().enumerate()
        {
            tracer.output(&format!("slope{place}"), slope)?;
        }
        let session = InterpreterBackend.session(None, weights.variables().into())?;
        let program = session.compile(&tracer.finish())?;
        let named = inputs.iter().enumerate();
        let inputs = named.map(|(place, spec)| {
            let shape = spec.shape.bind(ROWS);
            array(&shape, place).cast(precise[place].dtype)
        });
        let inputs = inputs.chain(cotangents).collect();
        for ((variable, _), value) in weights.iter().zip(&values) {
            session.write(variable, value)?;
        }
        Ok(Self { session, program, operands, inputs })
    }

    /// The program's results with one operand moved.
    fn run(&self, moved: Option<(usize, &Array, f64)>) -> Result<Vec<Array>> {
        let mut inputs = self.inputs.clone();
        for (place, operand) in self.operands.iter().enumerate() {
            let shift = moved.filter(|(which, ..)| *which == place);
            let shifted = |value: &Array| match shift {
                Some((_, direction, step)) => zip(value, direction, |v, d| v + step * d),
                None => Ok(value.clone()),
            };
            match operand {
                Operand::Input(input) => inputs[*input] = shifted(&self.inputs[*input])?,
                Operand::Weight(variable, _, value) => {
                    self.session.write(*variable, &shifted(value)?)?;
                }
            }
        }
        let mut outputs = Vec::new();
        let inputs: Vec<&Array> = inputs.iter().collect();
        self.program.run(&inputs, &mut outputs, &RunOptions::default())?;
        Ok(outputs)
    }

    fn check(&self, layer: &dyn Layer) -> Result<()> {
        let results = self.run(None)?;
        for (place, operand) in self.operands.iter().enumerate() {
            let slope = &results[place + 1];
            for round in 0..DIRECTIONS {
                let stream = 1000 + place * DIRECTIONS + round;
                let direction = array(slope.shape(), stream).cast(DType::F64);
                let up = self.run(Some((place, &direction, STEP)))?.remove(0).to_f64()[0];
                let down = self.run(Some((place, &direction, -STEP)))?.remove(0).to_f64()[0];
                let difference = (up - down) / (2.0 * STEP);
                let along: f64 =
                    slope.to_f64().iter().zip(direction.to_f64()).map(|(g, d)| g * d).sum();
                let off = difference - along;
                if off.is_nan() || off.abs() > TOLERANCE * difference.abs().max(1.0) {
                    let what = match operand {
                        Operand::Input(input) => format!("gradient by input {input}"),
                        Operand::Weight(_, path, _) => format!("gradient by {path}"),
                    };
                    let class = layer.spec().class_name;
                    return Err(Error::config(class, what, difference.to_string(), along));
                }
            }
        }
        Ok(())
    }
}

/// The same specification with floats as float64.
fn precise(spec: &Spec) -> Spec {
    if spec.dtype.is_float() { spec.with_dtype(DType::F64) } else { spec.clone() }
}

fn zip(a: &Array, b: &Array, f: impl Fn(f64, f64) -> f64) -> Result<Array> {
    let values: Vec<f64> = a.to_f64().into_iter().zip(b.to_f64()).map(|(a, b)| f(a, b)).collect();
    Ok(Array::from_slice(a.shape(), &values)?)
}
