//! The layer `EinsumDense`, with what its equation says of shapes.

use std::sync::Arc;

use rhyton_graph::{Spec, Tensor, einsum};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::activations::Activation;
use crate::constraints::AnyConstraint;
use crate::initializers::AnyInitializer;
use crate::layer::{Call, Common, Layer, LayerKind, LayerSpec, Outputs, Scope, WeightOptions};
use crate::objects::from_config;
use crate::regularizers::AnyRegularizer;

mod equation;
mod output_shape;

use equation::Equation;
pub use output_shape::OutputShape;

/// A product of the input and a kernel by an equation: activation(einsum(equation, input, kernel) +
/// bias).
///
/// # Shapes
/// The equation `"abc,cd->abd"` says which axis of the input (the first is the batch), of the kernel
/// and of the output is which; `...` at the beginning or at the end of input and output stands for
/// further axes, which stay. Weights: `kernel` with the sizes of its letters, `bias` with those of
/// `bias_axes`.
///
/// Source: Keras 3.15 `keras.layers.EinsumDense`.
#[derive(Debug, Clone, Serialize, Deserialize, Setters)]
#[serde(default)]
pub struct EinsumDense {
    #[serde(skip)]
    common: Common,
    /// The product as `"input,kernel->output"`, a letter for each axis.
    equation: String,
    /// The output's sizes without the batch and without the axes of `...`; open where the input
    /// says it.
    output_shape: OutputShape,
    /// Applied to the result; default linear.
    activation: Activation,
    /// The letters of the output's axes along which the bias differs; default no bias.
    bias_axes: Option<String>,
    /// How the kernel's first value is drawn; default `GlorotUniform`, with the sizes of the axes
    /// that are summed over as the fan in and of those that stay as the fan out.
    kernel_initializer: AnyInitializer,
    /// How the bias' first value is drawn; default zeros.
    bias_initializer: AnyInitializer,
    /// What the kernel adds to the loss; default nothing.
    kernel_regularizer: Option<AnyRegularizer>,
    /// What the bias adds to the loss; default nothing.
    bias_regularizer: Option<AnyRegularizer>,
    /// What the output adds to the loss, divided by the batch's size; default nothing.
    activity_regularizer: Option<AnyRegularizer>,
    /// What becomes of the kernel after each step of training; default itself.
    kernel_constraint: Option<AnyConstraint>,
    /// What becomes of the bias after each step of training; default itself.
    bias_constraint: Option<AnyConstraint>,
}

pub(super) static SPEC: LayerSpec = LayerSpec {
    class_name: "EinsumDense",
    module: "keras.layers",
    aliases: &[],
    from_config: |config| Ok(Arc::new(from_config::<EinsumDense>("EinsumDense", config, &[])?)),
    cases: &[
        r#"{"equation": "ab,bc->ac", "output_shape": 5, "bias_axes": "c", "sample_shapes": [[4]]}"#,
        r#"{"equation": "abc,cd->abd", "output_shape": [null, 5], "bias_axes": "d", "activation": "relu"}"#,
        r#"{"equation": "...x,xy->...y", "output_shape": 6, "bias_axes": "y"}"#,
        r#"{"equation": "...x,xy->...y", "output_shape": [3], "sample_shapes": [[2, 3, 4]]}"#,
        r#"{"equation": "ab...,bc->ac...", "output_shape": [5], "bias_axes": "c"}"#,
        r#"{"equation": "abc,cde->abde", "output_shape": [null, 2, 3], "bias_axes": "de", "kernel_initializer": "he_normal"}"#,
        r#"{"equation": "abcd,cde->abe", "output_shape": [3, 5], "bias_axes": "be", "sample_shapes": [[3, 2, 4]]}"#,
        r#"{"equation": "abc,bd->acd", "output_shape": [4, 2], "bias_axes": "c", "sample_shapes": [[3, 4]]}"#,
    ],
};

crate::configured!(EinsumDense: LayerKind, always "equation", "output_shape");

impl Default for EinsumDense {
    fn default() -> Self {
        Self {
            common: Common::default(),
            equation: String::new(),
            output_shape: OutputShape::default(),
            activation: Activation::linear(),
            bias_axes: None,
            kernel_initializer: "glorot_uniform".into(),
            bias_initializer: "zeros".into(),
            kernel_regularizer: None,
            bias_regularizer: None,
            activity_regularizer: None,
            kernel_constraint: None,
            bias_constraint: None,
        }
    }
}

impl EinsumDense {
    /// A layer of this equation whose output has these sizes.
    pub fn new(equation: impl Into<String>, output_shape: impl Into<OutputShape>) -> Self {
        Self { equation: equation.into(), output_shape: output_shape.into(), ..Self::default() }
    }
}

impl Layer for EinsumDense {
    fn build(&self, scope: &mut Scope<'_>, inputs: &[Spec]) -> Result<()> {
        let equation = Equation::parse(&self.equation)?;
        let axes = equation.sizes(&inputs[0].shape, &self.output_shape)?;
        let options = WeightOptions::new()
            .regularizer(self.kernel_regularizer.clone())
            .constraint(self.kernel_constraint.clone());
        let (shape, summed, kept) = equation.kernel(&axes)?;
        let initializer = self.kernel_initializer.with_axes(&summed, &kept)?;
        scope.weight_with("kernel", &shape, initializer, options)?;
        if let Some(letters) = &self.bias_axes {
            let options = WeightOptions::new()
                .regularizer(self.bias_regularizer.clone())
                .constraint(self.bias_constraint.clone());
            let shape = equation.bias(letters, &axes)?;
            scope.weight_with("bias", &shape, self.bias_initializer.clone(), options)?;
        }
        self.activation.build(scope, &inputs[0].with_shape(axes.output))
    }

    fn call(&self, cx: &mut Call<'_>, inputs: &[Tensor]) -> Result<Outputs> {
        let mut result = einsum(&self.equation, &[&inputs[0], &cx.weight("kernel")?]);
        if self.bias_axes.is_some() {
            result = result + cx.weight("bias")?;
        }
        Ok(self.activation.call(cx, &result)?.into())
    }

    fn activation(&self) -> Option<&Activation> {
        Some(&self.activation)
    }

    fn activity_regularizer(&self) -> Option<&AnyRegularizer> {
        self.activity_regularizer.as_ref()
    }

    fn with_activation(&self, activation: Activation) -> Arc<dyn Layer> {
        Arc::new(Self { activation, ..self.clone() })
    }
}
