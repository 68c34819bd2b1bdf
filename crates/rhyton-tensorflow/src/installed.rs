//! TensorFlow for tests, if this machine has it.

use std::sync::Arc;

use rhyton_graph::{Backend, Session, VariableSpec};

use crate::{Settings, TensorFlowBackend};

/// The backend; `None`, with the reason printed, where no library is found. A library that is named
/// by the environment must work.
#[allow(clippy::disallowed_methods, reason = "tests have no settings; CI names the library")]
pub(crate) fn backend() -> Option<TensorFlowBackend> {
    let library = std::env::var_os("RHYTON_TENSORFLOW_LIBRARY").map(Into::into);
    let named = library.is_some();
    let backend = TensorFlowBackend::new(Settings { library, ..Settings::default() });
    match backend.version() {
        Ok(_) => Some(backend),
        Err(error) if named => panic!("{error}"),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// A session of the backend.
pub(crate) fn session(variables: Arc<[VariableSpec]>) -> Option<Arc<dyn Session>> {
    Some(backend()?.session(None, variables).unwrap())
}
