//! Adding one thing is one file and two lines in the list beside it: says which line is missing.
//!
//! The first line is the `mod` declaration: without it the compiler never sees the file. The second
//! is the entry in an array of `child::NAME`s: once two children stand in such an array, every
//! child that defines `NAME` must.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Finding;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.texts("rs") {
        findings.extend(undeclared(tree, path));
    }
    for (path, text) in tree.texts("rs") {
        findings.extend(unlisted(tree, path, text));
    }
    findings
}

/// A source file that no `mod` line declares.
fn undeclared(tree: &Tree, path: &str) -> Option<Finding> {
    let (folder, file) = path.rsplit_once('/')?;
    let name = file.strip_suffix(".rs")?;
    let parents = match () {
        () if name == "lib" || name == "main" || name == "build" => return None,
        () if folder.ends_with("/src") || folder.ends_with("/tests/it") => {
            vec![format!("{folder}/lib.rs"), format!("{folder}/main.rs")]
        }
        () if path.contains("/src/bin/") => return None,
        () if path.contains("/src/") || path.contains("/tests/it/") => vec![format!("{folder}.rs")],
        () => return None,
    };
    let declared = parents.iter().filter_map(|parent| tree.text(parent)).any(|text| {
        text.parse::<TokenStream>().is_ok_and(|tokens| after("mod", tokens).contains(name))
    });
    if declared || is_included(tree, path, file) {
        return None;
    }
    let message = format!("is not compiled: {} lacks `mod {name};`", parents.join(" or "));
    Some(Finding::file(path, message))
}

/// Whether a file of the same crate takes this one in by a path: `include!("generated/table.rs")`.
fn is_included(tree: &Tree, path: &str, file: &str) -> bool {
    let Some((root, _)) = path.split_once("/src/") else { return false };
    let mut texts = tree.texts("rs").filter(|(other, _)| other.starts_with(root));
    texts.any(|(_, text)| text.contains(&format!("/{file}\"")))
}

/// The words that follow a keyword anywhere: the names that `mod` or `const` declares.
fn after(keyword: &str, tokens: TokenStream) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut previous = false;
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                if previous {
                    names.insert(word.to_string());
                }
                previous = word == keyword;
            }
            TokenTree::Group(group) => {
                names.extend(after(keyword, group.stream()));
                previous = false;
            }
            _ => previous = false,
        }
    }
    names
}

/// Children that define a name which their siblings have in the list, and are not in it.
fn unlisted(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let children = after("mod", tokens.clone());
    let folder = match path.strip_suffix("/lib.rs").or_else(|| path.strip_suffix("/main.rs")) {
        Some(folder) => folder,
        None => path.trim_end_matches(".rs"),
    };
    let mut findings = Vec::new();
    for (name, listed) in lists(tokens, &children) {
        for child in children.difference(&listed) {
            let defined = tree.text(&format!("{folder}/{child}.rs")).is_some_and(|text| {
                text.parse::<TokenStream>().is_ok_and(|tokens| {
                    let tokens = without_macros(tokens);
                    after("const", tokens.clone()).contains(&name)
                        || after("static", tokens).contains(&name)
                })
            });
            if defined {
                let message = format!("the list of `{name}`s lacks `{child}::{name}`");
                findings.push(Finding::file(path, message));
            }
        }
    }
    findings
}

/// The tokens without what `macro_rules!` defines: a name in there belongs to whoever calls it.
fn without_macros(tokens: TokenStream) -> TokenStream {
    let mut words = Vec::new();
    let mut in_macro = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(word) if word == "macro_rules" => in_macro = true,
            TokenTree::Group(_) if in_macro => in_macro = false,
            _ => words.push(token),
        }
    }
    words.into_iter().collect()
}

/// For each array of at least two `child::NAME`s: the name and the children in all such arrays.
fn lists(tokens: TokenStream, children: &BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for token in tokens {
        let TokenTree::Group(group) = token else { continue };
        if group.delimiter() == Delimiter::Bracket {
            let mut here: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (child, name) in paths(group.stream()) {
                if children.contains(&child) {
                    here.entry(name).or_default().insert(child);
                }
            }
            here.retain(|_, listed| listed.len() > 1);
            for (name, listed) in here {
                lists.entry(name).or_default().extend(listed);
            }
        }
        for (name, listed) in self::lists(group.stream(), children) {
            lists.entry(name).or_default().extend(listed);
        }
    }
    lists
}

