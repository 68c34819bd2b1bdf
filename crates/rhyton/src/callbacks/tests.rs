//! What the callbacks decide, say and write, against real Keras.

use rhyton_tensor::Array;
use serde_json::Value;

use super::*;
use crate::notices::tests::heard;
use crate::training::{Compile, Evaluate, Fit, Verbose};
use crate::{Dense, SGD, Sequential};

const GOLDENS: &str = include_str!("../../goldens/callbacks.json");

fn goldens(callback: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(GOLDENS).unwrap();
    all[callback].as_array().unwrap().clone()
}

/// The model of the goldens: its one weight says which epoch it is from.
fn model(optimizer: SGD, metrics: &[&str]) -> Model {
    let dense = Dense::new(1).use_bias(false).kernel_initializer("zeros");
    let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
    let compile = Compile::new().optimizer(optimizer).loss("mse");
    model.compile(compile.metrics(metrics.iter().copied())).unwrap();
    let zero = Array::zeros(rhyton_tensor::DType::F32, &[1, 1]);
    model.evaluate(&zero, &zero, Evaluate::new()).unwrap();
    model
}

fn weight(model: &Model) -> f64 {
    model.weight("dense/kernel").unwrap().to_f64()[0]
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

/// A list of callbacks of one, which is called as `fit` calls it.
fn alone<'a>(callback: impl Callback + 'a, epochs: usize) -> Callbacks<'a> {
    Callbacks::new(vec![Box::new(callback)], Parameters { epochs, steps: 1 })
}

fn mode(config: &Value) -> Mode {
    match config["mode"].as_str() {
        Some("min") => Mode::Min,
        Some("max") => Mode::Max,
        _ => Mode::Auto,
    }
}

/// Calls a callback for the epochs of a record; compares rates, the end, the weight and what was
/// said, in which Keras' folder is ours.
fn check(record: &Value, callback: impl Callback, folder: &str) {
    let model = model(SGD::new(0.01), &["accuracy"]);
    let config = &record["config"];
    let name = config["monitor"].as_str().filter(|name| *name != "val_loss").unwrap_or("loss");
    let values = record["values"].as_array().unwrap();
    let epochs = record["epochs"].as_array().unwrap();
    let mut callbacks = alone(callback, values.len());
    heard();
    callbacks.each(&model, Callback::on_train_begin).unwrap();
    for (epoch, expected) in epochs.iter().enumerate() {
        callbacks.each(&model, |callback, cx| callback.on_epoch_begin(cx, epoch)).unwrap();
        let now = Array::from_slice(&[1, 1], &[epoch as f32]).unwrap();
        model.set_weight("dense/kernel", &now).unwrap();
        let logs = Logs::from([(name.to_owned(), number(&values[epoch]))]);
        let logs = callbacks.end_epoch(&model, epoch, logs).unwrap();
        assert_eq!(model.learning_rate().unwrap(), number(&expected["rate"]), "{config} {epoch}");
        let logged = logs.get("learning_rate").copied();
        assert_eq!(logged, expected["logged"].as_f64(), "{config} {epoch}");
        let last = epoch + 1 == epochs.len() && epochs.len() < values.len();
        assert_eq!(callbacks.stopped(), last, "{config} {epoch}");
    }
    callbacks.each(&model, Callback::on_train_end).unwrap();
    assert_eq!(weight(&model), number(&record["weight"]), "{config}");
    let said: String = heard().lines().filter(|line| !line.starts_with("rhyton: ")).fold(
        String::new(),
        |mut said, line| {
            said.push_str(line);
            said.push('\n');
            said
        },
    );
    assert_eq!(said.replace(folder, "FOLDER"), record["said"].as_str().unwrap(), "{config}");
}

#[test]
fn reduce_lr_on_plateau() {
    for record in goldens("reduce_lr_on_plateau") {
        let config = &record["config"];
        let mut callback = ReduceLROnPlateau::new(config["monitor"].as_str().unwrap())
            .patience(config["patience"].as_u64().unwrap() as usize)
            .cooldown(config["cooldown"].as_u64().unwrap_or(0) as usize)
            .verbose(config["verbose"] == 1)
            .mode(mode(config));
        if let Some(factor) = config["factor"].as_f64() {
            callback = callback.factor(factor);
        }
        if let Some(rate) = config["min_lr"].as_f64() {
            callback = callback.min_lr(rate);
        }
        if let Some(delta) = config["min_delta"].as_f64() {
            callback = callback.min_delta(delta);
        }
        check(&record, callback, "no folder");
    }
    let model = model(SGD::new(0.01), &[]);
    let mut wrong = alone(ReduceLROnPlateau::new("loss").factor(1.0), 1);
    let error = wrong.each(&model, Callback::on_train_begin).unwrap_err();
    insta::assert_snapshot!(error, @"ReduceLROnPlateau: factor expected a number below 1, received 1");
}

