use std::io::{Cursor, Write};

use rhyton_tensor::{Array, DType};
use serde_json::json;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::{Group, Weights, read_bytes, write_bytes};

fn model() -> ModelFile {
    let kernel = Array::from_slice(&[2, 3], &[1.0_f32, -2.0, 3.0, 4.5, -0.0, f32::NAN]).unwrap();
    let many = (0..12).map(|i| Array::scalar(i as f32)).collect();
    let mut weights = Weights::default();
    weights.insert("", Group::new("sequential", Vec::new()));
    weights.insert("layers/dense", Group::new("hidden", vec![kernel]));
    weights.insert("layers/dropout", Group::new("dropout", Vec::new()));
    weights.insert("optimizer", Group::new("adam", many));
    let named = [("table".to_owned(), Array::zeros(DType::I64, &[0]))].into();
    weights.insert("layers/custom", Group { named, ..Group::default() });
    ModelFile {
        metadata: json!({"keras_version": "3.15.1", "date_saved": "2026-11-23@15:56:58"}),
        config: json!({"class_name": "Sequential", "z": 1, "a": 0.001_f32, "n": null}),
        weights,
        rhyton: Some(json!({"version": 1})),
        assets: [("layers/text_vectorization/vocabulary.txt".to_owned(), "κέρας".into())].into(),
        ..ModelFile::default()
    }
}

fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn weights_bytes() -> Vec<u8> {
    hdf5::write(&groups::to_tree(&model().weights).unwrap()).unwrap()
}

fn message(bytes: &[u8]) -> String {
    read_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn a_model_comes_back_and_its_bytes_repeat() {
    let bytes = write_bytes(&model()).unwrap();
    assert_eq!(read_bytes(&bytes).unwrap(), model());
    assert_eq!(write_bytes(&model()).unwrap(), bytes);
}

#[test]
fn members_are_stored_in_keras_order() {
    let bytes = write_bytes(&model()).unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut names = Vec::new();
    for index in 0..zip.len() {
        let member = zip.by_index(index).unwrap();
        assert_eq!(member.compression(), CompressionMethod::Stored);
        names.push(member.name().unwrap().into_owned());
    }
    let asset = "assets/layers/text_vectorization/vocabulary.txt";
    assert_eq!(names, [METADATA, CONFIG, WEIGHTS, RHYTON, asset]);
}

#[test]
fn the_root_has_a_group_even_if_none_was_given() {
    let tree = groups::to_tree(&Weights::default()).unwrap();
    assert_eq!(tree.groups.keys().collect::<Vec<_>>(), ["vars"]);
}

#[test]
fn deflated_members_and_absent_metadata_are_read() {
    let weights = weights_bytes();
    let members: [(&str, &[u8]); 2] = [(CONFIG, b"{}"), (WEIGHTS, &weights)];
    let read = read_bytes(&archive(&members, CompressionMethod::Deflated)).unwrap();
    assert_eq!((read.metadata, read.rhyton), (Value::Null, None));
    assert_eq!(read.weights, model().weights);
}

#[test]
fn a_folder_is_read_as_an_archive_is() {
    let folder = tempfile::tempdir().unwrap();
    let assets = folder.path().join("assets/layers/text_vectorization");
    std::fs::create_dir_all(&assets).unwrap();
    std::fs::write(assets.join("vocabulary.txt"), "κέρας").unwrap();
    let written = model();
    let members = [(METADATA, &written.metadata), (CONFIG, &written.config)];
    for (name, value) in members.into_iter().chain([(RHYTON, written.rhyton.as_ref().unwrap())]) {
        std::fs::write(folder.path().join(name), value.to_string()).unwrap();
    }
    assert!(!crate::is_model_file(folder.path()));
    let error = crate::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("expected a member `model.weights.h5`"), "{error}");
    std::fs::write(folder.path().join(WEIGHTS), weights_bytes()).unwrap();
    assert!(crate::is_model_file(folder.path()));
    assert_eq!(crate::read(folder.path()).unwrap(), written);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/hostname", assets.join("link")).unwrap();
        let error = crate::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("leaves the model"), "{error}");
    }
}

#[test]
fn what_is_missing_or_unreadable_is_named() {
    let weights = weights_bytes();
    let stored = CompressionMethod::Stored;
    insta::assert_snapshot!(
        message(&archive(&[("other.txt", b"")], stored)),
        @r#"expected a member `config.json`, received `other.txt`; it is no Keras 3 model: save it with `model.save("name.keras")`"#
    );
    insta::assert_snapshot!(
        message(&archive(&[(CONFIG, b"{}"), ("model.weights.npz", b"")], stored)),
        @"expected a member `model.weights.h5`, received `config.json`, `model.weights.npz`; weights in `.npz` aren't read: save the model with Keras' default weights format"
    );
    insta::assert_snapshot!(
        message(&archive(&[(CONFIG, b"{\"a\": }"), (WEIGHTS, &weights)], stored)),
        @"member `config.json`: expected JSON, received text that fails at expected value at line 1 column 7"
    );
    let deep = "[".repeat(100_000);
    let error = message(&archive(&[(CONFIG, deep.as_bytes()), (WEIGHTS, &weights)], stored));
    assert!(error.contains("recursion limit"), "{error}");
}

#[test]
fn names_that_leave_the_model_are_refused() {
    let weights = weights_bytes();
    for name in ["assets/../../x", "../x", "/x", "assets/a\\b"] {
        let members: [(&str, &[u8]); 3] = [(CONFIG, b"{}"), (WEIGHTS, &weights), (name, b"x")];
        let error = message(&archive(&members, CompressionMethod::Stored));
        assert!(error.contains("leaves the model"), "{name}: {error}");
        let mut written = model();
        written.assets.insert("../x".to_owned(), Vec::new());
        assert!(write_bytes(&written).is_err());
    }
}

#[test]
fn bombs_are_refused_before_they_unpack() {
    let zeros = vec![0; 300 << 20];
    let bomb = archive(&[(CONFIG, b"{}"), (WEIGHTS, &zeros)], CompressionMethod::Deflated);
    let error = message(&bomb);
    assert!(error.contains("unpacked bytes: expected at most 268435454, received"), "{error}");
    let text = archive(&[(CONFIG, &zeros[..40 << 20])], CompressionMethod::Deflated);
    assert!(message(&text).contains("member `config.json`: unpacked bytes"));
}

#[test]
fn a_gap_between_variables_is_an_error() {
    let mut tree = groups::to_tree(&model().weights).unwrap();
    let vars = tree.groups.get_mut("optimizer").unwrap().groups.get_mut("vars").unwrap();
    vars.arrays.remove("3");
    let weights = hdf5::write(&tree).unwrap();
    insta::assert_snapshot!(
        message(&archive(&[(CONFIG, b"{}"), (WEIGHTS, &weights)], CompressionMethod::Stored)),
        @"weights `/optimizer/vars`: expected variables 0 to 11, received none numbered 3; the file is damaged"
    );
}

#[test]
fn groups_that_cannot_be_named_so_are_refused() {
    for path in ["layers//dense", "/layers", "layers/vars", "a/.", &"a/".repeat(70)] {
        let mut written = ModelFile::default();
        written.weights.insert(path, Group::default());
        let error = write_bytes(&written).unwrap_err();
        assert!(matches!(error, Error::Name { .. }), "{path}: {error}");
    }
    let mut written = ModelFile::default();
    let named = [("0".to_owned(), Array::scalar(1_i32))].into();
    written.weights.insert("layers/dense", Group { named, ..Group::default() });
    assert!(write_bytes(&written).is_err());
}
