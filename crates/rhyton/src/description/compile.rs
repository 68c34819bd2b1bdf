use serde_json::{Map, Value};

use super::document::{Document, Node};
use super::layers::locate;
use crate::models::Model;
use crate::training::compile_of;
use crate::{Error, Result};

const KEYS: [&str; 5] = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"];

/// Compiles a model as `[compile]` says: names, or tables with a `class_name` and its keys.
pub(super) fn compile(document: &Document, node: &Node, model: &mut Model) -> Result<()> {
    let entries = document.check_keys(node, "[compile]", &KEYS)?;
    let outputs = model.outputs().len();
    // Keras' default.
    let mut config = Map::from_iter([("optimizer".to_owned(), Value::from("rmsprop"))]);
    for entry in entries {
        config.insert(entry.key.clone(), entry.node.to_json());
        // What was read before is right, so a failure is this key's.
        compile_of(&config, outputs).map_err(|error| locate(document, &entry.node, &error))?;
    }
    let compiled = compile_of(&config, outputs).and_then(|compile| model.compile(compile));
    compiled.map_err(|error| locate(document, node.get(key_of(&error)).unwrap_or(node), &error))
}

/// The key that a failure of the whole is about, if it is clear.
fn key_of(error: &Error) -> &str {
    match error {
        Error::In { source, .. } => key_of(source),
        Error::UnknownName { kind: "metric", .. } => "metrics",
        Error::UnknownName { kind, .. } => kind,
        Error::Config { argument, .. } => argument,
        _ => "",
    }
}
