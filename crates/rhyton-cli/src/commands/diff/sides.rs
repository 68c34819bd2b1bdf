use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use rhyton::{Array, LoadOptions, Model};
use rhyton_formats::ModelFile;
use serde_json::Value;

use crate::model::of_file;

/// One of two things that are compared.
pub(super) struct Side {
    pub(super) config: Value,
    pub(super) weights: BTreeMap<String, Array>,
}

/// Both sides in the same words: weights under the same names, configurations in one dialect.
pub(super) fn read(a: &Path, b: &Path) -> Result<(Side, Side)> {
    let files = [rhyton_formats::read(a)?, rhyton_formats::read(b)?];
    match (files[0].config.is_null(), files[1].config.is_null()) {
        (false, false) => {
            let load = |path, file| of_model(&of_file(path, file, &LoadOptions::default())?);
            Ok((load(a, &files[0])?, load(b, &files[1])?))
        }
        (false, true) => with_weights(a, &files[0], b),
        (true, false) => with_weights(b, &files[1], a).map(|(b, a)| (a, b)),
        (true, true) => {
            let [first, second] = files.map(plain);
            match (first, second) {
                ((a, first), (b, second)) if a == b => {
                    let side = |weights| Side { config: Value::Null, weights };
                    Ok((side(first), side(second)))
                }
                _ => bail!(
                    "{} and {} name weights in different ways; compare one of them with the model \
                     (.keras, .h5) that they belong to",
                    a.display(),
                    b.display()
                ),
            }
        }
    }
}

fn of_model(model: &Model) -> Result<Side> {
    let file = model.to_file()?;
    let mut weights = BTreeMap::new();
    for (_, weight) in model.weights().iter() {
        weights.insert(weight.path.clone(), model.weight(&weight.path)?);
    }
    for (place, array) in file.weights.variables("optimizer").iter().enumerate() {
        weights.insert(format!("optimizer/{place}"), array.clone());
    }
    Ok(Side { config: file.config, weights })
}

/// A model and weights for it: only weights are compared, without the optimizer's.
fn with_weights(path: &Path, file: &ModelFile, weights: &Path) -> Result<(Side, Side)> {
    let options = LoadOptions { compile: false, ..LoadOptions::default() };
    let mut model = of_file(path, file, &options)?;
    let first = of_model(&model)?;
    model.load_weights(weights)?;
    Ok((first, of_model(&model)?))
}

/// The weights of a file without configuration, under the names that it has, and which names.
fn plain(file: ModelFile) -> (&'static str, BTreeMap<String, Array>) {
    if let Some(named) = file.named {
        return ("by path", named);
    }
    if let Some(layers) = file.layers {
        let arrays = layers.layers.into_iter().flat_map(|(layer, arrays)| {
            arrays.into_iter().map(move |(name, array)| (format!("{layer}/{name}"), array))
        });
        return ("by layer", arrays.collect());
    }
    let arrays = file.weights.groups.into_iter().flat_map(|(path, group)| {
        let numbered = group.variables.into_iter().enumerate();
        let numbered = numbered.map(|(place, array)| (place.to_string(), array));
        numbered.chain(group.named).map(move |(name, array)| (format!("{path}/{name}"), array))
    });
    ("by group", arrays.collect())
}
