use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{LearningRate, Optimizer};
use crate::layer::Weight;
use crate::objects::{from_config, to_config};
use crate::{Error, Result};

/// What all optimizers have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptimizerOptions {
    /// The name in files.
    pub name: String,
    /// How far a step goes.
    pub learning_rate: LearningRate,
    /// The part of a weight, times the learning rate, that every step takes away; default none (for
    /// `AdamW` and `Muon` 0.004).
    pub weight_decay: Option<f64>,
    /// The largest norm of one variable's gradient; longer ones are shortened to it.
    pub clipnorm: Option<f64>,
    /// The largest norm of all gradients together.
    pub global_clipnorm: Option<f64>,
    /// The largest absolute value in a gradient.
    pub clipvalue: Option<f64>,
    /// Whether a running average of the weights is kept, which takes their place at the end of
    /// `fit`; default false.
    pub use_ema: bool,
    /// How much of the average each step keeps, in [0, 1]; default 0.99.
    pub ema_momentum: f64,
    /// After how many updates the average takes the weights' place while training; default never.
    pub ema_overwrite_frequency: Option<u32>,
    /// What the loss is multiplied by before gradients are taken, and they are divided by after;
    /// default none.
    pub loss_scale_factor: Option<f64>,
    /// How many steps' gradients are averaged for one update, at least 2; default every step
    /// updates.
    pub gradient_accumulation_steps: Option<u32>,
    /// Weights that do not decay, by what occurs in their paths; Keras' files have no place for it.
    #[serde(skip)]
    pub exclude_from_weight_decay: Vec<String>,
}

impl OptimizerOptions {
    /// The options with a name and a learning rate.
    pub(super) fn new(name: &str, learning_rate: f64) -> Self {
        Self {
            name: name.to_owned(),
            learning_rate: LearningRate::Constant(learning_rate),
            weight_decay: None,
            clipnorm: None,
            global_clipnorm: None,
            clipvalue: None,
            use_ema: false,
            ema_momentum: 0.99,
            ema_overwrite_frequency: None,
            loss_scale_factor: None,
            gradient_accumulation_steps: None,
            exclude_from_weight_decay: Vec::new(),
        }
    }

    /// Whether a weight decays at all.
    pub(super) fn decays(&self, weight: &Weight) -> bool {
        let excluded = |part: &String| weight.path.contains(part.as_str());
        weight.weight_decay && !self.exclude_from_weight_decay.iter().any(excluded)
    }

    /// Refuses more than one way of clipping and numbers that are none or out of range.
    pub(super) fn validate(&self, class_name: &str) -> Result<()> {
        self.learning_rate.validate(class_name)?;
        let ways = [
            ("clipnorm", self.clipnorm),
            ("global_clipnorm", self.global_clipnorm),
            ("clipvalue", self.clipvalue),
        ];
        let given: Vec<String> = ways
            .iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name} {value}")))
            .collect();
        if given.len() > 1 {
            let received = given.join(", ");
            return Err(Error::config(class_name, "clipping", "at most one way", received));
        }
        if !(0.0..=1.0).contains(&self.ema_momentum) {
            let expected = "a number in [0, 1]";
            return Err(Error::config(class_name, "ema_momentum", expected, self.ema_momentum));
        }
        if self.ema_overwrite_frequency == Some(0) {
            let expected = "at least 1, or none";
            return Err(Error::config(class_name, "ema_overwrite_frequency", expected, 0));
        }
        if let Some(factor) = self.loss_scale_factor.filter(|f| !is_scale(*f)) {
            let expected = SCALE;
            return Err(Error::config(class_name, "loss_scale_factor", expected, factor));
        }
        if let Some(steps) = self.gradient_accumulation_steps.filter(|steps| *steps < 2) {
            let expected = "at least 2, or none";
            return Err(Error::config(class_name, "gradient_accumulation_steps", expected, steps));
        }
        Ok(())
    }
}

/// What a loss can be multiplied by.
pub(super) const SCALE: &str = "a finite float32 above 0";

/// Whether a loss can be multiplied by a number, which becomes a float32.
pub(super) fn is_scale(factor: f64) -> bool {
    (factor as f32).is_finite() && factor as f32 > 0.0
}

/// Refuses shares of running means outside [0, 1): one that keeps all never starts.
pub(super) fn check_betas(class_name: &str, betas: &[(&str, f64)]) -> Result<()> {
    match betas.iter().find(|(_, beta)| !(0.0..1.0).contains(beta)) {
        None => Ok(()),
        Some((key, beta)) => {
            Err(Error::config(class_name, *key, "a number from 0 to below 1", beta))
        }
    }
}

/// One setter of an option that every optimizer has.
macro_rules! option_setter {
    ($(#[$doc:meta])* $name:ident: $argument:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, value: $argument) -> Self {
            self.options.$name = value.into();
            self
        }
    };
}

