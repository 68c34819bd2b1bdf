//! The backends of this build, chosen by name at run time. To add one: its crate, a line in
//! [`names`] and an arm in [`open`].

use std::sync::Arc;

use rhyton_graph::{Backend, Device, InterpreterBackend};

use crate::configuration::Settings;
use crate::objects::nearest;
use crate::{Error, Result};

/// A backend and the device on it.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) device: Option<String>,
}

/// What is known of a backend without running anything on it.
#[derive(Debug, Clone)]
pub struct BackendReport {
    /// The name that configuration uses.
    pub name: &'static str,
    /// Whether it can be used now.
    pub available: bool,
    /// The engine's version, if it is there.
    pub version: Option<String>,
    /// Its devices, if it is there.
    pub devices: Vec<Device>,
    /// Why it can't be used.
    pub reason: Option<String>,
    /// What makes it usable.
    pub enable: Option<String>,
}

/// The names of all backends of this build, the default first.
pub fn names() -> Vec<&'static str> {
    let mut names = vec!["native"];
    if cfg!(feature = "tensorflow") {
        names.push("tensorflow");
    }
    names.push("interpreter");
    names
}

/// The backend that the settings name, with its device.
pub(crate) fn from_settings(settings: &Settings) -> Result<Engine> {
    let (name, device) = match settings.backend.split_once(':') {
        Some((name, device)) => (name, Some(device.to_owned())),
        None => (settings.backend.as_str(), None),
    };
    let backend = open(name, settings)?;
    let devices = backend.devices().map_err(|error| unusable(error, name, settings))?;
    match &device {
        Some(device) if !devices.iter().any(|known| known.name == *device) => {
            let known: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
            let expected = format!("one of its devices ({})", known.join(", "));
            Err(Error::config(format!("backend {name}"), "device", expected, device))
        }
        _ => Ok(Engine { backend, device }),
    }
}

/// The failure of a backend, with those that can be used instead.
fn unusable(error: rhyton_graph::Error, name: &str, settings: &Settings) -> Error {
    let rhyton_graph::Error::Backend { backend, what, advice } = error else {
        return error.into();
    };
    let others = names().into_iter().filter(|other| *other != name);
    let usable: Vec<&str> = others.filter(|other| report_one(other, settings).available).collect();
    let advice = format!("{advice}; available: {}", usable.join(", "));
    rhyton_graph::Error::Backend { backend, what, advice }.into()
}

/// Every backend with what can be said of it.
pub fn report(settings: &Settings) -> Vec<BackendReport> {
    names().into_iter().map(|name| report_one(name, settings)).collect()
}

fn report_one(name: &'static str, settings: &Settings) -> BackendReport {
    let found = open(name, settings).and_then(|backend| Ok(backend.devices()?));
    let mut report = BackendReport {
        name,
        available: found.is_ok(),
        version: None,
        devices: Vec::new(),
        reason: None,
        enable: None,
    };
    match found {
        Ok(devices) => {
            report.version = Some(version(name, &devices));
            report.devices = devices;
        }
        Err(Error::Graph(rhyton_graph::Error::Backend { what, advice, .. })) => {
            report.reason = Some(what);
            report.enable = Some(advice);
        }
        Err(error) => report.reason = Some(error.to_string()),
    }
    report
}

/// Our own version, or that of the engine, which its first device tells.
fn version(name: &str, devices: &[Device]) -> String {
    let own = env!("CARGO_PKG_VERSION").to_owned();
    match (name, devices.first()) {
        ("native" | "interpreter", _) | (_, None) => own,
        (_, Some(device)) => {
            let words = device.description.split([' ', ',']);
            words
                .map(|word| word.trim_matches(|c: char| !c.is_ascii_digit()))
                .find(|word| word.contains('.'))
                .map_or(own, str::to_owned)
        }
    }
}

fn open(name: &str, settings: &Settings) -> Result<Arc<dyn Backend>> {
    match name {
        "native" => Ok(Arc::new(rhyton_native::NativeBackend)),
        #[cfg(feature = "tensorflow")]
        "tensorflow" => Ok(Arc::new(tensorflow(settings))),
        "interpreter" => Ok(Arc::new(InterpreterBackend)),
        other => {
            let near = nearest(other, names());
            let hint = near.first().map_or(String::new(), |name| format!("; did you mean {name}?"));
            let source = &settings.backend_source;
            Err(Error::config(
                "backend",
                "name",
                format!("one of {}", names().join(", ")),
                format!("`{other}` from {source}{hint}"),
            ))
        }
    }
}

#[cfg(feature = "tensorflow")]
fn tensorflow(settings: &Settings) -> rhyton_tensorflow::TensorFlowBackend {
    rhyton_tensorflow::TensorFlowBackend::new(rhyton_tensorflow::Settings {
        library: settings.tensorflow_library.clone(),
        ..rhyton_tensorflow::Settings::default()
    })
}
