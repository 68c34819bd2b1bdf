//! A table whose columns are of two kinds: numbers, and categories as flags (one-hot). Each kind is
//! an input of its own; a functional model joins them and predicts a price.
//!
//! ```text
//! cargo run --release --example tabular_mixed_inputs
//! ```

#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::error::Error;

use rhyton::ops::{Shape, Spec};
use rhyton::{
    Apply, Array, BatchNormalization, Compile, Concatenate, Dense, Evaluate, Fit, Model, Predict,
    SummaryOptions, Tensor, Verbose,
};

const TOWNS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let (numbers, towns, prices) = table(0..600)?;
    let mut model = network()?;
    println!("{}", model.summary(&SummaryOptions::default())?);
    model.compile(Compile::new().optimizer("adam").loss("mse").metrics(["mae"]))?;
    let fit = Fit::new().epochs(60).batch_size(32).verbose(Verbose::Silent);
    let history = model.fit([&numbers, &towns], &prices, fit)?;
    println!("mean error after training {:.3}", history.last("mae").unwrap_or(f64::NAN));

    let (numbers, towns, prices) = table(600..700)?;
    let logs = model.evaluate([&numbers, &towns], &prices, Evaluate::new())?;
    println!("on rows never seen {:.3}", logs["mae"]);
    let predicted = model.predict([&numbers, &towns], Predict::new())?.remove(0);
    let (predicted, prices) = (predicted.view::<f32>(), prices.view::<f32>());
    for row in 0..3 {
        println!("row {row}: predicted {:.2}, is {:.2}", predicted[row], prices[row]);
    }
    Ok(())
}

/// Area and rooms through a layer of their own, then together with the town.
fn network() -> Result<Model, rhyton::Error> {
    let named = |name: &str, size: usize| {
        let spec = Spec::new(rhyton::DType::F32, Shape::batched(&[size]));
        Tensor::input(Some(name.to_owned()), spec)
    };
    let (numbers, towns) = (named("numbers", 2), named("towns", TOWNS));
    let scaled = BatchNormalization::new().apply(&[&numbers]);
    let scaled = Dense::new(16).activation("swish").apply(&[&scaled]);
    let both = Concatenate::new().apply(&[&scaled, &towns]);
    let hidden = Dense::new(32).activation("swish").apply(&[&both]);
    let price = Dense::new(1).name("price").apply(&[&hidden]);
    Model::functional_named("prices", &[&numbers, &towns], &[&price])
}

/// Rows of a made-up table: area and rooms, the town, the price in units of 100,000.
fn table(rows: std::ops::Range<usize>) -> Result<(Array, Array, Array), rhyton::Error> {
    let count = rows.len();
    let (mut numbers, mut towns, mut prices) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let area = 40.0 + (row * 7919 % 101) as f32;
        let rooms = (1 + row * 31 % 5) as f32;
        let town = row * 13 % TOWNS;
        numbers.extend([area, rooms]);
        towns.extend((0..TOWNS).map(|place| f32::from(u8::from(place == town))));
        prices.push(area * [0.02, 0.035, 0.05][town] + rooms * 0.1);
    }
    Ok((
        Array::from_slice(&[count, 2], &numbers)?,
        Array::from_slice(&[count, TOWNS], &towns)?,
        Array::from_slice(&[count, 1], &prices)?,
    ))
}
