//! Golden files come from a named oracle and stay small.

use super::Finding;
use crate::tree::Tree;

const PROVENANCE: &str = "PROVENANCE.md";

/// All golden files in git together.
const BYTES_MAX: u64 = 20 << 20;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut total_bytes = 0;
    for file in &tree.files {
        let Some((folder, name)) = golden(&file.path) else { continue };
        total_bytes += file.size_bytes;
        if let Some(finding) = complaint(tree, folder, name)
            && !findings.contains(&finding)
        {
            findings.push(finding);
        }
    }
    if total_bytes > BYTES_MAX {
        let message = format!("golden files take {total_bytes} bytes, at most {BYTES_MAX}");
        findings.push(Finding::file("goldens", message));
    }
    findings
}

/// The folder `goldens` a file lies in, and its path from there; scripts and prose are no goldens.
fn golden(path: &str) -> Option<(&str, &str)> {
    let end = path.rfind("/goldens/")? + "/goldens".len();
    let name = &path[end + 1..];
    let made = name.rsplit_once('.').is_none_or(|(_, found)| !["md", "py"].contains(&found));
    made.then_some((&path[..end], name))
}

fn complaint(tree: &Tree, folder: &str, name: &str) -> Option<Finding> {
    let path = format!("{folder}/{PROVENANCE}");
    let Some(provenance) = tree.text(&path) else {
        let message = "is missing: name the tool and version that made each golden beside it";
        return Some(Finding::file(&path, message));
    };
    if opening_names_script(tree, folder, provenance) {
        return None;
    }
    let line = covers(name).find_map(|part| {
        let line = provenance.lines().find(|line| line.contains(&part))?;
        Some(line.replace(&part, ""))
    });
    match line {
        None => Some(Finding::file(
            &path,
            format!("no line is about `{name}`: add its tool and version"),
        )),
        Some(line) if names_version(&line) => None,
        Some(_) => {
            let message = format!("`{name}` has no tool with a version, such as Keras 3.15.1");
            Some(Finding::file(&path, message))
        }
    }
}

/// Whether the first paragraph names a script that lies beside, and a tool with its version: that
/// covers every file, since the script tells which it writes.
fn opening_names_script(tree: &Tree, folder: &str, provenance: &str) -> bool {
    let lines = provenance.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
    let opening: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let opening = opening.join(" ");
    let scripts =
        tree.texts("py").filter_map(|(path, _)| path.strip_prefix(folder)?.strip_prefix('/'));
    let mut named = scripts.filter(|script| opening.contains(&format!("`{script}`")));
    named.next().is_some() && names_version(&opening)
}

/// How a line may speak of a file, the most exact first: its name, a folder it lies in, `*.npz`.
fn covers(name: &str) -> impl Iterator<Item = String> {
    let folders = name.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| &name[..=at]);
    let extension = name.rsplit_once('.').map(|(_, extension)| format!("`*.{extension}`"));
    std::iter::once(name).chain(folders).map(|part| format!("`{part}`")).chain(extension)
}

/// Whether a word is followed by a version: digits, a dot, digits.
fn names_version(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).any(|pair| {
        let tool = pair[0].chars().any(char::is_alphabetic);
        let version = pair[1].trim_start_matches('v');
        let mut parts = version.split('.');
        let number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
        tool && parts.next().is_some_and(number) && parts.next().is_some_and(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    const FILE: &str = "crates/a/tests/goldens/lstm.npz";
    const LIST: &str = "crates/a/tests/goldens/PROVENANCE.md";

    fn message(provenance: &str) -> Option<String> {
        let found = check(&Tree::of(&[(FILE, ""), (LIST, provenance)]));
        found.into_iter().next().map(|finding| finding.message)
    }

    #[test]
    fn a_line_names_file_tool_and_version() {
        assert_eq!(message("# Goldens\n- `lstm.npz`: Keras 3.15.1 on TensorFlow 2.21.0\n"), None);
        assert_eq!(message("| `lstm.npz` | Keras 3.15.1 |\n"), None);
    }

    #[test]
    fn missing_parts_are_found() {
        assert!(
            message("- `gru.npz`: Keras 3.15.1\n").unwrap().contains("no line is about `lstm.npz`")
        );
        assert!(message("- `lstm.npz`: Keras\n").unwrap().contains("no tool with a version"));
        let none = check(&Tree::of(&[(FILE, "")]));
        assert_eq!(none[0].path, LIST);
        assert!(none[0].message.contains("is missing"), "{none:?}");
    }

    #[test]
    fn a_versions_place_is_not_the_files_name() {
        let tree = Tree::of(&[
            ("crates/a/goldens/keras 3.15.json", ""),
            ("crates/a/goldens/PROVENANCE.md", "`keras 3.15.json` by hand"),
        ]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn a_folder_may_be_named_for_all_in_it() {
        let tree = Tree::of(&[
            ("crates/a/goldens/layers/dense.json", ""),
            ("crates/a/goldens/other.json", ""),
            ("crates/a/goldens/PROVENANCE.md", "`layers/`: Keras 3.15.1"),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("about `other.json`"), "{found:?}");
    }

    #[test]
    fn an_opening_that_names_script_and_tool_covers_all() {
        let found = |script: &str, opening: &str| {
            let list = format!("# Goldens\n\n{opening}\n\nKeras 3.15.1");
            check(&Tree::of(&[(FILE, ""), (LIST, list.as_str()), (script, "")])).len()
        };
        let script = "crates/a/tests/goldens/make.py";
        assert_eq!(found(script, "`make.py` wrote them\nwith Keras 3.15.1."), 0);
        assert_eq!(found(script, "`make.py` wrote them."), 1);
        assert_eq!(found(script, "Made with Keras 3.15.1."), 1);
        assert_eq!(found("crates/a/make.py", "`make.py` wrote them with Keras 3.15.1."), 1);
    }

    #[test]
    fn an_extension_may_be_named_and_a_nearer_line_counts_first() {
        let list = "`*.npy`: NumPy 2.4.6\n`odd.npy`: by hand";
        let tree = Tree::of(&[
            ("crates/a/goldens/f32.npy", ""),
            ("crates/a/goldens/odd.npy", ""),
            ("crates/a/goldens/make.py", ""),
            ("crates/a/goldens/PROVENANCE.md", list),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("`odd.npy` has no tool"), "{found:?}");
    }

    #[test]
    fn all_goldens_together_are_bounded() {
        let mut tree = Tree::of(&[(LIST, "- `lstm.npz`: Keras 3.15.1")]);
        tree.files.push(File { path: FILE.to_owned(), size_bytes: BYTES_MAX + 1, text: None });
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("at most 20971520"));
    }
}
