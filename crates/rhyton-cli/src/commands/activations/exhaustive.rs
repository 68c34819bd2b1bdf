use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Result;
use rhyton::activations::Evaluator;
use rhyton::activations::review::{Accuracy, Expression, Tally};
use rhyton::{Activation, Array, DType};
use serde_json::{Value, json};

use super::report::worst;
use crate::output::Output;

/// What all float32 inputs have shown.
pub(super) struct Measured {
    value: Tally,
    derivative: Tally,
}

/// Inputs that are computed together.
const CHUNK: u64 = 1 << 16;
const INPUTS: u64 = 1 << 32;
/// Chunks between two remarks: a sixteenth.
const REMARKED: u64 = INPUTS / CHUNK / 16;

/// Computes all float32 inputs on the engine of the settings, as training does, and compares with
/// the expression in f64.
///
/// # Errors
/// What the engine fails with; an expression that is too large to derive.
pub(super) fn measure(
    activation: &Activation,
    expression: &Expression,
    parameters: &[f64],
    output: Output,
) -> Result<Measured> {
    let program = activation.evaluator(DType::F32, &[CHUNK as usize])?;
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let worker = || -> Result<Measured> {
        let mut value = Accuracy::of_value(expression, parameters);
        let mut derivative = Accuracy::of_derivative(expression, parameters)?;
        let mut buffers = Buffers::new();
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= INPUTS / CHUNK {
                return Ok(Measured { value: value.tally(), derivative: derivative.tally() });
            }
            if chunk.is_multiple_of(REMARKED) {
                output.note(&format!("{}/16 of all inputs", chunk / REMARKED));
            }
            let [x, y, dy] = buffers.run(&program, chunk)?;
            value.compare(x, y);
            derivative.compare(x, dy);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut all = Measured { value: Tally::default(), derivative: Tally::default() };
        for worker in workers {
            let part = worker.join().expect("a worker returns its failures")?;
            all.value.merge(&part.value);
            all.derivative.merge(&part.derivative);
        }
        Ok(all)
    })
}

struct Buffers {
    x: Array,
    results: Vec<Array>,
}

impl Buffers {
    fn new() -> Self {
        Self { x: Array::zeros(DType::F32, &[CHUNK as usize]), results: Vec::new() }
    }

    /// Inputs, values and derivatives of a chunk.
    fn run(&mut self, program: &Evaluator, chunk: u64) -> Result<[&[f32]; 3]> {
        let bits = (chunk * CHUNK..).map(|bits| f32::from_bits(bits as u32));
        self.x.view_mut::<f32>().iter_mut().zip(bits).for_each(|(x, value)| *x = value);
        program.run(&self.x, &mut self.results, 1)?;
        Ok([self.x.view(), self.results[0].view(), self.results[1].view()])
    }
}

impl Measured {
    pub(super) fn text(&self) -> String {
        let mut text = String::from("all 2^32 float32 inputs, as training computes them:\n");
        for (name, tally) in [("  value", &self.value), ("  derivative", &self.derivative)] {
            let _ = write!(text, "{name:<17} {:.2} ULP", tally.worst.ulp);
            let _ = write!(text, " at {:?}", tally.worst.at as f32);
            for (count, what) in [
                (tally.overflow, "infinite without need"),
                (tally.infinite, "infinite"),
                (tally.nan_wrongly, "NaN on one side only"),
                (tally.nan, "NaN"),
            ] {
                if count > 0 {
                    let _ = write!(text, "; {count} {what}");
                }
            }
            text.push('\n');
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let entry = |tally: &Tally| {
            json!({
                "inputs": tally.points,
                "error": worst(&tally.worst),
                "nan": tally.nan,
                "nan_wrongly": tally.nan_wrongly,
                "infinite": tally.infinite,
                "overflow": tally.overflow,
            })
        };
        json!({"value": entry(&self.value), "derivative": entry(&self.derivative)})
    }
}
