use rhyton_graph::{Tensor, matmul, sqrt, square, sum, transpose};
use rhyton_macros::Setters;
use serde::{Deserialize, Serialize};

use super::adam::Moments;
use super::options::{check_betas, optimizer_settings, read};
use super::{Optimizer, OptimizerOptions, OptimizerSpec, Slot, StepContext, Update};
use crate::Result;
use crate::layer::Weight;

/// Steps of matrices along the nearest orthogonal matrix to their momentum; other weights, and
/// those that are excluded, take [`super::Adam`]'s steps.
///
/// m = momentum · m + g (with `nesterov` g + momentum · m is taken), X = m / ‖m‖, then `ns_steps`
/// times X = a · X + (b · A + c · A²) · X with A = X · Xᵀ; w −= r · X · √max(rows, columns) ·
/// `rms_rate`.
///
/// Source: Jordan et al. 2024; Keras 3.15 `keras.optimizers.Muon`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Setters)]
#[expect(clippy::struct_field_names, reason = "the keys are Keras'")]
pub struct Muon {
    /// Name, learning rate (default 0.001), weight decay (default 0.004), clipping and what else all
    /// optimizers have.
    #[serde(flatten)]
    #[setters(skip)]
    options: OptimizerOptions,
    /// How much of the running mean of gradients Adam keeps; default 0.9.
    adam_beta_1: f64,
    /// How much of the running mean of squares Adam keeps; default 0.999.
    adam_beta_2: f64,
    /// The weight decay of weights that Adam moves; default 0.004.
    adam_weight_decay: Option<f64>,
    /// Added to Adam's root; default 1e-7.
    epsilon: f64,
    /// Weights whose paths contain one of these are Adam's; default none.
    exclude_layers: Vec<String>,
    /// Whether weights with `embedding` in their paths are Adam's; default true.
    exclude_embeddings: bool,
    /// The iteration's a; default 3.4445.
    muon_a: f64,
    /// The iteration's b; default −4.775.
    muon_b: f64,
    /// The iteration's c; default 2.0315.
    muon_c: f64,
    /// Adam's learning rate divided by the others'; default 1.
    adam_lr_ratio: f64,
    /// How much of the momentum is kept; default 0.95.
    momentum: f64,
    /// How often the iteration is repeated; default 5.
    ns_steps: u32,
    /// Whether a step looks ahead by its momentum; default true.
    nesterov: bool,
    /// How long a step is, or none for as it is; default 0.2.
    rms_rate: Option<f64>,
}

optimizer_settings!(Muon);

pub(super) static SPEC: OptimizerSpec = OptimizerSpec {
    class_name: "Muon",
    module: "keras.optimizers",
    aliases: &["muon"],
    from_config: read::<Muon>,
    cases: &[
        "{}",
        r#"{"learning_rate": 0.05, "momentum": 0.8, "nesterov": false, "ns_steps": 3, "rms_rate": null, "weight_decay": 0.1}"#,
        r#"{"learning_rate": 0.02, "adam_beta_1": 0.7, "adam_beta_2": 0.9, "adam_lr_ratio": 0.5, "adam_weight_decay": 0.2, "muon_a": 3.0, "muon_b": -4.0, "muon_c": 2.0, "clipnorm": 0.5}"#,
    ],
};

impl Default for Muon {
    fn default() -> Self {
        let options = OptimizerOptions::new("muon", 0.001);
        Self {
            options: OptimizerOptions { weight_decay: Some(0.004), ..options },
            adam_beta_1: 0.9,
            adam_beta_2: 0.999,
            adam_weight_decay: Some(0.004),
            epsilon: 1e-7,
            exclude_layers: Vec::new(),
            exclude_embeddings: true,
            muon_a: 3.4445,
            muon_b: -4.775,
            muon_c: 2.0315,
            adam_lr_ratio: 1.0,
            momentum: 0.95,
            ns_steps: 5,
            nesterov: true,
            rms_rate: Some(0.2),
        }
    }
}

impl Muon {
    fn is_adams(&self, weight: &Weight) -> bool {
        let embeds = || weight.path.to_lowercase().contains("embedding");
        weight.spec.shape.rank() != 2
            || (self.exclude_embeddings && embeds())
            || self.exclude_layers.iter().any(|part| weight.path.contains(part.as_str()))
    }

    /// Nearly the orthogonal factor of a matrix, by Newton and Schulz' iteration.
    fn orthogonal(&self, matrix: &Tensor) -> Tensor {
        let sizes = matrix.shape().bind(0);
        let flip = |x: Tensor| if sizes[0] > sizes[1] { transpose(&x, &[1, 0]) } else { x };
        let norm = sqrt(sum(&square(matrix), None, true));
        let mut x = flip(matrix / (norm + 1e-7));
        for _ in 0..self.ns_steps {
            let product = matmul(&x, &transpose(&x, &[1, 0]));
            let factor = self.muon_b * &product + matmul(&(self.muon_c * &product), &product);
            x = self.muon_a * &x + matmul(&factor, &x);
        }
        flip(x)
    }
}

impl Optimizer for Muon {
    fn slot_groups(&self, weight: &Weight) -> Vec<Vec<Slot>> {
        let names: &[_] =
            if self.is_adams(weight) { &["momentum", "velocity"] } else { &["momentum"] };
        vec![names.iter().map(|name| Slot::of(weight, name)).collect()]
    }

    fn decay_of(&self, weight: &Weight) -> Option<f64> {
        if self.is_adams(weight) { self.adam_weight_decay } else { self.options.weight_decay }
    }

    fn update_step(
        &self,
        step: &StepContext<'_>,
        variable: &Tensor,
        gradient: &Tensor,
        slots: &[Tensor],
    ) -> Result<Update> {
        let [momentum] = slots else {
            let (beta_1, beta_2, epsilon) = (self.adam_beta_1, self.adam_beta_2, self.epsilon);
            let learning_rate = step.learning_rate * self.adam_lr_ratio;
            let step = StepContext { learning_rate: &learning_rate, ..*step };
            return Moments { beta_1, beta_2, epsilon }.step(&step, variable, gradient, slots);
        };
        let momentum = momentum + (gradient + momentum * (self.momentum - 1.0));
        let ahead =
            if self.nesterov { gradient + self.momentum * &momentum } else { momentum.clone() };
        let mut move_by = step.rate(variable.dtype()) * self.orthogonal(&ahead);
        if let Some(rate) = self.rms_rate {
            let longest = variable.shape().bind(0).into_iter().max().unwrap_or(1);
            move_by = move_by * (longest as f64).sqrt() * rate;
        }
        Update::new(variable - move_by, [momentum])
    }

    fn validate(&self) -> Result<()> {
        self.options.validate("Muon")?;
        check_betas("Muon", &[("adam_beta_1", self.adam_beta_1), ("adam_beta_2", self.adam_beta_2)])
    }
}
