//! Fine-tuning: a model is trained and saved; its body is loaded, frozen, and given a new head for
//! another task; at last all of it is trained on with a small learning rate.
//!
//! ```text
//! cargo run --release --example fine_tune
//! ```

#![allow(clippy::print_stdout, reason = "an example speaks")]

use std::env;
use std::error::Error;

use rhyton::{Adam, Array, Compile, Dense, Evaluate, Fit, Flatten, Model, Sequential, Verbose};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("rhyton-fine-tune-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("rows.keras");
    let (x, row) = bars(512)?;
    train_first(&x, &row)?.save(&path)?;
    let trained = Model::load(&path)?;
    std::fs::remove_dir_all(&folder)?;

    // The other task: whether the bright row is in the upper half.
    let upper: Vec<i32> = row.view::<i32>().iter().map(|&row| i32::from(row < 4)).collect();
    let upper = Array::from_slice(&[upper.len()], &upper)?;
    let mut model = with_new_head(&trained)?;
    model.set_trainable("body", false)?;
    let before = model.weight("body/dense/kernel")?;
    fit(&mut model, &x, &upper, 1e-2)?;
    assert_eq!(model.weight("body/dense/kernel")?, before, "a frozen body stays as it is");
    println!("new head alone    accuracy {:.4}", accuracy(&mut model, &x, &upper)?);

    // As in Keras, what trains is settled by `compile`, which `fit` below calls anew.
    model.set_trainable("body", true)?;
    fit(&mut model, &x, &upper, 1e-4)?;
    println!("all of it, gently accuracy {:.4}", accuracy(&mut model, &x, &upper)?);
    Ok(())
}

/// A network that tells eight rows apart.
fn train_first(x: &Array, y: &Array) -> Result<Model, rhyton::Error> {
    let mut model = Sequential::new()
        .input(&[8, 8])
        .add(Flatten::new())
        .add(Dense::new(32).activation("swish"))
        .add(Dense::new(8).activation("softmax"))
        .build()?;
    fit(&mut model, x, y, 1e-2)?;
    Ok(model)
}

/// The trained model up to its hidden layer, with its weights, and a head for two classes.
fn with_new_head(trained: &Model) -> Result<Model, rhyton::Error> {
    let body = trained.up_to("dense")?.to_layer()?.name("body");
    let head = Dense::new(2).name("head").activation("softmax");
    Sequential::new().input(&[8, 8]).add(body).add(head).build()
}

fn fit(model: &mut Model, x: &Array, y: &Array, rate: f64) -> Result<(), rhyton::Error> {
    let compile = Compile::new().optimizer(Adam::new(rate)).loss("sparse_categorical_crossentropy");
    model.compile(compile.metrics(["accuracy"]))?;
    model.fit(x, y, Fit::new().epochs(5).verbose(Verbose::Silent))?;
    Ok(())
}

fn accuracy(model: &mut Model, x: &Array, y: &Array) -> Result<f64, rhyton::Error> {
    Ok(model.evaluate(x, y, Evaluate::new())?["accuracy"])
}

/// Pictures of one bright row; the label is which.
fn bars(count: usize) -> Result<(Array, Array), rhyton::Error> {
    let pixel = |place: usize| {
        let pattern = (place * 7919 % 101) as f32 / 101.0;
        if place % 64 / 8 == place / 64 % 8 { 0.5 + pattern } else { pattern }
    };
    let pixels: Vec<f32> = (0..count * 64).map(pixel).collect();
    let labels: Vec<i32> = (0..count).map(|sample| (sample % 8) as i32).collect();
    Ok((Array::from_slice(&[count, 8, 8], &pixels)?, Array::from_slice(&[count], &labels)?))
}
