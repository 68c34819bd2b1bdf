//! Extends Rhyton with an activation function of your own, as the article of 2019 extended Keras:
//! write `swish`, register it over the built-in, use its name, save; then a new process that knows
//! nothing of it loads the model and predicts the same bits.
//!
//! ```text
//! cargo run --release --example extend_with_swish
//! ```

#![allow(clippy::print_stdout, clippy::format_collect, reason = "an example speaks, and is short")]

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use rhyton::ops::sigmoid;
use rhyton::{
    Activation, Array, BatchNormalization, Compile, Dense, Fit, Flatten, Model, Predict,
    Sequential, Tensor, Verbose, custom_objects,
};

/// The function itself: plain arithmetic on tensors. Its derivative follows from it.
fn swish(x: &Tensor, beta: &Tensor) -> Tensor {
    x * sigmoid(beta * x)
}

fn main() -> Result<(), Box<dyn Error>> {
    match env::args().nth(1) {
        None => extend(),
        Some(model) => predict_only(Path::new(&model)),
    }
}

fn extend() -> Result<(), Box<dyn Error>> {
    let one = Array::from_slice(&[1], &[1.0_f32])?;
    let at_one = |name: &str| -> Result<f32, rhyton::Error> {
        Ok(Activation::parse(name)?.evaluate(&one)?[0].view::<f32>()[0])
    };
    println!("built-in swish(1)        {:.6}", at_one("swish")?);
    custom_objects().activation("swish", swish, [("beta", 3.0)])?;
    println!("yours, beta 3: swish(1)  {:.6}", at_one("swish")?);

    let (x, y) = bars(512)?;
    let mut model = Sequential::new()
        .input(&[8, 8])
        .add(Flatten::new())
        .add(Dense::new(32).activation("swish"))
        .add(BatchNormalization::new())
        .add(Dense::new(8).activation("softmax"))
        .build()?;
    let compile = Compile::new().optimizer("adam").loss("sparse_categorical_crossentropy");
    model.compile(compile.metrics(["accuracy"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(5).verbose(Verbose::Silent))?;
    let accuracy = history.last("accuracy").unwrap_or(f64::NAN);
    println!("trained 5 epochs         accuracy {accuracy:.4}");

    let folder = env::temp_dir().join(format!("rhyton-extend-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("swish.keras");
    model.save(&path)?;
    println!("saved                    {}", path.display());
    let here = hexadecimal(&model)?;
    let there = Command::new(env::current_exe()?).arg(&path).output()?;
    std::fs::remove_dir_all(&folder)?;
    if !there.status.success() {
        return Err(String::from_utf8_lossy(&there.stderr).into());
    }
    let there = String::from_utf8(there.stdout)?;
    if here != there.trim() {
        return Err("the new process predicted other bits".into());
    }
    println!("a new process loaded it without the registration and predicted the same bits");
    Ok(())
}

/// What the new process does: nothing is registered here.
fn predict_only(path: &Path) -> Result<(), Box<dyn Error>> {
    println!("{}", hexadecimal(&Model::load(path)?)?);
    Ok(())
}

/// The bytes of the predictions for the first samples.
fn hexadecimal(model: &Model) -> Result<String, Box<dyn Error>> {
    let outputs = model.predict(&bars(16)?.0, Predict::new())?;
    Ok(outputs[0].bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Pictures of one bright row; the label is which. The rest is a fixed pattern, no noise.
fn bars(count: usize) -> Result<(Array, Array), rhyton::Error> {
    let pixel = |place: usize| {
        let (sample, row) = (place / 64, place % 64 / 8);
        let pattern = (place * 7919 % 101) as f32 / 101.0;
        if row == sample % 8 { 0.5 + pattern } else { pattern }
    };
    let pixels: Vec<f32> = (0..count * 64).map(pixel).collect();
    let labels: Vec<i32> = (0..count).map(|sample| (sample % 8) as i32).collect();
    Ok((Array::from_slice(&[count, 8, 8], &pixels)?, Array::from_slice(&[count], &labels)?))
}
