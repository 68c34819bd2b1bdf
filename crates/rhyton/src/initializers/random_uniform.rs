use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::seed::key_of;
use super::{Initializer, InitializerKind, InitializerSpec, Seed, draw};
use crate::Result;
use crate::objects::from_config;

/// Uniform numbers.
///
/// Source: Keras 3.15 `keras.initializers.RandomUniform`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct RandomUniform {
    /// The smallest; default -0.05.
    minval: f64,
    /// The largest; default 0.05.
    maxval: f64,
    /// Drawn from in place of the model's key; default none.
    seed: Option<Seed>,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "RandomUniform",
    module: "keras.initializers",
    aliases: &["random_uniform", "uniform"],
    from_config: |config| Ok(Arc::new(from_config::<RandomUniform>("RandomUniform", config, &[])?)),
    cases: &["{}", r#"{"minval": 1.5, "maxval": 2.0, "seed": 7}"#],
};

crate::configured!(RandomUniform: InitializerKind);

impl Default for RandomUniform {
    fn default() -> Self {
        Self { minval: -0.05, maxval: 0.05, seed: None }
    }
}

impl Initializer for RandomUniform {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        draw::uniform(shape, key_of(self.seed, key), [self.minval, self.maxval])
    }
}
