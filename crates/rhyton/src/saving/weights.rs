//! Weights between a model and a file, in each of the forms that files have.

use std::collections::{BTreeMap, BTreeSet};

use rhyton_formats::{Group, ModelFile, Weights as FileWeights};
use rhyton_graph::VariableId;
use rhyton_tensor::Array;

use super::layout::{Place, places};
use crate::models::{Model, Network};
use crate::{Error, Result};

/// The weights of a model as a file's groups; every layer has one, weightless ones too.
pub(super) fn collect(model: &Model) -> Result<FileWeights> {
    let mut file = FileWeights::default();
    file.insert("", Group::new(model.name(), Vec::new()));
    for Place { group, name, path } in places(&model.network) {
        let own = path.as_ref().map_or(Ok(Vec::new()), |path| values(model, path))?;
        file.insert(group.clone(), Group::new(name, own));
        for part in path.iter().flat_map(|path| model.weights.parts(path)) {
            let inside = part.strip_prefix(path.as_deref().unwrap_or_default()).unwrap_or_default();
            let name = inside.rsplit('/').next().unwrap_or_default().to_owned();
            file.insert(format!("{group}{inside}"), Group::new(name, values(model, part)?));
        }
    }
    Ok(file)
}

/// Numbers that a network may have beyond four times a file's, so that a small mismatch gets the
/// error that names its layer.
const SLACK: usize = 1 << 20;

/// Refuses a network that declares far more weights than a file holds, before memory is taken.
pub(super) fn check_size(network: &Network, file: &ModelFile) -> Result<()> {
    let mut wanted = 0_usize;
    for (_, weight) in network.build()?.iter() {
        let volume = rhyton_tensor::volume(&weight.spec.shape.bind(0))?;
        wanted = wanted.saturating_add(volume);
    }
    let groups = file.weights.groups.values().flat_map(|group| &group.variables);
    let layers = file.layers.iter().flat_map(|layers| &layers.layers);
    let layers = layers.flat_map(|(_, variables)| variables.iter().map(|(_, array)| array));
    let named = file.named.iter().flat_map(BTreeMap::values);
    let stored = groups.chain(layers).chain(named).map(Array::len);
    let stored = stored.fold(0_usize, usize::saturating_add);
    if wanted <= stored.saturating_mul(4).saturating_add(SLACK) {
        return Ok(());
    }
    let expected = format!("{wanted} numbers, which its layers have");
    Err(Error::config(&network.name, "weights", expected, stored))
}

/// Puts a file's values into a model's weights: all, or none if one does not fit. A model's own
/// file has its layers' names.
pub(super) fn restore(model: &Model, file: &ModelFile, own: bool) -> Result<()> {
    write(model, &pairs(model, file, own)?)
}

/// Puts the values of a model's own file into its weights; those that the file lacks get their first
/// values, which may take long to draw.
pub(super) fn restore_all(model: &Model, file: &ModelFile) -> Result<()> {
    let pairs = pairs(model, file, true)?;
    write(model, &pairs)?;
    let given: BTreeSet<usize> = pairs.iter().map(|(variable, _)| variable.index()).collect();
    for (variable, weight) in model.weights.iter() {
        if !given.contains(&variable.index()) {
            model.engine.write(variable, &weight.initial_value(model.seed)?)?;
        }
    }
    Ok(())
}

fn write(model: &Model, pairs: &[(VariableId, &Array)]) -> Result<()> {
    for (variable, value) in pairs {
        let dtype = model.engine.variables()[variable.index()].spec.dtype;
        model.engine.write(*variable, &value.cast(dtype))?;
    }
    Ok(())
}

/// The weights with a file's values for them.
fn pairs<'a>(
    model: &Model,
    file: &'a ModelFile,
    own: bool,
) -> Result<Vec<(VariableId, &'a Array)>> {
    match (&file.layers, &file.named) {
        (Some(layers), _) => super::legacy::matched(model, layers, own),
        (None, Some(named)) => by_path(model, named),
        (None, None) => by_group(model, &file.weights),
    }
}

