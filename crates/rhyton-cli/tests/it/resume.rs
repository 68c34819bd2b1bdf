//! A training that is killed and started again ends as one that was not.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use rhyton::{Adam, Array, BatchNormalization, Compile, Dense, Dropout, Sequential};
use rhyton_data::npz;

use crate::process::{command, rhyton};

const EPOCHS: &str = "6";
/// Steps in all: 400 samples less a quarter, in batches of 10, six times.
const STEPS: u64 = 180;

/// A folder with a model that draws random numbers, and data.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut model = Sequential::new()
        .input(&[3])
        .add(Dense::new(16).activation("swish"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.2))
        .add(Dense::new(2).activation("softmax"))
        .build()
        .unwrap();
    let compile = Compile::new().optimizer(Adam::new(0.05)).metrics(["accuracy"]);
    model.compile(compile.loss("sparse_categorical_crossentropy")).unwrap();
    model.save(folder.path().join("m.keras")).unwrap();
    let x: Vec<f32> = (0..1200).map(|place| ((place * 7919) % 31) as f32 / 15.0 - 1.0).collect();
    let y: Vec<i32> = x.chunks(3).map(|row| i32::from(row[0] > row[1] * row[2])).collect();
    let [x, y] = [Array::from_slice(&[400, 3], &x), Array::from_slice(&[400], &y)];
    npz::write(&folder.path().join("d.npz"), [("x", &x.unwrap()), ("y", &y.unwrap())]).unwrap();
    folder
}

fn arguments<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let data = ["train", "m.keras", "--data", "d.npz", "--output", output, "--epochs", EPOCHS];
    let options = ["--batch-size", "10", "--validation-split", "0.25", "--seed", "4"];
    let callbacks = ["--early-stopping", "4", "--reduce-lr-on-plateau", "1"];
    [&data[..], &options, &callbacks, more].concat()
}

/// How many steps the checkpoint of a training has; `None` while there is none. Its header is JSON
/// from byte 24 on.
fn steps_kept(path: &Path) -> Option<u64> {
    let bytes = fs::read(path).ok()?;
    let length = u64::from_le_bytes(bytes[12..20].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[24..24 + length]).unwrap();
    let count = |key: &str| header[key].as_u64();
    Some(count("epoch")? * STEPS / 6 + count("batch").unwrap_or(0))
}

