//! An autoencoder: pictures of digits through 32 numbers and back. The encoder is a model of its own,
//! used as a layer, so that the codes can be looked at once both are trained.
//!
//! ```text
//! cargo run --release --example autoencoder
//! cargo run --release --example autoencoder -- --epochs 1 --samples 512
//! ```

#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::env;
use std::error::Error;
use std::path::Path;

use rhyton::data::{LoadOptions, Part};
use rhyton::{Array, Compile, Dense, Fit, Flatten, Model, Predict, Reshape, Sequential, Verbose};

fn main() -> Result<(), Box<dyn Error>> {
    let epochs = option("--epochs", 10)?;
    let samples = option("--samples", usize::MAX)?;
    let x = pictures(Part::Train, samples)?;
    let encoder = Sequential::new()
        .name("encoder")
        .input(&[28, 28])
        .add(Flatten::new())
        .add(Dense::new(128).activation("swish"))
        .add(Dense::new(32))
        .build()?;
    let mut autoencoder = Sequential::new()
        .name("autoencoder")
        .input(&[28, 28])
        .add(encoder.to_layer()?)
        .add(Dense::new(128).activation("swish"))
        .add(Dense::new(28 * 28).activation("sigmoid"))
        .add(Reshape::new([28, 28]))
        .build()?;
    let compile = Compile::new().optimizer("adam").loss("binary_crossentropy").metrics(["mae"]);
    autoencoder.compile(compile)?;
    // What comes in is what shall come out.
    let fit = Fit::new().epochs(epochs).batch_size(128).verbose(Verbose::Auto);
    autoencoder.fit(&x, &x, fit)?;

    let x = pictures(Part::Test, 4)?;
    let restored = autoencoder.predict(&x, Predict::new())?.remove(0);
    println!("{}", side_by_side(&x, &restored));
    copy_weights(&autoencoder, &encoder)?;
    let codes = encoder.predict(&x, Predict::new())?.remove(0);
    println!("the first picture's code: {:?}", &codes.view::<f32>()[..32]);
    Ok(())
}

/// Gives the encoder the weights that it got as a layer.
fn copy_weights(autoencoder: &Model, encoder: &Model) -> Result<(), rhyton::Error> {
    for (_, weight) in encoder.weights().iter() {
        let trained = autoencoder.weight(&format!("encoder/{}", weight.path))?;
        encoder.set_weight(&weight.path, &trained)?;
    }
    Ok(())
}

/// The first picture and what came back, in characters.
fn side_by_side(a: &Array, b: &Array) -> String {
    let shade = |value: f32| [' ', '.', '+', '#'][((value * 4.0) as usize).min(3)];
    let row = |array: &Array, row: usize| -> String {
        array.view::<f32>()[row * 28..(row + 1) * 28].iter().map(|&value| shade(value)).collect()
    };
    (0..28)
        .map(|place| format!("{} | {}\n", row(a, place), row(b, place)))
        .collect::<Vec<_>>()
        .concat()
}

/// Pictures [samples, 28, 28] from 0 to 1.
fn pictures(part: Part, samples: usize) -> Result<Array, Box<dyn Error>> {
    let options = LoadOptions { part, ..LoadOptions::default() };
    let x = rhyton::data::load(Path::new("digits"), &options)?.inputs.remove(0).1;
    let count = samples.min(x.shape()[0]);
    Ok(x.slice(0, count)?.into_array()?.reshaped(&[count, 28, 28])?)
}

/// The number behind a flag.
fn option(flag: &str, default: usize) -> Result<usize, Box<dyn Error>> {
    let value = env::args().skip_while(|argument| argument != flag).nth(1);
    Ok(value.map_or(Ok(default), |value| value.parse())?)
}
