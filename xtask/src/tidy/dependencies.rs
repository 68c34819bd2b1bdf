//! Every crate from outside stands once in the root manifest, under the reason for it.

use toml::{Table, Value};

use super::Finding;
use super::imports;
use crate::tree::Tree;

const ROOT: &str = "Cargo.toml";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = tree.text(ROOT).map_or_else(Vec::new, reasons);
    for (path, text) in tree.texts("toml") {
        let Some(_) = imports::crate_of(path) else { continue };
        // A manifest that is no TOML is reported by the check of imports.
        if let Ok(manifest) = toml::from_str::<Table>(text) {
            findings.extend(strays(path, &manifest));
        }
    }
    findings
}

/// Lines of `[workspace.dependencies]` with no comment above them.
fn reasons(manifest: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut inside = false;
    let mut reason = false;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.starts_with("[workspace.dependencies");
        }
        if !inside || line.starts_with('[') {
            continue;
        }
        if line.starts_with('#') {
            reason = true;
            continue;
        }
        if let Some((name, value)) = line.split_once('=')
            && !value.contains("path =")
            && !reason
        {
            let name = name.trim();
            let message =
                format!("`{name}` has no reason: say above it, in a comment, what it is for");
            findings.push(Finding::line(ROOT, index + 1, message));
        }
        reason = false;
    }
    findings
}

/// Dependencies that bypass the root manifest.
fn strays(path: &str, manifest: &Table) -> Vec<Finding> {
    let mut scopes = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        scopes.extend(targets.values().filter_map(Value::as_table));
    }
    let mut findings = Vec::new();
    for scope in scopes {
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = scope.get(table).and_then(Value::as_table) else { continue };
            for (name, value) in table {
                if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                    let message = format!(
                        "`{name}` bypasses the root manifest: write `{name}.workspace = true` and \
                         give its version and reason there"
                    );
                    findings.push(Finding::file(path, message));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(lines: &str) -> Vec<Finding> {
        let text = format!(
            "[workspace]\nresolver = \"3\"\n\n[workspace.dependencies]\n{lines}\n[profile.dev]\ndebug = 1\n"
        );
        check(&Tree::of(&[(ROOT, text.as_str())]))
    }

    #[test]
    fn a_reason_stands_above_each_crate_from_outside() {
        assert_eq!(root("ours = { path = \"crates/ours\" }\n\n# Numbers.\nhalf = \"2\"\n"), []);
        let found = root("# Numbers.\nhalf = \"2\"\nserde = { version = \"1\" }\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, Some(7));
        assert!(found[0].message.starts_with("`serde` has no reason"), "{found:?}");
    }

    #[test]
    fn a_comment_does_not_reach_over_a_blank_line() {
        assert_eq!(root("# Numbers.\n\nhalf = \"2\"\n").len(), 1);
    }

    #[test]
    fn crates_take_their_dependencies_from_the_root() {
        let manifest = "[package]\nname = \"rhyton-data\"\n[dependencies]\nflate2.workspace = true\n\
                        zip = \"9\"\n[target.'cfg(unix)'.dev-dependencies]\nlibc = { version = \"1\" }\n";
        let found = check(&Tree::of(&[("crates/rhyton-data/Cargo.toml", manifest)]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].message.starts_with("`zip` bypasses the root manifest"));
    }
}
