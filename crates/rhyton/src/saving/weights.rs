//! Weights between a model and the groups of a file.

use rhyton_formats::{Group, Weights as FileWeights};
use rhyton_graph::VariableId;
use rhyton_tensor::Array;

use super::layout::{Place, places};
use crate::models::{Model, Network};
use crate::{Error, Result};

/// The weights of a model as a file's groups; every layer has one, weightless ones too.
pub(super) fn collect(model: &Model) -> Result<FileWeights> {
    let mut file = FileWeights::default();
    file.insert("", Group::new(model.name(), Vec::new()));
    for place in places(&model.network) {
        file.insert(
            place.group.clone(),
            Group::new(place.name.clone(), values(model, &place.name)?),
        );
        for part in parts(model, &place.name) {
            let inside = part.strip_prefix(&place.name).unwrap_or_default().to_owned();
            let name = inside.rsplit('/').next().unwrap_or_default().to_owned();
            let group = Group::new(name, values(model, &part)?);
            file.insert(format!("{}{inside}", place.group), group);
        }
    }
    Ok(file)
}

/// Numbers that a network may have beyond four times a file's, so that a small mismatch gets the
/// error that names its layer.
const SLACK: usize = 1 << 20;

/// Refuses a network that declares far more weights than a file holds, before memory is taken.
pub(super) fn check_size(network: &Network, file: &FileWeights) -> Result<()> {
    let mut wanted = 0_usize;
    for (_, weight) in network.build()?.iter() {
        let volume = rhyton_tensor::volume(&weight.spec.shape.bind(0))?;
        wanted = wanted.saturating_add(volume);
    }
    let stored = file.groups.values().flat_map(|group| &group.variables).map(Array::len);
    let stored = stored.fold(0_usize, usize::saturating_add);
    if wanted <= stored.saturating_mul(4).saturating_add(SLACK) {
        return Ok(());
    }
    let expected = format!("{wanted} numbers, which its layers have");
    Err(Error::config(&network.name, "weights", expected, stored))
}

/// Puts a file's values into a model's weights.
pub(super) fn restore(model: &mut Model, file: &FileWeights) -> Result<()> {
    for place in places(&model.network) {
        restore_group(model, file, &place, &place.name.clone(), &place.group.clone())?;
        for part in parts(model, &place.name) {
            let inside = part.strip_prefix(&place.name).unwrap_or_default();
            restore_group(model, file, &place, &part, &format!("{}{inside}", place.group))?;
        }
    }
    Ok(())
}

fn restore_group(
    model: &Model,
    file: &FileWeights,
    place: &Place,
    path: &str,
    group: &str,
) -> Result<()> {
    if place.layer.is_none() {
        return Ok(());
    }
    let wanted: Vec<VariableId> =
        model.weights.under(path).into_iter().map(|(variable, _)| variable).collect();
    let found = file.variables(group);
    if found.len() != wanted.len() {
        let expected = format!("{} arrays in group {group}", wanted.len());
        return Err(Error::config(path, "weights", expected, found.len()));
    }
    for (variable, value) in wanted.into_iter().zip(found) {
        let spec = &model.engine.variables()[variable.index()];
        let fits = spec.spec.shape.fixed_sizes().as_deref() == Some(value.shape());
        if !fits {
            let expected = format!("shape {} in group {group}", spec.spec.shape);
            return Err(Error::config(
                &spec.name,
                "weights",
                expected,
                format!("{:?}", value.shape()),
            ));
        }
        model.engine.write(variable, &value.cast(spec.spec.dtype))?;
    }
    Ok(())
}

fn values(model: &Model, path: &str) -> Result<Vec<Array>> {
    let weights = model.weights.under(path).into_iter();
    weights.map(|(variable, _)| model.engine.read(variable)).collect()
}

/// The paths below a layer that hold weights of their own: sub-layers, its activation.
fn parts(model: &Model, layer: &str) -> Vec<String> {
    let prefix = format!("{layer}/");
    let mut parts: Vec<String> = model
        .weights
        .iter()
        .filter_map(|(_, weight)| weight.path.rsplit_once('/'))
        .filter(|(parent, _)| parent.starts_with(&prefix))
        .map(|(parent, _)| parent.to_owned())
        .collect();
    parts.sort();
    parts.dedup();
    parts
}
