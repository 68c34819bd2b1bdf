//! Optimizer, loss, metrics and the optimizer's state in a file, as Keras writes them.

use rhyton_formats::{Group, ModelFile, NamedArray};
use rhyton_tensor::{Array, DType};
use serde_json::{Map, Value, json};

use super::choices::{LossChoice, MetricChoice};
use super::compile::{Compile, Compiled};
use super::objectives::Objectives;
use super::per_output::PerOutput;
use crate::models::Model;
use crate::objects::object_form;
use crate::optimizers::{LearningRate, OPTIMIZERS, Optimizer, State};
use crate::{Error, Result};

/// Adds the training configuration and the optimizer's state to a file.
pub(crate) fn write_compiled(model: &Model, file: &mut ModelFile) -> Result<()> {
    let Some(compiled) = &model.compiled else { return Ok(()) };
    let optimizer = write_optimizer(model, compiled, file)?;
    let mut config = json!({"optimizer": optimizer});
    let objectives = objectives_config(model)?;
    if let (Value::Object(config), Value::Object(objectives)) = (&mut config, objectives) {
        config.extend(objectives);
    }
    config["run_eagerly"] = json!(false);
    config["steps_per_execution"] = json!(compiled.steps_per_execution);
    config["jit_compile"] = json!(false);
    file.config["compile_config"] = config;
    let mut variables: Vec<Array> = compiled
        .variables()
        .into_iter()
        .map(|variable| model.engine.read(variable))
        .collect::<Result<_>>()?;
    variables[State::ITERATION] = variables[State::ITERATION].cast(DType::I64);
    if let Some(place) = compiled.state.learning_rate {
        variables[place] = Array::scalar(model.learning_rate()? as f32);
    }
    write_state(compiled, variables, file);
    super::own_functions::write(model, compiled, file)
}

/// Losses, their weights and metrics.
pub(super) fn objectives_config(model: &Model) -> Result<Value> {
    let objectives = &model.compiled()?.objectives;
    let names = model.network.output_names();
    let (loss, loss_weights) = write_losses(objectives, &names)?;
    Ok(json!({
        "loss": loss,
        "loss_weights": loss_weights,
        "metrics": write_metrics(&objectives.metrics, &names)?,
        "weighted_metrics": write_metrics(&objectives.weighted_metrics, &names)?,
    }))
}

/// The optimizer's variables; where the loss is scaled, the inner optimizer's in a group of their
/// own, and again behind iteration, learning rate, counter and scale, as Keras does.
fn write_state(compiled: &Compiled, mut variables: Vec<Array>, file: &mut ModelFile) {
    let name = |optimizer: &dyn Optimizer| optimizer.options().name.clone();
    if let Some((_, inner)) = compiled.optimizer.loss_scaling() {
        let scale = variables.split_off(compiled.state.unscaled_len());
        let mut outer = vec![Array::scalar(0_i64), Array::scalar(0.0_f32)];
        outer.push(scale[0].cast(DType::I64));
        outer.push(scale[1].clone());
        outer.extend(variables.iter().cloned());
        file.weights.insert(INNER_STATE, Group::new(name(&**inner), variables));
        variables = outer;
    }
    file.weights.insert("optimizer", Group::new(name(&*compiled.optimizer), variables));
}

/// The group of an optimizer whose loss is scaled, below the scaling one's.
const INNER_STATE: &str = "optimizer/inner_optimizer";

/// Losses and their weights in one form, since Keras pairs them by it: as they are for one output,
/// by name if either was given so, else as lists.
fn write_losses(objectives: &Objectives, names: &[String]) -> Result<(Value, Value)> {
    let losses = objectives.losses.of_each("loss", names)?;
    let losses = losses.iter().map(LossChoice::to_value).collect();
    let weights = objectives.loss_weights.of_each("loss_weights", names)?;
    let has_weights = weights.iter().any(Option::is_some);
    let weights = weights.into_iter().map(|weight| json!(weight.unwrap_or(1.0))).collect();
    let by_name = matches!(objectives.losses, PerOutput::Named { .. })
        || matches!(objectives.loss_weights, PerOutput::Named { .. });
    let same = matches!(objectives.losses, PerOutput::Same(_)) && !has_weights;
    let form = |mut list: Vec<Value>| match names.len() {
        1 => list.remove(0),
        _ if by_name => by_output(names, list),
        _ if same => list.remove(0),
        _ => Value::Array(list),
    };
    Ok((form(losses), if has_weights { form(weights) } else { Value::Null }))
}

