//! Which crate may import which.
//!
//! A crate may import what its row names and whatever those crates may import. Development
//! dependencies are free, but nothing at all depends on the conformance suite.

use std::collections::BTreeSet;

use toml::Table;

use super::Finding;
use crate::tree::Tree;

/// The suite crossed with every backend: it may import all, and none may import it.
const CONFORMANCE: &str = "rhyton-conformance";

/// Each crate and what it may import.
const MAY_IMPORT: [(&str, &[&str]); 19] = [
    ("rhyton-tensor", &[]),
    ("rhyton-graph", &["rhyton-tensor"]),
    ("rhyton-expression", &["rhyton-graph"]),
    ("rhyton-native", &["rhyton-graph"]),
    ("rhyton-dlopen", &[]),
    ("rhyton-tensorflow", &["rhyton-graph", "rhyton-dlopen"]),
    ("rhyton-torch", &["rhyton-graph", "rhyton-dlopen"]),
    ("rhyton-onnxruntime", &["rhyton-graph", "rhyton-dlopen"]),
    ("rhyton-wgpu", &["rhyton-graph"]),
    // Weights in `.npz` are NumPy's arrays, which the reader of data sets knows.
    ("rhyton-formats", &["rhyton-tensor", "rhyton-data"]),
    ("rhyton-onnx", &["rhyton-graph"]),
    ("rhyton-data", &["rhyton-tensor"]),
    ("rhyton-plot", &[]),
    ("rhyton-macros", &[]),
    ("rhyton", &BELOW_THE_LIBRARY),
    ("rhyton-c", &["rhyton"]),
    ("rhyton-serve", &["rhyton"]),
    // The binary starts the server.
    ("rhyton-cli", &["rhyton", "rhyton-serve"]),
    ("rhyton-testing", &[]),
];

const BELOW_THE_LIBRARY: [&str; 14] = [
    "rhyton-tensor",
    "rhyton-graph",
    "rhyton-expression",
    "rhyton-native",
    "rhyton-dlopen",
    "rhyton-tensorflow",
    "rhyton-torch",
    "rhyton-onnxruntime",
    "rhyton-wgpu",
    "rhyton-formats",
    "rhyton-onnx",
    "rhyton-data",
    "rhyton-plot",
    "rhyton-macros",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("toml") {
        let Some(name) = crate_of(path) else { continue };
        match toml::from_str::<Table>(text) {
            Ok(manifest) => check_crate(path, name, &manifest, &mut findings),
            Err(error) => findings.push(Finding::file(path, error.message())),
        }
    }
    findings
}

/// The folder of a crate's manifest.
pub(super) fn crate_of(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/Cargo.toml")?;
    match folder.strip_prefix("crates/") {
        Some(name) if !name.contains('/') => Some(name),
        None if folder == "xtask" => Some(folder),
        _ => None,
    }
}

fn check_crate(path: &str, name: &str, manifest: &Table, findings: &mut Vec<Finding>) {
    let declared = manifest.get("package").and_then(|package| package.get("name")?.as_str());
    if declared != Some(name) {
        findings.push(Finding::file(
            path,
            format!("the package must be named `{name}`, as its folder"),
        ));
    }
    for dependency in names(manifest, &["dev-dependencies"]) {
        if dependency == CONFORMANCE {
            findings.push(Finding::file(path, format!("nothing may depend on `{CONFORMANCE}`")));
        }
    }
    let imported = names(manifest, &["dependencies", "build-dependencies"]);
    let allowed = match name {
        CONFORMANCE => return,
        "xtask" => Some(BTreeSet::new()),
        _ => allowed(name),
    };
    let Some(allowed) = allowed else {
        let message = format!("`{name}` has no row in the table of imports: give it one");
        findings.push(Finding::file(path, message));
        return;
    };
    for import in imported.iter().filter(|import| is_ours(import)) {
        if !allowed.contains(import.as_str()) {
            let expected = allowed.iter().copied().collect::<Vec<_>>().join(", ");
            let expected = if expected.is_empty() { "no crate of ours" } else { &expected };
            let message = format!("`{name}` may not import `{import}`: it may import {expected}");
            findings.push(Finding::file(path, message));
        }
    }
}

