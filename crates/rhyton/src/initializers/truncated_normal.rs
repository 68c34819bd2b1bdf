use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::seed::key_of;
use super::{Initializer, InitializerKind, InitializerSpec, Seed, draw};
use crate::Result;
use crate::objects::from_config;

/// Normal numbers no farther than two standard deviations from the mean; others are drawn again.
///
/// Source: Keras 3.15 `keras.initializers.TruncatedNormal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct TruncatedNormal {
    /// The mean; default 0.0.
    mean: f64,
    /// The standard deviation before the cut; default 0.05.
    stddev: f64,
    /// Drawn from in place of the model's key; default none.
    seed: Option<Seed>,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "TruncatedNormal",
    module: "keras.initializers",
    aliases: &["truncated_normal"],
    from_config: |config| {
        Ok(Arc::new(from_config::<TruncatedNormal>("TruncatedNormal", config, &[])?))
    },
    cases: &["{}", r#"{"mean": 1.5, "stddev": 2.0, "seed": 7}"#],
};

crate::configured!(TruncatedNormal: InitializerKind);

impl Default for TruncatedNormal {
    fn default() -> Self {
        Self { mean: 0.0, stddev: 0.05, seed: None }
    }
}

impl Initializer for TruncatedNormal {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        draw::truncated(shape, key_of(self.seed, key), [self.mean, self.stddev])
    }
}
