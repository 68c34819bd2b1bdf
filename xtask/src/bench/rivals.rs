//! Whom we compare with. To add a rival: its runner (`bench/python/NAME.py`, or a package of
//! `bench/rivals`), a row of [`RIVALS`], and its key in the cases that it can do.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::oracles;
use crate::tree;

/// One way to do the work.
pub(crate) struct Rival {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// By what the images of an epoch are divided: a slow one is measured on fewer.
    pub(crate) fewer: usize,
}

/// What runs.
pub(crate) enum Program {
    /// This library's runner.
    Ours,
    /// A file of `bench/python`.
    Python(&'static str),
    /// A package of `bench/rivals`.
    Rust(&'static str),
}

/// Where everything is that runners need.
pub(crate) struct Places {
    pub(crate) venv: PathBuf,
    pub(crate) target: PathBuf,
    /// Images, labels, model files.
    pub(crate) data: PathBuf,
}

/// This library.
pub(crate) static OURS: Rival =
    Rival { key: "rhyton", name: "Rhyton", program: Program::Ours, environment: &[], fewer: 1 };

/// Every rival, in the order of the report.
pub(crate) static RIVALS: &[Rival] = &[
    Rival {
        key: "keras-jax",
        name: "Keras on JAX (compiled)",
        program: Program::Python("run_keras.py"),
        environment: &[("KERAS_BACKEND", "jax"), ("BENCH_XLA", "1")],
        fewer: 1,
    },
    Rival {
        key: "keras-tensorflow",
        name: "Keras on TensorFlow (graph, oneDNN)",
        program: Program::Python("run_keras.py"),
        environment: &[("KERAS_BACKEND", "tensorflow"), ("BENCH_XLA", "0")],
        fewer: 1,
    },
    Rival {
        key: "keras-tensorflow-xla",
        name: "Keras on TensorFlow (XLA)",
        program: Program::Python("run_keras.py"),
        environment: &[("KERAS_BACKEND", "tensorflow"), ("BENCH_XLA", "1")],
        fewer: 1,
    },
    Rival {
        key: "torch",
        name: "PyTorch",
        program: Program::Python("run_torch.py"),
        environment: &[("BENCH_TORCH", "eager")],
        fewer: 1,
    },
    Rival {
        key: "torch-channels-last",
        name: "PyTorch, channels_last",
        program: Program::Python("run_torch.py"),
        environment: &[("BENCH_TORCH", "channels_last")],
        fewer: 1,
    },
    Rival {
        key: "torch-compile",
        name: "PyTorch, torch.compile",
        program: Program::Python("run_torch.py"),
        environment: &[("BENCH_TORCH", "compile")],
        fewer: 1,
    },
    Rival {
        key: "onnxruntime",
        name: "ONNX Runtime",
        program: Program::Python("run_onnxruntime.py"),
        environment: &[],
        fewer: 1,
    },
    Rival {
        key: "burn",
        name: "Burn (flex)",
        program: Program::Rust("rival-burn"),
        environment: &[],
        fewer: 8,
    },
    Rival {
        key: "candle",
        name: "Candle",
        program: Program::Rust("rival-candle"),
        environment: &[],
        fewer: 8,
    },
];

impl Rival {
    /// The program without its arguments, on so many cores.
    pub(crate) fn command(&self, places: &Places, threads: usize) -> Command {
        let program = match &self.program {
            Program::Ours => executable(&places.target.join("release"), "rhyton-bench"),
            Program::Python(_) => oracles::python(&places.venv),
            Program::Rust(package) => executable(&rivals_target().join("release"), package),
        };
        let mut command = pinned(&program, threads);
        if let Program::Python(file) = &self.program {
            command.arg(tree::root().join("bench/python").join(file));
        }
        // A user's own settings must not decide what is measured.
        for name in ["RHYTON_BACKEND", "RHYTON_THREADS", "RHYTON_HOME"] {
            command.env_remove(name);
        }
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("TF_CPP_MIN_LOG_LEVEL", "3")
            .env("CUDA_VISIBLE_DEVICES", "")
            .env("JAX_PLATFORMS", "cpu")
            .env("KERAS_HOME", places.data.join("keras-home"))
            .env("TORCHINDUCTOR_CACHE_DIR", places.data.join("torch-inductor"))
            .env("RAYON_NUM_THREADS", threads.to_string())
            .envs(self.environment.iter().copied());
        command
    }
}

/// Where the workspace of rivals builds, as its `.cargo/config.toml` says.
pub(crate) fn rivals_target() -> PathBuf {
    tree::root().join("target/rivals")
}

fn executable(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The program on the first cores, where the system can say so and there are more: some libraries take
/// all that they see.
fn pinned(program: &Path, threads: usize) -> Command {
    let cores = std::thread::available_parallelism().map_or(threads, usize::from);
    if cfg!(target_os = "linux") && cores > threads {
        let mut command = Command::new("taskset");
        command.arg("--cpu-list").arg(format!("0-{}", threads - 1)).arg(program);
        return command;
    }
    Command::new(program)
}
