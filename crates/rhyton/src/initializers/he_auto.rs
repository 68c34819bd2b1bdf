use std::sync::Arc;

use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::suited::{Axes, Suited};
use super::{Initializer, InitializerKind, InitializerSpec};
use crate::Result;
use crate::activations::Activation;
use crate::objects::from_config;

/// Normal numbers of variance gain² / `fan_in` with the gain 1/√E[f(z)²] of the layer's activation: He's
/// √2 for ReLU, and what He's argument gives for any other.
///
/// Files hold what it comes to, a `VarianceScaling`.
///
/// Source: He et al. 2015, arXiv 1502.01852, with the activation's own second moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HeAuto {
    #[serde(skip)]
    axes: Axes,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "HeAuto",
    module: "rhyton.initializers",
    aliases: &["he_auto"],
    from_config: |config| Ok(Arc::new(from_config::<HeAuto>("HeAuto", config, &[])?)),
    cases: &["{}"],
};

crate::configured!(HeAuto: InitializerKind);

impl Initializer for HeAuto {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        Suited::unsuited(&self.axes, shape, key)
    }

    fn with_axes(&self, input: &[isize], output: &[isize]) -> Option<Arc<dyn Initializer>> {
        Some(Arc::new(Self { axes: Some([input.to_vec(), output.to_vec()]) }))
    }

    fn suited(&self, activation: &Activation) -> Result<Option<Suited>> {
        Suited::by(activation, &self.axes, |signal| Ok([signal.gain()?, 0.0])).map(Some)
    }
}
