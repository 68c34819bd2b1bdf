//! `cargo xtask install-hooks`: format and tidiness before every commit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::steps;
use crate::tree;

/// Longer hooks get skipped; the rest is the business of `.ci/run`.
const PRE_COMMIT: &str = "#!/bin/sh\n\
    # Installed by `cargo xtask install-hooks`.\n\
    set -e\n\
    cargo fmt --all --check\n\
    cargo xtask tidy\n";

/// Writes the hook.
///
/// # Errors
///
/// If this is no git checkout or another pre-commit hook is there.
pub(crate) fn run() -> Result<()> {
    let path = install(tree::root())?;
    println!("{} runs fmt and tidy before every commit", path.display());
    Ok(())
}

fn install(root: &Path) -> Result<PathBuf> {
    let hooks = steps::output(Command::new("git").current_dir(root).args([
        "rev-parse",
        "--git-path",
        "hooks",
    ]))
    .context("the folder of git's hooks is unknown")?;
    let folder = root.join(hooks.trim());
    let path = folder.join("pre-commit");
    if std::fs::read_to_string(&path).is_ok_and(|present| present != PRE_COMMIT) {
        bail!("{} is another hook: call `cargo xtask tidy` from it, or remove it", path.display());
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&path, PRE_COMMIT)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        steps::succeed(Command::new("git").current_dir(&folder).args(["init", "--quiet"])).unwrap();
        folder
    }

    #[test]
    fn the_hook_is_written_and_written_again() {
        let repository = repository();
        for _ in 0..2 {
            let path = install(repository.path()).unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap(), PRE_COMMIT);
        }
    }

    #[test]
    fn another_hook_is_kept() {
        let repository = repository();
        let path = install(repository.path()).unwrap();
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        let error = install(repository.path()).unwrap_err();
        assert!(error.to_string().contains("is another hook"), "{error}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "#!/bin/sh\n");
    }
}
