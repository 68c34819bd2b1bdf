use std::io::Read;
use std::process::Stdio;

use crate::process::{command, json, rhyton};

#[test]
fn help_lists_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(rhyton(folder.path(), &["--help"]).output(), @r#"
    Trains, compares and runs Keras models with activation functions of your own

    Usage: rhyton [OPTIONS] <COMMAND>

    Commands:
      compare      Trains the same network once per activation and seed, and compares accuracy and time
      train        Trains a model on data (the train part, if the data has parts) and writes it
      evaluate     Loss and metrics of a model on data (the test part, if the data has parts)
      predict      Writes a model's outputs for the samples of a file (the test part, if the data has parts)
      serve        Answers requests for predictions over HTTP, in the protocol of TensorFlow Serving
      summary      Prints a model's layers, output shapes and parameters
      bench        How long a model takes for a prediction or a step of training, and where the time goes
      convert      Writes a model, or its weights alone, in another format
      diff         Shows how two models, or files of weights, differ
      activations  Lists the built-in activations, shows or reviews one, or computes the values of any
      backends     Lists the engines of this build, and how to enable those that are not there
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --backend <NAME>  The engine that runs models, for this call only (`rhyton backends` lists them)
      -q, --quiet           No progress and no remarks; results and errors only
      -v, --verbose         With an error, what it was caused by
    "#);
    let version = rhyton(folder.path(), &["--version"]).output();
    assert_eq!(version, format!("rhyton {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn each_command_has_help() {
    let folder = tempfile::tempdir().unwrap();
    for command in
        ["train", "evaluate", "predict", "serve", "bench", "convert", "diff", "activations"]
    {
        let text = rhyton(folder.path(), &[command, "-h"]).output();
        insta::assert_snapshot!(format!("help_{command}"), text);
    }
}

#[test]
fn wrong_arguments_are_one_message() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(rhyton(folder.path(), &["comprae"]).error(), @r#"
    error: unrecognized subcommand 'comprae'

      tip: a similar subcommand exists: 'compare'

    Usage: rhyton [OPTIONS] <COMMAND>

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(rhyton(folder.path(), &["train", "m.keras"]).error(), @r#"
    error: the following required arguments were not provided:
      --data <DATA>
      --output <OUT.keras>

    Usage: rhyton train --data <DATA> --output <OUT.keras> <MODEL>

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(rhyton(folder.path(), &["compare", "relu", "--seeds", "0"]).error(), @r#"
    error: invalid value '0' for '--seeds <N>': 0 is not in 1..=4294967295

    For more information, try '--help'.
    "#);
}

#[test]
fn backends_are_listed_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let list = json(folder.path(), &["backends", "--json"]);
    let first = &list[0];
    assert_eq!((&first["name"], &first["available"]), (&"native".into(), &true.into()));
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "available", "version", "devices", "reason", "enable"]);
    let missing = list.as_array().unwrap().iter().filter(|entry| entry["available"] == false);
    missing.for_each(|entry| assert!(entry["reason"].is_string() && entry["enable"].is_string()));
}

#[test]
fn an_unknown_backend_names_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let compare = ["compare", "relu", "--epochs", "1", "--seeds", "1"];
    let flag = [&compare[..], &["--backend", "natve"]].concat();
    insta::assert_snapshot!(rhyton(folder.path(), &flag).error(), @"error: backend: name expected one of native, tensorflow, interpreter, received `natve` from --backend; did you mean native?");
    std::fs::write(folder.path().join("rhyton.toml"), "backend = \"theano\"\n").unwrap();
    let error = rhyton(folder.path(), &compare).error();
    assert!(error.contains("`theano` from rhyton.toml"), "{error}");
    std::fs::write(folder.path().join("rhyton.toml"), "bakend = \"native\"\n").unwrap();
    let error = rhyton(folder.path(), &compare).error();
    assert!(error.starts_with("error: rhyton.toml: ") && error.contains("bakend"), "{error}");
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["activations", "eval", "relu", "--x", "0..100000:1"];
    let mut child = command(folder.path(), &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(child.wait().unwrap().success(), "{stderr}");
    assert_eq!(stderr, "");
}