fn by_group<'a>(model: &Model, file: &'a FileWeights) -> Result<Vec<(VariableId, &'a Array)>> {
    let mut pairs = Vec::new();
    for Place { group, path, .. } in places(&model.network) {
        let Some(path) = path else { continue };
        pairs.extend(in_group(model, file, &path, &group)?);
        for part in model.weights.parts(&path) {
            let inside = part.strip_prefix(&*path).unwrap_or_default();
            pairs.extend(in_group(model, file, part, &format!("{group}{inside}"))?);
        }
    }
    Ok(pairs)
}

fn in_group<'a>(
    model: &Model,
    file: &'a FileWeights,
    path: &str,
    group: &str,
) -> Result<Vec<(VariableId, &'a Array)>> {
    let wanted = model.weights.under(path).into_iter().map(|(variable, _)| variable);
    let wanted: Vec<VariableId> = wanted.collect();
    let found = file.variables(group);
    // Keras makes the weights of a layer in an activation's place when it first runs: a model that
    // never ran has none of them in its file, and they start from their first values.
    let may_lack = path.ends_with("/activation") && model.weights.sub_layers.contains_key(path);
    if found.is_empty() && may_lack {
        return Ok(Vec::new());
    }
    if found.len() != wanted.len() {
        let expected = format!("{} arrays in group {group}", wanted.len());
        return Err(Error::config(path, "weights", expected, found.len()));
    }
    for (&variable, value) in wanted.iter().zip(found) {
        check_shape(model, variable, value, group)?;
    }
    Ok(wanted.into_iter().zip(found).collect())
}

/// Fails with the weight, the shapes and the place in the file if a value does not fit.
pub(super) fn check_shape(
    model: &Model,
    variable: VariableId,
    value: &Array,
    place: &str,
) -> Result<()> {
    let spec = &model.engine.variables()[variable.index()];
    if spec.spec.shape.fixed_sizes().as_deref() == Some(value.shape()) {
        return Ok(());
    }
    let expected = format!("shape {}", spec.spec.shape);
    let received = format!("{:?} from `{place}` of the file", value.shape());
    Err(Error::config(&spec.name, "weights", expected, received))
}

/// The weights of a model by path.
pub(super) fn collect_named(model: &Model) -> Result<BTreeMap<String, Array>> {
    let weights = model.weights.iter();
    weights
        .map(|(variable, weight)| Ok((weight.path.clone(), model.engine.read(variable)?)))
        .collect()
}

fn by_path<'a>(
    model: &Model,
    named: &'a BTreeMap<String, Array>,
) -> Result<Vec<(VariableId, &'a Array)>> {
    let mut pairs = Vec::new();
    for (variable, weight) in model.weights.iter() {
        let Some(value) = named.get(&weight.path) else {
            let names = crate::objects::nearest(&weight.path, named.keys().map(String::as_str));
            let expected = "an array of that name in the file";
            let received = format!("none (nearest: {})", names.join(", "));
            return Err(Error::config(&weight.path, "weights", expected, received));
        };
        check_shape(model, variable, value, &weight.path)?;
        pairs.push((variable, value));
    }
    if let Some(extra) = named.keys().find(|name| model.weights.get(name).is_none()) {
        let paths = model.weights.iter().map(|(_, weight)| weight.path.as_str());
        let names = crate::objects::nearest(extra, paths);
        let expected = format!("names of its weights (nearest: {})", names.join(", "));
        return Err(Error::config(model.name(), "weights", expected, format!("`{extra}`")));
    }
    Ok(pairs)
}

fn values(model: &Model, path: &str) -> Result<Vec<Array>> {
    let weights = model.weights.under(path).into_iter();
    weights.map(|(variable, _)| model.engine.read(variable)).collect()
}
