use rhyton_tensor::Key;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A seed in an initializer's configuration: Keras' whole number, or the number inside its
/// `SeedGenerator`. It takes the place of the key that the model derives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Seed(pub i64);

impl Seed {
    /// The Philox key of the seed: its low and high words.
    pub fn key(self) -> Key {
        [self.0 as u32, (self.0 >> 32) as u32]
    }
}

impl From<i64> for Seed {
    fn from(seed: i64) -> Self {
        Self(seed)
    }
}

impl From<i32> for Seed {
    fn from(seed: i32) -> Self {
        Self(i64::from(seed))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let inside = value.pointer("/config/seed").unwrap_or(&value);
        let seed = inside.as_i64().ok_or_else(|| {
            D::Error::custom(format!("seed: expected a whole number, received {value}"))
        })?;
        Ok(Self(seed))
    }
}

/// The key to draw from: the seed's if there is one, else the model's.
pub(super) fn key_of(seed: Option<Seed>, key: Key) -> Key {
    seed.map_or(key, Seed::key)
}
