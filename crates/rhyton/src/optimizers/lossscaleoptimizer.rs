use std::sync::Arc;

use rhyton_graph::Tensor;
use serde_json::{Map, Value, json};

use super::options::{SCALE, is_scale};
use super::{
    OPTIMIZERS, Optimizer, OptimizerKind, OptimizerOptions, OptimizerSettings, OptimizerSpec, Slot,
    StepContext, Update,
};
use crate::layer::Weight;
use crate::objects::{Config, Configured, nearest, object_form};
use crate::{Error, Result};

/// Another optimizer, on gradients of a loss that is multiplied by a scale, so that they do not
/// vanish in float16.
///
/// The gradients are divided by the scale again. Where one is not finite, the step is skipped
/// (weights, slots and iteration stay) and the scale is halved; after `dynamic_growth_steps` steps
/// without that it is doubled.
///
/// `compile` puts one around the optimizer of a model with layers in `mixed_float16`, unless
/// [`Compile::auto_scale_loss`](crate::Compile::auto_scale_loss) says no.
///
/// Source: Keras 3.15 `keras.optimizers.LossScaleOptimizer`; Micikevicius et al. 2018.
#[derive(Debug, Clone)]
pub struct LossScaleOptimizer {
    inner: Arc<dyn Optimizer>,
    /// The inner optimizer's, without a scale of its own.
    options: OptimizerOptions,
    scaling: LossScaling,
}

/// How the scale of a loss moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossScaling {
    /// The first scale; Keras' default 2¹⁵.
    pub initial_scale: f64,
    /// After how many good steps in a row the scale is doubled; Keras' default 2000.
    pub dynamic_growth_steps: u32,
}

impl Default for LossScaling {
    fn default() -> Self {
        Self { initial_scale: 32_768.0, dynamic_growth_steps: 2000 }
    }
}

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: CLASS,
    module: "keras.optimizers",
    aliases: &["loss_scale_optimizer"],
    from_config: read,
    cases: &[
        r#"{"inner_optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.05}}, "initial_scale": 4.0, "dynamic_growth_steps": 4}"#,
    ],
};

const CLASS: &str = "LossScaleOptimizer";
const NAME: &str = "loss_scale_optimizer";
const INNER: &str = "inner_optimizer";
const INITIAL: &str = "initial_scale";
const GROWTH: &str = "dynamic_growth_steps";

/// Options that files of older versions hold at their defaults.
const UNUSED: &[&str] = &[
    "learning_rate",
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
    "dynamic",
];

impl LossScaleOptimizer {
    /// Around another optimizer, whose own `loss_scale_factor` is dropped.
    pub fn new(inner: impl Optimizer + 'static) -> Self {
        Self::around(Arc::new(inner))
    }

    /// Around another optimizer.
    pub(crate) fn around(inner: Arc<dyn Optimizer>) -> Self {
        let mut options = inner.options().clone();
        options.loss_scale_factor = None;
        NAME.clone_into(&mut options.name);
        Self { inner, options, scaling: LossScaling::default() }
    }

    /// The first scale; default 2¹⁵.
    #[must_use]
    pub fn initial_scale(mut self, scale: f64) -> Self {
        self.scaling.initial_scale = scale;
        self
    }

    /// After how many good steps in a row the scale is doubled; default 2000.
    #[must_use]
    pub fn dynamic_growth_steps(mut self, steps: u32) -> Self {
        self.scaling.dynamic_growth_steps = steps;
        self
    }

    /// The name in files.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = name.into();
        self
    }
}

