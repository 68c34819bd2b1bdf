use std::sync::Arc;

use rhyton_macros::Setters;
use rhyton_tensor::{Array, Key};
use serde::{Deserialize, Serialize};

use super::seed::key_of;
use super::{Initializer, InitializerKind, InitializerSpec, Seed, draw};
use crate::objects::from_config;
use crate::{Error, Result};

/// Numbers whose variance is scale ÷ fan, so that signals keep their size from layer to layer.
///
/// The fans of a shape `[…, d_in, d_out]` are `d_in` and `d_out` times the product of the axes before
/// them; of `[n]` both are n; of a scalar 1. A fan below 1 counts as 1.
///
/// Source: Keras 3.15 `keras.initializers.VarianceScaling`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct VarianceScaling {
    /// The variance times the fan, above 0; default 1.
    scale: f64,
    /// Which fan divides; default that of the input.
    mode: Mode,
    /// What is drawn; default the truncated normal.
    distribution: Distribution,
    /// Drawn from in place of the model's key; default none.
    seed: Option<Seed>,
    /// With `output_axes`: the axes whose product is the input fan, counted from the back when
    /// negative; default by the rule above.
    input_axes: Option<Vec<isize>>,
    /// With `input_axes`: the axes whose product is the output fan; default by the rule above.
    output_axes: Option<Vec<isize>>,
}

/// What the scale is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The number of inputs of one output.
    FanIn,
    /// The number of outputs of one input.
    FanOut,
    /// The mean of the two.
    FanAvg,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Normal within two deviations, widened so that the variance holds after the cut.
    #[serde(alias = "normal")]
    TruncatedNormal,
    /// Normal.
    UntruncatedNormal,
    /// Uniform.
    Uniform,
}

/// The deviation of a standard normal number cut at ±2.
const DEVIATION_AFTER_CUT: f64 = 0.879_625_661_034_239_8;

pub(super) static SPEC: InitializerSpec = InitializerSpec {
    class_name: "VarianceScaling",
    module: "keras.initializers",
    aliases: &["variance_scaling"],
    from_config: |config| {
        let read = from_config::<VarianceScaling>("VarianceScaling", config, &[])?;
        read.check()?;
        Ok(Arc::new(read))
    },
    cases: &[
        "{}",
        r#"{"scale": 2.0, "mode": "fan_out", "distribution": "uniform", "seed": 3}"#,
        r#"{"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"}"#,
        r#"{"scale": 0.5, "distribution": "normal"}"#,
        r#"{"scale": 0.5, "input_axes": [0], "output_axes": [-1]}"#,
    ],
};

crate::configured!(VarianceScaling: InitializerKind);

impl Default for VarianceScaling {
    fn default() -> Self {
        Self {
            scale: 1.0,
            mode: Mode::FanIn,
            distribution: Distribution::TruncatedNormal,
            seed: None,
            input_axes: None,
            output_axes: None,
        }
    }
}

impl VarianceScaling {
    /// One of Keras' named settings.
    pub(super) fn preset(scale: f64, mode: Mode, distribution: Distribution) -> Self {
        Self { scale, mode, distribution, ..Self::default() }
    }

    /// The same with the keys that named settings have too: seed, and axes of inputs and outputs.
    pub(super) fn with(self, seed: Option<Seed>, axes: [Option<Vec<isize>>; 2]) -> Self {
        let [input_axes, output_axes] = axes;
        Self { seed, input_axes, output_axes, ..self }
    }

    fn check(&self) -> Result<()> {
        if self.scale > 0.0 && self.scale.is_finite() {
            return Ok(());
        }
        Err(Error::config("VarianceScaling", "scale", "a finite number above 0", self.scale))
    }

    fn fans(&self, shape: &[usize]) -> Result<(f64, f64)> {
        match (&self.input_axes, &self.output_axes) {
            (Some(input), Some(output)) => Ok((product(shape, input)?, product(shape, output)?)),
            _ => Ok(fans(shape)),
        }
    }
}

