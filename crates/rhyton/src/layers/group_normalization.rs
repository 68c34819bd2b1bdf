use std::sync::Arc;

use rhyton_graph::{Dim, Shape, Spec, Tensor, cast, mean, reshape_to, rsqrt, square};
use rhyton_macros::Setters;
use rhyton_tensor::{DType, result_type};
use serde::{Deserialize, Serialize};

use super::axis::sizes;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{
    Autocast, Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions,
};
use crate::objects::from_config;
use crate::regularizers::AnyRegularizer;
use crate::{Error, Result};

/// (x − mean) / √(variance + epsilon) · gamma + beta, with mean and (biased) variance of each group
/// of channels of each sample.
///
/// # Shapes
/// As the input; weights `gamma`, `beta`: `[channels]`.
///
/// Source: Keras 3.15 `keras.layers.GroupNormalization`; Wu & He 2018.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct GroupNormalization {
    #[serde(skip)]
    common: Common,
    /// How many groups, a divisor of the channels; −1 means one for each channel. Default 32.
    groups: isize,
    /// The axis of the channels; default −1.
    axis: isize,
    /// Added to the variance; default 1e-3.
    epsilon: f64,
    /// Whether beta is added; default true.
    center: bool,
    /// Whether gamma multiplies; default true.
    scale: bool,
    /// First value of beta; default zeros.
    beta_initializer: AnyInitializer,
    /// First value of gamma; default ones.
    gamma_initializer: AnyInitializer,
    /// What beta adds to the loss; default nothing.
    beta_regularizer: Option<AnyRegularizer>,
    /// What gamma adds to the loss; default nothing.
    gamma_regularizer: Option<AnyRegularizer>,
    /// What becomes of beta after each step; default itself.
    beta_constraint: Option<AnyConstraint>,
    /// What becomes of gamma after each step; default itself.
    gamma_constraint: Option<AnyConstraint>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "GroupNormalization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<GroupNormalization>("GroupNormalization", config, &[])?))
    },
    cases: &[
        r#"{"groups": 2}"#,
        r#"{"groups": -1, "epsilon": 0.01}"#,
        r#"{"groups": 3, "axis": 1, "sample_shapes": [[6, 2, 2]]}"#,
        r#"{"groups": 1, "center": false, "gamma_regularizer": "l1"}"#,
        r#"{"groups": 4, "scale": false, "beta_constraint": "max_norm", "sample_shapes": [[2, 3, 8]]}"#,
    ],
};

crate::configured!(GroupNormalization: LayerKind);

impl Default for GroupNormalization {
    fn default() -> Self {
        Self {
            common: Common::default(),
            groups: 32,
            axis: -1,
            epsilon: 1e-3,
            center: true,
            scale: true,
            beta_initializer: "zeros".into(),
            gamma_initializer: "ones".into(),
            beta_regularizer: None,
            gamma_regularizer: None,
            beta_constraint: None,
            gamma_constraint: None,
        }
    }
}

impl GroupNormalization {
    /// A layer with this many groups; −1 means one for each channel.
    pub fn new(groups: isize) -> Self {
        Self { groups, ..Self::default() }
    }

    /// The axis of the channels, and how many groups they make.
    fn split(&self, shape: &Shape) -> Result<(usize, usize)> {
        let axis = shape.axis("GroupNormalization", self.axis)?;
        if axis == 0 {
            let expected = "an axis behind the batch's";
            return Err(Error::config("GroupNormalization", "axis", expected, self.axis));
        }
        let channels = sizes("GroupNormalization", shape, &[axis])?[0];
        let groups = if self.groups == -1 { channels } else { self.groups.max(0) as usize };
        if groups > 0 && channels > 0 && channels.is_multiple_of(groups) {
            return Ok((axis, groups));
        }
        let expected = format!("-1 or a divisor of the {channels} channels");
        Err(Error::config("GroupNormalization", "groups", expected, self.groups))
    }
}

impl Layer for GroupNormalization {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let shape = &inputs[0].shape;
        let (axis, _) = self.split(shape)?;
        let channels = sizes("GroupNormalization", shape, &[axis])?;
        if self.scale {
            let options = WeightOptions::new()
                .regularizer(self.gamma_regularizer.clone())
                .constraint(self.gamma_constraint.clone());
            scope.weight_with("gamma", &channels, self.gamma_initializer.clone(), options)?;
        }
        if self.center {
            let options = WeightOptions::new()
                .regularizer(self.beta_regularizer.clone())
                .constraint(self.beta_constraint.clone());
            scope.weight_with("beta", &channels, self.beta_initializer.clone(), options)?;
        }
        Ok(())
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = cast(&inputs[0], result_type(inputs[0].dtype(), DType::F32));
        let (axis, groups) = self.split(x.shape())?;
        let within = x.shape()[axis].fixed_size().unwrap_or(1) / groups;
        let mut dims = x.shape().to_vec();
        dims.splice(axis..=axis, [Dim::fixed(groups), Dim::fixed(within)]);
        let grouped = reshape_to(&x, dims);
        let axes: Vec<isize> =
            (1..grouped.rank()).filter(|&i| i != axis).map(|i| i as isize).collect();
        let centred = &grouped - mean(&grouped, Some(&axes), true);
        let factor = rsqrt(mean(&square(&centred), Some(&axes), true) + self.epsilon);
        let meet = |weight: &Tensor| {
            let mut dims = vec![Dim::ONE; x.rank() + 1];
            (dims[axis], dims[axis + 1]) = (Dim::fixed(groups), Dim::fixed(within));
            reshape_to(weight, dims)
        };
        let mut result = centred * factor;
        if self.scale {
            result = result * meet(&cx.weight("gamma")?);
        }
        if self.center {
            result = result + meet(&cx.weight("beta")?);
        }
        let result = reshape_to(&result, x.shape().clone());
        Ok(cast(&result, inputs[0].dtype()).into())
    }

    fn autocast(&self) -> Autocast {
        Autocast::Outputs
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
