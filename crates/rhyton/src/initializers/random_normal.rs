use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::seed::key_of;
use super::{Initializer, InitializerKind, InitializerSpec, Seed, draw};
use crate::Result;
use crate::objects::from_config;

/// Normal numbers.
///
/// Source: Keras 3.15 `keras.initializers.RandomNormal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct RandomNormal {
    /// The mean; default 0.0.
    mean: f64,
    /// The standard deviation; default 0.05.
    stddev: f64,
    /// Drawn from in place of the model's key; default none.
    seed: Option<Seed>,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "RandomNormal",
    module: "keras.initializers",
    aliases: &["random_normal", "normal"],
    from_config: |config| Ok(Arc::new(from_config::<RandomNormal>("RandomNormal", config, &[])?)),
    cases: &["{}", r#"{"mean": 1.5, "stddev": 2.0, "seed": 7}"#],
};

crate::configured!(RandomNormal: InitializerKind);

impl Default for RandomNormal {
    fn default() -> Self {
        Self { mean: 0.0, stddev: 0.05, seed: None }
    }
}

impl Initializer for RandomNormal {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        draw::normal(shape, key_of(self.seed, key), [self.mean, self.stddev])
    }
}
