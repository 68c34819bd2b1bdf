use std::path::PathBuf;
use std::sync::Arc;

use rhyton_graph::{Backend, InterpreterBackend};
use rhyton_native::NativeBackend;
use rhyton_tensorflow::{Settings, TensorFlowBackend};

/// A backend by its name in configurations.
pub struct Candidate {
    /// The name.
    pub name: &'static str,
    /// The backend; `None`, with the reason printed, on a machine without its engine.
    pub open: fn() -> Option<Arc<dyn Backend>>,
}

/// A backend that this machine has.
pub struct NamedBackend {
    /// Its name.
    pub name: &'static str,
    /// The backend.
    pub backend: Arc<dyn Backend>,
}

/// Every backend that the suite is crossed with. The interpreter is among them: against itself it
/// proves that a case runs at all.
pub static BACKENDS: &[Candidate] = &[
    Candidate { name: "interpreter", open: || Some(Arc::new(InterpreterBackend)) },
    Candidate { name: "native", open: || Some(Arc::new(NativeBackend)) },
    Candidate { name: "tensorflow", open: tensorflow },
];

impl NamedBackend {
    /// The backends that this machine has; the others are printed.
    pub fn all() -> Vec<Self> {
        let open = |candidate: &Candidate| {
            let backend = (candidate.open)()?;
            Some(Self { name: candidate.name, backend })
        };
        BACKENDS.iter().filter_map(open).collect()
    }
}

/// The library that the environment names for the TensorFlow backend.
#[allow(clippy::disallowed_methods, reason = "the suite has no settings; CI names the library")]
pub fn tensorflow_library() -> Option<PathBuf> {
    std::env::var_os("RHYTON_TENSORFLOW_LIBRARY").map(PathBuf::from)
}

/// A library that the environment names must work; without a name, one is looked for.
#[allow(clippy::print_stdout, clippy::panic, reason = "a skipped backend must be seen")]
fn tensorflow() -> Option<Arc<dyn Backend>> {
    let library = tensorflow_library();
    let named = library.is_some();
    let backend = TensorFlowBackend::new(Settings { library, ..Settings::default() });
    match backend.version() {
        Ok(_) => Some(Arc::new(backend)),
        Err(error) if named => panic!("{error}"),
        Err(error) => {
            println!("skipped tensorflow: {error}");
            None
        }
    }
}