/// An optimizer's entry, configuration and `options`, with the setters that every optimizer has.
macro_rules! optimizer_settings {
    ($name:ident) => {
        crate::configured!($name: crate::optimizers::OptimizerKind);

        impl crate::optimizers::OptimizerSettings for $name {
            fn options(&self) -> &crate::optimizers::OptimizerOptions {
                &self.options
            }
        }

        impl $name {
            /// The optimizer with this learning rate: a number or a schedule.
            pub fn new(learning_rate: impl Into<crate::optimizers::LearningRate>) -> Self {
                Self::default().learning_rate(learning_rate)
            }

            crate::optimizers::options::option_setter! {
                /// How far a step goes: a number or a schedule.
                learning_rate: impl Into<crate::optimizers::LearningRate>
            }
            crate::optimizers::options::option_setter! {
                /// The name in files.
                name: impl Into<String>
            }
            crate::optimizers::options::option_setter! {
                /// The part of a weight, times the learning rate, that every step takes away.
                weight_decay: impl Into<Option<f64>>
            }
            crate::optimizers::options::option_setter! {
                /// The largest norm of one variable's gradient.
                clipnorm: impl Into<Option<f64>>
            }
            crate::optimizers::options::option_setter! {
                /// The largest norm of all gradients together.
                global_clipnorm: impl Into<Option<f64>>
            }
            crate::optimizers::options::option_setter! {
                /// The largest absolute value in a gradient.
                clipvalue: impl Into<Option<f64>>
            }
            crate::optimizers::options::option_setter! {
                /// Whether a running average of the weights takes their place at the end of `fit`.
                use_ema: bool
            }
            crate::optimizers::options::option_setter! {
                /// How much of the average each step keeps, in [0, 1].
                ema_momentum: f64
            }
            crate::optimizers::options::option_setter! {
                /// After how many updates the average takes the weights' place while training.
                ema_overwrite_frequency: impl Into<Option<u32>>
            }
            crate::optimizers::options::option_setter! {
                /// What the loss is multiplied by while gradients are taken.
                loss_scale_factor: impl Into<Option<f64>>
            }
            crate::optimizers::options::option_setter! {
                /// How many steps' gradients are averaged for one update, at least 2.
                gradient_accumulation_steps: impl Into<Option<u32>>
            }

            /// Weights whose paths contain one of these do not decay, e.g. `["bias", "gamma"]`;
            /// parameters of activations never do. Files do not keep it, as Keras' do not.
            #[must_use]
            pub fn exclude_from_weight_decay<'a>(
                mut self,
                parts: impl IntoIterator<Item = &'a str>,
            ) -> Self {
                let parts = parts.into_iter().map(str::to_owned).collect();
                self.options.exclude_from_weight_decay = parts;
                self
            }
        }
    };
}

pub(super) use {optimizer_settings, option_setter};

/// Keys of Keras 2 that decide nothing here, whatever they hold.
const IGNORED: &[&str] = &["jit_compile", "is_legacy_optimizer"];

/// An optimizer from Keras' configuration of it: missing keys have the class's own defaults, `lr` is
/// `learning_rate`, and Keras 2's `decay` is the schedule that it meant, rate / (1 + decay · step).
pub(super) fn read<T>(config: Value) -> Result<Arc<dyn Optimizer>>
where
    T: Optimizer + DeserializeOwned + Serialize + Default + 'static,
{
    let default = T::default();
    let class_name = default.spec().class_name;
    let Value::Object(mut given) = config else {
        return Err(Error::config(class_name, "config", "an object", config));
    };
    if let Some(rate) = given.shift_remove("lr") {
        given.entry("learning_rate").or_insert(rate);
    }
    let decay = given.shift_remove("decay").filter(|decay| !decay.is_null());
    let mut whole: Map<String, Value> = to_config(&default);
    whole.extend(given);
    match decay {
        Some(decay) if decay.as_f64() != Some(0.0) => {
            let rate = whole["learning_rate"].take();
            whole["learning_rate"] = slowing(class_name, &rate, &decay)?;
        }
        _ => {}
    }
    let optimizer = from_config::<T>(class_name, Value::Object(whole), IGNORED)?;
    optimizer.validate()?;
    Ok(Arc::new(optimizer))
}

/// Keras 2's `decay` as a schedule.
fn slowing(class_name: &str, rate: &Value, decay: &Value) -> Result<Value> {
    if !rate.is_number() || !decay.as_f64().is_some_and(|decay| decay > 0.0) {
        let expected = "0, or a number above 0 beside a learning rate that is a number";
        return Err(Error::config(class_name, "decay", expected, decay));
    }
    let config = json!({"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay});
    Ok(json!({"class_name": "InverseTimeDecay", "config": config}))
}
