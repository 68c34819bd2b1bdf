use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, cast, mean, reshape_to, rsqrt, square};
use rhyton_macros::Setters;
use rhyton_tensor::{DType, result_type};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, beside, signed, sizes};
use crate::Result;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{
    Autocast, Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions,
};
use crate::objects::from_config;
use crate::regularizers::AnyRegularizer;

/// (x − mean) / √(variance + epsilon) · gamma + beta, with mean and (biased) variance of each sample
/// along one axis or several.
///
/// With `rms_scaling`, x / √(variance + epsilon) · gamma, as in Keras: the variance, not the root
/// mean square that the name promises.
///
/// # Shapes
/// As the input; weights `gamma`, `beta`: the sizes of the axes.
///
/// Source: Keras 3.15 `keras.layers.LayerNormalization`; Ba et al. 2016.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct LayerNormalization {
    #[serde(skip)]
    common: Common,
    /// The axis or axes that mean and variance are taken along; default −1.
    axis: Axis,
    /// Added to the variance; default 1e-3.
    epsilon: f64,
    /// Whether beta is added; default true.
    center: bool,
    /// Whether gamma multiplies; default true.
    scale: bool,
    /// Whether nothing is subtracted or added; default false.
    rms_scaling: bool,
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
    class_name: "LayerNormalization",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| {
        Ok(Arc::new(from_config::<LayerNormalization>("LayerNormalization", config, &[])?))
    },
    cases: &[
        "{}",
        r#"{"axis": [2, 1], "epsilon": 0.01}"#,
        r#"{"axis": [1, 3], "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"center": false, "gamma_regularizer": "l2", "gamma_constraint": "non_neg"}"#,
        r#"{"scale": false, "beta_initializer": "ones", "axis": 1}"#,
        r#"{"rms_scaling": true}"#,
    ],
};

crate::configured!(LayerNormalization: LayerKind);

impl Default for LayerNormalization {
    fn default() -> Self {
        Self {
            common: Common::default(),
            axis: Axis::One(-1),
            epsilon: 1e-3,
            center: true,
            scale: true,
            rms_scaling: false,
            beta_initializer: "zeros".into(),
            gamma_initializer: "ones".into(),
            beta_regularizer: None,
            gamma_regularizer: None,
            beta_constraint: None,
            gamma_constraint: None,
        }
    }
}

impl LayerNormalization {
    /// A layer along the last axis.
    pub fn new() -> Self {
        Self::default()
    }

    fn has_gamma(&self) -> bool {
        self.scale || self.rms_scaling
    }

    fn has_beta(&self) -> bool {
        self.center && !self.rms_scaling
    }
}

impl Layer for LayerNormalization {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let shape = &inputs[0].shape;
        let sizes =
            sizes("LayerNormalization", shape, &self.axis.of("LayerNormalization", shape)?)?;
        if self.has_gamma() {
            let options = WeightOptions::new()
                .regularizer(self.gamma_regularizer.clone())
                .constraint(self.gamma_constraint.clone());
            scope.weight_with("gamma", &sizes, self.gamma_initializer.clone(), options)?;
        }
        if self.has_beta() {
            let options = WeightOptions::new()
                .regularizer(self.beta_regularizer.clone())
                .constraint(self.beta_constraint.clone());
            scope.weight_with("beta", &sizes, self.beta_initializer.clone(), options)?;
        }
        Ok(())
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = cast(&inputs[0], result_type(inputs[0].dtype(), DType::F32));
        let places = self.axis.of("LayerNormalization", x.shape())?;
        let (axes, meet) = (signed(&places), beside(x.shape(), &places));
        let centred = &x - mean(&x, Some(&axes), true);
        let factor = rsqrt(mean(&square(&centred), Some(&axes), true) + self.epsilon);
        let mut result = if self.rms_scaling { x } else { centred } * factor;
        if self.has_gamma() {
            result = result * reshape_to(&cx.weight("gamma")?, meet.clone());
        }
        if self.has_beta() {
            result = result + reshape_to(&cx.weight("beta")?, meet);
        }
        Ok(cast(&result, inputs[0].dtype()).into())
    }

    fn autocast(&self) -> Autocast {
        Autocast::Outputs
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
