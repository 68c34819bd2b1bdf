//! Optimizer, loss, metrics and the optimizer's state in a file, as Keras writes them.

use std::sync::Arc;

use rhyton_formats::{Group, ModelFile};
use rhyton_tensor::{Array, DType};
use serde_json::{Map, Value, json};

use super::compile::{Compile, Compiled, LossChoice, MetricChoice};
use crate::models::Model;
use crate::objects::object_form;
use crate::optimizers::OPTIMIZERS;
use crate::{Error, Result};

/// Adds the training configuration and the optimizer's state to a file.
pub(crate) fn write_compiled(model: &Model, file: &mut ModelFile) -> Result<()> {
    let Some(compiled) = &model.compiled else { return Ok(()) };
    let mut optimizer = compiled.optimizer.config();
    let rate = model.learning_rate()?;
    optimizer.insert("learning_rate".to_owned(), json!(rate));
    let names = model.network.output_names();
    file.config["compile_config"] = json!({
        "optimizer": object_form(compiled.optimizer.spec(), Value::Object(optimizer)),
        "loss": per_output(compiled.losses.iter().map(write_loss).collect(), &names),
        "loss_weights": compiled.loss_weights,
        "metrics": write_metrics(compiled, names.len()),
        "weighted_metrics": null,
        "run_eagerly": false,
        "steps_per_execution": 1,
        "jit_compile": false,
    });
    let read = |place| model.engine.read(place);
    let mut variables =
        vec![read(compiled.iteration)?.cast(DType::I64), read(compiled.learning_rate)?];
    for &slot in &compiled.file_order {
        variables.push(read(slot)?);
    }
    file.weights
        .insert("optimizer", Group::new(compiled.optimizer.options().name.clone(), variables));
    Ok(())
}

fn write_loss(loss: &LossChoice) -> Value {
    match loss {
        LossChoice::Named(name) => json!(name),
        LossChoice::Value(loss) => object_form(loss.spec(), Value::Object(loss.config())),
    }
}

fn per_output(mut list: Vec<Value>, _names: &[String]) -> Value {
    match list.len() {
        0 => Value::Null,
        1 => list.remove(0),
        _ => Value::Array(list),
    }
}

/// Several outputs have a list of metrics each; Keras takes a flat list for one output only.
fn write_metrics(compiled: &Compiled, outputs: usize) -> Value {
    let list: Vec<Value> = compiled
        .metrics
        .iter()
        .map(|metric| match metric {
            MetricChoice::Named(name) => json!(name),
            MetricChoice::Value(metric) => {
                object_form(metric.spec(), Value::Object(metric.config()))
            }
        })
        .collect();
    match (list.is_empty(), outputs) {
        (true, _) => Value::Null,
        (false, 1) => json!(list),
        (false, _) => json!(vec![list; outputs]),
    }
}

/// Restores the training configuration and the optimizer's state from a file; a model without
/// them stays as it is.
pub(crate) fn read_compiled(model: &mut Model, file: &ModelFile) -> Result<()> {
    let empty = Map::new();
    let config = match file.config.get("compile_config") {
        Some(Value::Object(config)) => config,
        _ => &empty,
    };
    let Some(optimizer) = config.get("optimizer").filter(|value| !value.is_null()) else {
        return Ok(());
    };
    let optimizer = OPTIMIZERS.read(optimizer).map_err(|e| e.within("compile_config"))?;
    let mut compile = Compile::new().optimizer(Arc::clone(&optimizer));
    let losses = read_losses(config.get("loss").unwrap_or(&Value::Null), model)?;
    if !losses.is_empty() {
        compile = compile.losses(losses);
    }
    if let Some(weights) = config.get("loss_weights").and_then(Value::as_array) {
        let weights: Vec<f64> = weights.iter().filter_map(Value::as_f64).collect();
        compile = compile.loss_weights(&weights);
    }
    compile = compile.metrics(read_metrics(config.get("metrics").unwrap_or(&Value::Null))?);
    model.compile(compile)?;
    restore_state(model, file)
}

fn read_losses(value: &Value, model: &Model) -> Result<Vec<LossChoice>> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => list.iter().map(LossChoice::read).collect(),
        Value::Object(object) if !object.contains_key("class_name") => model
            .network
            .output_names()
            .iter()
            .map(|name| match object.get(name) {
                Some(loss) => LossChoice::read(loss),
                None => Err(Error::config(
                    "compile_config",
                    "loss",
                    format!("a loss for `{name}`"),
                    value,
                )),
            })
            .collect(),
        one => Ok(vec![LossChoice::read(one)?]),
    }
}

/// A flat list, or one list for each output that all say the same.
fn read_metrics(value: &Value) -> Result<Vec<MetricChoice>> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) if list.first().is_some_and(Value::is_array) => {
            if list.iter().any(|other| other != &list[0]) {
                let expected = "the same metrics for every output";
                return Err(Error::config("compile_config", "metrics", expected, value));
            }
            read_metrics(&list[0])
        }
        Value::Array(list) => {
            list.iter().filter(|item| !item.is_null()).map(MetricChoice::read).collect()
        }
        one => Ok(vec![MetricChoice::read(one)?]),
    }
}

/// The optimizer's variables: iteration, learning rate, slots. A file without them starts anew.
fn restore_state(model: &mut Model, file: &ModelFile) -> Result<()> {
    let stored = file.weights.variables("optimizer");
    let compiled = model.compiled()?;
    // Keras makes an optimizer's slots in the first step: an untrained model has none, only
    // iteration and learning rate, which the configuration has too.
    if stored.is_empty() || (stored.len() == 2 && !compiled.file_order.is_empty()) {
        return Ok(());
    }
    if stored.len() != compiled.file_order.len() + 2 {
        crate::notices::once(&format!(
            "optimizer: the file has {} variables where {} are needed; its state starts anew",
            stored.len(),
            compiled.file_order.len() + 2,
        ));
        return Ok(());
    }
    let places = [compiled.iteration, compiled.learning_rate];
    let all = places.iter().chain(&compiled.file_order).copied().collect::<Vec<_>>();
    for (place, value) in all.into_iter().zip(stored) {
        let spec = &model.engine.variables()[place.index()].spec;
        let value: Array = value.cast(spec.dtype);
        model.engine.write(place, &value)?;
    }
    Ok(())
}
