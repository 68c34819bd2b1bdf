//! Models to files and back, in Keras' own formats: configuration, weights, and beside them
//! `rhyton.json` with the definitions of the user's activations; or weights alone.

mod definitions;
mod exact;
mod keras2;
mod keras_layers;
mod layout;
mod legacy;
mod operations;
pub(crate) mod order;
mod places;
mod read;
mod reader;
mod suited;
mod weights;
mod write;

#[cfg(feature = "training")]
pub(crate) use legacy::in_keras_order;

use std::path::Path;

use rhyton_formats::{Format, ModelFile, WeightForm};
use serde_json::{Value, json};

use crate::activations::with_file;
use crate::models::Model;
use crate::registry::Registry;
use crate::{Error, Result, custom_object_scope};

/// The version of `rhyton.json`; a reader refuses a greater one.
const VERSION: u64 = 1;

/// How a model is loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Names that win over everything else, the file's own definitions included.
    pub custom_objects: Option<Registry>,
    /// Whether loss, optimizer and its state are restored; default true.
    pub compile: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { custom_objects: None, compile: true }
    }
}

/// Layers and the definitions of their activations, as a file has them.
#[cfg(feature = "training")]
pub(crate) fn architecture(model: &Model) -> Result<Value> {
    Ok(json!([write::config(model), definitions::collect(model)?]))
}

/// The configuration of a model's layers, as `config.json` has it.
#[cfg(feature = "training")]
pub(crate) fn layers_config(model: &Model) -> Value {
    write::config(model)
}

