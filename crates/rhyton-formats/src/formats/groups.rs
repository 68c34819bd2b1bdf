use std::collections::BTreeMap;

use rhyton_tensor::Array;

use crate::hdf5::{Attribute, Node, joined};
use crate::{Error, Group, Result, Weights};

/// The group in which Keras puts the variables of each part, and its attribute with the part's
/// name.
const VARIABLES: &str = "vars";
const NAME: &str = "name";

/// The variables of every `vars` group. What lies outside of them Keras doesn't read either.
pub(super) fn from_tree(root: Node) -> Result<Weights> {
    let mut weights = Weights::default();
    collect(root, "", &mut weights)?;
    Ok(weights)
}

fn collect(node: Node, path: &str, weights: &mut Weights) -> Result<()> {
    for (name, mut child) in node.groups {
        let child_path = joined(path, &name);
        if name == VARIABLES {
            let arrays = std::mem::take(&mut child.arrays);
            let mut group = numbered(arrays, &child_path)?;
            group.name = child.attributes.remove(NAME).and_then(Attribute::into_text);
            weights.insert(path, group);
        }
        collect(child, &child_path, weights)?;
    }
    Ok(())
}

/// Puts "10" behind "2".
fn numbered(arrays: BTreeMap<String, Array>, path: &str) -> Result<Group> {
    let mut group = Group::default();
    let mut variables = BTreeMap::new();
    for (key, array) in arrays {
        match index(&key) {
            Some(index) => drop(variables.insert(index, array)),
            None => drop(group.named.insert(key, array)),
        }
    }
    if let Some((&last, _)) = variables.last_key_value() {
        let missing = variables.keys().enumerate().find(|&(place, &index)| place != index);
        if let Some((missing, _)) = missing {
            return Err(Error::Numbering { path: path.to_owned(), last, missing });
        }
    }
    group.variables = variables.into_values().collect();
    Ok(group)
}

/// The number of a variable, if its key is one as Keras writes it.
fn index(key: &str) -> Option<usize> {
    key.parse().ok().filter(|index: &usize| index.to_string() == key)
}

/// A `vars` group for every group given, and one at the root.
pub(super) fn to_tree(weights: &Weights) -> Result<Node> {
    let mut root = Node::default();
    root.groups.insert(VARIABLES.to_owned(), Node::default());
    for (path, group) in &weights.groups {
        let node = descend(&mut root, path)?.groups.entry(VARIABLES.to_owned()).or_default();
        let name = group.name.as_deref().map(Attribute::from);
        node.attributes.extend(name.map(|name| (NAME.to_owned(), name)));
        for (index, array) in group.variables.iter().enumerate() {
            node.arrays.insert(index.to_string(), array.clone());
        }
        for (name, array) in &group.named {
            if index(name).is_some() || node.arrays.insert(name.clone(), array.clone()).is_some() {
                return Err(Error::Name {
                    what: "weights",
                    name: joined(path, name),
                    expected: "a name that is no number; numbered variables go to `variables`",
                });
            }
        }
    }
    Ok(root)
}

fn descend<'a>(root: &'a mut Node, path: &str) -> Result<&'a mut Node> {
    if path.is_empty() {
        return Ok(root);
    }
    let depth = path.split('/').count();
    if depth >= crate::limits::GROUP_DEPTH_MAX || path.split('/').any(|part| part == VARIABLES) {
        return Err(Error::Name {
            what: "weights group",
            name: path.to_owned(),
            expected: "at most 63 names joined by `/`, none of them `vars`",
        });
    }
    Ok(path.split('/').fold(root, |node, part| node.groups.entry(part.to_owned()).or_default()))
}
