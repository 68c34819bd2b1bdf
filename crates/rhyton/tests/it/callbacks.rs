use std::cell::RefCell;
use std::process::Command;
use std::rc::Rc;

use rhyton::callbacks::{Mode, Training};
use rhyton::{
    Array, Callback, Compile, Dense, EarlyStopping, Fit, Logs, Model, ModelCheckpoint, Result, SGD,
    Sequential, Verbose,
};

fn data() -> (Array, Array) {
    let x: Vec<f32> = (0..5_u8).map(|i| f32::from(i) * 0.25).collect();
    (Array::from_slice(&[5, 1], &x).unwrap(), Array::from_slice(&[5, 1], &x).unwrap())
}

/// A model whose loss becomes worse with every step: it climbs.
fn climbing() -> Model {
    let dense = Dense::new(1).kernel_initializer("zeros");
    let mut model = Sequential::new().input(&[1]).add(dense).build().unwrap();
    model.compile(Compile::new().optimizer(SGD::new(-0.1)).loss("mse")).unwrap();
    model
}

fn quiet<'a>() -> Fit<'a> {
    Fit::new().shuffle(false).verbose(Verbose::Silent)
}

/// Writes down what it is called for.
#[derive(Clone, Default)]
struct Recorder {
    seen: Rc<RefCell<Vec<String>>>,
    stop_at_batch: Option<usize>,
}

impl Recorder {
    fn note(&self, event: impl Into<String>) {
        self.seen.borrow_mut().push(event.into());
    }
}

fn keys(logs: &Logs) -> String {
    logs.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

impl Callback for Recorder {
    fn on_train_begin(&mut self, cx: &mut Training<'_>) -> Result<()> {
        let parameters = cx.parameters;
        self.note(format!("train begin: {} epochs of {}", parameters.epochs, parameters.steps));
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.note(format!("epoch {epoch} begin"));
        Ok(())
    }

    fn on_train_batch_begin(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.note(format!("  train batch {batch} begin"));
        Ok(())
    }

    fn on_train_batch_end(&mut self, cx: &mut Training<'_>, batch: usize) -> Result<()> {
        self.note(format!("  train batch {batch} end: {}", keys(&cx.logs()?)));
        cx.stop_training |= self.stop_at_batch == Some(batch);
        Ok(())
    }

    fn on_test_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.note("  test begin");
        Ok(())
    }

    fn on_test_batch_begin(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.note(format!("    test batch {batch} begin"));
        Ok(())
    }

    fn on_test_batch_end(&mut self, _: &mut Training<'_>, batch: usize) -> Result<()> {
        self.note(format!("    test batch {batch} end"));
        Ok(())
    }

    fn on_test_end(&mut self, _: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.note(format!("  test end: {}", keys(logs)));
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &mut Training<'_>, epoch: usize, logs: &Logs) -> Result<()> {
        self.note(format!("epoch {epoch} end: {}", keys(logs)));
        Ok(())
    }

    fn on_train_end(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.note("train end");
        Ok(())
    }
}

#[test]
fn callbacks_are_called_in_the_order_of_keras() {
    let (x, y) = data();
    let recorder = Recorder::default();
    let fit = quiet().epochs(2).batch_size(2).validation_split(0.4).callback(recorder.clone());
    climbing().fit(&x, &y, fit).unwrap();
    insta::assert_snapshot!(recorder.seen.borrow().join("\n"), @r#"
    train begin: 2 epochs of 2
    epoch 0 begin
      train batch 0 begin
      train batch 0 end: loss
      train batch 1 begin
      train batch 1 end: loss
      test begin
        test batch 0 begin
        test batch 0 end
      test end: loss
    epoch 0 end: loss val_loss
    epoch 1 begin
      train batch 0 begin
      train batch 0 end: loss
      train batch 1 begin
      train batch 1 end: loss
      test begin
        test batch 0 begin
        test batch 0 end
      test end: loss
    epoch 1 end: loss val_loss
    train end
    "#);
}

#[test]
fn training_stops_after_the_step_that_asks() {
    let (x, y) = data();
    let recorder = Recorder { stop_at_batch: Some(1), ..Recorder::default() };
    let fit = quiet().epochs(3).batch_size(1).callback(recorder.clone());
    let mut model = climbing();
    let history = model.fit(&x, &y, fit).unwrap();
    assert_eq!(history.epoch, [0]);
    assert_eq!(model.iterations().unwrap(), 2);
    let seen = recorder.seen.borrow();
    assert_eq!(seen[seen.len() - 2..], ["epoch 0 end: loss", "train end"]);
}

#[test]
fn early_stopping_waits_and_restores() {
    let (x, y) = data();
    let mut model = climbing();
    let stopping = EarlyStopping::new("loss").patience(3).verbose(true).restore_best_weights(true);
    let history = model.fit(&x, &y, quiet().epochs(10).callback(stopping)).unwrap();
    // The first epoch is the best, and three more are waited for.
    assert_eq!(history.epoch, [0, 1, 2, 3]);
    let mut once = climbing();
    once.fit(&x, &y, quiet()).unwrap();
    assert_eq!(model.weight_values().unwrap(), once.weight_values().unwrap());

    let run = |stopping: EarlyStopping| {
        let mut model = climbing();
        model.fit(&x, &y, quiet().epochs(6).callback(stopping)).unwrap().epoch.len()
    };
    assert_eq!(run(EarlyStopping::new("loss")), 2);
    assert_eq!(run(EarlyStopping::new("loss").mode(Mode::Max)), 6);
    assert_eq!(run(EarlyStopping::new("loss").mode(Mode::Max).min_delta(1e9).patience(2)), 3);
    assert_eq!(run(EarlyStopping::new("loss").start_from_epoch(3)), 5);
    assert_eq!(run(EarlyStopping::new("loss").mode(Mode::Max).baseline(1e9).patience(2)), 6);
    assert_eq!(run(EarlyStopping::new("val_loss")), 6, "a value that is not there is left");
}

/// The message goes to standard error, so another process is looked at.
#[test]
fn early_stopping_says_when() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "callbacks::early_stopping_waits_and_restores", "--nocapture"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("Epoch 4: early stopping"), "{told}");
    assert!(told.contains("EarlyStopping: `val_loss` is not among the values"), "{told}");
}

#[test]
fn checkpoints_are_written_where_the_path_says() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (x, y) = data();
    let each = ModelCheckpoint::new(at("e{epoch:02d}.keras"));
    let best = ModelCheckpoint::new(at("best-{epoch}.keras")).monitor("loss").save_best_only(true);
    let worst = ModelCheckpoint::new(at("worst.keras"))
        .monitor("loss")
        .mode(Mode::Max)
        .save_best_only(true);
    let mut model = climbing();
    let fit = quiet().epochs(3).callback(each).callback(best).callback(worst);
    model.fit(&x, &y, fit).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["best-1.keras", "e01.keras", "e02.keras", "e03.keras", "worst.keras"]);
    let last = Model::load(at("worst.keras")).unwrap();
    assert_eq!(last.weight_values().unwrap(), model.weight_values().unwrap());
    assert_eq!(Model::load(at("e02.keras")).unwrap().iterations().unwrap(), 2);
    let wrong = ModelCheckpoint::new(at("{accuracy}.keras"));
    let error = model.fit(&x, &y, quiet().callback(wrong)).unwrap_err();
    insta::assert_snapshot!(error, @"ModelCheckpoint: path expected {epoch} or a value of an epoch (loss), received `{accuracy}`");
}