/// The optimizer with the learning rate as it is now, or with Keras' schedule. The program of a
/// function of the step goes to `rhyton.json`.
fn write_optimizer(model: &Model, compiled: &Compiled, file: &mut ModelFile) -> Result<Value> {
    let scaled = compiled.optimizer.loss_scaling();
    let optimizer = scaled.map_or(&compiled.optimizer, |(_, inner)| inner);
    let mut config = optimizer.config();
    let rate = match compiled.optimizer.learning_rate() {
        LearningRate::Schedule(schedule) => schedule.to_value(),
        LearningRate::Constant(_) => json!(model.learning_rate()?),
        function @ LearningRate::Function(_) => {
            let form = serde_json::to_value(function);
            let unwritable = |e| Error::config("rhyton.json", LEARNING_RATE, "plain data", e);
            file.rhyton.get_or_insert_with(|| json!({}))[LEARNING_RATE] =
                form.map_err(unwritable)?;
            json!(model.learning_rate()?)
        }
    };
    config.insert(LEARNING_RATE.to_owned(), rate);
    let inner = object_form(optimizer.spec(), Value::Object(config));
    if scaled.is_none() || compiled.auto_scaled {
        return Ok(inner);
    }
    let mut config = compiled.optimizer.config();
    config.insert("inner_optimizer".to_owned(), inner);
    Ok(object_form(compiled.optimizer.spec(), Value::Object(config)))
}

/// The key of a learning rate, in an optimizer's configuration and in `rhyton.json`.
const LEARNING_RATE: &str = "learning_rate";

fn by_output(names: &[String], values: Vec<Value>) -> Value {
    Value::Object(names.iter().cloned().zip(values).collect())
}

/// Several outputs have a list of metrics each; Keras takes a flat list for one output only.
fn write_metrics(metrics: &PerOutput<Vec<MetricChoice>>, names: &[String]) -> Result<Value> {
    let lists = metrics.of_each("metrics", names)?;
    if lists.iter().all(Vec::is_empty) {
        return Ok(Value::Null);
    }
    let lists = lists.iter().map(|list| list.iter().map(MetricChoice::to_value).collect());
    let mut lists: Vec<Value> = lists.collect();
    Ok(match (names.len(), metrics) {
        (1, _) => lists.remove(0),
        (_, PerOutput::Named { .. }) => by_output(names, lists),
        _ => Value::Array(lists),
    })
}

/// Restores the training configuration and the optimizer's state from a file, whose configuration
/// is `config` in today's dialect; a model without them stays as it is.
pub(crate) fn read_compiled(model: &mut Model, config: &Value, file: &ModelFile) -> Result<()> {
    let empty = Map::new();
    let config = match config.get("compile_config") {
        Some(Value::Object(config)) => config,
        _ => &empty,
    };
    let Some(optimizer) = config.get("optimizer").filter(|value| !value.is_null()) else {
        return Ok(());
    };
    let mut optimizer = optimizer.clone();
    let function = file.rhyton.as_ref().and_then(|member| member.get(LEARNING_RATE));
    let inner = if optimizer.pointer("/config/inner_optimizer").is_some() {
        optimizer.pointer_mut("/config/inner_optimizer/config")
    } else {
        optimizer.get_mut("config")
    };
    let inner = inner.and_then(Value::as_object_mut);
    if let (Some(function), Some(config)) = (function, inner) {
        config.insert(LEARNING_RATE.to_owned(), function.clone());
    }
    let mut config = config.clone();
    config.insert("optimizer".to_owned(), optimizer);
    let compile = compile_of(&config, model.network.outputs.len());
    let compiled = compile.and_then(|compile| model.compile(compile));
    compiled.map_err(|e| e.within("compile_config"))?;
    restore_state(model, file)
}

/// What a configuration of `compile` with Keras' keys says, for a model with so many outputs.
pub(crate) fn compile_of(config: &Map<String, Value>, outputs: usize) -> Result<Compile> {
    let key = |key: &str| config.get(key).unwrap_or(&Value::Null);
    let optimizer = OPTIMIZERS.read(key("optimizer"))?;
    let objectives = Objectives {
        losses: read_per_output(key("loss"), LossChoice::read)?,
        loss_weights: read_per_output(key("loss_weights"), read_weight)?,
        metrics: read_metrics(key("metrics"), outputs)?,
        weighted_metrics: read_metrics(key("weighted_metrics"), outputs)?,
    };
    let steps = key("steps_per_execution").as_u64().unwrap_or(1).max(1) as usize;
    Ok(Compile::new().optimizer(optimizer).objectives(objectives).steps_per_execution(steps))
}

