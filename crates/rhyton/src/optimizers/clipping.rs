use rhyton_graph::{
    Tensor, greater, maximum, minimum, select, sqrt, square, subtract, sum, where_,
};

use super::OptimizerOptions;
use crate::Result;

/// The gradients, clipped in the one way that the options name; a bound of 0 is none, as in Keras.
pub(super) fn clip(options: &OptimizerOptions, gradients: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let bound = |bound: Option<f64>| bound.filter(|bound| *bound > 0.0);
    let clipped = if let Some(norm) = bound(options.clipnorm) {
        gradients.iter().map(|gradient| by_norm(gradient, norm)).collect()
    } else if let Some(norm) = bound(options.global_clipnorm) {
        by_global_norm(gradients, norm)
    } else if let Some(value) = bound(options.clipvalue) {
        gradients.iter().map(|gradient| minimum(maximum(gradient, -value), value)).collect()
    } else {
        gradients
    };
    clipped.into_iter().map(|gradient| Ok(gradient.checked()?)).collect()
}

/// g · c / max(‖g‖, c).
fn by_norm(gradient: &Tensor, norm: f64) -> Tensor {
    let squares = sum(&square(gradient), None, false);
    let positive = greater(&squares, 0);
    let length = select(&positive, sqrt(where_(&positive, &squares, 1)), &squares);
    gradient * norm / maximum(length, norm)
}

/// g · c · min(1/‖all‖, 1/c); NaN in all where the norm is not finite.
fn by_global_norm(gradients: Vec<Tensor>, norm: f64) -> Vec<Tensor> {
    let squares = gradients.iter().map(|gradient| sum(&square(gradient), None, false));
    let Some(squares) = squares.reduce(|a, b| a + b) else { return gradients };
    let length = sqrt(squares);
    let scale = norm * minimum(1.0 / &length, 1.0 / norm) + subtract(&length, &length);
    gradients.iter().map(|gradient| gradient * &scale).collect()
}
