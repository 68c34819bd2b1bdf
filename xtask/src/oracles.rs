//! `cargo xtask test --oracles`: the comparisons with live Keras and its kin.
//!
//! A group is a folder of `oracles/` that holds `test_*.py`; each runs in a pytest of its own with
//! `RHYTON_BINARY`, the release build of the command. Add a group as a folder; if it needs Debian
//! packages, add a row to `PACKAGES`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::steps::{self, Steps};
use crate::tree;

/// Debian packages of a group. All are optional: a test whose data is absent says so and is skipped.
const PACKAGES: [(&str, &[&str]); 1] = [(ENGINES, &["dataset-fashion-mnist", "qemu-user-static"])];

/// The interpreter that makes environments.
pub(crate) const PYTHON: &str = "python3";

/// The group whose Rust tests need a library of the environment too.
const ENGINES: &str = "engines";

/// The arguments of `cargo xtask test` about oracles.
#[derive(Args)]
pub(crate) struct Oracles {
    /// Compare with live oracles instead: all groups, briefly, or the named groups in full.
    #[arg(
        long = "oracles",
        value_name = "GROUP",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        default_missing_value = "all"
    )]
    groups: Option<Vec<String>>,
    /// The brief version of the named groups.
    #[arg(long, requires = "groups")]
    short: bool,
    #[command(flatten)]
    venv: Venv,
}

/// Where the Python environment with the oracles is.
#[derive(Args)]
pub(crate) struct Venv {
    /// Where the Python environment is made and kept.
    #[arg(
        long = "oracles-venv",
        env = "RHYTON_ORACLES_VENV",
        hide_env_values = true,
        value_name = "FOLDER"
    )]
    folder: Option<PathBuf>,
}

impl Venv {
    /// Makes or renews the environment, and says where it is.
    ///
    /// # Errors
    ///
    /// When Python or its packages can't be had.
    pub(crate) fn make(self, steps: &mut Steps) -> Result<PathBuf> {
        let folder = match self.folder {
            Some(folder) => folder,
            None => target_folder()?.join("oracles"),
        };
        // pytest is started elsewhere than here, so a relative folder would lose its meaning.
        let venv = std::path::absolute(folder)?;
        let oracles = tree::root().join("oracles");
        steps.run("python environment", || make_environment(&venv, &oracles))?;
        Ok(venv)
    }
}

impl Oracles {
    /// Whether the oracles are wanted.
    pub(crate) fn asked(&self) -> bool {
        self.groups.is_some()
    }

    /// Makes the environment, builds the command and runs the groups.
    ///
    /// # Errors
    ///
    /// The first step that fails, or a group that does not exist.
    pub(crate) fn run(self, mut steps: Steps) -> Result<()> {
        let folder = tree::root().join("oracles");
        let wanted = self.groups.unwrap_or_default();
        let all = wanted.iter().any(|group| group == "all");
        let groups = choose(&groups(&folder)?, if all { &[] } else { &wanted })?;
        let venv = self.venv.make(&mut steps)?;
        for group in &groups {
            offer_packages(&mut steps, group);
        }
        if groups.iter().any(|group| group == ENGINES) {
            steps.program("engines in Rust", &mut rust_engines(&venv)?)?;
            portable(&mut steps)?;
        }
        steps.program(
            "release build",
            steps::cargo(&["build", "--release", "--package", "rhyton-cli", "--bin", "rhyton"])
                .current_dir(tree::root()),
        )?;
        let binary = target_folder()?
            .join("release")
            .join(format!("rhyton{}", std::env::consts::EXE_SUFFIX));
        let command = |group: &str| {
            let mut pytest = pytest(&venv, &folder.join(group), all || self.short);
            pytest.env("RHYTON_BINARY", &binary);
            (format!("oracles: {group}"), pytest)
        };
        let (last, others) = groups.split_last().expect("`choose` gives at least one");
        for group in others {
            let (name, mut pytest) = command(group);
            steps.program(&name, &mut pytest)?;
        }
        let (name, mut pytest) = command(last);
        steps.close(&name, &mut pytest)
    }
}

/// The groups that have tests, sorted.
fn groups(folder: &Path) -> Result<Vec<String>> {
    let mut groups = Vec::new();
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{} can't be listed", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() && has_tests(&entry.path())? {
            groups.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    groups.sort();
    Ok(groups)
}

