//! Thirty plain layers on handwritten digits: with He's initializer, made for ReLU, Swish learns nothing;
//! with `kernel_initializer="auto"`, which asks the activation, it learns better than ReLU. A
//! definition of your own gets what suits it too.
//!
//! ```text
//! cargo run --release --example deep_plain
//! cargo run --release --example deep_plain -- --epochs 1 --seeds 1 --samples 512
//! ```

#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::env;
use std::error::Error;
use std::path::Path;

use rhyton::data::{LoadOptions, Part};
use rhyton::optimizers::schedules::FunctionSchedule;
use rhyton::{
    Array, Compile, Dense, Evaluate, Fit, Flatten, Model, Rescaling, SGD, Sequential, Tensor,
    Verbose, custom_objects, ops,
};

const DEPTH: usize = 30;
const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let (epochs, seeds) = (option("--epochs", 10)?, option("--seeds", 3)?);
    let samples = option("--samples", 8000)?;
    custom_objects().activation_from("bent", "x * (0.5 + atan(2x) / pi)")?;
    let train = digits(Part::Train, samples)?;
    let test = digits(Part::Test, 2000)?;
    let steps = epochs * train.1.shape()[0].div_ceil(BATCH);
    for (activation, initializer) in
        [("relu", "he_normal"), ("swish", "he_normal"), ("swish", "auto"), ("bent", "auto")]
    {
        let accuracies = (0..seeds)
            .map(|seed| {
                accuracy(&mut network(activation, initializer, seed, steps)?, &train, &test, epochs)
            })
            .collect::<Result<Vec<f64>, rhyton::Error>>()?;
        let mean = accuracies.iter().sum::<f64>() / accuracies.len().max(1) as f64;
        println!("{activation:>6} {initializer:>10}: {mean:.4}  {accuracies:.4?}");
    }
    Ok(())
}

fn network(
    activation: &str,
    initializer: &str,
    seed: usize,
    steps: usize,
) -> Result<Model, rhyton::Error> {
    // The digits' mean, 0.1307, to 0: the first layer's signals are neither tiny nor all alike.
    let mut layers = Sequential::new()
        .seed(seed as u64)
        .input(&[28, 28])
        .add(Rescaling::new(2.0).offset(-0.2614))
        .add(Flatten::new());
    for _ in 0..DEPTH {
        layers = layers.add(Dense::new(128).activation(activation).kernel_initializer(initializer));
    }
    let mut model = layers.add(Dense::new(10).activation("softmax")).build()?;
    let schedule = FunctionSchedule::new(|step| one_cycle(step, steps as f64, 0.01))?;
    let optimizer = SGD::new(schedule).momentum(0.9).global_clipnorm(1.0);
    let loss = "sparse_categorical_crossentropy";
    model.compile(Compile::new().optimizer(optimizer).loss(loss).metrics(["accuracy"]))?;
    Ok(model)
}

/// Up to the highest rate over the first 30 % of the steps, down to almost nothing over the rest, both
/// as half a cosine (Smith & Topin 2018, arXiv 1708.07120).
fn one_cycle(step: &Tensor, steps: f64, highest: f64) -> Tensor {
    let rise = 0.3 * steps;
    let between = |from: f64, to: f64, share: Tensor| {
        let share = ops::clip(&share, 0.0, 1.0);
        to + (from - to) * 0.5 * (1.0 + ops::cos(&(share * std::f64::consts::PI)))
    };
    let up = between(highest / 25.0, highest, step / rise);
    let down = between(highest, highest / 25e4, (step - rise) / (steps - rise));
    ops::where_(ops::less(step, step.scalar_like(rise)), &up, &down)
}

/// The accuracy on images that were not trained on.
fn accuracy(
    model: &mut Model,
    train: &(Array, Array),
    test: &(Array, Array),
    epochs: usize,
) -> Result<f64, rhyton::Error> {
    let fit = Fit::new().epochs(epochs).batch_size(BATCH).verbose(Verbose::Silent);
    model.fit(&train.0, &train.1, fit)?;
    Ok(model.evaluate(&test.0, &test.1, Evaluate::new().batch_size(500))?["accuracy"])
}

/// Images [samples, 28, 28] from 0 to 1 and their labels.
fn digits(part: Part, samples: usize) -> Result<(Array, Array), Box<dyn Error>> {
    let options = LoadOptions { part, ..LoadOptions::default() };
    let mut data = rhyton::data::load(Path::new("digits"), &options)?;
    let (x, y) = (data.inputs.remove(0).1, data.targets.remove(0));
    let count = samples.min(x.shape()[0]);
    let x = x.slice(0, count)?.into_array()?.reshaped(&[count, 28, 28])?;
    Ok((x, y.slice(0, count)?.into_array()?))
}

/// The number behind a flag.
fn option(flag: &str, default: usize) -> Result<usize, Box<dyn Error>> {
    let value = env::args().skip_while(|argument| argument != flag).nth(1);
    Ok(value.map_or(Ok(default), |value| value.parse())?)
}