#[test]
fn early_stopping() {
    for record in goldens("early_stopping") {
        let config = &record["config"];
        let count = |key: &str| config[key].as_u64().unwrap_or(0) as usize;
        let mut callback = EarlyStopping::new(config["monitor"].as_str().unwrap())
            .patience(count("patience"))
            .start_from_epoch(count("start_from_epoch"))
            .min_delta(config["min_delta"].as_f64().unwrap_or(0.0))
            .restore_best_weights(config["restore_best_weights"] == true)
            .verbose(config["verbose"] == 1)
            .mode(mode(config));
        if let Some(baseline) = config["baseline"].as_f64() {
            callback = callback.baseline(baseline);
        }
        check(&record, callback, "no folder");
    }
    let model = model(SGD::new(0.01), &[]);
    let mut unclear = alone(EarlyStopping::new("val_surprise"), 1);
    let error = unclear.end_epoch(&model, 0, Logs::new()).unwrap_err();
    insta::assert_snapshot!(error, @"EarlyStopping: mode expected Min or Max, since nothing says which `val_surprise` is better, received Auto");
}

#[test]
fn model_checkpoint() {
    for record in goldens("model_checkpoint") {
        let config = &record["config"];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut callback = ModelCheckpoint::new(format!("{path}/{{epoch:02d}}.keras"))
            .monitor(config["monitor"].as_str().unwrap())
            .save_best_only(config["save_best_only"] == true)
            .verbose(config["verbose"] == 1)
            .mode(mode(config));
        if let Some(threshold) = config["initial_value_threshold"].as_f64() {
            callback = callback.initial_value_threshold(threshold);
        }
        check(&record, callback, &path);
        let mut files: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(serde_json::json!(files), record["files"], "{config}");
    }
}

#[test]
fn csv_logger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    let model = model(SGD::new(0.01), &[]);
    for record in goldens("csv_logger") {
        let config = &record["config"];
        let separator = config["separator"].as_str().and_then(|text| text.chars().next());
        let callback = CSVLogger::new(&path)
            .separator(separator.unwrap_or(','))
            .append(config["append"] == true);
        let mut callbacks = alone(callback, 2);
        callbacks.each(&model, Callback::on_train_begin).unwrap();
        for (epoch, logs) in record["epochs"].as_array().unwrap().iter().enumerate() {
            let logs = logs.as_object().unwrap();
            let logs = logs.iter().map(|(name, value)| (name.clone(), number(value))).collect();
            callbacks.end_epoch(&model, epoch, logs).unwrap();
        }
        callbacks.each(&model, Callback::on_train_end).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, record["text"].as_str().unwrap(), "{config}");
    }
    let list = Logs::from([("f1[0]".to_owned(), 0.5), ("f1[1]".to_owned(), 1.0)]);
    let mut callbacks = alone(CSVLogger::new(&path), 1);
    callbacks.each(&model, Callback::on_train_begin).unwrap();
    callbacks.end_epoch(&model, 0, list).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "epoch,f1,val_f1\r\n0,\"\"\"[0.5, 1.0]\"\"\",NA\r\n");
    let mut missing = alone(CSVLogger::new(folder.path().join("missing/log.csv")), 1);
    let error = missing.each(&model, Callback::on_train_begin).unwrap_err().to_string();
    assert!(error.contains("log.csv: can't write the table: No such file"), "{error}");
    let mut quote = alone(CSVLogger::new(&path).separator('"'), 1);
    let error = quote.each(&model, Callback::on_train_begin).unwrap_err();
    insta::assert_snapshot!(error, @r#"CSVLogger: separator expected a character other than a quote or the end of a line, received '"'"#);
}

#[test]
fn learning_rate_scheduler() {
    for record in goldens("learning_rate_scheduler") {
        let model = model(SGD::new(0.01), &[]);
        let halved = record["schedule"] == "halved";
        let schedule = |epoch: usize, rate: f64| {
            if halved { rate * 0.5 } else { 0.1 / (epoch as f64 + 1.0) }
        };
        let mut callbacks = alone(LearningRateScheduler::new(schedule).verbose(true), 6);
        heard();
        for (epoch, expected) in record["epochs"].as_array().unwrap().iter().enumerate() {
            callbacks.each(&model, |callback, cx| callback.on_epoch_begin(cx, epoch)).unwrap();
            let logs = callbacks.end_epoch(&model, epoch, Logs::new()).unwrap();
            assert_eq!(model.learning_rate().unwrap(), number(&expected["rate"]));
            assert_eq!(logs["learning_rate"], number(&expected["logged"]));
        }
        assert_eq!(heard(), record["said"].as_str().unwrap());
    }
}