/// Kills a training once its checkpoint has so many steps; whether it was still running.
fn kill_at(mut child: Child, checkpoint: &Path, steps: u64) -> bool {
    loop {
        if steps_kept(checkpoint).is_some_and(|kept| kept >= steps) {
            break;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// Weights, optimizer and configuration: everything but the date.
fn contents(path: &Path) -> rhyton_formats::ModelFile {
    let mut file = rhyton_formats::read(path).unwrap();
    file.metadata = serde_json::Value::Null;
    file
}

fn assert_same_results(folder: &Path, whole: &str, resumed: &str) {
    let [a, b] = [whole, resumed].map(|name| contents(&folder.join(format!("{name}.keras"))));
    assert!(a == b, "{resumed}.keras differs from {whole}.keras");
    for extension in ["json", "csv"] {
        let [a, b] =
            [whole, resumed].map(|name| fs::read(folder.join(format!("{name}.{extension}"))));
        let [a, b] = [a, b].map(|bytes| String::from_utf8(bytes.unwrap()).unwrap());
        assert_eq!(a, b, "{resumed}.{extension}");
    }
}

fn unbroken(folder: &Path) {
    let more = ["--history", "whole.json", "--csv-log", "whole.csv", "-q"];
    let arguments = arguments("whole.keras", &more);
    assert_eq!(rhyton(folder, &arguments).output(), "");
}

/// Killed at ten steps of its way, each time by SIGKILL, and started again each time.
#[test]
fn a_training_killed_ten_times_ends_as_if_it_had_not_been() {
    let folder = folder();
    let path = folder.path();
    unbroken(path);
    let checkpoint = path.join("out.keras.checkpoint");
    let more = ["--history", "out.json", "--csv-log", "out.csv", "-q", "--resume"];
    let frequency = ["--save-frequency", "1"];
    let arguments = arguments("out.keras", &[&more[..], &frequency].concat());
    let mut kept = 0;
    for steps in [1, 9, 29, 30, 31, 58, 75, 90, 104, 121] {
        let child = command(path, &arguments).stderr(Stdio::null()).spawn().unwrap();
        assert!(kill_at(child, &checkpoint, steps), "it ended before step {steps}");
        let now = steps_kept(&checkpoint).unwrap();
        assert!(now >= kept, "{now} steps are kept after {kept}");
        kept = now;
        assert!(!path.join("out.keras").exists());
    }
    assert_eq!(rhyton(path, &arguments).output(), "");
    assert_same_results(path, "whole", "out");
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("out") || name.starts_with('.'))
        .collect();
    names.sort();
    assert_eq!(names, ["out.csv", "out.json", "out.keras"], "nothing else stays");
}

/// Kept after epochs or after every 7 steps, killed once at the beginning of an epoch.
#[test]
fn a_training_killed_once_ends_as_if_it_had_not_been() {
    let folder = folder();
    let path = folder.path();
    unbroken(path);
    for (epoch, frequency) in [("2", "epoch"), ("4", "epoch"), ("1", "7"), ("3", "7")] {
        let name = format!("out{epoch}{frequency}");
        let [output, history, table] =
            ["keras", "json", "csv"].map(|extension| format!("{name}.{extension}"));
        let more = ["--history", &history, "--csv-log", &table, "--resume"];
        let frequency = ["--save-frequency", frequency];
        let arguments = arguments(&output, &[&more[..], &frequency].concat());
        let mut child = command(path, &arguments).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let begins = format!("Epoch {epoch}/{EPOCHS}");
        let found = lines.map_while(Result::ok).any(|line| line == begins);
        assert!(found, "no line says {begins}");
        child.kill().unwrap();
        child.wait().unwrap();
        rhyton(path, &arguments).output();
        assert_same_results(path, "whole", &name);
    }
}

#[test]
fn only_the_same_training_goes_on() {
    let folder = folder();
    let path = folder.path();
    let resume = ["--resume", "--save-frequency", "1", "-q"];
    let started = arguments("out.keras", &resume);
    let checkpoint = path.join("out.keras.checkpoint");
    let child = command(path, &started).stderr(Stdio::null()).spawn().unwrap();
    assert!(kill_at(child, &checkpoint, 2));
    let mut other = started.clone();
    other.extend(["--no-shuffle"]);
    insta::assert_snapshot!(rhyton(path, &other).error(), @"error: out.keras.checkpoint: the checkpoint belongs to another training: shuffle expected true, received false; repeat what it began with, or delete the file to start anew");
    let mut other = started.clone();
    other.extend(["--csv-log", "log.csv"]);
    let error = rhyton(path, &other).error();
    assert!(error.contains("belongs to another training: context expected"), "{error}");
    let whole = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &whole[..whole.len() / 2]).unwrap();
    insta::assert_snapshot!(rhyton(path, &started).error(), @"error: out.keras.checkpoint: the checkpoint is damaged (its header is longer than the file); delete it to start the training anew");
    fs::copy(path.join("m.keras"), path.join("n.keras")).unwrap();
    let same = ["train", "n.keras", "--data", "d.npz", "--output", "n.keras", "--resume"];
    insta::assert_snapshot!(rhyton(path, &same).error(), @"error: --resume: expected an output other than MODEL, received n.keras for both");
    let frequency = ["train", "n.keras", "--data", "d.npz", "--output", "o.keras"];
    let frequency = [&frequency[..], &["--save-frequency", "0", "--resume"]].concat();
    insta::assert_snapshot!(rhyton(path, &frequency).error(), @r"
    error: invalid value '0' for '--save-frequency <epoch|N>': expected epoch, or a number of steps of at least 1

    For more information, try '--help'.
    ");
    // Without the flag a checkpoint is neither read nor written.
    rhyton(path, &arguments("out.keras", &["-q"])).output();
    assert_eq!(fs::read(&checkpoint).unwrap().len(), whole.len() / 2);
}

#[test]
fn the_callbacks_of_the_command_say_what_they_do() {
    let folder = folder();
    let path = folder.path();
    let more = ["--early-stopping", "0", "--epochs", "40", "--tensorboard", "events"];
    let data = ["train", "m.keras", "--data", "d.npz", "--output", "out.keras"];
    let finished = rhyton(path, &[&data[..], &more, &["--reduce-lr-on-plateau", "0"]].concat());
    assert!(finished.success, "{}", finished.stderr);
    let said = finished.stderr;
    assert!(said.contains(": early stopping"), "{said}");
    assert!(said.contains("ReduceLROnPlateau reducing learning rate to 0.005"), "{said}");
    assert!(fs::read_dir(path.join("events/train")).unwrap().count() == 1);
    let file = ["--tensorboard", "m.keras"];
    let error = rhyton(path, &[&data[..], &file].concat()).error();
    insta::assert_snapshot!(error, @"error: m.keras: expected a folder, received a file");
}