fn has_tests(folder: &Path) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if stem.starts_with("test_") && path.extension().is_some_and(|found| found == "py") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The wanted groups, or all of them when none is named.
fn choose(groups: &[String], wanted: &[String]) -> Result<Vec<String>> {
    if groups.is_empty() {
        bail!("oracles/ has no group: expected a folder with test_*.py");
    }
    if let Some(unknown) = wanted.iter().find(|name| !groups.contains(name)) {
        bail!(
            "oracles have no group `{unknown}`: expected {}, or no name for all",
            groups.join(", ")
        );
    }
    let chosen = if wanted.is_empty() { groups } else { wanted };
    Ok(chosen.to_vec())
}

/// Makes or renews the environment; one with the same requirements is used as it is.
fn make_environment(venv: &Path, oracles: &Path) -> Result<()> {
    let requirements = oracles.join("requirements.txt");
    let alone = oracles.join("requirements-without-dependencies.txt");
    let mut wanted = String::new();
    for list in [&requirements, &alone] {
        let text = std::fs::read_to_string(list)
            .with_context(|| format!("{} can't be read", list.display()))?;
        wanted.push_str(&text);
    }
    let installed = venv.join("requirements-installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        println!("{} is up to date", venv.display());
        return Ok(());
    }
    if !python(venv).exists() {
        need_ensurepip()?;
        println!("making {}", venv.display());
        steps::succeed(Command::new(PYTHON).args(["-m", "venv"]).arg(venv))?;
    }
    for (list, more) in [(&requirements, None), (&alone, Some("--no-deps"))] {
        println!("installing {} into {}", list.display(), venv.display());
        steps::succeed(
            Command::new(python(venv))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(more)
                .arg("--requirement")
                .arg(list),
        )?;
    }
    std::fs::write(&installed, wanted)
        .with_context(|| format!("{} can't be written", installed.display()))
}

/// Debian keeps what a virtual environment needs in a package apart.
pub(crate) fn need_ensurepip() -> Result<()> {
    let version = steps::output(Command::new(PYTHON).arg("--version"))
        .context("the oracles need Python 3.11 or newer")?;
    println!("found {}", version.trim());
    if steps::succeeds(Command::new(PYTHON).args(["-c", "import ensurepip, venv"])) {
        return Ok(());
    }
    apt_install("python3-venv").context("this Python can't make environments: it lacks ensurepip")
}

/// Installs a Debian package, saying so.
fn apt_install(package: &str) -> Result<()> {
    let install = || {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--yes", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive");
        println!("running apt-get install --yes --no-install-recommends {package}");
        steps::output(&mut apt)
    };
    if install().is_ok() {
        return Ok(());
    }
    // A fresh machine has no package lists yet.
    println!("running apt-get update");
    steps::output(Command::new("apt-get").arg("update"))?;
    install().map(drop)
}

/// Gets a group's packages where that is possible; where it is not, says what will be skipped.
fn offer_packages(steps: &mut Steps, group: &str) {
    let packages = PACKAGES.iter().filter(|(name, _)| *name == group).flat_map(|(_, list)| *list);
    for package in packages {
        let present = steps::succeeds(Command::new("dpkg").args(["--status", package]));
        if present {
            continue;
        }
        if let Err(error) = apt_install(package) {
            steps.note(format!("{group}: tests that need {package} are skipped: {error:#}"));
        }
    }
}

/// The Rust tests of the backends, with the environment's TensorFlow: without a library they only
/// say that there is none.
fn rust_engines(venv: &Path) -> Result<Command> {
    let mut find = Command::new(python(venv));
    find.args([
        "-c",
        "import importlib.util as i, pathlib as p; \
         print(next(p.Path(i.find_spec('tensorflow').origin).parent.glob('libtensorflow_cc.so*')))",
    ]);
    let library =
        steps::output(&mut find).context("the environment's TensorFlow has no library")?;
    let mut cargo = steps::cargo(&[
        "test",
        "--package",
        "rhyton-tensorflow",
        "--package",
        "rhyton-conformance",
    ]);
    cargo
        .current_dir(tree::root())
        .env("RHYTON_TENSORFLOW_LIBRARY", library.trim())
        .env("TF_CPP_MIN_LOG_LEVEL", "3");
    Ok(cargo)
}

pub(crate) const EMULATOR: &str = "qemu-x86_64-static";

/// A cargo that runs tests on an emulated processor without AVX; `None` where that can't be.
pub(crate) fn emulated() -> Option<Command> {
    let is_x86 = cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"));
    if !is_x86 || !steps::succeeds(Command::new(EMULATOR).arg("--version")) {
        return None;
    }
    let mut cargo = steps::cargo(&[]);
    let runner = format!("{EMULATOR} -cpu Westmere");
    cargo.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", runner).current_dir(tree::root());
    Some(cargo)
}