#[test]
fn swap_ema_weights() {
    let x: Vec<f32> = (1..=8_u8).map(|place| f32::from(place) / 8.0).collect();
    let y: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
    let [x, y] = [x, y].map(|values| Array::from_slice(&[8, 1], &values).unwrap());
    let close = |found: f64, expected: &Value| {
        let expected = number(expected);
        assert!((found - expected).abs() <= 2e-6 * expected.abs(), "{found}, {expected}");
    };
    for record in goldens("swap_ema_weights") {
        let overwrite = record["overwrite"].as_u64().map(|steps| steps as u32);
        let optimizer =
            SGD::new(0.1).use_ema(true).ema_momentum(0.9).ema_overwrite_frequency(overwrite);
        let mut model = model(optimizer, &[]);
        let mut weights = Vec::new();
        let swap = SwapEMAWeights::new().swap_on_epoch(record["swap_on_epoch"] == true);
        let seen = LambdaCallback::new().on_epoch_end(|cx, _, _| weights.push(weight(cx.model)));
        let fit = Fit::new()
            .epochs(3)
            .batch_size(2)
            .shuffle(false)
            .verbose(Verbose::Silent)
            .validation_data(&x, &y)
            .callback(swap)
            .callback(seen);
        let history = model.fit(&x, &y, fit).unwrap();
        close(weight(&model), &record["weight"]);
        for epoch in 0..3 {
            close(history.history["val_loss"][epoch], &record["val_loss"][epoch]);
            close(weights[epoch], &record["weights"][epoch]);
        }
    }
    let mut none = model(SGD::new(0.1), &[]);
    let fit = Fit::new().verbose(Verbose::Silent).validation_data(&x, &y);
    let error = none.fit(&x, &y, fit.callback(SwapEMAWeights::new())).unwrap_err();
    insta::assert_snapshot!(error, @"the optimizer keeps no averages of the weights; compile with an optimizer with `use_ema(true)`");
}

#[test]
fn backup_and_restore() {
    let folder = tempfile::tempdir().unwrap();
    for record in goldens("backup_and_restore") {
        let count = |key: &str| record[key].as_u64().unwrap() as usize;
        let x = Array::zeros(rhyton_tensor::DType::F32, &[count("steps"), 1]);
        let path = folder.path().join("kept");
        let mut kept = Vec::new();
        // A step begins after what was kept at the end of the one before.
        let seen = LambdaCallback::new()
            .on_train_batch_begin(|cx, _| {
                if std::fs::remove_file(&path).is_ok() {
                    kept.push(cx.model.iterations().unwrap());
                }
            })
            .on_train_end(|_| {});
        let backup = BackupAndRestore::in_file(&path).save_freq(count("frequency"));
        let fit = Fit::new()
            .epochs(count("epochs"))
            .batch_size(1)
            .verbose(Verbose::Silent)
            .callback(seen)
            .callback(backup.delete_checkpoint(false));
        let mut model = model(SGD::new(0.0), &[]);
        model.fit(&x, &x, fit).unwrap();
        if std::fs::remove_file(&path).is_ok() {
            kept.push(model.iterations().unwrap());
        }
        assert_eq!(serde_json::json!(kept), record["kept"], "{record}");
    }
}

/// As Keras says in `keras/src/callbacks/terminate_on_nan.py`.
#[test]
fn terminate_on_nan() {
    let x = Array::from_slice(&[3, 1], &[1.0_f32, f32::INFINITY, 1.0]).unwrap();
    let fit = || Fit::new().epochs(2).batch_size(1).shuffle(false).verbose(Verbose::Silent);
    let mut found = model(SGD::new(0.1), &[]);
    heard();
    let history = found.fit(&x, &x, fit().callback(TerminateOnNaN::new())).unwrap();
    assert_eq!((history.epoch.len(), found.iterations().unwrap()), (1, 2));
    assert_eq!(heard(), "Batch 1: Invalid loss, terminating training\n");
    let raising = TerminateOnNaN::new().raise_error(true);
    let error = model(SGD::new(0.1), &[]).fit(&x, &x, fit().callback(raising)).unwrap_err();
    insta::assert_snapshot!(error, @"fit: loss expected a finite number, received NaN after batch 1");
}

