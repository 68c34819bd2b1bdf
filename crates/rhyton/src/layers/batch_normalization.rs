use std::sync::Arc;

use rhyton_graph::{
    Dim, Spec, Tensor, broadcast_to, cast, expand_dims, mean, reshape_to, rsqrt, square,
    stop_gradient, sum, where_,
};
use rhyton_macros::Setters;
use rhyton_tensor::{DType, result_type};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions};
use crate::objects::from_config;
use crate::regularizers::AnyRegularizer;
use crate::{Error, Result};

/// (x − mean) / √(variance + epsilon) · gamma + beta, for each place along `axis`.
///
/// In training, mean and (biased) variance are the batch's, and the moving statistics follow them:
/// moving = moving · momentum + batch · (1 − momentum). Elsewhere, and when the layer is not
/// trainable, the moving statistics are used. The call argument `mask` (or the mask that came with the
/// input) says which places count in the batch's statistics.
///
/// # Shapes
/// As the input; weights `gamma`, `beta`, `moving_mean`, `moving_variance`: `[size of axis]`.
///
/// Source: Keras 3.15 `keras.layers.BatchNormalization`; Ioffe & Szegedy 2015.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct BatchNormalization {
    #[serde(skip)]
    common: Common,
    /// The axis that keeps its own statistics; default −1.
    axis: isize,
    /// How much of the moving statistics stays at each step; default 0.99.
    momentum: f64,
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
    /// First value of the moving mean; default zeros.
    moving_mean_initializer: AnyInitializer,
    /// First value of the moving variance; default ones.
    moving_variance_initializer: AnyInitializer,
    /// What beta adds to the loss; default nothing.
    beta_regularizer: Option<AnyRegularizer>,
    /// What gamma adds to the loss; default nothing.
    gamma_regularizer: Option<AnyRegularizer>,
    /// What becomes of beta after each step of training; default itself.
    beta_constraint: Option<AnyConstraint>,
    /// What becomes of gamma after each step of training; default itself.
    gamma_constraint: Option<AnyConstraint>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "BatchNormalization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        let config = single_axis(config);
        if config.get("renorm") == Some(&json!(true)) {
            let expected = "false: batch renormalization isn't known here";
            return Err(Error::config("BatchNormalization", "renorm", expected, true));
        }
        let ignored = ["synchronized", "renorm", "renorm_clipping", "renorm_momentum"];
        Ok(Arc::new(from_config::<BatchNormalization>("BatchNormalization", config, &ignored)?))
    },
    cases: &[
        "{}",
        r#"{"momentum": 0.9, "epsilon": 1e-5}"#,
        r#"{"center": false, "scale": false}"#,
        r#"{"gamma_regularizer": "l2", "beta_constraint": "non_neg"}"#,
    ],
};

crate::configured!(BatchNormalization: LayerKind);

/// Keras 2 writes the axis as a list of one.
fn single_axis(mut config: Value) -> Value {
    let axis = config.get("axis").and_then(Value::as_array);
    if let Some([axis]) = axis.map(Vec::as_slice) {
        config["axis"] = json!(axis);
    }
    config
}

impl Default for BatchNormalization {
    fn default() -> Self {
        Self {
            common: Common::default(),
            axis: -1,
            momentum: 0.99,
            epsilon: 1e-3,
            center: true,
            scale: true,
            beta_initializer: "zeros".into(),
            gamma_initializer: "ones".into(),
            moving_mean_initializer: "zeros".into(),
            moving_variance_initializer: "ones".into(),
            beta_regularizer: None,
            gamma_regularizer: None,
            beta_constraint: None,
            gamma_constraint: None,
        }
    }
}

/// What Keras adds to the number of elements that a mask leaves.
const EPSILON: f64 = 1e-7;

/// The mask of places as that of all their elements.
fn spread(mask: &Tensor, x: &Tensor) -> Result<Tensor> {
    let (places, all) = (mask.shape(), x.shape());
    if **places != all[..all.rank() - 1] {
        let expected = format!("a mask of the places of {all}, without the last axis");
        return Err(Error::config("BatchNormalization", "mask", expected, places));
    }
    Ok(broadcast_to(&expand_dims(&cast(mask, DType::Bool), -1), all))
}

/// The mean along axes, of those elements that a mask leaves.
fn average(x: &Tensor, axes: &[isize], mask: Option<&Tensor>) -> Tensor {
    let Some(mask) = mask else { return mean(x, Some(axes), false) };
    let total = sum(&where_(mask, x, 0.0), Some(axes), false);
    total / (sum(&cast(mask, x.dtype()), Some(axes), false) + EPSILON)
}

impl BatchNormalization {
    /// A layer with Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for BatchNormalization {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let shape = &inputs[0].shape;
        let axis = shape.axis("BatchNormalization", self.axis)?;
        let Some(size) = shape[axis].fixed_size() else {
            let expected = format!("a known size at axis {axis}");
            return Err(Error::config("BatchNormalization", "input", expected, shape));
        };
        if self.scale {
            let options = WeightOptions::new()
                .autocast(false)
                .regularizer(self.gamma_regularizer.clone())
                .constraint(self.gamma_constraint.clone());
            scope.weight_with("gamma", &[size], self.gamma_initializer.clone(), options)?;
        }
        if self.center {
            let options = WeightOptions::new()
                .autocast(false)
                .regularizer(self.beta_regularizer.clone())
                .constraint(self.beta_constraint.clone());
            scope.weight_with("beta", &[size], self.beta_initializer.clone(), options)?;
        }
        let (mean, variance) = (&self.moving_mean_initializer, &self.moving_variance_initializer);
        scope.weight_with(
            "moving_mean",
            &[size],
            mean.clone(),
            WeightOptions::fixed().autocast(false),
        )?;
        scope.weight_with(
            "moving_variance",
            &[size],
            variance.clone(),
            WeightOptions::fixed().autocast(false),
        )
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = cast(&inputs[0], result_type(inputs[0].dtype(), DType::F32));
        let axis = x.shape().axis("BatchNormalization", self.axis)?;
        let dims = |tensor: &Tensor| {
            let mut dims = vec![Dim::ONE; x.rank()];
            dims[axis] = x.shape()[axis];
            reshape_to(tensor, dims)
        };
        let mask = cx.given_mask().map(|mask| spread(mask, &x)).transpose()?;
        let moving_mean = cx.weight("moving_mean")?;
        let moving_variance = cx.weight("moving_variance")?;
        let (mean, variance) = if cx.training && cx.trainable() {
            let others: Vec<isize> =
                (0..x.rank()).filter(|&other| other != axis).map(|other| other as isize).collect();
            let batch_mean = average(&x, &others, mask.as_ref());
            let squares = square(&x - dims(&batch_mean));
            let batch_variance = average(&squares, &others, mask.as_ref());
            for (name, moving, batch) in [
                ("moving_mean", &moving_mean, &batch_mean),
                ("moving_variance", &moving_variance, &batch_variance),
            ] {
                let next = moving * self.momentum + stop_gradient(batch) * (1.0 - self.momentum);
                cx.assign(name, &next)?;
            }
            (batch_mean, batch_variance)
        } else {
            (moving_mean, moving_variance)
        };
        let mut factor = rsqrt(variance + self.epsilon);
        if self.scale {
            factor = factor * cx.weight("gamma")?;
        }
        let mut result = (&x - dims(&mean)) * dims(&factor);
        if self.center {
            result = result + dims(&cx.weight("beta")?);
        }
        Ok(cast(&result, inputs[0].dtype()).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
