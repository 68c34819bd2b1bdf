use rhyton::{Compile, Dense, Sequential};

use crate::process::{json, rhyton};

/// A folder with a model, compiled with the loss if there is one.
fn folder(loss: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut model = Sequential::new()
        .input(&[16])
        .add(Dense::new(8).activation("swish").name("hidden"))
        .add(Dense::new(3).activation("softmax"))
        .build()
        .unwrap();
    if let Some(loss) = loss {
        model.compile(Compile::new().optimizer("adam").loss(loss).metrics(["accuracy"])).unwrap();
    }
    model.save(folder.path().join("m.keras")).unwrap();
    folder
}

#[test]
fn a_prediction_is_explained_step_by_step() {
    let folder = folder(None);
    let arguments = ["bench", "m.keras", "--batch", "4", "--rounds", "2", "--explain"];
    let text = rhyton(folder.path(), &arguments).output();
    assert!(text.contains("GFLOP/s") && text.contains("hidden"), "{text}");
    assert!(text.contains("a prediction for 4 samples: "), "{text}");
    let totals = rhyton(folder.path(), &arguments[..6]).output();
    assert_eq!(totals.lines().count(), 1, "{totals}");
}

#[test]
fn training_is_profiled_with_whatever_targets_the_loss_wants() {
    for loss in ["sparse_categorical_crossentropy", "categorical_crossentropy", "mse"] {
        let folder = folder(Some(loss));
        let arguments = ["bench", "m.keras", "--train", "--rounds", "1", "--json"];
        let value = json(folder.path(), &arguments);
        assert_eq!(value["purpose"], "train", "{loss}");
        let steps = value["steps"].as_array().unwrap();
        let share: f64 = steps.iter().map(|step| step["share"].as_f64().unwrap()).sum();
        assert!((share - 1.0).abs() < 1e-9, "{loss}: {share}");
        let of_hidden = |step: &&serde_json::Value| {
            step["layer"].as_str().unwrap().contains("hidden")
                && step["operations"].as_f64().unwrap() >= 2.0 * 32.0 * 16.0 * 8.0
        };
        assert!(steps.iter().any(|step| of_hidden(&step)), "{loss}: {value:#}");
    }
}

#[test]
fn what_can_not_be_measured_is_refused() {
    let folder = folder(None);
    let error = rhyton(folder.path(), &["bench", "m.keras", "--train"]).error();
    assert!(error.starts_with("error: ") && error.contains("compile"), "{error}");
    let arguments = ["bench", "m.keras", "--explain", "--backend", "interpreter"];
    insta::assert_snapshot!(rhyton(folder.path(), &arguments).error(), @"error: the backend `interpreter` does not tell what its steps take");
    let error = rhyton(folder.path(), &["bench", "m.keras", "--batch", "0"]).error();
    assert!(error.contains("--batch"), "{error}");
}
