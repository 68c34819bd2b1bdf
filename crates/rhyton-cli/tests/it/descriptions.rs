use std::fs;
use std::path::{Path, PathBuf};

use rhyton::{Array, Model};
use rhyton_data::npz;

use crate::process::{json, rhyton};

/// A file of `examples/models`.
fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/models").join(name)
}

/// Pictures of digits' shape with a class each, few enough to train on in a moment.
fn pictures(folder: &Path) {
    let x: Vec<f32> = (0..40 * 784).map(|place| (place * 7919 % 101) as f32 / 101.0).collect();
    let y: Vec<i32> = (0..40).map(|sample| sample % 10).collect();
    let x = Array::from_slice(&[40, 28, 28], &x).unwrap();
    let y = Array::from_slice(&[40], &y).unwrap();
    npz::write(&folder.join("pictures.npz"), [("x", &x), ("y", &y)]).unwrap();
}

fn table(folder: &Path) {
    let numbers: Vec<f32> = (0..60 * 4).map(|place| (place * 7919 % 13) as f32 / 6.0).collect();
    let flags: Vec<f32> = (0..60 * 3).map(|place| (place % 2) as f32).collect();
    let kinds: Vec<i32> = (0..60).map(|row| row % 3).collect();
    let sizes: Vec<f32> = numbers.chunks(4).map(|row| row[0] + row[1]).collect();
    let arrays = [
        ("numbers", Array::from_slice(&[60, 4], &numbers).unwrap()),
        ("flags", Array::from_slice(&[60, 3], &flags).unwrap()),
        ("y0", Array::from_slice(&[60], &kinds).unwrap()),
        ("y1", Array::from_slice(&[60, 1], &sizes).unwrap()),
    ];
    let named = arrays.iter().map(|(name, array)| (*name, array));
    npz::write(&folder.join("rows.npz"), named).unwrap();
}

#[test]
fn the_examples_are_trained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    pictures(path);
    table(path);
    for (name, data, parameters) in [
        ("blog.toml", "pictures.npz", 228_070),
        ("digits_cnn.toml", "pictures.npz", 895_174),
        ("two_inputs.toml", "rows.npz", 484),
    ] {
        let example = example(name);
        let model = example.to_str().unwrap();
        let arguments = [
            "train",
            model,
            "--data",
            data,
            "--epochs",
            "1",
            "--output",
            "out.keras",
            "--history",
            "h.json",
            "-q",
        ];
        assert_eq!(rhyton(path, &arguments).output(), "", "{name}");
        let trained = Model::load(path.join("out.keras")).unwrap();
        assert_eq!(trained.count_parameters(), parameters, "{name}");
        assert!(trained.iterations().unwrap() > 0, "{name}");
        let summary = rhyton(path, &["summary", model]).output();
        assert!(summary.starts_with(&format!("Model: \"{}\"", trained.name())), "{summary}");
    }
}

