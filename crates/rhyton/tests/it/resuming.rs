//! A training that is interrupted and goes on has the bits of one that was not.

use std::fs;
use std::path::{Path, PathBuf};

use rhyton::callbacks::{Frequency, Training};
use rhyton::{
    Adam, Array, BackupAndRestore, BatchNormalization, CSVLogger, Callback, Compile, Dense,
    Dropout, EarlyStopping, Error, Fit, Flatten, History, LearningRateScheduler, Model,
    ReduceLROnPlateau, Result, SGD, Sequential, SwapEMAWeights, TensorBoard, TerminateOnNaN,
    Verbose,
};

use crate::training::clouds;

/// Fails after a number of steps of a process, as if the process had been killed then.
struct Interruption(Option<usize>);

impl Callback for Interruption {
    fn on_train_batch_end(&mut self, _: &mut Training<'_>, _: usize) -> Result<()> {
        match &mut self.0 {
            Some(0) => Err(Error::data("fit", "step", "none", "an interruption")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Everything that random numbers, running values and slots can go wrong in.
fn network() -> Model {
    let mut model = Sequential::new()
        .input(&[4, 4])
        .add(Flatten::new())
        .add(Dense::new(8).activation("swish"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.3))
        .add(Dense::new(3).activation("softmax"))
        .build()
        .unwrap();
    let optimizer = Adam::new(0.02).use_ema(true).ema_momentum(0.9);
    let compile = Compile::new()
        .optimizer(optimizer)
        .loss("sparse_categorical_crossentropy")
        .metrics(["accuracy"]);
    model.compile(compile).unwrap();
    model
}

/// What a training leaves.
#[derive(Debug, PartialEq)]
struct Left {
    weights: Vec<Array>,
    rate: f64,
    iterations: u64,
    history: History,
    table: String,
}

struct Setting<'a> {
    folder: &'a Path,
    frequency: Frequency,
    patience: usize,
}

impl Setting<'_> {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Trains until an interruption after some steps, or to the end.
    fn train(&self, interruption: Option<usize>) -> Result<Left> {
        let (x, y) = clouds(50);
        let mut model = network();
        let backup = BackupAndRestore::new(self.at("backup")).save_freq(self.frequency);
        let stopping = EarlyStopping::new("val_loss").patience(self.patience);
        let fit = Fit::new()
            .epochs(6)
            .batch_size(8)
            .seed(3)
            .validation_split(0.2)
            .verbose(Verbose::Silent)
            .callback(SwapEMAWeights::new())
            .callback(ReduceLROnPlateau::new("val_loss").patience(1).factor(0.5).cooldown(1))
            .callback(stopping.restore_best_weights(true))
            .callback(CSVLogger::new(self.at("log.csv")))
            .callback(TensorBoard::new(self.at("events")).update_freq(2).histogram_freq(2))
            .callback(TerminateOnNaN::new())
            .callback(Interruption(interruption))
            .callback(backup);
        let history = model.fit(&x, &y, fit)?;
        Ok(Left {
            weights: model.weight_values()?,
            rate: model.learning_rate()?,
            iterations: model.iterations()?,
            history,
            table: fs::read_to_string(self.at("log.csv")).unwrap(),
        })
    }
}

/// How long the files of events are: their contents have the time in them.
fn events(folder: &Path) -> Vec<u64> {
    let lengths = ["train", "validation"].map(|run| {
        let files: Vec<_> = fs::read_dir(folder.join("events").join(run)).unwrap().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.into_iter().map(|file| file.unwrap().metadata().unwrap().len()).collect::<Vec<_>>()
    });
    lengths.concat()
}

/// Every step of every epoch is a place to be interrupted at, once or again and again.
#[test]
fn a_training_goes_on_from_every_step() {
    for patience in [9, 2] {
        let whole = tempfile::tempdir().unwrap();
        let frequency = Frequency::Epoch;
        let unbroken = Setting { folder: whole.path(), frequency, patience }.train(None).unwrap();
        assert!(unbroken.rate < 0.02, "the rate should have been reduced: {unbroken:?}");
        for (frequency, interruptions) in [
            (Frequency::Epoch, vec![7]),
            (Frequency::Epoch, vec![5, 9]),
            (Frequency::Steps(1), vec![3]),
            (Frequency::Steps(1), vec![4]),
            (Frequency::Steps(1), vec![5; 5]),
            (Frequency::Steps(2), vec![3, 4, 6]),
            (Frequency::Steps(7), vec![12, 3]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let setting = Setting { folder: folder.path(), frequency, patience };
            for after in &interruptions {
                let error = setting.train(Some(*after)).unwrap_err();
                assert!(error.to_string().contains("an interruption"), "{error}");
                assert!(setting.at("backup/training.checkpoint").is_file());
            }
            let resumed = setting.train(None).unwrap();
            assert_eq!(resumed, unbroken, "{frequency:?} {interruptions:?}");
            assert_eq!(events(folder.path()), events(whole.path()), "{interruptions:?}");
            assert!(!setting.at("backup").exists(), "it is removed at the end");
        }
    }
}

/// One that had stopped early, or ended, has nothing left to train.
#[test]
fn a_training_that_was_over_stays_so() {
    let (x, y) = clouds(20);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept");
    let train = |epochs: usize| {
        let mut model = network();
        let fit = Fit::new()
            .epochs(epochs)
            .verbose(Verbose::Silent)
            .callback(EarlyStopping::new("loss").mode(rhyton::callbacks::Mode::Max))
            .callback(BackupAndRestore::in_file(&path).delete_checkpoint(false));
        let history = model.fit(&x, &y, fit)?;
        Ok::<_, Error>((history, model.weight_values()?, model.iterations()?))
    };
    let first = train(9).unwrap();
    assert!(first.0.epoch.len() < 9);
    assert_eq!(train(9).unwrap(), first);
    let error = train(1).unwrap_err().to_string();
    assert!(error.contains("epochs expected at least 2, received 1"), "{error}");
}

/// More epochs than before are the same as that many at once.
#[test]
fn a_kept_training_goes_on_for_longer() {
    let (x, y) = clouds(20);
    let train = |path: &Path, epochs: usize| {
        let mut model = network();
        let backup = BackupAndRestore::in_file(path).delete_checkpoint(false);
        let fit = Fit::new().epochs(epochs).verbose(Verbose::Silent).callback(backup);
        let history = model.fit(&x, &y, fit).unwrap();
        (history, model.weight_values().unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    let (long, short) = (folder.path().join("long"), folder.path().join("short"));
    train(&short, 2);
    assert_eq!(train(&short, 5), train(&long, 5));
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept");
    let (x, y) = clouds(20);
    let model = |units: usize, activation: &str, rate: f64| {
        let mut model = Sequential::new()
            .input(&[4, 4])
            .add(Flatten::new())
            .add(Dense::new(units).activation(activation))
            .add(Dense::new(3).activation("softmax"))
            .build()
            .unwrap();
        let compile = Compile::new().optimizer(SGD::new(rate));
        model.compile(compile.loss("sparse_categorical_crossentropy")).unwrap();
        model
    };
    let backup = || BackupAndRestore::in_file(&path).delete_checkpoint(false);
    let fit = || Fit::new().verbose(Verbose::Silent).callback(backup());
    let refused = |mut model: Model, (x, y): (&Array, &Array), fit: Fit<'_>| {
        let error = model.fit(x, y, fit).unwrap_err().to_string();
        error.replace(&path.display().to_string(), "kept")
    };
    model(4, "relu", 0.1).fit(&x, &y, fit()).unwrap();
    let same = || model(4, "relu", 0.1);
    let data = (&x, &y);
    insta::assert_snapshot!(refused(same(), data, fit().batch_size(8)), @"kept: the checkpoint belongs to another training: batch_size expected 32, received 8; repeat what it began with, or delete the file to start anew");
    insta::assert_snapshot!(refused(same(), data, fit().seed(8)), @"kept: the checkpoint belongs to another training: seed expected 0, received 8; repeat what it began with, or delete the file to start anew");
    insta::assert_snapshot!(refused(same(), data, fit().validation_split(0.5)), @"kept: the checkpoint belongs to another training: data expected x0 float32[20, 4, 4], y0 int32[20], received x0 float32[10, 4, 4], y0 int32[10]; repeat what it began with, or delete the file to start anew");
    insta::assert_snapshot!(refused(same(), data, fit().callback(TerminateOnNaN::new())), @"kept: the checkpoint belongs to another training: callbacks expected BackupAndRestore, received BackupAndRestore, TerminateOnNaN; repeat what it began with, or delete the file to start anew");
    let (few, labels) = clouds(10);
    insta::assert_snapshot!(refused(same(), (&few, &labels), fit()), @"kept: the checkpoint belongs to another training: data expected x0 float32[20, 4, 4], y0 int32[20], received x0 float32[10, 4, 4], y0 int32[10]; repeat what it began with, or delete the file to start anew");
    for other in [model(5, "relu", 0.1), model(4, "elu", 0.1)] {
        let error = refused(other, data, fit());
        assert!(error.contains("layers expected 3 layers with 83 parameters ("), "{error}");
    }
    insta::assert_snapshot!(refused(model(4, "relu", 0.2), data, fit()), @r#"kept: the checkpoint belongs to another training: optimizer expected {"class_name":"SGD","config":{"learning_rate":0.10000000149011612}}, received {"class_name":"SGD","config":{"learning_rate":0.20000000298023224}}; repeat what it began with, or delete the file to start anew"#);
    let other = Fit::new().verbose(Verbose::Silent).callback(backup().context("b".into()));
    insta::assert_snapshot!(refused(same(), data, other), @"kept: the checkpoint belongs to another training: context expected null, received b; repeat what it began with, or delete the file to start anew");
    fs::write(&path, "no checkpoint").unwrap();
    insta::assert_snapshot!(refused(same(), data, fit()), @"kept: expected a checkpoint of a training, received something else; name another file, or delete this one");
    insta::assert_snapshot!(refused(same(), data, Fit::new().callback(BackupAndRestore::new(""))), @"BackupAndRestore: backup_dir expected a path, received an empty one");
    let never = Fit::new().callback(BackupAndRestore::in_file(&path).save_freq(0));
    insta::assert_snapshot!(refused(same(), data, never), @"BackupAndRestore: save_freq expected epoch, or at least 1 step, received 0");
}

/// A schedule of the rate is called once for every epoch, however often the epoch is taken up.
#[test]
fn an_epoch_that_is_taken_up_does_not_begin_again() {
    let (x, y) = clouds(20);
    let folder = tempfile::tempdir().unwrap();
    let train = |name: &str, interruption: Option<usize>| {
        let mut model = network();
        let fit = Fit::new()
            .epochs(3)
            .batch_size(4)
            .verbose(Verbose::Silent)
            .callback(LearningRateScheduler::new(|_, rate| rate * 0.5))
            .callback(Interruption(interruption))
            .callback(BackupAndRestore::in_file(folder.path().join(name)).save_freq(1));
        model.fit(&x, &y, fit).map(|history| (history, model.weight_values().unwrap()))
    };
    let unbroken = train("whole", None).unwrap();
    assert_eq!(unbroken.0.history["learning_rate"].len(), 3);
    train("broken", Some(7)).unwrap_err();
    assert_eq!(train("broken", None).unwrap(), unbroken);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "checkpoints go at the end");
}
