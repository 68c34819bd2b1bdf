//! The notebook "Digit Recognizer" on handwritten digits: its convolutional network, rotated, zoomed and
//! shifted images, batches of 64, Adam at 1e-3 that slows down on a plateau, early stopping with the best
//! weights. The 10,000 digits come with the library.
//!
//! ```text
//! cargo run --release --example digits_cnn
//! cargo run --release --example digits_cnn -- --epochs 1 --samples 256
//! ```

#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::env;
use std::error::Error;
use std::path::Path;

use rhyton::data::{Dataset, InputShape, LoadOptions, Part};
use rhyton::{
    Adam, Augmentation, BatchNormalization, Compile, Conv2D, Dense, EarlyStopping, Evaluate, Fit,
    Flatten, MaxPooling2D, Model, ReduceLROnPlateau, Sequential,
};

fn main() -> Result<(), Box<dyn Error>> {
    let epochs = option("--epochs", 15)?;
    let samples = option("--samples", usize::MAX)?;
    // A tenth of every class is kept to look at, and never changed.
    let train = digits(Part::Train, samples)?.split_stratified(0.1, 1)?;
    let validation = train.validation.as_deref().ok_or("no samples for validation")?;

    let mut model = network()?;
    println!("{} parameters", model.count_parameters());
    let compile = Compile::new()
        .optimizer(Adam::new(1e-3))
        .loss("sparse_categorical_crossentropy")
        .metrics(["accuracy"]);
    model.compile(compile)?;
    let slower = ReduceLROnPlateau::new("val_accuracy").patience(3).factor(0.5).min_lr(1e-5);
    let best = EarlyStopping::new("val_accuracy").patience(10).restore_best_weights(true);
    let fit = Fit::new()
        .epochs(epochs)
        .batch_size(64)
        .seed(1)
        .validation_data(&validation.inputs[0].1, &validation.targets)
        .augment(Augmentation::new().rotation(10.0).zoom(0.1).shift(0.1))
        .callback(slower)
        .callback(best);
    model.fit(&train.inputs[0].1, &train.targets, fit)?;

    let test = digits(Part::Test, samples)?;
    let options = Evaluate::new().batch_size(256);
    for (name, value) in model.evaluate(&test.inputs[0].1, &test.targets, options)? {
        println!("test {name} {value:.4}");
    }
    Ok(())
}

/// Two blocks of convolutions with ReLU, two dense layers with swish: 895,174 parameters.
fn network() -> Result<Model, rhyton::Error> {
    let block = |filters| Conv2D::new(filters, 3).padding("same").activation("relu");
    Sequential::new()
        .name("digits_cnn")
        .input(&[28, 28, 1])
        .add(block(32))
        .add(block(32))
        .add(MaxPooling2D::new(2))
        .add(block(64))
        .add(block(64))
        .add(MaxPooling2D::new(2))
        .add(Flatten::new())
        .add(Dense::new(256).activation("swish"))
        .add(Dense::new(100).activation("swish"))
        .add(BatchNormalization::new())
        .add(Dense::new(10).activation("softmax"))
        .build()
}

/// Digits as pictures [28, 28, 1] from 0 to 1: 8,000 to train on, 2,000 to test.
fn digits(part: Part, samples: usize) -> Result<Dataset, Box<dyn Error>> {
    let options = LoadOptions { part, ..LoadOptions::default() };
    let mut data = rhyton::data::load(Path::new("digits"), &options)?;
    let sample = [Some(28), Some(28), Some(1)];
    data.reshape_inputs_to(&[InputShape { name: "image", sample: &sample }])?;
    let count = samples.min(data.rows()?);
    Ok(data.slice(0, count)?)
}

/// The number behind a flag.
fn option(flag: &str, default: usize) -> Result<usize, Box<dyn Error>> {
    let value = env::args().skip_while(|argument| argument != flag).nth(1);
    Ok(value.map_or(Ok(default), |value| value.parse())?)
}
