use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rhyton_dlopen::{PythonPackage, Search, Supported, Version};
use rhyton_graph::{Backend, Device, Error, Result, Session, VariableSpec};

use crate::error::{NAME, backend, unavailable};
use crate::ffi::TensorFlow;
use crate::session::TensorFlowSession;

const SUPPORTED: Supported = Supported { from: Version::new(2, 10), below: Version::new(3, 0) };

/// The file of the Python package that has the C API.
#[cfg(not(target_os = "macos"))]
const PACKAGED: &[&str] = &["libtensorflow_cc.so.2"];
#[cfg(target_os = "macos")]
const PACKAGED: &[&str] = &["libtensorflow_cc.2.dylib"];

/// The C library as systems install it.
#[cfg(all(not(windows), not(target_os = "macos")))]
const SYSTEM: &[&str] = &["libtensorflow.so.2", "libtensorflow_cc.so.2"];
#[cfg(target_os = "macos")]
const SYSTEM: &[&str] = &["libtensorflow.2.dylib"];
#[cfg(windows)]
const SYSTEM: &[&str] = &["tensorflow.dll"];

const ENABLE: &str = "install it with `pip install tensorflow-cpu==2.21.0` for the `python3` on \
    the path, or name the file `libtensorflow_cc.so.2` by RHYTON_TENSORFLOW_LIBRARY or by \
    `library` in the `[tensorflow]` table of your own configuration file";

const CPU: &str = "cpu";

/// How to find and run TensorFlow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The library, or the folder that holds it. `None` looks for the Python package `tensorflow`,
    /// then asks the system's loader. A library that is named is the only one tried.
    pub library: Option<PathBuf>,
    /// The Python interpreter that is asked for the package; it is not made to import it.
    pub python: String,
    /// Threads within one operation; 0 means one for each core. TensorFlow takes the numbers of
    /// the process' first session and keeps them.
    pub intra_op_threads: usize,
    /// Operations that run side by side; 0 means one for each core. As above, the first session
    /// decides.
    pub inter_op_threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let python = "python3".to_owned();
        Self { library: None, python, intra_op_threads: 0, inter_op_threads: 0 }
    }
}

/// TensorFlow's C API, 2.10 or newer, on the CPU.
///
/// Threads are those of [`Settings`]: `RunOptions::threads` has no effect, TensorFlow can't change
/// them for one run. `RunOptions::cancel` is looked at before and after a run. TensorFlow treats
/// subnormal numbers as zero. A program's nodes stay in its session's graph until the session ends,
/// so programs should be kept and run again, not compiled anew.
pub struct TensorFlowBackend {
    settings: Settings,
    library: OnceLock<Result<Arc<TensorFlow>>>,
}

impl TensorFlowBackend {
    /// A backend with these settings. Nothing is looked for or loaded yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, library: OnceLock::new() }
    }

    /// The version of the library that is found, e.g. `2.21.0`.
    ///
    /// # Errors
    /// [`Error::Backend`] listing what was searched and how to enable TensorFlow, or naming the
    /// version found and those supported.
    pub fn version(&self) -> Result<String> {
        Ok(self.library()?.version().to_owned())
    }

    fn library(&self) -> Result<&Arc<TensorFlow>> {
        let found = self.library.get_or_init(|| {
            load(&self.settings).map(Arc::new).map_err(|error| unavailable(&error))
        });
        found.as_ref().map_err(Error::clone)
    }
}

fn load(settings: &Settings) -> rhyton_dlopen::Result<TensorFlow> {
    let python =
        PythonPackage { interpreter: &settings.python, module: "tensorflow", files: PACKAGED };
    let search = Search {
        engine: "TensorFlow",
        explicit: settings.library.clone(),
        environment: &[],
        python: Some(python),
        system: SYSTEM,
        enable: ENABLE,
    };
    TensorFlow::new(&search.load()?, SUPPORTED)
}

impl Backend for TensorFlowBackend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn devices(&self) -> Result<Vec<Device>> {
        let library = self.library()?;
        let description = format!("TensorFlow {} from {}", library.version(), library.place());
        Ok(vec![Device { name: CPU.to_owned(), description }])
    }

    fn session(
        &self,
        device: Option<&str>,
        variables: Arc<[VariableSpec]>,
    ) -> Result<Arc<dyn Session>> {
        if let Some(other) = device.filter(|name| *name != CPU) {
            let what = format!("device expected `{CPU}`, received `{other}`");
            return Err(backend(what, format!("write `{NAME}` or `{NAME}:{CPU}`")));
        }
        let config =
            crate::config::cpu(self.settings.intra_op_threads, self.settings.inter_op_threads);
        Ok(Arc::new(TensorFlowSession::new(self.library()?, &config, variables)?))
    }
}

#[cfg(test)]
mod tests;