/// The same to all outputs, a list with something for each, or values by name.
fn read_per_output<T: Clone + Default>(
    value: &Value,
    read: fn(&Value) -> Result<T>,
) -> Result<PerOutput<T>> {
    match value {
        Value::Null => Ok(PerOutput::Same(T::default())),
        Value::Array(list) => {
            // Keras also nests a list for each output.
            let inner = |value: &Value| match value.as_array().map(Vec::as_slice) {
                Some([one]) => read(one),
                _ => read(value),
            };
            Ok(PerOutput::List(list.iter().map(inner).collect::<Result<_>>()?))
        }
        Value::Object(object) if !object.contains_key("class_name") => {
            let named = object.iter().map(|(name, value)| Ok((name.clone(), read(value)?)));
            Ok(PerOutput::Named { named: named.collect::<Result<_>>()?, others: T::default() })
        }
        one => Ok(PerOutput::Same(read(one)?)),
    }
}

fn read_weight(value: &Value) -> Result<Option<f64>> {
    let weight = value.as_f64().filter(|weight| weight.is_finite());
    if weight.is_none() && !value.is_null() {
        let object = "compile_config";
        return Err(Error::config(object, "loss_weights", "numbers", value));
    }
    Ok(weight)
}

/// For one output all metrics, however nested; for several a list for each, by place or name. A flat
/// list with one metric for each output is that; another holds metrics of every output.
fn read_metrics(value: &Value, outputs: usize) -> Result<PerOutput<Vec<MetricChoice>>> {
    match value {
        Value::Array(list) if outputs > 1 => {
            if list.len() == outputs || list.iter().any(Value::is_array) {
                Ok(PerOutput::List(list.iter().map(flat_metrics).collect::<Result<_>>()?))
            } else {
                Ok(PerOutput::Same(flat_metrics(value)?))
            }
        }
        Value::Object(object) if outputs > 1 && !object.contains_key("class_name") => {
            read_per_output(value, flat_metrics)
        }
        value => Ok(PerOutput::Same(flat_metrics(value)?)),
    }
}

/// All metrics in lists and objects by name, one after another.
fn flat_metrics(value: &Value) -> Result<Vec<MetricChoice>> {
    let all = |values: &mut dyn Iterator<Item = &Value>| -> Result<Vec<MetricChoice>> {
        Ok(values.map(flat_metrics).collect::<Result<Vec<_>>>()?.concat())
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => all(&mut list.iter()),
        Value::Object(object) if !object.contains_key("class_name") => all(&mut object.values()),
        one => Ok(vec![MetricChoice::read(one)?]),
    }
}

/// Restores the optimizer's variables. A file without them leaves the optimizer as it is, and one
/// whose variables do not fit says so; files of Keras 2 have no learning rate among them.
pub(crate) fn restore_state(model: &Model, file: &ModelFile) -> Result<()> {
    let stored = stored_state(file);
    let compiled = model.compiled()?;
    let state = &compiled.state;
    restore_scale(model, file)?;
    let all: Vec<usize> =
        if is_by_slot(file) { by_slot(state) } else { (0..state.unscaled_len()).collect() };
    let no_rate = all.iter().copied().filter(|&place| Some(place) != state.learning_rate).collect();
    let fits = |places: &Vec<usize>| {
        let shape = |place: usize| state.variables[place].spec.shape.fixed_sizes();
        places.len() == stored.len()
            && places.iter().zip(&stored).all(|(&p, v)| shape(p).as_deref() == Some(v.shape()))
    };
    let needed = all.len();
    let found = [all, no_rate].into_iter().find(fits);
    // Keras 2 has slots of momentum for SGD without momentum too.
    let found = found.or_else(|| {
        let scalar = stored.first().is_some_and(|value| value.rank() == 0);
        let has_slots = state.slots.iter().any(|slots| !slots.is_empty());
        (scalar && !has_slots).then(|| vec![State::ITERATION])
    });
    let Some(places) = found else {
        // Keras makes an optimizer's slots in the first step: an untrained model has none, only
        // iteration and learning rate, which the configuration has too.
        if stored.len() > 2 {
            crate::notices::once(&format!(
                "optimizer: the file has {} variables where {needed} are needed; its state starts \
                 anew",
                stored.len(),
            ));
        }
        return Ok(());
    };
    for (place, value) in places.into_iter().zip(stored) {
        let value = value.cast(state.variables[place].spec.dtype);
        model.engine.write(compiled.variable(place), &value)?;
    }
    Ok(())
}

