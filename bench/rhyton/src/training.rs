use std::time::Instant;

use bench_protocol::{Failure, Options, first};
use rhyton::data::Rows;
use rhyton::{Array, Fit, LambdaCallback, Predict, Verbose};

use crate::networks::{data, network};

/// Seconds of an image in each epoch of `fit` after the first.
pub(crate) fn train(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let (x, y) = data(options)?;
    let (mut seconds, mut start) = (Vec::new(), None::<Instant>);
    let clock = LambdaCallback::new().on_epoch_end(|cx, _, _| {
        seconds.extend(start.map(|start| start.elapsed().as_secs_f64()));
        start = Some(Instant::now());
        cx.stop_training |= options.enough(&seconds);
    });
    network(options, activation)?.fit(&x, &y, fit(options).epochs(1000).callback(clock))?;
    Ok(seconds.into_iter().map(|value| value / options.images as f64).collect())
}

/// Seconds of an image when all are predicted.
pub(crate) fn predict(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let (x, _) = data(options)?;
    let model = network(options, activation)?;
    options.repeat(options.images, || {
        model.predict(&x, Predict::new().batch_size(options.batch))?;
        Ok(())
    })
}

/// Seconds of one call on one image.
pub(crate) fn latency(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let x = first_images(options, 1)?;
    let model = network(options, activation)?;
    options.repeat_short(1, || {
        model.predict_on_batch(&[&x])?;
        Ok(())
    })
}

/// Trains two epochs; memory is read when the answer is written.
pub(crate) fn memory(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let (x, y) = data(options)?;
    network(options, activation)?.fit(&x, &y, fit(options).epochs(2))?;
    Ok(Vec::new())
}

/// Ends after the first step.
pub(crate) fn first_train(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let (x, y) = data(options)?;
    let end = LambdaCallback::new().on_train_batch_end(|_, _| first());
    network(options, activation)?.fit(&x, &y, fit(options).callback(end))?;
    Err("there was no step".into())
}

/// Ends after the first prediction.
pub(crate) fn first_predict(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let x = first_images(options, options.batch)?;
    network(options, activation)?.predict(&x, Predict::new().batch_size(options.batch))?;
    first()
}

fn first_images(options: &Options, count: usize) -> Result<Array, Failure> {
    Ok(Rows::from(&data(options)?.0).slice(0, count)?.into_array()?)
}

fn fit<'a>(options: &Options) -> Fit<'a> {
    Fit::new().batch_size(options.batch).verbose(Verbose::Silent)
}
