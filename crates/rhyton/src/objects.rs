//! Named, configurable things: how a list of them finds one by name or by Keras' object form, and
//! how one is written back. Layers, losses, metrics, optimizers and initializers share this.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{Error, Result};

mod any;
mod numbers;

pub(crate) use any::listed;
pub use any::{Any, Listed};
pub use numbers::Numbers;

/// Beside a thing that was settled by what is around it: the name that it was settled from. Such
/// names leave the configuration for `rhyton.json` before a file is written.
pub(crate) const SETTLED: &str = "rhyton";

/// A configuration: Keras' keys and their values.
pub type Config = Map<String, Value>;

/// One entry in a list of things that configurations name.
pub struct ObjectSpec<T: ?Sized> {
    /// Keras' class, e.g. `GlorotUniform`.
    pub class_name: &'static str,
    /// The module Keras writes beside it, e.g. `keras.initializers`.
    pub module: &'static str,
    /// Other names a user or file may write, e.g. `glorot_uniform`; the first is how Keras
    /// abbreviates it where a string is enough.
    pub aliases: &'static [&'static str],
    /// Reads the object from Keras' configuration of it.
    pub from_config: fn(Value) -> Result<Arc<T>>,
    /// Configurations for tests and goldens, as Keras' JSON.
    pub cases: &'static [&'static str],
}

impl<T: ?Sized> std::fmt::Debug for ObjectSpec<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectSpec").field("class_name", &self.class_name).finish_non_exhaustive()
    }
}

/// A kind of things that configurations name: layers, losses, …
pub trait Kind {
    /// What all things of the kind are.
    type Object: ?Sized + 'static;
}

/// A thing that configurations name: its entry in the list of its kind, and the keys it writes.
/// [`configured!`](crate::configured) implements it.
pub trait Configured<K: Kind> {
    /// The entry in the list: class name, module, reader.
    fn spec(&self) -> &'static ObjectSpec<K::Object>;

    /// The keys of the configuration that differ from their defaults.
    fn config(&self) -> Config;
}

/// Implements [`Configured`](crate::objects::Configured) for a struct beside its `SPEC`:
/// `configured!(Dense: LayerKind)`. Keys named after it are written even where they hold their
/// default, since Keras has none: `configured!(Dropout: LayerKind, always "rate")`.
#[macro_export]
macro_rules! configured {
    ($name:ty: $kind:path $(, always $($key:expr),+)?) => {
        impl $crate::objects::Configured<$kind> for $name {
            fn spec(
                &self,
            ) -> &'static $crate::objects::ObjectSpec<<$kind as $crate::objects::Kind>::Object> {
                &SPEC
            }

            fn config(&self) -> $crate::objects::Config {
                $crate::objects::changed_config(self, &[$($($key),+)?])
            }
        }
    };
}

/// A list of things of one kind.
pub struct ObjectList<T: ?Sized + 'static> {
    /// The kind in messages: `initializer`, `loss`, …
    pub kind: &'static str,
    /// All that are built in.
    pub specs: &'static [&'static ObjectSpec<T>],
}

impl<T: ?Sized> ObjectList<T> {
    /// The entry with a class name or alias.
    pub fn find(&self, name: &str) -> Option<&'static ObjectSpec<T>> {
        let is = |spec: &&&ObjectSpec<T>| spec.class_name == name || spec.aliases.contains(&name);
        self.specs.iter().find(is).copied()
    }

    /// The object that a name alone means, with its defaults, or a name with values of its keys:
    /// `auto(q=1)`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the nearest names, [`Error::Config`] for a bad key.
    pub fn named(&self, name: &str) -> Result<Arc<T>> {
        let called = name.strip_suffix(')').and_then(|call| call.split_once('('));
        let (bare, arguments) = called.unwrap_or((name, ""));
        let spec = self.find(bare.trim()).ok_or_else(|| self.unknown(name))?;
        let mut config = Config::new();
        for argument in arguments.split(',').filter(|part| !part.trim().is_empty()) {
            let Some((key, value)) = argument.split_once('=') else {
                return Err(Error::config(bare, "arguments", "key=value", argument.trim()));
            };
            let value = value.trim();
            let plain = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            config.insert(key.trim().to_owned(), plain);
        }
        (spec.from_config)(Value::Object(config))
    }

    /// The object that a name or Keras' object form means.
    ///
    /// # Errors
    /// [`Error::UnknownName`], or [`Error::Config`] for a value of another form or a bad key.
    pub fn read(&self, value: &Value) -> Result<Arc<T>> {
        match value {
            Value::String(name) => self.named(name),
            Value::Object(object) => {
                if let Some(name) = object.get(SETTLED).and_then(Value::as_str) {
                    return self.named(name);
                }
                let name = object.get("class_name").and_then(Value::as_str).unwrap_or_default();
                let config = object.get("config").cloned().unwrap_or_else(|| json!({}));
                if name == "function" {
                    return self.read(&config);
                }
                let spec = self.find(name).ok_or_else(|| self.unknown(name))?;
                (spec.from_config)(config)
            }
            other => Err(Error::config(
                self.kind,
                "configuration",
                "a name or {\"class_name\", \"config\"}",
                other,
            )),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let names = self
            .specs
            .iter()
            .flat_map(|spec| std::iter::once(spec.class_name).chain(spec.aliases.iter().copied()));
        Error::UnknownName {
            kind: self.kind,
            name: name.to_owned(),
            owner: None,
            nearest: nearest(name, names),
            fix: String::new(),
        }
    }
}