/// Every `child::NAME` with `NAME` in capitals.
fn paths(tokens: TokenStream) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    let words: Vec<String> = flat(tokens);
    for window in words.windows(4) {
        let [child, first, second, name] = window else { continue };
        let capitals =
            name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if first == ":" && second == ":" && capitals {
            paths.push((child.clone(), name.clone()));
        }
    }
    paths
}

/// The words and punctuation of all levels, in order.
fn flat(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => words.extend(flat(group.stream())),
            other => words.push(other.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENSE: (&str, &str) = ("crates/a/src/layers/dense.rs", "pub const SPEC: u8 = 1;");
    const FLATTEN: (&str, &str) = ("crates/a/src/layers/flatten.rs", "pub const SPEC: u8 = 2;");
    const DROPOUT: (&str, &str) = ("crates/a/src/layers/dropout.rs", "pub const SPEC: u8 = 3;");

    fn messages(root: &str, list: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", root),
            ("crates/a/src/layers.rs", list),
            DENSE,
            FLATTEN,
            DROPOUT,
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    const ALL: &str = "mod dense;\nmod dropout;\nmod flatten;\n";

    #[test]
    fn complete_lists_pass() {
        let list = format!("{ALL}const L: &[u8] = &[dense::SPEC, flatten::SPEC, dropout::SPEC];");
        assert_eq!(messages("mod layers;", &list), [""; 0]);
        assert_eq!(messages("pub mod layers;", ALL), [""; 0]);
    }

    #[test]
    fn a_name_inside_a_macro_is_its_callers() {
        let tokens = "macro_rules! layer { () => { static SPEC: u8 = 1; }; } static OTHER: u8 = 2;";
        let tokens = without_macros(tokens.parse().unwrap());
        assert_eq!(after("static", tokens), BTreeSet::from(["OTHER".to_owned()]));
    }

    #[test]
    fn a_missing_mod_line_is_named() {
        let found = messages("", "mod dense;\nmod flatten;");
        assert_eq!(
            found,
            [
                "crates/a/src/layers.rs: is not compiled: crates/a/src/lib.rs or \
                 crates/a/src/main.rs lacks `mod layers;`",
                "crates/a/src/layers/dropout.rs: is not compiled: crates/a/src/layers.rs lacks \
                 `mod dropout;`",
            ]
        );
    }

    #[test]
    fn a_missing_entry_is_named() {
        let list = format!("{ALL}const L: &[u8] = &[dense::SPEC, flatten::SPEC];");
        assert_eq!(
            messages("mod layers;", &list),
            ["crates/a/src/layers.rs: the list of `SPEC`s lacks `dropout::SPEC`"]
        );
    }

    #[test]
    fn a_child_without_the_name_needs_no_entry() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "mod layers;"),
            (
                "crates/a/src/layers.rs",
                "mod dense; mod flatten; mod spec; const L: [u8; 2] = [dense::SPEC, flatten::SPEC];",
            ),
            DENSE,
            FLATTEN,
            ("crates/a/src/layers/spec.rs", "fn f() -> u8 { SPEC }"),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn a_file_may_be_taken_in_by_its_path() {
        let table = ("crates/a/src/generated/table.rs", "");
        let included = ("crates/a/src/lib.rs", "include!(\"generated/table.rs\");");
        assert_eq!(check(&Tree::of(&[table, included])), []);
        assert_eq!(check(&Tree::of(&[table, ("crates/a/src/lib.rs", "")])).len(), 1);
    }

    #[test]
    fn integration_tests_are_declared_too() {
        let tree = Tree::of(&[
            ("crates/a/tests/it/main.rs", "mod present;"),
            ("crates/a/tests/it/present.rs", ""),
            ("crates/a/tests/it/absent.rs", ""),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].path, "crates/a/tests/it/absent.rs");
    }
}
