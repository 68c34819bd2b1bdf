use std::path::Path;
use std::process::Command;

use super::*;
use crate::installed;

fn with_library(library: &Path) -> TensorFlowBackend {
    TensorFlowBackend::new(Settings { library: Some(library.to_owned()), ..Settings::default() })
}

fn message(backend: &TensorFlowBackend, folder: &Path) -> String {
    let error = backend.devices().unwrap_err();
    error.to_string().replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn absence_says_what_was_searched_and_how_to_enable() {
    let folder = tempfile::tempdir().unwrap();
    let backend = with_library(&folder.path().join("libtensorflow_cc.so.2"));
    insta::assert_snapshot!(message(&backend, folder.path()), @r"
    backend tensorflow: TensorFlow: no usable library was found; searched:
      FOLDER/libtensorflow_cc.so.2 (configured): there is no such file
    ; install it with `pip install tensorflow-cpu==2.21.0` for the `python3` on the path, or name the file `libtensorflow_cc.so.2` by RHYTON_TENSORFLOW_LIBRARY or by `library` in the `[tensorflow]` table of your own configuration file
    ");
    let refused = backend.session(None, Arc::new([])).err().unwrap();
    assert!(refused.to_string().contains("no such file"), "{refused}");
}

#[test]
fn a_file_that_is_no_library_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("libtensorflow_cc.so.2");
    std::fs::write(&file, "not a library").unwrap();
    let text = message(&with_library(&file), folder.path());
    assert!(text.contains("FOLDER/libtensorflow_cc.so.2 (configured): "), "{text}");
    assert!(!text.contains("no such file"), "{text}");
}

/// A library whose `TF_Version` says `version`, made by the compiler that made this test.
#[cfg(unix)]
fn fake_library(folder: &Path, version: &str) -> Option<PathBuf> {
    let (source, library) = (folder.join("fake.rs"), folder.join("libfake.so"));
    let code = format!(
        "#[unsafe(no_mangle)] pub extern \"C\" fn TF_Version() -> *const std::ffi::c_char {{ \
         c\"{version}\".as_ptr() }}"
    );
    std::fs::write(&source, code).unwrap();
    let made = Command::new("rustc")
        .args(["--edition=2024", "--crate-type=cdylib", "-Copt-level=0", "-o"])
        .args([&library, &source])
        .output();
    match made {
        Ok(output) if output.status.success() => Some(library),
        other => {
            println!("skipped: rustc makes no shared library here: {other:?}");
            None
        }
    }
}

#[cfg(unix)]
#[test]
fn an_old_library_is_named_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = fake_library(folder.path(), "1.15.0") else { return };
    let text = message(&with_library(&library), folder.path());
    let (problem, _) = text.split_once("; install").unwrap();
    insta::assert_snapshot!(problem, @"backend tensorflow: TensorFlow: expected version 2.10 or newer, below 3.0, received `1.15.0` from `FOLDER/libfake.so`");
}

#[cfg(unix)]
#[test]
fn a_library_without_the_functions_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = fake_library(folder.path(), "2.21.0") else { return };
    let text = message(&with_library(&library), folder.path());
    assert!(text.contains("`FOLDER/libfake.so` lacks `TF_NewStatus`"), "{text}");
}

#[test]
fn the_device_is_described_and_others_are_refused() {
    let Some(backend) = installed::backend() else { return };
    let devices = backend.devices().unwrap();
    assert_eq!(devices[0].name, "cpu");
    assert!(devices[0].description.starts_with("TensorFlow 2."), "{devices:?}");
    assert!(backend.session(Some("cpu"), Arc::new([])).is_ok());
    let refused = backend.session(Some("gpu:7"), Arc::new([])).err().unwrap();
    insta::assert_snapshot!(refused, @"backend tensorflow: device expected `cpu`, received `gpu:7`; write `tensorflow` or `tensorflow:cpu`");
}