impl Initializer for VarianceScaling {
    fn array(&self, shape: &[usize], key: Key) -> Result<Array> {
        self.check()?;
        let (fan_in, fan_out) = self.fans(shape)?;
        let fan = match self.mode {
            Mode::FanIn => fan_in,
            Mode::FanOut => fan_out,
            Mode::FanAvg => f64::midpoint(fan_in, fan_out),
        };
        let variance = self.scale / fan.max(1.0);
        let key = key_of(self.seed, key);
        match self.distribution {
            Distribution::TruncatedNormal => {
                draw::truncated(shape, key, [0.0, variance.sqrt() / DEVIATION_AFTER_CUT])
            }
            Distribution::UntruncatedNormal => draw::normal(shape, key, [0.0, variance.sqrt()]),
            Distribution::Uniform => {
                let limit = (3.0 * variance).sqrt();
                draw::uniform(shape, key, [-limit, limit])
            }
        }
    }

    fn with_axes(&self, input: &[isize], output: &[isize]) -> Option<Arc<dyn Initializer>> {
        (self.input_axes.is_none() || self.output_axes.is_none()).then(|| {
            let changed = self.clone().input_axes(input.to_vec()).output_axes(output.to_vec());
            Arc::new(changed) as Arc<dyn Initializer>
        })
    }
}

/// Input and output fan of a shape, as Keras counts them.
fn fans(shape: &[usize]) -> (f64, f64) {
    let size = |size: usize| size as f64;
    match *shape {
        [] => (1.0, 1.0),
        [n] => (size(n), size(n)),
        [ref field @ .., d_in, d_out] => {
            let field: f64 = field.iter().map(|&axis| size(axis)).product();
            (size(d_in) * field, size(d_out) * field)
        }
    }
}

fn product(shape: &[usize], axes: &[isize]) -> Result<f64> {
    let rank = shape.len() as isize;
    axes.iter().try_fold(1.0, |product, &axis| {
        let place = if axis < 0 { axis + rank } else { axis };
        let size = usize::try_from(place).ok().and_then(|place| shape.get(place));
        let size = size.ok_or_else(|| {
            let expected = format!("axes in [-{rank}, {rank}) for shape {shape:?}");
            Error::config("VarianceScaling", "input_axes, output_axes", expected, axis)
        })?;
        Ok(product * *size as f64)
    })
}

/// One of Keras' named settings of [`VarianceScaling`].
macro_rules! variance_preset {
    ($(#[$doc:meta])* $name:ident, $class:literal, $alias:literal,
     $scale:literal, $mode:ident, $distribution:ident) => {
        $(#[$doc])*
        ///
        #[doc = concat!("Source: Keras 3.15 `keras.initializers.", $class, "`.")]
        #[derive(
            Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize,
            rhyton_macros::Setters,
        )]
        #[serde(default)]
        pub struct $name {
            /// Drawn from in place of the model's key; default none.
            seed: Option<super::Seed>,
            /// The axes whose sizes are multiplied to the fan in, beside `output_axes`; default by
            /// the shape.
            input_axes: Option<Vec<isize>>,
            /// The axes whose sizes are multiplied to the fan out; default by the shape.
            output_axes: Option<Vec<isize>>,
        }

        pub(super) static SPEC: super::InitializerSpec = super::InitializerSpec {
            class_name: $class,
            module: "keras.initializers",
            aliases: &[$alias],
            from_config: |config| {
                let read = crate::objects::from_config::<$name>($class, config, &[])?;
                Ok(std::sync::Arc::new(read))
            },
            cases: &[
                "{}",
                r#"{"seed": 12345678901}"#,
                r#"{"input_axes": [0], "output_axes": [-1]}"#,
            ],
        };

        crate::configured!($name: super::InitializerKind);

        impl super::Initializer for $name {
            fn array(
                &self,
                shape: &[usize],
                key: rhyton_tensor::Key,
            ) -> crate::Result<rhyton_tensor::Array> {
                use super::{Distribution, Mode, VarianceScaling};
                VarianceScaling::preset($scale, Mode::$mode, Distribution::$distribution)
                    .with(self.seed, [self.input_axes.clone(), self.output_axes.clone()])
                    .array(shape, key)
            }

            fn with_axes(
                &self,
                input: &[isize],
                output: &[isize],
            ) -> Option<std::sync::Arc<dyn super::Initializer>> {
                (self.input_axes.is_none() || self.output_axes.is_none()).then(|| {
                    let changed = self.clone().input_axes(input.to_vec());
                    std::sync::Arc::new(changed.output_axes(output.to_vec()))
                        as std::sync::Arc<dyn super::Initializer>
                })
            }
        }
    };
}

pub(super) use variance_preset;
