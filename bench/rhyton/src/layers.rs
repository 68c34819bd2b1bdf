//! A function or a layer alone, as a program of the native engine, whose results lie where the last
//! ones lay.

use std::sync::Arc;

use bench_protocol::{Failure, Options};
use rhyton::ops::{
    Backend, ConvOptions, Padding, RunOptions, Shape, Spec, Tensor, Tracer, conv, gradients,
    matmul, sum,
};
use rhyton::{Activation, Array, DType};
use rhyton_native::NativeBackend;

/// Seconds of an item: an element of a function, a row or image of a layer.
pub(crate) fn measure(options: &Options, activation: &str) -> Result<Vec<f64>, Failure> {
    let (shapes, items) = operands(&options.network)?;
    let act = Activation::parse(activation)?;
    let tracer = Tracer::new(Arc::new([]));
    let given: Vec<Tensor> = shapes
        .iter()
        .enumerate()
        .map(|(place, sizes)| {
            tracer.input(&format!("x{place}"), Spec::new(DType::F32, Shape::fixed(sizes)))
        })
        .collect();
    let y = act.apply(&layer(&given))?;
    tracer.output("y", &y)?;
    let mut arrays = shapes.iter().map(|sizes| values(sizes)).collect::<Result<Vec<_>, _>>()?;
    if options.measure == "both" {
        let sizes = y.shape().bind(0);
        let cotangent = tracer.input("cotangent", Spec::new(DType::F32, y.shape().clone()));
        arrays.push(values(&sizes)?);
        let loss = sum(&(&y * &cotangent), None, false);
        for (place, gradient) in
            gradients(&loss, &given.iter().collect::<Vec<_>>())?.iter().enumerate()
        {
            tracer.output(&format!("gradient{place}"), gradient)?;
        }
    }
    let program = NativeBackend.session(None, Arc::new([]))?.compile(&tracer.finish())?;
    let handed: Vec<&Array> = arrays.iter().collect();
    let run = RunOptions { threads: options.threads, cancel: None };
    let mut outputs = Vec::new();
    let call = || Ok(program.run(&handed, &mut outputs, &run)?);
    if options.network == "stream" {
        return options.repeat(items, call);
    }
    options.repeat_short(items, call)
}

/// The shapes of a case's operands, and how many items they are.
fn operands(case: &str) -> Result<(Vec<Vec<usize>>, usize), Failure> {
    match case {
        "stream" => Ok((vec![vec![1 << 26]], 1 << 26)),
        "cache" => Ok((vec![vec![1 << 16]], 1 << 16)),
        "dense" => Ok((vec![vec![128, 256], vec![256, 256], vec![256]], 128)),
        "conv" => Ok((vec![vec![64, 28, 28, 32], vec![3, 3, 32, 32], vec![32]], 64)),
        _ => Err(format!("there is no layer `{case}`").into()),
    }
}

/// What comes before the activation.
fn layer(given: &[Tensor]) -> Tensor {
    match given {
        [x, kernel, bias] if kernel.rank() == 2 => matmul(x, kernel) + bias,
        [x, kernel, bias] => {
            conv(x, kernel, &ConvOptions { padding: Padding::Same, ..ConvOptions::default() })
                + bias
        }
        _ => given[0].clone(),
    }
}

/// Numbers from -0.78 to 0.78.
fn values(sizes: &[usize]) -> Result<Array, Failure> {
    let count: usize = sizes.iter().product();
    let value = |place: usize| (place * 37 % 101) as f32 / 64.0 - 0.78;
    Ok(Array::from_slice(sizes, &(0..count).map(value).collect::<Vec<f32>>())?)
}