#[test]
fn flags_win_over_the_description() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    table(path);
    fs::write(
        path.join("m.toml"),
        "[inputs]\nnumbers = [4]\nflags = [3]\n\
         [[layers]]\nclass_name = \"Concatenate\"\ninputs = [\"numbers\", \"flags\"]\n\
         [[layers]]\nclass_name = \"Dense\"\nname = \"a\"\nunits = 3\n\
         [[layers]]\nclass_name = \"Dense\"\nname = \"b\"\nunits = 1\ninputs = [\"concatenate\"]\n\
         [fit]\nepochs = 3\nbatch_size = 16\nvalidation_split = 0.2\nseed = 5\n",
    )
    .unwrap();
    let text = fs::read_to_string(path.join("m.toml")).unwrap();
    fs::write(path.join("m.toml"), format!("outputs = [\"a\", \"b\"]\n{text}")).unwrap();
    let train = |more: &[&str]| {
        let arguments = [
            "train",
            "m.toml",
            "--data",
            "rows.npz",
            "--output",
            "o.keras",
            "--history",
            "h.json",
            "-q",
        ];
        rhyton(path, &[&arguments[..], more].concat())
    };
    insta::assert_snapshot!(train(&[]).error(), @"error: m.toml: the model is not compiled; pass --loss (and --optimizer, --metrics)");
    fs::write(
        path.join("m.toml"),
        format!(
            "outputs = [\"a\", \"b\"]\n{text}[compile]\n\
             loss = {{ a = {{ class_name = \"SparseCategoricalCrossentropy\", from_logits = true }}, b = \"mse\" }}\n"
        ),
    )
    .unwrap();
    let weights = || Model::load(path.join("o.keras")).unwrap().weight_values().unwrap();
    let history = || -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(path.join("h.json")).unwrap()).unwrap()
    };
    train(&[]).output();
    let first = weights();
    assert_eq!(history()["params"], serde_json::json!({"epochs": 3, "steps": 3, "batch_size": 16}));
    assert_eq!(history()["history"]["val_loss"].as_array().unwrap().len(), 3);
    train(&["--seed", "5"]).output();
    assert_eq!(weights(), first, "the description's seed");
    train(&["--epochs", "1", "--batch-size", "60", "--validation-split", "0", "--seed", "6"])
        .output();
    assert_eq!(history()["params"], serde_json::json!({"epochs": 1, "steps": 1, "batch_size": 60}));
    assert_ne!(weights(), first);
    let values = json(path, &["evaluate", "o.keras", "--data", "rows.npz", "--json"]);
    assert!(values["loss"].as_f64().unwrap().is_finite(), "{values}");
}

#[test]
fn mistakes_are_found_by_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let summary = |text: &[u8]| {
        fs::write(path.join("m.toml"), text).unwrap();
        rhyton(path, &["summary", "m.toml"]).error()
    };
    insta::assert_snapshot!(summary(b"input = [4]\n[[layers]]\nclass_name = \"Dense\"\nunits = 0\n"), @"error: m.toml:4:1: dense: Dense: units expected at least 1, received 0");
    insta::assert_snapshot!(summary(b"input = [4"), @"error: m.toml:1:11: unclosed array, expected `]`");
    insta::assert_snapshot!(summary(b"\xff"), @"error: m.toml: can't read it: stream did not contain valid UTF-8");
    fs::remove_file(path.join("m.toml")).unwrap();
    insta::assert_snapshot!(rhyton(path, &["summary", "m.toml"]).error(), @"error: m.toml: can't read it: No such file or directory (os error 2)");
}

#[test]
fn the_pages_chain_is_a_model() {
    let page = include_str!("../../../../docs/model-description.md");
    let blocks = page.split("```").skip(1).step_by(2);
    let blocks: Vec<&str> = blocks.filter_map(|block| block.strip_prefix("toml\n")).collect();
    let [chain, branches, compile] = blocks[..] else { unreachable!("the page has three") };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.toml"), format!("{chain}\n{compile}")).unwrap();
    let summary = rhyton(folder.path(), &["summary", "m.toml"]).output();
    assert!(summary.contains("dense_1 (Dense)"), "{summary}");
    let outputs = branches.replace("[\"kind\", \"size\"]", "[\"both\"]");
    fs::write(folder.path().join("m.toml"), outputs).unwrap();
    let summary = rhyton(folder.path(), &["summary", "m.toml"]).output();
    assert!(summary.contains("wide[0][0], flags[0][0]"), "{summary}");
}

#[test]
fn a_description_follows_the_configured_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("rhyton.toml"), "floatx = \"float64\"\n").unwrap();
    let layers = "input = [4]\n[[layers]]\nclass_name = \"Dense\"\nunits = 8\n";
    fs::write(path.join("m.toml"), layers).unwrap();
    let text = rhyton(path, &["summary", "m.toml"]).output();
    assert!(text.contains("Total params: 40 (320.00 B)"), "{text}");
    fs::write(path.join("m.toml"), format!("{layers}dtype = \"float32\"\n")).unwrap();
    let text = rhyton(path, &["summary", "m.toml"]).output();
    assert!(text.contains("Total params: 40 (160.00 B)"), "{text}");
}
