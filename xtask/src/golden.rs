//! `cargo xtask golden`: makes the goldens of everything that configurations name anew, with real
//! Keras, and the page that says what of Keras is here.
//!
//! A maker is a `goldens/*.py` of a crate; each gets the catalogue of names and cases as a file. A
//! new layer, loss or metric needs no change in any of them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::oracles::{self, Venv};
use crate::steps::{self, Steps};
use crate::tree;

/// Where makers that read the catalogue stand; other crates' are run by name only.
const FROM_CATALOGUE: [&str; 2] = ["crates/rhyton/", "crates/rhyton-conformance/"];
const PAGE: &str = "docs/support.md";

/// Make goldens anew with real Keras, and the page of support.
#[derive(Args)]
pub(crate) struct Golden {
    /// Words in the paths of the makers to run, e.g. `layers`; without any, all that follow from
    /// the catalogue.
    words: Vec<String>,
    #[command(flatten)]
    venv: Venv,
}

impl Golden {
    /// Makes the environment, prints the catalogue and runs the makers.
    ///
    /// # Errors
    ///
    /// The first step that fails, or a word that no maker has.
    pub(crate) fn run(self) -> Result<()> {
        let mut steps = Steps::new("golden");
        let makers = makers(&all_makers()?, &self.words)?;
        let venv = self.venv.make(&mut steps)?;
        let folder = oracles::target_folder()?.join("golden");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
        let catalogue = folder.join("catalogue.json");
        steps.run("catalogue", || write(&catalogue, &printed(&[])?))?;
        for maker in &makers {
            let mut python = oracles::keras(&venv);
            python.arg(tree::root().join(maker)).arg(&catalogue);
            steps.program(maker, &mut python)?;
        }
        let page = || write(&tree::root().join(PAGE), &printed(&["--", "support"])?);
        steps.run(PAGE, page)?;
        steps.finish();
        Ok(())
    }
}

/// What the catalogue's example prints.
fn printed(arguments: &[&str]) -> Result<String> {
    let mut cargo = steps::cargo(&[
        "run",
        "--quiet",
        "--package",
        "rhyton-conformance",
        "--example",
        "catalogue",
    ]);
    steps::output(cargo.args(arguments).current_dir(tree::root()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}

/// The makers of all crates, by their paths in the project.
fn all_makers() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        ":(glob)crates/*/goldens/*.py",
    ]);
    let listed = steps::output(git.current_dir(tree::root()))?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// Those that the words name, or all that read the catalogue.
fn makers(all: &[String], words: &[String]) -> Result<Vec<String>> {
    let from_catalogue =
        |path: &String| FROM_CATALOGUE.iter().any(|crate_| path.starts_with(crate_));
    if words.is_empty() {
        return Ok(all.iter().filter(|path| from_catalogue(path)).cloned().collect());
    }
    for word in words {
        if !all.iter().any(|path| path.contains(word.as_str())) {
            bail!(
                "no maker of goldens has `{word}` in its path: expected one of {}",
                all.join(", ")
            );
        }
    }
    let named = |path: &&String| words.iter().any(|word| path.contains(word.as_str()));
    Ok(all.iter().filter(named).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_chosen_by_words() {
        let all = ["crates/rhyton/goldens/layers.py", "crates/rhyton-formats/goldens/make.py"];
        let all = all.map(str::to_owned);
        assert_eq!(makers(&all, &[]).unwrap(), all[..1]);
        assert_eq!(makers(&all, &["formats".to_owned()]).unwrap(), all[1..]);
        makers(&all, &["nothing".to_owned()]).unwrap_err();
    }
}
