use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::rivals::{OURS, Places, Program, Rival, rivals_target};
use crate::oracles;
use crate::steps::{self, Steps};
use crate::tree;

/// Builds this library's runner, writes the data, and sets up the rivals as far as that goes.
///
/// # Errors
///
/// When this library's own part fails; a rival that can't be had is noted.
pub(crate) fn all(
    steps: &mut Steps,
    venv: Option<PathBuf>,
    rivals: &[&Rival],
) -> Result<(Places, String)> {
    let target = oracles::target_folder()?;
    let venv = std::path::absolute(venv.unwrap_or_else(|| target.join("bench-venv")))?;
    let data = target.join("bench");
    let places = Places { venv, target, data };
    steps.program(
        "release build",
        steps::cargo(&["build", "--release", "--package", "rhyton-bench"])
            .current_dir(tree::root()),
    )?;
    let mut prepare = OURS.command(&places, 1);
    prepare.args(["prepare", "data", "--folder"]).arg(&places.data);
    steps.program("data", &mut prepare)?;
    let name = std::fs::read_to_string(places.data.join("data.txt"))?;
    let is_python = |rival: &&&Rival| matches!(rival.program, Program::Python(_));
    if rivals.iter().any(|rival| is_python(&rival)) {
        make_environment(steps, &places.venv)?;
        write_models(steps, &places, rivals);
    }
    for rival in rivals {
        if let Program::Rust(package) = rival.program {
            build(steps, package);
        }
    }
    Ok((places, name))
}

/// The Python environment; packages that can't be had are noted, and their rivals say so.
fn make_environment(steps: &mut Steps, venv: &Path) -> Result<()> {
    let requirements = tree::root().join("bench/python/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements)
        .with_context(|| format!("{} can't be read", requirements.display()))?;
    let installed = venv.join("requirements-installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if !oracles::python(venv).exists() {
        steps.run("python environment", || {
            oracles::need_ensurepip()?;
            steps::succeed(Command::new(oracles::PYTHON).args(["-m", "venv"]).arg(venv))
        })?;
    }
    let install = |what: &[&str]| {
        let mut pip = Command::new(oracles::python(venv));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(what);
        steps::succeed(&mut pip)
    };
    println!("installing {} into {}", requirements.display(), venv.display());
    let list = requirements.to_string_lossy().into_owned();
    if install(&["--requirement", &list]).is_ok() {
        return Ok(std::fs::write(&installed, wanted)?);
    }
    for line in wanted.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Err(error) = install(&[line]) {
            steps.note(format!("{line} can't be installed: {error:#}"));
        }
    }
    Ok(())
}

/// The networks that Keras describes, as files that this library reads.
fn write_models(steps: &mut Steps, places: &Places, rivals: &[&Rival]) {
    let Some(keras) = rivals.iter().find(|rival| rival.key.starts_with("keras")) else { return };
    for (network, activation) in [("resnet", "relu"), ("mobilenet", "relu")] {
        if places.data.join(format!("{network}-{activation}.keras")).exists() {
            continue;
        }
        let mut command = keras.command(places, 1);
        command.args(["write", network, "--activations", activation, "--folder"]);
        if let Err(error) = steps::output(command.arg(&places.data)) {
            steps.note(format!("Keras can't write {network}: {error:#}"));
        }
    }
}

/// Builds a rival in Rust; one that does not build is absent.
fn build(steps: &mut Steps, package: &str) {
    let folder = tree::root().join("bench/rivals");
    let mut cargo = steps::cargo(&["build", "--release", "--locked", "--package", package]);
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", rivals_target());
    println!("building {package}: minutes at the first time");
    if let Err(error) = steps::succeed(&mut cargo) {
        steps.note(format!("{package} can't be built: {error:#}"));
    }
}

/// Replaces a file in one step.
///
/// # Errors
///
/// When it can't be written.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, text).with_context(|| format!("{} can't be written", new.display()))?;
    Ok(std::fs::rename(&new, path)?)
}

/// What this machine is, a line each.
pub(crate) fn machine() -> Vec<(&'static str, String)> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let output = |program: &str, arguments: &[&str]| {
        let text = steps::output(Command::new(program).args(arguments)).unwrap_or_default();
        text.trim().to_owned()
    };
    let processor = field(&read("/proc/cpuinfo"), "model name");
    let memory = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let features = avx(&read("/proc/cpuinfo"));
    vec![
        ("date", output("date", &["-u", "+%Y-%m-%d"])),
        ("processor", processor.unwrap_or_else(|| std::env::consts::ARCH.to_owned())),
        ("cores", cores.to_string()),
        ("vectors", features.to_owned()),
        ("memory", memory.map_or_else(String::new, |kb| format!("{} GB", kb / 1_000_000))),
        ("system", std::env::consts::OS.to_owned()),
        ("rustc", output("rustc", &["--version"])),
        ("revision", output("git", &["describe", "--always", "--dirty"])),
    ]
}

/// The widest vectors that the processor has.
fn avx(flags: &str) -> &'static str {
    if flags.contains(" avx512f") {
        "AVX-512"
    } else if flags.contains(" avx2") {
        "AVX2"
    } else {
        "neither AVX2 nor AVX-512"
    }
}
