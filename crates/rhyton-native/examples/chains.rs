//! Times elementwise chains on one thread: `cargo run --release --example chains -p rhyton-native`.
#![allow(clippy::print_stdout, reason = "an example speaks to a person")]

use std::sync::Arc;
use std::time::Instant;

use rhyton_graph::{
    Backend, Graph, Result, RunOptions, Shape, Spec, Tensor, Tracer, Unary, VariableId,
    VariableSpec, sigmoid,
};
use rhyton_native::NativeBackend;
use rhyton_tensor::{Array, DType};

/// One f32 function of the batch.
fn function(of: impl Fn(&Tensor) -> Tensor) -> Result<Graph> {
    let tracer = Tracer::new(Arc::new([]));
    let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[])));
    tracer.output("y", &of(&x))?;
    Ok(tracer.finish())
}

/// Adam's update of a variable by a gradient.
fn adam(spec: &Spec) -> Graph {
    let variable = |name: &str| VariableSpec { name: name.to_owned(), spec: spec.clone() };
    let tracer = Tracer::new(Arc::new(["weight", "momentum", "velocity"].map(variable)));
    let [weight, momentum, velocity] = [0, 1, 2].map(|place| tracer.variable(VariableId(place)));
    let gradient = tracer.input("gradient", spec.clone());
    let momentum = &momentum + (&gradient - &momentum) * 0.1;
    let velocity = &velocity + (&gradient * &gradient - &velocity) * 0.001;
    let root = Tensor::emit(Unary::Sqrt, &[&velocity]) + 1e-7;
    tracer.assign(VariableId(0), &(&weight - (&momentum * 0.001) / root));
    tracer.assign(VariableId(1), &momentum);
    tracer.assign(VariableId(2), &velocity);
    tracer.finish()
}

/// Microseconds of the fastest of many runs.
fn time(graph: &Graph, sizes: &[usize]) -> Result<f64> {
    let count: usize = sizes.iter().product();
    let values: Vec<f32> = (0..count).map(|place| (place % 2001) as f32 / 100.0 - 10.0).collect();
    let x = Array::from_slice(sizes, &values)?;
    let session = NativeBackend.session(None, Arc::clone(&graph.variables))?;
    let program = session.compile(graph)?;
    let options = RunOptions { threads: 1, cancel: None };
    let mut outputs = Vec::new();
    let mut best = f64::INFINITY;
    for _ in 0..300 {
        let start = Instant::now();
        program.run(&[&x], &mut outputs, &options)?;
        best = best.min(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(best)
}

fn main() -> Result<()> {
    for (name, of) in [("exp(x)", Unary::Exp), ("tanh(x)", Unary::Tanh), ("log(x)", Unary::Log)] {
        let graph = function(|x| Tensor::emit(of, &[x]))?;
        println!("{name}, 65536 elements: {:.1} µs", time(&graph, &[1 << 16])?);
    }
    let swish = function(|x| x * sigmoid(x))?;
    for count in [1 << 16, 1_000_000] {
        println!("x · sigmoid(x), {count} elements: {:.1} µs", time(&swish, &[count])?);
    }
    let sizes = [784, 256];
    let update = time(&adam(&Spec::new(DType::F32, &sizes[..])), &sizes)?;
    println!("Adam, {} weights: {update:.1} µs", sizes[0] * sizes[1]);
    for _ in 0..3 {
        let start = Instant::now();
        NativeBackend.session(None, Arc::new([]))?.compile(&swish)?;
        println!("x · sigmoid(x) compiled in {:.0} µs", start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(())
}