#[test]
fn functions_are_called_in_order() {
    use std::cell::RefCell;
    let x = Array::zeros(rhyton_tensor::DType::F32, &[2, 1]);
    let seen = RefCell::new(String::new());
    let note = |what: &str| seen.borrow_mut().push_str(what);
    let callback = LambdaCallback::new()
        .on_train_begin(|_| note("train("))
        .on_train_end(|_| note(")"))
        .on_epoch_begin(|_, epoch| note(&format!(" epoch {epoch}(")))
        .on_epoch_end(|cx, _, logs| {
            note(&format!(" {})", logs.len()));
            cx.stop_training = true;
        })
        .on_train_batch_begin(|_, batch| note(&format!("batch {batch}(")))
        .on_train_batch_end(|_, _| note(")"))
        .on_test_begin(|_| note(" test("))
        .on_test_batch_begin(|_, batch| note(&format!("batch {batch}(")))
        .on_test_batch_end(|_, _| note(")"))
        .on_test_end(|_, logs| note(&format!(" {})", logs.len())));
    let fit = Fit::new().epochs(3).verbose(Verbose::Silent).validation_data(&x, &x);
    model(SGD::new(0.1), &[]).fit(&x, &x, fit.callback(callback)).unwrap();
    let expected = "train( epoch 0(batch 0() test(batch 0() 1) 2))";
    assert_eq!(*seen.borrow(), expected);
}

/// The events of a file, whose checksums must be right.
fn events(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let bytes = std::fs::read(file.path()).unwrap();
    let masked = |bytes| crate::crc32c::crc32c(0, bytes).rotate_right(15).wrapping_add(0xA282_EAD8);
    let (mut rest, mut events) = (&bytes[..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<8>() {
        let (sum, after) = after.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_le_bytes(*sum), masked(length));
        let (event, after) = after.split_at(u64::from_le_bytes(*length) as usize);
        let (sum, after) = after.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_le_bytes(*sum), masked(event));
        events.push(event.to_vec());
        rest = after;
    }
    events
}

/// The steps at which each tag is written are Keras'; values of epochs are never left out.
#[test]
fn tensor_board() {
    let x = Array::zeros(rhyton_tensor::DType::F32, &[3, 1]);
    for (frequency, steps) in [(Frequency::Epoch, 0), (1.into(), 6), (2.into(), 3)] {
        let folder = tempfile::tempdir().unwrap();
        let board = TensorBoard::new(folder.path()).update_freq(frequency);
        let fit = Fit::new().epochs(2).batch_size(1).verbose(Verbose::Silent);
        let fit = fit.validation_data(&x, &x).callback(board.write_steps_per_second(true));
        model(SGD::new(0.1), &["accuracy"]).fit(&x, &x, fit).unwrap();
        let count = |run: &str, tag: &str| {
            let holds = |event: &&Vec<u8>| event.windows(tag.len()).any(|w| w == tag.as_bytes());
            events(&folder.path().join(run)).iter().filter(holds).count()
        };
        for tag in ["batch_loss", "batch_accuracy", "batch_steps_per_second"] {
            assert_eq!(count("train", tag), steps, "{tag}");
        }
        for tag in ["epoch_loss", "epoch_accuracy", "epoch_learning_rate", "epoch_steps_per_second"]
        {
            assert_eq!(count("train", tag), 2, "{tag}");
        }
        for tag in ["epoch_loss", "epoch_accuracy", "evaluation_loss_vs_iterations"] {
            assert_eq!(count("validation", tag), 2, "{tag}");
        }
        assert_eq!((count("train", "graph_keras_model"), count("train", "histogram")), (1, 0));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let fit = Fit::new().verbose(Verbose::Silent).callback(TensorBoard::new(&file));
    let error = model(SGD::new(0.1), &[]).fit(&x, &x, fit).unwrap_err().to_string();
    assert!(error.contains("can't write events"), "{error}");
}

#[test]
fn steps_are_counted_as_in_keras() {
    let mut count = StepCount::default();
    let due = |count: &mut StepCount, done| count.is_due(Frequency::Steps(3), done);
    // Epochs of five steps, two a call.
    let found: Vec<bool> = [2, 4, 5, 2, 4, 5].map(|done| due(&mut count, done)).into();
    assert_eq!(found, [false, true, false, true, false, true]);
    assert!(!count.is_due(Frequency::Epoch, 1));
}

/// Keras leaves the weights of the last step in the model here.
#[test]
fn averages_stay_where_a_training_stops_early() {
    let (x, y) = (
        Array::from_slice(&[4, 1], &[1.0_f32; 4]).unwrap(),
        Array::from_slice(&[4, 1], &[2.0_f32; 4]).unwrap(),
    );
    let trained = |swap: bool| {
        let mut model = model(SGD::new(0.1).use_ema(true).ema_momentum(0.5), &[]);
        let stop =
            LambdaCallback::new().on_epoch_end(|cx, epoch, _| cx.stop_training |= epoch == 1);
        let mut fit = Fit::new().epochs(9).verbose(Verbose::Silent).validation_data(&x, &y);
        if swap {
            fit = fit.callback(SwapEMAWeights::new().swap_on_epoch(true));
        }
        model.fit(&x, &y, fit.callback(stop)).unwrap();
        weight(&model)
    };
    assert_eq!(trained(true), trained(false));
}
