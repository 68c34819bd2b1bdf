//! Times a convolution `[batch, 28, 28, 32]` with a kernel `[3, 3, 32, 32]`, its two gradients, and
//! all three together; prints milliseconds of every round as JSON: `cargo run --release --example
//! convolution -p rhyton-native -- [threads] [batch] [rounds] [explain]`.
#![allow(clippy::print_stdout, reason = "an example speaks to a person")]

use std::sync::Arc;
use std::time::Instant;

use rhyton_graph::{
    Backend, Convolution, ConvolutionInputGradient, ConvolutionKernelGradient, ConvolutionWindow,
    Executable, Graph, Result, RunOptions, Shape, Spec, Tensor, Tracer,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType};

const NAMES: [&str; 4] = ["forward", "input gradient", "kernel gradient", "whole"];

/// A program of some of the three.
fn program(wanted: [bool; 3]) -> Result<Graph> {
    let window =
        ConvolutionWindow { low: vec![1, 1], high: vec![1, 1], ..ConvolutionWindow::unit(2) };
    let tracer = Tracer::new(Arc::new([]));
    let images = Spec::new(DType::F32, Shape::batched(&[28, 28, 32]));
    let x = tracer.input("x", images.clone());
    let kernel = tracer.input("kernel", Spec::new(DType::F32, &[3, 3, 32, 32][..]));
    let g = tracer.input("g", images);
    let forward = Convolution { window: window.clone() };
    let input = ConvolutionInputGradient { window: window.clone(), shape: x.shape().clone() };
    let weights = ConvolutionKernelGradient { window, shape: kernel.shape().clone() };
    let results: [&dyn Fn() -> Tensor; 3] = [
        &|| Tensor::emit(forward.clone(), &[&x, &kernel]),
        &|| Tensor::emit(input.clone(), &[&g, &kernel]),
        &|| Tensor::emit(weights.clone(), &[&x, &g]),
    ];
    for ((result, wanted), name) in results.iter().zip(wanted).zip(NAMES) {
        if wanted {
            tracer.output(name, &result())?;
        }
    }
    Ok(tracer.finish())
}

fn values(shape: &[usize], seed: usize) -> Result<Array> {
    let count: usize = shape.iter().product();
    let value = |place: usize| ((place * 37 + seed * 11) % 101) as f32 / 64.0 - 0.78;
    Ok(Array::from_slice(shape, &(0..count).map(value).collect::<Vec<f32>>())?)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, otherwise: usize| {
        arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (threads, batch, rounds) = (number(0, 2), number(1, 64), number(2, 50));
    let wanted =
        [[true, false, false], [false, true, false], [false, false, true], [true, true, true]];
    let graphs: Vec<Graph> = wanted.into_iter().map(program).collect::<Result<_>>()?;
    if arguments.last().is_some_and(|word| word == "explain") {
        for graph in &graphs {
            println!("{}", NativeBackend.explain(graph, batch));
        }
    }
    let session = NativeBackend.session(None, Arc::new([]))?;
    let programs: Vec<Arc<dyn Executable>> =
        graphs.iter().map(|graph| session.compile(graph)).collect::<Result<_>>()?;
    let images = [batch, 28, 28, 32];
    let inputs = [values(&images, 1)?, values(&[3, 3, 32, 32], 2)?, values(&images, 3)?];
    let inputs: Vec<&Array> = inputs.iter().collect();
    let options = RunOptions { threads, cancel: None };
    let mut outputs = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for (place, program) in programs.iter().enumerate() {
            let start = Instant::now();
            program.run(&inputs, &mut outputs[place], &options)?;
            // The first round allocates.
            if round > 0 {
                times[place].push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let parts: Vec<String> =
        NAMES.iter().zip(&times).map(|(name, times)| format!("{name:?}: {times:?}")).collect();
    println!("{{{}}}", parts.join(", "));
    Ok(())
}
