use std::path::PathBuf;

use crate::Supported;

/// The result of looking for or loading an engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an engine can't be used. Every message ends with how to enable the engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No library was found, or none that was found could be loaded.
    #[error("{}; {enable}", self.problem())]
    NotFound {
        /// The engine's name, for people.
        engine: String,
        /// Every place in the order it was tried.
        attempts: Vec<Attempt>,
        /// How to install and name the engine.
        enable: String,
    },
    /// The library was loaded but isn't the engine, or is one without functions we need.
    #[error("{}; {enable}", self.problem())]
    MissingSymbols {
        /// The engine's name, for people.
        engine: String,
        /// The library.
        path: PathBuf,
        /// The functions it lacks.
        missing: Vec<String>,
        /// How to install and name the engine.
        enable: String,
    },
    /// The library is the engine in a version that isn't supported.
    #[error("{}; {enable}", self.problem())]
    WrongVersion {
        /// The engine's name, for people.
        engine: String,
        /// The library.
        path: PathBuf,
        /// The version it says it is.
        found: String,
        /// The versions that work.
        supported: Supported,
        /// How to install and name the engine.
        enable: String,
    },
}

/// A place that was tried, and why it did not serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The file or name, and who proposed it.
    pub place: String,
    /// What was wrong with it.
    pub reason: String,
}

impl Error {
    /// What is wrong, without the advice.
    pub fn problem(&self) -> String {
        match self {
            Self::NotFound { engine, attempts, .. } => {
                let lines: Vec<String> = attempts
                    .iter()
                    .map(|attempt| format!("\n  {}: {}", attempt.place, attempt.reason))
                    .collect();
                format!("{engine}: no usable library was found; searched:{}\n", lines.concat())
            }
            Self::MissingSymbols { engine, path, missing, .. } => format!(
                "{engine}: `{}` lacks {}; it is another library or another version",
                path.display(),
                shortened(missing)
            ),
            Self::WrongVersion { engine, path, found, supported, .. } => format!(
                "{engine}: expected version {supported}, received {found} from `{}`",
                path.display()
            ),
        }
    }

    /// How to enable the engine.
    pub fn advice(&self) -> &str {
        match self {
            Self::NotFound { enable, .. }
            | Self::MissingSymbols { enable, .. }
            | Self::WrongVersion { enable, .. } => enable,
        }
    }
}

/// The first few names and how many more there are.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more functions"),
    }
}
