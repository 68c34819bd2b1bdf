use rhyton_graph::{Tensor, clip};

use super::{Constraint, ConstraintKind, ConstraintSpec};
use crate::objects::{Config, Configured, ObjectSpec};
use crate::{Error, Result};

/// Each element no further than the bounds: what keeps an activation's parameter in its range.
/// Configurations hold the bounds beside the parameter, never this.
#[derive(Debug, Clone)]
pub(crate) struct Within {
    min: f64,
    max: f64,
}

static ENTRY: ConstraintSpec = ConstraintSpec {
    class_name: "Within",
    module: "rhyton.constraints",
    aliases: &[],
    from_config: |_| {
        Err(Error::config("Within", "config", "bounds, which stand at the parameter", "none"))
    },
    cases: &[],
};

impl Configured<ConstraintKind> for Within {
    fn spec(&self) -> &'static ObjectSpec<dyn Constraint> {
        &ENTRY
    }

    fn config(&self) -> Config {
        Config::new()
    }
}

impl Within {
    pub(crate) fn new(min: f64, max: f64) -> Self {
        Self { min, max }
    }
}

impl Constraint for Within {
    fn call(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(clip(weight, self.min, self.max).checked()?)
    }
}
