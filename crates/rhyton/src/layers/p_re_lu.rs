use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, relu};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::axis::{Axis, sizes};
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions};
use crate::objects::from_config;
use crate::regularizers::AnyRegularizer;
use crate::{Error, Result};

/// x above 0, alpha · x elsewhere, where alpha is trained: one for each element of a sample, or one
/// for all along the shared axes.
///
/// # Shapes
/// As the input; weight `alpha`: a sample's shape with size 1 at the shared axes.
///
/// Source: Keras 3.15 `keras.layers.PReLU`; He et al. 2015.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct PReLU {
    #[serde(skip)]
    common: Common,
    /// First value of alpha; default zeros.
    alpha_initializer: AnyInitializer,
    /// What alpha adds to the loss; default nothing.
    alpha_regularizer: Option<AnyRegularizer>,
    /// What becomes of alpha after each step; default itself.
    alpha_constraint: Option<AnyConstraint>,
    /// The axes along which alpha is shared, counted from 1 (the batch is 0); default none.
    shared_axes: Option<Axis>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "PReLU",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<PReLU>("PReLU", config, &[])?)),
    cases: &[
        "{}",
        r#"{"shared_axes": [1], "alpha_initializer": "ones"}"#,
        r#"{"shared_axes": [1, 2], "alpha_regularizer": "l2", "alpha_constraint": "non_neg", "sample_shapes": [[2, 3, 4]]}"#,
    ],
};

crate::configured!(PReLU: LayerKind);

impl Default for PReLU {
    fn default() -> Self {
        Self {
            common: Common::default(),
            alpha_initializer: "zeros".into(),
            alpha_regularizer: None,
            alpha_constraint: None,
            shared_axes: None,
        }
    }
}

impl PReLU {
    /// A layer with a slope for each element of a sample.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Layer for PReLU {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let shape = &inputs[0].shape;
        let mut alpha = sizes("PReLU", shape, &(1..shape.rank()).collect::<Vec<_>>())?;
        for &axis in self.shared_axes.iter().flat_map(Axis::list) {
            let size = usize::try_from(axis - 1).ok().and_then(|place| alpha.get_mut(place));
            let Some(size) = size else {
                let expected = format!("axes of {shape} behind the batch's");
                return Err(Error::config("PReLU", "shared_axes", expected, axis));
            };
            *size = 1;
        }
        let options = WeightOptions::new()
            .regularizer(self.alpha_regularizer.clone())
            .constraint(self.alpha_constraint.clone());
        scope.weight_with("alpha", &alpha, self.alpha_initializer.clone(), options)
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let x = &inputs[0];
        Ok((relu(x) - cx.weight("alpha")? * relu(&-x)).into())
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