/// The native engine's unit tests, and the bits of its functions, on a processor without AVX, which
/// takes the portable loops; a million inputs, which take minutes there, are `exhaustive`'s.
fn portable(steps: &mut Steps) -> Result<()> {
    let bits = "same_bits::every_function_has_these_bits";
    for arguments in [&["--lib"][..], &["--test", "it", "--", "--exact", bits]] {
        let Some(mut cargo) = emulated() else {
            steps.note(format!("the native engine without AVX is not tested: no {EMULATOR} here"));
            return Ok(());
        };
        cargo.args(["test", "--package", "rhyton-native"]).args(arguments);
        steps.program("native engine without AVX", &mut cargo)?;
    }
    Ok(())
}

/// Python with Keras on TensorFlow, quiet and without a user's configuration.
pub(crate) fn keras(venv: &Path) -> Command {
    let mut command = Command::new(python(venv));
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TF_CPP_MIN_LOG_LEVEL", "3")
        .env("CUDA_VISIBLE_DEVICES", "")
        // The user's own keras.json must not decide what is compared.
        .env("KERAS_HOME", venv.join("keras-home"))
        .env("KERAS_BACKEND", "tensorflow");
    command
}

/// The pytest of one group.
fn pytest(venv: &Path, group: &Path, short: bool) -> Command {
    let mut command = keras(venv);
    command.args(["-m", "pytest"]).arg(group).current_dir(tree::root().join("oracles"));
    if short {
        command.arg("--short");
    }
    command
}

/// The environment's interpreter.
pub(crate) fn python(venv: &Path) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join("python.exe") } else { venv.join("bin/python") }
}

/// Where cargo builds, also when the environment or a configuration moves it.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let metadata = steps::output(
        steps::cargo(&["metadata", "--no-deps", "--format-version", "1"]).current_dir(tree::root()),
    )?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).context("`cargo metadata` printed no JSON")?;
    let target = metadata["target_directory"].as_str();
    Ok(target.context("`cargo metadata` names no target directory")?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_group_is_a_folder_with_tests() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["keras/test_a.py", "engines/test_b.py", "support/c.py", "networks/test_d.txt"]
        {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::write(folder.path().join("test_alone.py"), "").unwrap();
        assert_eq!(groups(folder.path()).unwrap(), ["engines", "keras"]);
    }

    #[test]
    fn groups_are_chosen_by_name() {
        let groups = names(&["engines", "keras"]);
        assert_eq!(choose(&groups, &[]).unwrap(), groups);
        assert_eq!(choose(&groups, &names(&["keras"])).unwrap(), ["keras"]);
        let error = choose(&groups, &names(&["kears"])).unwrap_err().to_string();
        assert_eq!(
            error,
            "oracles have no group `kears`: expected engines, keras, or no name for all"
        );
        choose(&[], &[]).unwrap_err();
    }

    #[test]
    fn the_environment_is_renewed_only_when_the_requirements_change() {
        let folder = tempfile::tempdir().unwrap();
        let (venv, oracles) = (folder.path().join("venv"), folder.path().join("oracles"));
        std::fs::create_dir_all(&venv).unwrap();
        std::fs::create_dir_all(&oracles).unwrap();
        std::fs::write(oracles.join("requirements.txt"), "keras==1\n").unwrap();
        let alone = oracles.join("requirements-without-dependencies.txt");
        std::fs::write(&alone, "tf_keras==1\n").unwrap();
        std::fs::write(venv.join("requirements-installed.txt"), "keras==1\ntf_keras==1\n").unwrap();
        make_environment(&venv, &oracles).unwrap();
        std::fs::create_dir_all(python(&venv).parent().unwrap()).unwrap();
        // A Python that always fails: it is called only when something must be installed.
        std::fs::write(python(&venv), "").unwrap();
        make_environment(&venv, &oracles).unwrap();
        std::fs::write(alone, "tf_keras==2\n").unwrap();
        make_environment(&venv, &oracles).unwrap_err();
    }

    #[test]
    fn short_reaches_pytest() {
        let arguments = |short| {
            let command = pytest(Path::new("venv"), Path::new("keras"), short);
            command.get_args().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert!(arguments(true).contains(&"--short".to_owned()));
        assert!(!arguments(false).contains(&"--short".to_owned()));
    }

    #[test]
    fn the_committed_groups_are_found() {
        assert!(groups(&tree::root().join("oracles")).unwrap().contains(&"keras".to_owned()));
    }
}
