use std::sync::Arc;

use rhyton_expression::{Error as Refusal, Signal};
use rhyton_tensor::{Array, Key};

use super::{Distribution, Initializer, Mode, RandomNormal, VarianceScaling};
use crate::Result;
use crate::activations::Activation;

/// What an initializer that looks at the activation comes to, as Keras can read it.
#[derive(Debug, Clone)]
pub struct Suited {
    /// For the weight itself.
    pub weight: Arc<dyn Initializer>,
    /// For the layer's bias, if that is still drawn as by default.
    pub bias: Option<Arc<dyn Initializer>>,
}

/// Which of the weight's axes are inputs and outputs, where they are not Keras' usual ones.
pub(super) type Axes = Option<[Vec<isize>; 2]>;

impl Suited {
    /// Untruncated normal numbers of variance σw² / `fan_in`, and biases of deviation σb.
    pub(super) fn normal(sigma_w: f64, sigma_b: f64, axes: &Axes) -> Self {
        let mut weight = VarianceScaling::default()
            .scale(sigma_w * sigma_w)
            .mode(Mode::FanIn)
            .distribution(Distribution::UntruncatedNormal);
        if let Some([input, output]) = axes {
            weight = weight.input_axes(input.clone()).output_axes(output.clone());
        }
        let bias = (sigma_b > 0.0)
            .then(|| Arc::new(RandomNormal::default().stddev(sigma_b)) as Arc<dyn Initializer>);
        Self { weight: Arc::new(weight), bias }
    }

    /// As for a linear layer, which is also what stands for functions that are no expression of one
    /// element: softmax at the end of a network, a function over tensors.
    pub(super) fn linear(axes: &Axes) -> Self {
        Self::normal(1.0, 0.0, axes)
    }

    /// By a rule for the activation's signal; where it has none, by its gain, and that is told.
    pub(super) fn by(
        activation: &Activation,
        axes: &Axes,
        rule: impl FnOnce(&mut Signal) -> Result<[f64; 2], Refusal>,
    ) -> Result<Self> {
        let Some(mut signal) = activation.signal()? else { return Ok(Self::linear(axes)) };
        let [sigma_w, sigma_b] = match (rule(&mut signal), signal.gain()) {
            (Ok(found), _) => found,
            (Err(refusal), Ok(gain)) => {
                crate::notices::once(&format!(
                    "initializer: {refusal}; the gain {gain:.4} is used"
                ));
                [gain, 0.0]
            }
            (Err(refusal), Err(_)) => {
                crate::notices::once(&format!("initializer: {refusal}; taken as linear"));
                return Ok(Self::linear(axes));
            }
        };
        Ok(Self::normal(sigma_w, sigma_b, axes))
    }

    /// What is drawn where no layer says what its activation is.
    pub(super) fn unsuited(axes: &Axes, shape: &[usize], key: Key) -> Result<Array> {
        Self::linear(axes).weight.array(shape, key)
    }
}
