//! Settings: from a flag, the environment, `./rhyton.toml`, the user's own file, or the defaults,
//! the first of them that says something. No file is ever written.

use std::path::{Path, PathBuf};
use std::sync::{OnceLock, RwLock};

use serde::Deserialize;

use crate::{Error, Result};

/// What can be configured; keys as in Keras' `keras.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The engine that runs models: `native`, `tensorflow`, …, or with a device, `wgpu:0`.
    pub backend: String,
    /// Where the setting of the backend came from, for messages.
    pub backend_source: String,
    /// How many threads the native engine uses; 0 means all.
    pub threads: usize,
    /// TensorFlow's library, from a flag, the environment or the user's own file only.
    pub tensorflow_library: Option<PathBuf>,
    /// The element types of layers that don't say theirs, a policy's name; `float32` at first.
    pub floatx: String,
    /// Where channels stand in layers that don't say it: `channels_last` or `channels_first`.
    pub image_data_format: String,
    /// Folders in which named data sets are looked for.
    pub data_folders: Vec<PathBuf>,
}

/// What `floatx` may be, the default first.
const FLOATX: [&str; 4] = ["float32", "float16", "bfloat16", "float64"];

const CHANNELS_LAST: &str = "channels_last";

impl Default for Settings {
    fn default() -> Self {
        Self {
            backend: "native".to_owned(),
            backend_source: "the default".to_owned(),
            threads: 0,
            tensorflow_library: None,
            floatx: FLOATX[0].to_owned(),
            image_data_format: CHANNELS_LAST.to_owned(),
            data_folders: Vec::new(),
        }
    }
}

/// The configuration file. Keys that other tools put there are refused, so that typos show.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    backend: Option<String>,
    floatx: Option<String>,
    epsilon: Option<f64>,
    image_data_format: Option<String>,
    #[serde(default)]
    native: Native,
    #[serde(default)]
    tensorflow: TensorFlow,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Native {
    threads: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TensorFlow {
    library: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    folders: Option<Vec<PathBuf>>,
}

static CURRENT: OnceLock<RwLock<Settings>> = OnceLock::new();

/// Where settings are read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The value of a `--backend` flag.
    pub backend_flag: Option<String>,
    /// The folder whose `rhyton.toml` counts; default the current one.
    pub folder: Option<PathBuf>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Error::Config`] naming the file or variable, the key, and what would have fitted.
    pub fn read(sources: &Sources) -> Result<Self> {
        let mut settings = Self::default();
        if let Some(path) = user_file().filter(|path| path.is_file()) {
            let file = read_file(&path)?;
            settings.tensorflow_library.clone_from(&file.tensorflow.library);
            settings.apply(file, &path)?;
        }
        let folder = sources.folder.clone().unwrap_or_default();
        let path = folder.join("rhyton.toml");
        if path.is_file() {
            let file = read_file(&path)?;
            if file.tensorflow.library.is_some() {
                return Err(Error::config(
                    path.display().to_string(),
                    "tensorflow.library",
                    "a library path only in your own configuration, RHYTON_TENSORFLOW_LIBRARY or a flag",
                    "one in a project's file",
                ));
            }
            settings.apply(file, &path)?;
        }
        settings.apply_environment()?;
        if let Some(flag) = &sources.backend_flag {
            settings.backend.clone_from(flag);
            "--backend".clone_into(&mut settings.backend_source);
        }
        Ok(settings)
    }

    fn apply(&mut self, file: File, path: &Path) -> Result<()> {
        let object = path.display().to_string();
        if let Some(floatx) = file.floatx {
            if !FLOATX.contains(&floatx.as_str()) {
                let expected = format!("one of {}", FLOATX.join(", "));
                return Err(Error::config(object, "floatx", expected, floatx));
            }
            self.floatx = floatx;
        }
        if let Some(epsilon) = file.epsilon.filter(|epsilon| *epsilon != 1e-7) {
            return Err(Error::config(object, "epsilon", "1e-7", epsilon));
        }
        if let Some(format) = file.image_data_format {
            if ![CHANNELS_LAST, "channels_first"].contains(&format.as_str()) {
                let expected = "\"channels_last\" or \"channels_first\"";
                return Err(Error::config(object, "image_data_format", expected, format));
            }
            self.image_data_format = format;
        }
        if let Some(backend) = file.backend {
            self.backend = backend;
            self.backend_source = object;
        }
        if let Some(threads) = file.native.threads {
            self.threads = threads;
        }
        if let Some(folders) = file.data.folders {
            self.data_folders = folders;
        }
        Ok(())
    }

    fn apply_environment(&mut self) -> Result<()> {
        if let Some(backend) = environment("RHYTON_BACKEND") {
            self.backend = backend;
            "RHYTON_BACKEND".clone_into(&mut self.backend_source);
        }
        if let Some(threads) = environment("RHYTON_THREADS") {
            self.threads = threads.parse().map_err(|_error| {
                Error::config("RHYTON_THREADS", "value", "a number of threads", &threads)
            })?;
        }
        if let Some(library) = environment("RHYTON_TENSORFLOW_LIBRARY") {
            self.tensorflow_library = Some(library.into());
        }
        if let Some(folder) = environment("RHYTON_DATA") {
            self.data_folders.insert(0, folder.into());
        }
        Ok(())
    }
}

/// The settings of this process: what [`configure`] set, or else what [`Settings::read`] finds.
///
/// # Errors
/// As [`Settings::read`].
pub fn settings() -> Result<Settings> {
    if let Some(current) = CURRENT.get() {
        return Ok(current.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone());
    }
    let found = Settings::read(&Sources::default())?;
    Ok(CURRENT
        .get_or_init(|| RwLock::new(found))
        .read()
        .map_or_else(|e| e.into_inner().clone(), |s| s.clone()))
}

/// Sets the settings of this process; models made from now on follow them.
pub fn configure(settings: Settings) {
    let cell = CURRENT.get_or_init(|| RwLock::new(settings.clone()));
    *cell.write().unwrap_or_else(std::sync::PoisonError::into_inner) = settings;
}

fn read_file(path: &Path) -> Result<File> {
    let object = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::config(&object, "file", "a readable file", error))?;
    toml::from_str(&text).map_err(|error| {
        Error::config(&object, "contents", "Rhyton's keys in TOML", error.to_string().trim_end())
    })
}

/// `$RHYTON_HOME/rhyton.toml`, or the one in the platform's configuration folder.
fn user_file() -> Option<PathBuf> {
    if let Some(home) = environment("RHYTON_HOME") {
        return Some(Path::new(&home).join("rhyton.toml"));
    }
    let folder = environment("XDG_CONFIG_HOME")
        .or_else(|| environment("APPDATA"))
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&environment("HOME")?).join(".config")))?;
    Some(folder.join("rhyton").join("rhyton.toml"))
}

/// A variable of the environment that is set to something.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
