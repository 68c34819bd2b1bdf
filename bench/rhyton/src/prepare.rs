use std::path::Path;

use bench_protocol::{Failure, Options};
use rhyton::Column;
use rhyton::data::{LoadOptions, Part};

/// Writes 60,000 images and labels as bytes, and what they are: Fashion-MNIST where it is installed,
/// else the digits that come with the library, repeated. Speed does not depend on which.
pub(crate) fn write(options: &Options) -> Result<(), Failure> {
    let load = |name: &str| {
        let part = LoadOptions { part: Part::Train, ..LoadOptions::default() };
        rhyton::data::load(Path::new(name), &part)
    };
    let (name, mut data) = match load("fashion-mnist") {
        Ok(data) => ("Fashion-MNIST", data),
        Err(_) => ("the library's digits, repeated", load("digits")?),
    };
    let pixels = bytes(&data.inputs.remove(0).1, 255.0)?;
    let labels = bytes(&data.targets.remove(0), 1.0)?;
    std::fs::create_dir_all(&options.folder)?;
    std::fs::write(options.folder.join("images.u8"), pixels)?;
    std::fs::write(options.folder.join("labels.u8"), labels)?;
    std::fs::write(options.folder.join("data.txt"), name)?;
    Ok(())
}

/// 60,000 rows of numbers as bytes, after scaling; fewer rows are repeated.
fn bytes(column: &Column, scale: f64) -> Result<Vec<u8>, Failure> {
    const ROWS: usize = 60_000;
    let array = column.clone().into_array()?;
    let row = array.to_f64().len() / array.shape()[0].max(1);
    let bytes: Vec<u8> = array
        .to_f64()
        .iter()
        .map(|value| (value * scale).round().clamp(0.0, 255.0) as u8)
        .collect();
    Ok(bytes.iter().copied().cycle().take(ROWS * row).collect())
}
