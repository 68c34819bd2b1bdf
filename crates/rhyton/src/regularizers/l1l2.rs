use std::sync::Arc;

use rhyton_graph::{Tensor, absolute, square, sum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::{Regularizer, RegularizerKind, RegularizerSpec, factor};
use crate::Result;
use crate::objects::from_config;

/// l1 · Σ|x| + l2 · Σx².
///
/// Both are 0 unless said otherwise, so the name `l1_l2` alone means no penalty, as in Keras.
///
/// Source: Keras 3.15 `keras.regularizers.L1L2`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct L1L2 {
    /// How much the sum of absolute values counts, at least 0; default 0.
    l1: f64,
    /// How much the sum of squares counts, at least 0; default 0.
    l2: f64,
}

pub(super) static SPEC: RegularizerSpec = RegularizerSpec {
    class_name: "L1L2",
    module: "keras.regularizers",
    aliases: &["l1_l2", "l1l2"],
    from_config: |config| {
        let regularizer = from_config::<L1L2>("L1L2", config, &[])?;
        regularizer.factors()?;
        Ok(Arc::new(regularizer))
    },
    cases: &["{}", r#"{"l1": 0.3}"#, r#"{"l1": 0.1, "l2": 0.05}"#],
};

crate::configured!(L1L2: RegularizerKind);

impl L1L2 {
    fn factors(&self) -> Result<[f64; 2]> {
        Ok([factor("L1L2", "l1", self.l1)?, factor("L1L2", "l2", self.l2)?])
    }
}

impl Regularizer for L1L2 {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        let [l1, l2] = self.factors()?;
        let terms = [(l1, absolute(x)), (l2, square(x))];
        let counting = terms.iter().filter(|(factor, _)| *factor != 0.0);
        let penalty = counting.map(|(factor, term)| sum(term, None, false) * *factor);
        Ok(penalty.reduce(|a, b| a + b).unwrap_or_else(|| x.scalar_like(0.0)).checked()?)
    }
}
