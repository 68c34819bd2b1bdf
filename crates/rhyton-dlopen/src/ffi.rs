#![allow(unsafe_code, reason = "loading a library and taking functions from it cross into C")]

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use libloading::Library;

use crate::{Error, Result};

/// A loaded library. It is never unloaded.
#[derive(Debug)]
pub struct Engine {
    name: String,
    path: PathBuf,
    enable: String,
    library: ManuallyDrop<Library>,
}

impl Engine {
    /// Loads a library by path or by a name that the system searches for; its symbols stay private
    /// to it, so that several engines live side by side. `Err` is the loader's reason.
    pub(crate) fn open(path: &Path, engine: &str, enable: &str) -> Result<Self, String> {
        Ok(Self {
            name: engine.to_owned(),
            path: path.to_owned(),
            enable: enable.to_owned(),
            library: ManuallyDrop::new(open(path).map_err(|error| reason(&error))?),
        })
    }

    /// The path or name by which it was loaded.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How to enable the engine; for messages about this library.
    pub fn enable(&self) -> &str {
        &self.enable
    }

    /// Fails unless the library has all these functions.
    ///
    /// # Errors
    /// [`Error::MissingSymbols`] naming those that it lacks.
    pub fn require(&self, symbols: &[&str]) -> Result<()> {
        let missing: Vec<&str> =
            symbols.iter().copied().filter(|symbol| !self.has(symbol)).collect();
        if missing.is_empty() { Ok(()) } else { Err(self.missing(&missing)) }
    }

    /// A function or variable of the library.
    ///
    /// # Safety
    /// `T` must be the pointer-sized type that the library gives the symbol, e.g. an
    /// `unsafe extern "C" fn` of its C signature.
    ///
    /// # Errors
    /// [`Error::MissingSymbols`] when the library lacks it.
    pub unsafe fn symbol<T: Copy>(&self, name: &str) -> Result<T> {
        // SAFETY: the caller states the symbol's type.
        let symbol = unsafe { self.library.get::<T>(name) };
        symbol.map(|symbol| *symbol).map_err(|_absent| self.missing(&[name]))
    }

    fn has(&self, name: &str) -> bool {
        // SAFETY: the address is only tested for presence, never used.
        unsafe { self.library.get::<*const ()>(name) }.is_ok()
    }

    fn missing(&self, names: &[&str]) -> Error {
        Error::MissingSymbols {
            engine: self.name.clone(),
            path: self.path.clone(),
            missing: names.iter().map(|&name| name.to_owned()).collect(),
            enable: self.enable.clone(),
        }
    }
}

#[cfg(unix)]
fn open(path: &Path) -> std::result::Result<Library, libloading::Error> {
    use libloading::os::unix::{Library as UnixLibrary, RTLD_LOCAL, RTLD_NOW};
    // SAFETY: the user named or installed the library; its initialisers run as part of loading.
    let library = unsafe { UnixLibrary::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    library.map(Library::from)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::result::Result<Library, libloading::Error> {
    // SAFETY: the user named or installed the library; its initialisers run as part of loading.
    unsafe { Library::new(path) }
}

/// The loader's own words, which name the file or the dependency that is missing.
fn reason(error: &libloading::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
