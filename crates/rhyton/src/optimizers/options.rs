use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::objects::{from_config, to_config};
use crate::{Error, Result};

/// What all optimizers have. Keras' remaining keys (`use_ema`, `gradient_accumulation_steps`,
/// `loss_scale_factor` …) are refused unless they hold their defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptimizerOptions {
    /// The name in files.
    pub name: String,
    /// How far a step goes.
    #[serde(serialize_with = "as_float32")]
    pub learning_rate: f64,
    /// The part of a weight, times the learning rate, that every step takes away; default none (for
    /// `AdamW` 0.004).
    pub weight_decay: Option<f64>,
    /// The largest norm of one variable's gradient; longer ones are shortened to it.
    pub clipnorm: Option<f64>,
    /// The largest norm of all gradients together.
    pub global_clipnorm: Option<f64>,
    /// The largest absolute value in a gradient.
    pub clipvalue: Option<f64>,
}

/// A learning rate is a float32 variable; files hold that value.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn as_float32<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from(*value as f32))
}

impl OptimizerOptions {
    /// The options with a name and a learning rate.
    pub(super) fn new(name: &str, learning_rate: f64) -> Self {
        Self {
            name: name.to_owned(),
            learning_rate,
            weight_decay: None,
            clipnorm: None,
            global_clipnorm: None,
            clipvalue: None,
        }
    }

    /// Refuses more than one way of clipping and numbers that are none.
    pub(super) fn validate(&self, class_name: &str) -> Result<()> {
        if !self.learning_rate.is_finite() {
            let (expected, received) = ("a finite number", self.learning_rate);
            return Err(Error::config(class_name, "learning_rate", expected, received));
        }
        let ways = [self.clipnorm, self.global_clipnorm, self.clipvalue];
        if ways.iter().flatten().count() > 1 {
            let received = format!(
                "clipnorm {:?}, global_clipnorm {:?}, clipvalue {:?}",
                self.clipnorm, self.global_clipnorm, self.clipvalue
            );
            return Err(Error::config(class_name, "clipping", "at most one way", received));
        }
        Ok(())
    }
}

/// The setters that every optimizer has, for its `options`.
macro_rules! option_setters {
    ($name:ident) => {
        impl $name {
            /// The optimizer with this learning rate.
            pub fn new(learning_rate: f64) -> Self {
                Self::default().learning_rate(learning_rate)
            }

            /// How far a step goes.
            #[must_use]
            pub fn learning_rate(mut self, value: f64) -> Self {
                self.options.learning_rate = value;
                self
            }

            /// The name in files.
            #[must_use]
            pub fn name(mut self, value: impl Into<String>) -> Self {
                self.options.name = value.into();
                self
            }

            /// The part of a weight, times the learning rate, that every step takes away.
            #[must_use]
            pub fn weight_decay(mut self, value: impl Into<Option<f64>>) -> Self {
                self.options.weight_decay = value.into();
                self
            }

            /// The largest norm of one variable's gradient.
            #[must_use]
            pub fn clipnorm(mut self, value: impl Into<Option<f64>>) -> Self {
                self.options.clipnorm = value.into();
                self
            }

            /// The largest norm of all gradients together.
            #[must_use]
            pub fn global_clipnorm(mut self, value: impl Into<Option<f64>>) -> Self {
                self.options.global_clipnorm = value.into();
                self
            }

            /// The largest absolute value in a gradient.
            #[must_use]
            pub fn clipvalue(mut self, value: impl Into<Option<f64>>) -> Self {
                self.options.clipvalue = value.into();
                self
            }
        }
    };
}

pub(super) use option_setters;

/// Keys that decide nothing here, whatever they hold: `ema_momentum` without `use_ema`, and what
/// Keras 2 wrote.
const IGNORED: &[&str] = &["ema_momentum", "jit_compile", "is_legacy_optimizer", "decay"];

/// Keys whose default alone is supported.
const REFUSED: &[&str] =
    &["use_ema", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps"];

/// An optimizer from Keras' configuration of it: missing keys have the class's own defaults, `lr` is
/// `learning_rate`.
pub(super) fn read<T>(class_name: &str, config: Value) -> Result<T>
where
    T: DeserializeOwned + Serialize + Default,
{
    let Value::Object(mut given) = config else {
        return Err(Error::config(class_name, "config", "an object", config));
    };
    if let Some(rate) = given.shift_remove("lr") {
        given.entry("learning_rate").or_insert(rate);
    }
    for key in REFUSED {
        match given.shift_remove(*key) {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(value) => {
                let expected = "its default, the only value supported so far";
                return Err(Error::config(class_name, *key, expected, value));
            }
        }
    }
    if let Some(schedule) = given.get("learning_rate").filter(|rate| !rate.is_number()) {
        let expected = "a number (schedules are not supported so far)";
        return Err(Error::config(class_name, "learning_rate", expected, schedule));
    }
    let mut whole: Map<String, Value> = to_config(&T::default());
    whole.extend(given);
    from_config(class_name, Value::Object(whole), IGNORED)
}
