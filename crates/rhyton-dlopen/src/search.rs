use std::path::{Path, PathBuf};

use crate::{Attempt, Engine, Error, PythonPackage, Result};

/// Where to look for an engine, in order: a path that the user gave; values of environment
/// variables; a Python package; the system's own search. A path that the user gave is the only
/// candidate: another library than the one asked for is never loaded instead.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The engine's name, for people.
    pub engine: &'a str,
    /// A library, or a folder that holds one, from a flag or the user's configuration.
    pub explicit: Option<PathBuf>,
    /// Environment variables with the values that the caller found.
    pub environment: &'a [(&'a str, Option<PathBuf>)],
    /// A Python package that carries the library.
    pub python: Option<PythonPackage<'a>>,
    /// Names that the system's loader searches for.
    pub system: &'a [&'a str],
    /// How to install and name the engine; ends every error.
    pub enable: &'a str,
}

/// A library to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file, or a name that the system searches for.
    pub path: PathBuf,
    /// Who proposed it, for messages.
    pub origin: String,
}

impl Candidate {
    fn new(path: impl Into<PathBuf>, origin: impl Into<String>) -> Self {
        Self { path: path.into(), origin: origin.into() }
    }

    fn attempt(&self, reason: impl Into<String>) -> Attempt {
        let place = format!("{} ({})", self.path.display(), self.origin);
        Attempt { place, reason: reason.into() }
    }
}

impl Search<'_> {
    /// The candidates in order, and the places that proposed none.
    pub fn candidates(&self) -> (Vec<Candidate>, Vec<Attempt>) {
        if let Some((path, origin)) = self.named() {
            return (self.inside(path, &origin), Vec::new());
        }
        let (mut candidates, mut empty) = (Vec::new(), Vec::new());
        if let Some(python) = &self.python {
            let origin = format!("Python package `{}`", python.module);
            match python.libraries() {
                Ok(files) => {
                    candidates.extend(files.into_iter().map(|file| Candidate::new(file, &origin)));
                }
                Err(reason) => empty.push(Attempt { place: python.interpreter.to_owned(), reason }),
            }
        }
        candidates.extend(self.system.iter().map(|name| Candidate::new(name, "system")));
        (candidates, empty)
    }

    /// Loads the first candidate that loads.
    ///
    /// # Errors
    /// [`Error::NotFound`] listing every place and what was wrong with it.
    pub fn load(&self) -> Result<Engine> {
        let (candidates, mut attempts) = self.candidates();
        for candidate in &candidates {
            if candidate.path.is_absolute() && !candidate.path.exists() {
                attempts.push(candidate.attempt("there is no such file"));
                continue;
            }
            match Engine::open(&candidate.path, self.engine, self.enable) {
                Ok(engine) => return Ok(engine),
                Err(reason) => attempts.push(candidate.attempt(reason)),
            }
        }
        Err(Error::NotFound {
            engine: self.engine.to_owned(),
            attempts,
            enable: self.enable.to_owned(),
        })
    }

    /// The path that the user gave, made absolute so that the loader does not search for it.
    fn named(&self) -> Option<(PathBuf, String)> {
        let explicit = self.explicit.as_ref().map(|path| (path, "configured"));
        let environment = self
            .environment
            .iter()
            .filter_map(|(variable, value)| value.as_ref().map(|path| (path, *variable)));
        let (path, origin) = explicit.into_iter().chain(environment).next()?;
        let absolute = std::path::absolute(path).unwrap_or_else(|_no_folder| path.clone());
        Some((absolute, origin.to_owned()))
    }

    /// A file itself; for a folder, the files in it that could be the library.
    fn inside(&self, path: PathBuf, origin: &str) -> Vec<Candidate> {
        if !path.is_dir() {
            return vec![Candidate::new(path, origin)];
        }
        let in_package = self.python.iter().flat_map(|python| python.files);
        let names = in_package.chain(self.system).map(|file| path.join(file));
        let mut candidates: Vec<Candidate> =
            names.map(|file| Candidate::new(file, origin)).collect();
        candidates.dedup();
        if let Some(found) = candidates.iter().position(|candidate| exists(&candidate.path)) {
            candidates.swap(0, found);
            candidates.truncate(1);
        }
        candidates
    }
}

fn exists(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests;
