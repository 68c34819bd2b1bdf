use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::suited::{Axes, Suited};
use super::{Initializer, InitializerKind, InitializerSpec};
use crate::activations::Activation;
use crate::objects::from_config;
use crate::{Error, Result};

/// Normal numbers by which the layer's activation, whichever it is, hands on signals and gradients
/// at their size: its edge of chaos, σw² E[f'(√q z)²] = 1 and σb² = q − σw² E[f(√q z)²], z ~ N(0, 1).
///
/// The kernel gets the variance σw² / `fan_in`; a bias that is still drawn as by default gets the
/// deviation σb. An activation without such an edge at q gets its gain, a function that is no
/// expression of one element what a linear layer gets. Files hold what it comes to
/// (`VarianceScaling`, `RandomNormal`), so Keras loads them.
///
/// Source: Hayou, Doucet, Rousseau, ICML 2019, arXiv 1902.06853.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct Auto {
    /// The variance of the signals before the activation, above 0; default 4.
    q: f64,
    #[serde(skip)]
    #[setters(skip)]
    axes: Axes,
}

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "Auto",
    module: "rhyton.initializers",
    aliases: &["auto"],
    from_config: |config| {
        let read = from_config::<Auto>("Auto", config, &[])?;
        if read.q > 0.0 && read.q.is_finite() {
            return Ok(Arc::new(read));
        }
        Err(Error::config("auto", "q", "a finite number above 0", read.q))
    },
    cases: &["{}", r#"{"q": 1.0}"#],
};

crate::configured!(Auto: InitializerKind);

impl Default for Auto {
    fn default() -> Self {
        Self { q: 4.0, axes: None }
    }
}

impl Initializer for Auto {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        Suited::unsuited(&self.axes, shape, key)
    }

    fn with_axes(&self, input: &[isize], output: &[isize]) -> Option<Arc<dyn Initializer>> {
        let axes = Some([input.to_vec(), output.to_vec()]);
        Some(Arc::new(Self { axes, ..self.clone() }))
    }

    fn suited(&self, activation: &Activation) -> Result<Option<Suited>> {
        let suited = Suited::by(activation, &self.axes, |signal| {
            let edge = signal.edge_of_chaos(self.q)?;
            Ok([edge.sigma_w, edge.sigma_b])
        });
        suited.map(Some)
    }
}
