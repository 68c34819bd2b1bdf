use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::seed::key_of;
use super::{Initializer, InitializerSpec, Seed, draw};
use crate::Result;
use crate::objects::{changed_config, from_config};

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

impl Default for TruncatedNormal {
    fn default() -> Self {
        Self { mean: 0.0, stddev: 0.05, seed: None }
    }
}

impl Initializer for TruncatedNormal {
    fn spec(&self) -> &'static InitializerSpec {
        &SPEC
    }

    fn config(&self) -> Map<String, Value> {
        changed_config(self)
    }

    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        draw::truncated(shape, key_of(self.seed, key), [self.mean, self.stddev])
    }
}