fn read(config: Value) -> Result<Arc<dyn Optimizer>> {
    let Value::Object(mut config) = config else {
        return Err(Error::config(CLASS, "config", "an object", config));
    };
    let inner = config.shift_remove(INNER).unwrap_or_else(|| json!("rmsprop"));
    let inner = OPTIMIZERS.read(&inner).map_err(|error| error.within(CLASS))?;
    if inner.loss_scaling().is_some() {
        return Err(Error::config(CLASS, INNER, "an optimizer of another class", CLASS));
    }
    let mut optimizer = LossScaleOptimizer::around(inner);
    for (key, value) in config {
        let number = value.as_f64();
        match (key.as_str(), number) {
            ("name", _) => {
                value.as_str().unwrap_or(NAME).clone_into(&mut optimizer.options.name);
            }
            (INITIAL, Some(scale)) => optimizer.scaling.initial_scale = scale,
            (GROWTH, Some(steps)) => optimizer.scaling.dynamic_growth_steps = steps as u32,
            (INITIAL | GROWTH, None) => return Err(Error::config(CLASS, key, "a number", value)),
            (known, _) if UNUSED.contains(&known) => {}
            (unknown, _) => {
                let names = nearest(unknown, [INNER, INITIAL, GROWTH, "name"]);
                let expected = format!("one of its keys (nearest: {})", names.join(", "));
                return Err(Error::config(CLASS, "config", expected, format!("`{unknown}`")));
            }
        }
    }
    optimizer.validate()?;
    Ok(Arc::new(optimizer))
}

impl Configured<OptimizerKind> for LossScaleOptimizer {
    fn spec(&self) -> &'static OptimizerSpec {
        &SPEC
    }

    fn config(&self) -> Config {
        let inner = object_form(self.inner.spec(), Value::Object(self.inner.config()));
        Map::from_iter([
            ("name".to_owned(), json!(self.options.name)),
            (INNER.to_owned(), inner),
            (INITIAL.to_owned(), json!(self.scaling.initial_scale)),
            (GROWTH.to_owned(), json!(self.scaling.dynamic_growth_steps)),
        ])
    }
}

impl OptimizerSettings for LossScaleOptimizer {
    fn options(&self) -> &OptimizerOptions {
        &self.options
    }
}

impl Optimizer for LossScaleOptimizer {
    fn loss_scaling(&self) -> Option<(LossScaling, &Arc<dyn Optimizer>)> {
        Some((self.scaling, &self.inner))
    }

    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        self.inner.slot_groups(weight)
    }

    fn scalars(&self) -> Vec<Slot> {
        self.inner.scalars()
    }

    fn advance(&self, step: &StepContext<'_>) -> Result<Vec<Tensor>> {
        self.inner.advance(step)
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        self.inner.update_step(step, variable, gradient, slots)
    }

    fn decay_of(&self, weight: &Weight) -> Option<f64> {
        self.inner.decay_of(weight)
    }

    fn validate(&self) -> Result<()> {
        self.inner.validate()?;
        let LossScaling { initial_scale, dynamic_growth_steps } = self.scaling;
        if !is_scale(initial_scale) {
            return Err(Error::config(CLASS, INITIAL, SCALE, initial_scale));
        }
        if dynamic_growth_steps == 0 {
            return Err(Error::config(CLASS, GROWTH, "at least 1", 0));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SGD;

    #[test]
    fn configurations_read_back() {
        let optimizer = LossScaleOptimizer::new(SGD::new(0.5).loss_scale_factor(2.0))
            .initial_scale(8.0)
            .dynamic_growth_steps(3)
            .name("scaled");
        let config = Value::Object(optimizer.config());
        let again = read(config.clone()).unwrap();
        assert_eq!(Value::Object(again.config()), config);
        assert_eq!(again.options().loss_scale_factor, None);
        let refused = |config: Value| read(config).unwrap_err().to_string();
        insta::assert_snapshot!(refused(json!({"initial_scale": 0.0})), @"LossScaleOptimizer: initial_scale expected a finite float32 above 0, received 0");
        insta::assert_snapshot!(refused(json!({"dynamic_growth": 1})), @"LossScaleOptimizer: config expected one of its keys (nearest: dynamic_growth_steps), received `dynamic_growth`");
        insta::assert_snapshot!(refused(json!({"inner_optimizer": "loss_scale_optimizer"})), @"LossScaleOptimizer: inner_optimizer expected an optimizer of another class, received LossScaleOptimizer");
    }
}