/// Restores the scale of the loss, if file and model have one.
fn restore_scale(model: &Model, file: &ModelFile) -> Result<()> {
    let compiled = model.compiled()?;
    let Some(places) = compiled.state.scale else { return Ok(()) };
    let outer = file.weights.variables("optimizer");
    let inner = file.weights.variables(INNER_STATE);
    // Keras makes counter and scale in the first step: an untrained model has none.
    if inner.is_empty() || outer.len() != inner.len() + 4 {
        return Ok(());
    }
    for (place, value) in [(places.step_counter, &outer[2]), (places.dynamic_scale, &outer[3])] {
        if value.rank() == 0 {
            let value = value.cast(compiled.state.variables[place].spec.dtype);
            model.engine.write(compiled.variable(place), &value)?;
        }
    }
    Ok(())
}

/// The optimizer's variables in a file, without those of a scaled loss.
fn stored_state(file: &ModelFile) -> Vec<&Array> {
    match (&file.layers, file.weights.variables(INNER_STATE)) {
        (Some(layers), _) => layers.optimizer.iter().map(|(_, array)| array).collect(),
        (None, []) => file.weights.variables("optimizer").iter().collect(),
        (None, inner) => inner.iter().collect(),
    }
}

/// Whether the slots are those of Keras before 2.11, as `Adam/dense/kernel/m:0`: one slot of all
/// weights, then the next. Since then they are `Adam/m/dense/kernel:0`.
fn is_by_slot(file: &ModelFile) -> bool {
    let names = file.layers.iter().flat_map(|layers| &layers.optimizer).skip(1);
    let mut names = names.map(|(name, _)| name.rsplit('/').next().unwrap_or_default()).peekable();
    names.peek().is_some() && names.all(|last| is_old_slot(last.trim_end_matches(":0")))
}

/// Iteration, then one slot of all weights, then the next.
fn by_slot(state: &State) -> Vec<usize> {
    let count = state.slots.iter().map(Vec::len).max().unwrap_or(0);
    let slots = (0..count).flat_map(|slot| state.slots.iter().filter_map(move |all| all.get(slot)));
    std::iter::once(State::ITERATION).chain(slots.copied()).collect()
}

/// Slots' names here and in Keras before 2.11, for the optimizers that it has under their names.
const OLD_SLOTS: &[(&str, &[(&str, &str)])] = &[
    ("Adam", &[("momentum", "m"), ("velocity", "v"), ("velocity_hat", "vhat")]),
    ("RMSprop", &[("velocity", "rms"), ("momentum", "momentum"), ("average_gradient", "mg")]),
    ("SGD", &[("momentum", "momentum")]),
];

fn is_old_slot(name: &str) -> bool {
    OLD_SLOTS.iter().flat_map(|(_, slots)| *slots).any(|(_, old)| *old == name)
}

/// The optimizer's variables for a legacy file, which has no learning rate among them: by slot where
/// Keras 2 had the optimizer before 2.11, since it takes a configuration of Keras 3 for one of that
/// time; else in the order of other files.
pub(crate) fn legacy_state(model: &Model) -> Result<Vec<NamedArray>> {
    let Some(compiled) = &model.compiled else { return Ok(Vec::new()) };
    let scaled = compiled.optimizer.loss_scaling();
    let optimizer = scaled.map_or(&compiled.optimizer, |(_, inner)| inner);
    let (state, class) = (&compiled.state, optimizer.spec().class_name);
    let old = OLD_SLOTS.iter().find(|(name, _)| *name == class).map(|(_, old)| *old);
    let mut places = match old {
        Some(_) => by_slot(state),
        None => (0..state.unscaled_len()).collect(),
    };
    places.retain(|&place| Some(place) != state.learning_rate);
    let named = places.into_iter().map(|place| {
        let array = model.engine.read(compiled.variable(place))?;
        if place == State::ITERATION {
            return Ok((format!("{class}/iter:0"), array.cast(DType::I64)));
        }
        // `optimizer/dense/kernel/momentum` becomes `Adam/dense/kernel/m:0`.
        let name = state.variables[place].name.trim_start_matches("optimizer/");
        let (weight, slot) = name.rsplit_once('/').unwrap_or(("", name));
        let renamed = old.into_iter().flatten().find(|(ours, _)| *ours == slot);
        let slot = renamed.map_or(slot, |(_, old)| old);
        Ok((format!("{class}/{weight}/{slot}:0"), array))
    });
    named.collect()
}