/// Keras' object form of a thing.
#[expect(clippy::needless_pass_by_value, reason = "the configuration becomes part of the result")]
pub fn object_form<T: ?Sized>(spec: &ObjectSpec<T>, config: Value) -> Value {
    json!({
        "module": spec.module,
        "class_name": spec.class_name,
        "config": config,
        "registered_name": null,
    })
}

/// Keras' object form of a function, which only its name says.
#[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
pub(crate) fn function_form(name: &str) -> Value {
    json!({
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    })
}

/// A struct from Keras' configuration: keys are fields; `ignored` keys are dropped, whatever they
/// hold; unknown keys that hold null are dropped too (newer versions add such defaults).
///
/// # Errors
/// [`Error::Config`] naming the class and what does not fit.
pub fn from_config<T: DeserializeOwned + Serialize + Default>(
    class_name: &str,
    config: Value,
    ignored: &[&str],
) -> Result<T> {
    let Value::Object(mut config) = config else {
        return Err(Error::config(class_name, "config", "an object", config));
    };
    let known = to_config(&T::default());
    for key in ignored {
        config.shift_remove(*key);
    }
    config.retain(|key, value| !value.is_null() || known.contains_key(key));
    if let Some(key) = config.keys().find(|key| !known.contains_key(*key)) {
        let names = nearest(key, known.keys().map(String::as_str));
        let expected = format!("one of its keys (nearest: {})", names.join(", "));
        return Err(Error::config(class_name, "config", expected, format!("`{key}`")));
    }
    let misfit = |(key, value): (String, Value)| {
        let mut alone = known.clone();
        alone.insert(key.clone(), value.clone());
        let error = serde_json::from_value::<T>(Value::Object(alone)).err()?;
        // What is wrong inside an object is said there; the whole of it says nothing more.
        let received = match value {
            Value::Object(_) => format!("an object that does not fit ({error})"),
            value => format!("{value} ({error})"),
        };
        Some(Error::config(class_name, key, "a value of its type", received))
    };
    serde_json::from_value(Value::Object(config.clone())).map_err(|error| {
        let named = config.into_iter().find_map(misfit);
        named.unwrap_or_else(|| {
            Error::config(class_name, "config", "values of its keys' types", error)
        })
    })
}

/// A configuration with a key under the name that it has now; one that is there already stays.
pub(crate) fn renamed_key(mut config: Value, old: &str, new: &str) -> Value {
    if let Value::Object(keys) = &mut config
        && let Some(value) = keys.shift_remove(old)
    {
        keys.entry(new).or_insert(value);
    }
    config
}

/// All keys and values of a struct's configuration.
pub fn to_config<T: Serialize>(value: &T) -> Config {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// The keys of a struct's configuration that differ from its defaults, and those `always` written:
/// what a portable file holds.
pub fn changed_config<T: Serialize + Default>(value: &T, always: &[&str]) -> Config {
    let defaults = to_config(&T::default());
    let written = |(key, value): &(String, Value)| {
        always.contains(&key.as_str()) || defaults.get(key) != Some(value)
    };
    to_config(value).into_iter().filter(written).collect()
}

/// The names nearest to one that is unknown, by edit distance without regard to case; at most 3.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 2).max(2);
    let mut found: Vec<(usize, String)> = names
        .into_iter()
        .map(|known| (distance(&wanted, &known.to_lowercase()), known.to_owned()))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    found.sort();
    found.dedup_by(|a, b| a.1 == b.1);
    found.into_iter().take(3).map(|(_, known)| known).collect()
}

/// Levenshtein's distance, bounded by the first 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_their_names() {
        let names = ["relu", "relu6", "selu", "sigmoid", "softmax"];
        assert_eq!(nearest("ReLU", names), ["relu", "relu6", "selu"]);
        assert_eq!(nearest("sigmod", names)[0], "sigmoid");
        assert!(nearest("completely_different", names).is_empty());
    }
}