fn is_ours(name: &str) -> bool {
    name == "rhyton" || name == "xtask" || name.starts_with("rhyton-")
}

/// What a crate may import, directly or through what it imports.
fn allowed(name: &str) -> Option<BTreeSet<&'static str>> {
    let row = |name: &str| MAY_IMPORT.iter().find(|(row, _)| *row == name).map(|(_, list)| *list);
    let mut allowed = BTreeSet::new();
    let mut open = row(name)?.to_vec();
    while let Some(next) = open.pop() {
        if allowed.insert(next) {
            open.extend(row(next).unwrap_or_default());
        }
    }
    Some(allowed)
}

/// The packages named in these tables, also those of a target, renamed or not.
pub(super) fn names(manifest: &Table, tables: &[&str]) -> Vec<String> {
    let mut scopes = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        scopes.extend(targets.values().filter_map(toml::Value::as_table));
    }
    let mut names = Vec::new();
    for scope in scopes {
        for table in tables {
            let Some(table) = scope.get(*table).and_then(toml::Value::as_table) else { continue };
            names.extend(table.iter().map(|(key, value)| {
                value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned()
            }));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(name: &str, dependencies: &str) -> Vec<String> {
        let path = format!("crates/{name}/Cargo.toml");
        let text = format!("[package]\nname = \"{name}\"\n{dependencies}");
        let tree = Tree::of(&[(path.as_str(), text.as_str())]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn imports_follow_the_table_and_its_closure() {
        let graph = "[dependencies]\nrhyton-graph.workspace = true\nrhyton-tensor.workspace = true";
        assert_eq!(messages("rhyton-native", graph), [""; 0]);
        let all = "[dependencies]\nrhyton-native = { workspace = true, optional = true }";
        assert_eq!(messages("rhyton", all), [""; 0]);
        assert_eq!(messages("rhyton-conformance", graph), [""; 0]);
    }

    #[test]
    fn imports_against_the_table_are_found() {
        let rhyton = "[dependencies]\nrhyton.workspace = true";
        assert_eq!(
            messages("rhyton-native", rhyton),
            ["`rhyton-native` may not import `rhyton`: it may import rhyton-graph, rhyton-tensor"]
        );
        assert_eq!(
            messages("rhyton-testing", "[build-dependencies]\nrhyton-tensor.workspace = true"),
            ["`rhyton-testing` may not import `rhyton-tensor`: it may import no crate of ours"]
        );
        let unix = "[target.'cfg(unix)'.dependencies]\nrhyton-native.workspace = true";
        assert_eq!(messages("rhyton-graph", unix).len(), 1);
        let renamed = "[dependencies]\nengine = { package = \"rhyton-native\", path = \"x\" }";
        assert_eq!(messages("rhyton-graph", renamed).len(), 1);
    }

    #[test]
    fn development_dependencies_are_free_but_for_the_suite() {
        let native = "[dev-dependencies]\nrhyton-native.workspace = true";
        assert_eq!(messages("rhyton-graph", native), [""; 0]);
        let suite = "[dev-dependencies]\nrhyton-conformance.workspace = true";
        assert_eq!(messages("rhyton", suite), ["nothing may depend on `rhyton-conformance`"]);
    }

    #[test]
    fn a_crate_needs_a_row_and_its_folders_name() {
        assert_eq!(
            messages("rhyton-new", ""),
            ["`rhyton-new` has no row in the table of imports: give it one"]
        );
        let tree = Tree::of(&[("crates/rhyton-plot/Cargo.toml", "[package]\nname = \"plot\"")]);
        assert_eq!(
            check(&tree)[0].message,
            "the package must be named `rhyton-plot`, as its folder"
        );
        let broken = Tree::of(&[("crates/rhyton-plot/Cargo.toml", "[package")]);
        assert_eq!(check(&broken).len(), 1);
    }

    #[test]
    fn the_table_has_no_cycle_and_no_unknown_crate() {
        for (name, list) in MAY_IMPORT {
            assert!(!allowed(name).unwrap().contains(name), "{name} may import itself");
            for import in list {
                assert!(allowed(import).is_some(), "{name} may import the unknown {import}");
            }
        }
    }
}
