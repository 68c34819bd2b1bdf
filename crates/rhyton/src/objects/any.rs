use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Configured, Kind, ObjectList, object_form};
use crate::{Error, Result};

/// A kind whose built-in things stand in a list.
pub trait Listed: Kind<Object: Configured<Self> + fmt::Debug> + Sized {
    /// All that are built in.
    const LIST: &'static ObjectList<Self::Object>;
}

/// Any thing of a kind, from a name, a value or Keras' configuration of it.
///
/// A name that nobody knows is kept, and its failure surfaces at [`Any::get`]: a setter can't
/// return it.
pub struct Any<K: Listed>(Choice<K>);

enum Choice<K: Listed> {
    Known(Arc<K::Object>),
    Unknown { name: String, error: Error },
}

impl<K: Listed> Any<K> {
    /// The thing.
    ///
    /// # Errors
    /// [`Error::UnknownName`] when it was named and nothing has that name.
    pub fn get(&self) -> Result<&Arc<K::Object>> {
        match &self.0 {
            Choice::Known(object) => Ok(object),
            Choice::Unknown { error, .. } => Err(error.clone()),
        }
    }

    /// Keras' object form, with the keys that differ from their defaults; for an unknown name, the
    /// name.
    pub fn to_value(&self) -> Value {
        match &self.0 {
            Choice::Known(object) => object_form(object.spec(), Value::Object(object.config())),
            Choice::Unknown { name, .. } => Value::String(name.clone()),
        }
    }

    /// The thing behind a pointer.
    pub(crate) fn known(object: Arc<K::Object>) -> Self {
        Self(Choice::Known(object))
    }
}

impl<K: Listed> Clone for Any<K> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Choice::Known(object) => Choice::Known(Arc::clone(object)),
            Choice::Unknown { name, error } => {
                Choice::Unknown { name: name.clone(), error: error.clone() }
            }
        })
    }
}

impl<K: Listed> fmt::Debug for Any<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Choice::Known(object) => object.fmt(f),
            Choice::Unknown { name, .. } => write!(f, "unknown {name:?}"),
        }
    }
}

impl<K: Listed> From<&str> for Any<K> {
    fn from(name: &str) -> Self {
        match K::LIST.named(name) {
            Ok(object) => Self::known(object),
            Err(error) => Self(Choice::Unknown { name: name.to_owned(), error }),
        }
    }
}

impl<K: Listed> From<String> for Any<K> {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl<K: Listed> PartialEq for Any<K> {
    /// Equal configurations.
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

impl<K: Listed> Serialize for Any<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de, K: Listed> Deserialize<'de> for Any<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        K::LIST.read(&value).map(Self::known).map_err(D::Error::custom)
    }
}

/// A kind's enum and list, and values of the kind as [`Any`]: `listed!(Loss, LossKind, LOSSES)`
/// for `trait Loss`.
macro_rules! listed {
    ($trait:ident, $kind:ident, $list:ident) => {
        impl $crate::objects::Kind for $kind {
            type Object = dyn $trait;
        }

        impl $crate::objects::Listed for $kind {
            const LIST: &'static $crate::objects::ObjectList<dyn $trait> = &$list;
        }

        impl<T: $trait + 'static> From<T> for $crate::objects::Any<$kind> {
            fn from(value: T) -> Self {
                Self::known(std::sync::Arc::new(value))
            }
        }

        impl From<std::sync::Arc<dyn $trait>> for $crate::objects::Any<$kind> {
            fn from(value: std::sync::Arc<dyn $trait>) -> Self {
                Self::known(value)
            }
        }
    };
}

pub(crate) use listed;