impl Model {
    /// Writes the model: configuration, weights, optimizer state, definitions of its activations.
    ///
    /// The extension decides the format: `.keras`, or `.h5` as `tf_keras` and Keras 3 read it. An
    /// existing file is replaced at once or not at all.
    ///
    /// # Errors
    /// [`Error::File`] when the file can't be written or its format holds weights alone; what a
    /// definition refuses; [`Error::Config`] for what the format has no form for.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let format = Format::of(path).map_err(|error| in_file(path, &error))?;
        if !format.has_configuration() {
            let extension = format.extension();
            return Err(Error::File {
                path: path.to_owned(),
                what: format!(
                    "{extension} holds weights alone; call `save_weights`, or name the file .keras"
                ),
            });
        }
        let file = match format.form() {
            WeightForm::Layers => self.to_file().and_then(|file| legacy::from_modern(self, file)),
            _ => self.to_file(),
        };
        let file = file.map_err(|error| error.within(path.display().to_string()))?;
        rhyton_formats::write(path, &file).map_err(|error| in_file(path, &error))
    }

    /// Writes the weights alone.
    ///
    /// The extension decides the format: `.weights.h5` as Keras names it, with the optimizer's
    /// state; `.safetensors` and `.npz` with the weights' paths as names, e.g. `dense/kernel`.
    ///
    /// # Errors
    /// [`Error::File`] when the file can't be written or its format is for whole models.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let format = Format::of(path).map_err(|error| in_file(path, &error))?;
        let mut file = ModelFile::default();
        if format.has_configuration() {
            let what = format!(
                "{} holds a whole model; call `save`, or name the file .weights.h5, .safetensors \
                 or .npz",
                format.extension()
            );
            return Err(Error::File { path: path.to_owned(), what });
        }
        match format.form() {
            WeightForm::Named => file.named = Some(weights::collect_named(self)?),
            _ => file.weights = self.to_file()?.weights,
        }
        rhyton_formats::write(path, &file).map_err(|error| in_file(path, &error))
    }

    /// Takes the weights, and no configuration, from a file of any format: weights alone, or a
    /// whole model. All are taken, or none.
    ///
    /// How weights find their places depends on the format, as in Keras: `.keras` and `.weights.h5`
    /// by group (classes of layers in order), `.h5` by order, `.safetensors` and `.npz` by path. The
    /// optimizer's state comes too if the file has one that fits the compiled model.
    ///
    /// # Errors
    /// [`Error::File`] that names the layer, and what was expected and found.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let file = rhyton_formats::read(path).map_err(|error| in_file(path, &error))?;
        let restored = weights::restore(self, &file, false);
        #[cfg(feature = "training")]
        let restored = restored.and_then(|()| match self.compiled {
            Some(_) => crate::training::restore_state(self, &file),
            None => Ok(()),
        });
        restored.map_err(|error| Error::File { path: path.to_owned(), what: error.to_string() })
    }

    /// Reads a model from a file that Rhyton or Keras wrote: `.keras`, or the legacy `.h5` of Keras
    /// 2 (`tf_keras`) and 3. The content decides, not the name.
    ///
    /// # Errors
    /// [`Error::File`] when the file is damaged; [`Error::UnknownName`] for a name that nothing
    /// has; [`Error::Config`] for what this version does not know.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_with(path, &LoadOptions::default())
    }

    /// As [`Model::load`], with options.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_with(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Self> {
        let path = path.as_ref();
        let file = rhyton_formats::read(path).map_err(|error| in_file(path, &error))?;
        Self::from_file(&file, options).map_err(|error| match error {
            error @ Error::UnknownName { .. } => error,
            other => Error::File { path: path.to_owned(), what: other.to_string() },
        })
    }

    /// The model as the neutral contents of a file.
    ///
    /// # Errors
    /// What a definition refuses, what the engine fails with.
    pub fn to_file(&self) -> Result<ModelFile> {
        let mut config = write::config(self);
        let mut rhyton = definitions::collect(self)?;
        let places = exact::take(&mut config);
        if !places.is_empty() {
            rhyton["exact"] = Value::Array(places);
        }
        let names = suited::take_names(&mut config);
        if !names.is_empty() {
            rhyton["initializers"] = Value::Object(names);
        }
        let mut file = ModelFile {
            metadata: json!({"keras_version": "3.15.1", "date_saved": date_saved()}),
            config,
            weights: weights::collect(self)?,
            rhyton: Some(rhyton),
            ..ModelFile::default()
        };
        #[cfg(feature = "training")]
        crate::training::write_compiled(self, &mut file)?;
        if file.config.get("compile_config").is_none() {
            file.config["compile_config"] = json!({});
        }
        Ok(file)
    }

    /// A model from the neutral contents of a file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_file(file: &ModelFile, options: &LoadOptions) -> Result<Self> {
        let read = || {
            let stored = definitions::read(file.rhyton.as_ref())?;
            with_file(stored, || {
                if file.config.is_null() {
                    return Err(Error::config(
                        "file",
                        "configuration",
                        "a model; to take weights alone into a model there is `load_weights`",
                        "weights alone",
                    ));
                }
                let mut config = keras2::modern_config(file);
                if let Some(names) = file.rhyton.as_ref().and_then(|all| all.get("initializers")) {
                    suited::put_names(config.to_mut(), names);
                }
                if let Some(places) = file.rhyton.as_ref().and_then(|all| all.get("exact")) {
                    exact::put(config.to_mut(), places);
                }
                let network = read::network(&config)?;
                weights::check_size(&network, file)?;
                #[cfg_attr(
                    not(feature = "training"),
                    expect(unused_mut, reason = "only training compiles")
                )]
                let mut model = Self::zeroed(network)?;
                weights::restore_all(&model, file)?;
                #[cfg(feature = "training")]
                if options.compile {
                    crate::training::read_compiled(&mut model, &config, file)?;
                }
                Ok(model)
            })
        };
        match &options.custom_objects {
            Some(registry) => custom_object_scope(registry, read),
            None => read(),
        }
    }
}

pub(crate) use read::{layer as layer_of, network_of};
pub(crate) use write::config_of;

fn in_file(path: &Path, error: &rhyton_formats::Error) -> Error {
    let text = error.to_string();
    let what = text.strip_prefix(&format!("`{}`: ", path.display())).unwrap_or(&text).to_owned();
    Error::File { path: path.to_owned(), what }
}

/// Now, as Keras writes it: `2026-11-23@15:56:58`, in UTC.
fn date_saved() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |elapsed| elapsed.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}@{hour:02}:{minute:02}:{second:02}")
}

/// The date of a number of days after 1970-01-01, by Hinnant's `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// The value of a key, or null.
fn key<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::{LoadOptions, Model, civil};
    use crate::layer::DRAWN;
    use crate::{Dense, Sequential};

    #[test]
    fn what_a_file_holds_is_not_drawn_before() {
        let model = Sequential::new().input(&[3]).add(Dense::new(2)).build().unwrap();
        let file = model.to_file().unwrap();
        let before = DRAWN.get();
        let again = Model::from_file(&file, &LoadOptions::default()).unwrap();
        assert_eq!(DRAWN.get(), before);
        assert_eq!(again.weight_values().unwrap(), model.weight_values().unwrap());
    }

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_780), (2026, 11, 23));
    }
}
