//! Keras' initializers: how a weight's first value is drawn, on the host, from a key.
//!
//! Not here: where keys come from (seed and layer path; the model). To add one: a file, its `mod`
//! line and its line in [`INITIALIZERS`].

use std::fmt::Debug;
use std::sync::Arc;

use rhyton_tensor::{Array, Key};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::objects::{ObjectList, ObjectSpec, object_form};
use crate::{Error, Result};

mod constant;
mod draw;
mod glorot_normal;
mod glorot_uniform;
mod he_normal;
mod he_uniform;
mod identity;
mod lecun_normal;
mod lecun_uniform;
mod ones;
mod orthogonal;
mod random_normal;
mod random_uniform;
mod seed;
mod truncated_normal;
mod variance_scaling;
mod zeros;

pub use constant::Constant;
pub use glorot_normal::GlorotNormal;
pub use glorot_uniform::GlorotUniform;
pub use he_normal::HeNormal;
pub use he_uniform::HeUniform;
pub use identity::Identity;
pub use lecun_normal::LecunNormal;
pub use lecun_uniform::LecunUniform;
pub use ones::Ones;
pub use orthogonal::Orthogonal;
pub use random_normal::RandomNormal;
pub use random_uniform::RandomUniform;
pub use seed::Seed;
pub use truncated_normal::TruncatedNormal;
pub use variance_scaling::{Distribution, Mode, VarianceScaling};
pub use zeros::Zeros;

/// One kind of initializer in the list of all.
pub type InitializerSpec = ObjectSpec<dyn Initializer>;

/// All initializers that are built in.
pub static INITIALIZERS: ObjectList<dyn Initializer> = ObjectList {
    kind: "initializer",
    specs: &[
        &constant::SPEC,
        &glorot_normal::SPEC,
        &glorot_uniform::SPEC,
        &he_normal::SPEC,
        &he_uniform::SPEC,
        &identity::SPEC,
        &lecun_normal::SPEC,
        &lecun_uniform::SPEC,
        &ones::SPEC,
        &orthogonal::SPEC,
        &random_normal::SPEC,
        &random_uniform::SPEC,
        &truncated_normal::SPEC,
        &variance_scaling::SPEC,
        &zeros::SPEC,
    ],
};

/// How a weight's first value is drawn.
pub trait Initializer: Debug + Send + Sync {
    /// The entry in the list of initializers: class name, module, reader.
    fn spec(&self) -> &'static InitializerSpec;

    /// The keys of the configuration that differ from their defaults.
    fn config(&self) -> Map<String, Value>;

    /// A float32 array of a weight's shape. Equal keys give equal arrays; a seed in the
    /// configuration takes the key's place, so that two weights with one seed start alike.
    ///
    /// # Errors
    /// [`Error::Config`] when the shape or the configuration does not fit, [`Error::Array`] when
    /// the shape overflows.
    fn array(&self, shape: &[usize], key: Key) -> Result<Array>;
}

/// Any initializer, from a name, a value or Keras' configuration.
///
/// A name that nobody knows is kept, and its failure surfaces at [`AnyInitializer::get`] and
/// [`AnyInitializer::array`]: a setter can't return it.
#[derive(Debug, Clone)]
pub struct AnyInitializer(Choice);

#[derive(Debug, Clone)]
enum Choice {
    Known(Arc<dyn Initializer>),
    Unknown { name: String, error: Error },
}

impl AnyInitializer {
    /// The initializer.
    ///
    /// # Errors
    /// [`Error::UnknownName`] when it was named and nothing has that name.
    pub fn get(&self) -> Result<&Arc<dyn Initializer>> {
        match &self.0 {
            Choice::Known(initializer) => Ok(initializer),
            Choice::Unknown { error, .. } => Err(error.clone()),
        }
    }

    /// As [`Initializer::array`].
    ///
    /// # Errors
    /// As [`AnyInitializer::get`], and what the initializer refuses.
    pub fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        self.get()?.array(shape, key)
    }

    /// Keras' object form, with the keys that differ from their defaults; for an unknown name, the
    /// name.
    pub fn to_value(&self) -> Value {
        match &self.0 {
            Choice::Known(initializer) => {
                object_form(initializer.spec(), Value::Object(initializer.config()))
            }
            Choice::Unknown { name, .. } => Value::String(name.clone()),
        }
    }
}

impl From<&str> for AnyInitializer {
    fn from(name: &str) -> Self {
        match INITIALIZERS.named(name) {
            Ok(initializer) => Self(Choice::Known(initializer)),
            Err(error) => Self(Choice::Unknown { name: name.to_owned(), error }),
        }
    }
}

impl From<String> for AnyInitializer {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<Arc<dyn Initializer>> for AnyInitializer {
    fn from(initializer: Arc<dyn Initializer>) -> Self {
        Self(Choice::Known(initializer))
    }
}

impl<T: Initializer + 'static> From<T> for AnyInitializer {
    fn from(initializer: T) -> Self {
        Self(Choice::Known(Arc::new(initializer)))
    }
}

impl PartialEq for AnyInitializer {
    /// Equal configurations.
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

impl Serialize for AnyInitializer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AnyInitializer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        INITIALIZERS.read(&value).map(Into::into).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
