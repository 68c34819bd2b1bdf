//! Times the training step of the digit recogniser: `cargo run --release --example step -p
//! rhyton-native -- [threads] [batch] [relu|swish]`.
#![allow(clippy::print_stdout, reason = "an example speaks to a person")]

use std::time::Instant;

use rhyton_graph::{Backend, Result, RunOptions};
use rhyton_native::NativeBackend;

#[path = "../tests/it/blog.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod blog;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, otherwise: usize| {
        arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (threads, count) = (number(0, 2), number(1, 128));
    let mut network = blog::Network::BLOG;
    if arguments.get(2).is_some_and(|name| name == "relu") {
        network.activation = blog::Activation::Relu;
    }
    let session = NativeBackend.session(None, network.variables())?;
    network.initialise(session.as_ref())?;
    let step = session.compile(&network.training_step()?)?;
    let [x, labels] = blog::batch(&network, count);
    let options = RunOptions { threads, cancel: None };
    let mut outputs = Vec::new();
    let mut times = Vec::new();
    for _ in 0..1000 {
        let start = Instant::now();
        step.run(&[&x, &labels], &mut outputs, &options)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{network:?} batch {count}, {threads} threads");
    println!("loss {:?} accuracy {:?}", outputs[0].view::<f32>(), outputs[1].view::<f32>());
    println!("ms per step: min {:.3} median {:.3} p90 {:.3}", times[0], times[500], times[900]);
    Ok(())
}
