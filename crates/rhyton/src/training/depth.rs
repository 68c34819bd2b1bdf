//! A word before training where signal propagation predicts that a deep plain network won't learn.

use std::sync::Arc;

use rhyton_expression::{Initialization, Propagation, Verdict};

use crate::Result;
use crate::activations::Activation;
use crate::layer::Layer;
use crate::models::Model;

/// Fewer layers of one activation are not worth a word.
const DEPTH_MIN: usize = 8;

/// Layers that bring signals back to their size, or around others: no prediction is made.
const KEEPERS: [&str; 5] = ["Add", "Average", "Concatenate", "Maximum", "Subtract"];

/// Layers of one activation, and what their weights were drawn with.
struct Stack {
    name: String,
    activation: Activation,
    depth: usize,
    /// Sums over the layers of σw² and σb².
    weights: f64,
    biases: f64,
    initializer: &'static str,
}

/// Warns of each stack of layers whose signals or gradients are predicted to vanish or to explode.
///
/// # Errors
/// What reading the weights fails with.
pub(super) fn warn(model: &Model) -> Result<()> {
    let layers = &model.network.layers;
    let keeps = |layer: &Arc<dyn Layer>| {
        let class = layer.spec().class_name;
        class.ends_with("Normalization") || KEEPERS.contains(&class)
    };
    if layers.len() < DEPTH_MIN || layers.iter().any(keeps) {
        return Ok(());
    }
    for stack in stacks(model, layers)? {
        if stack.depth < DEPTH_MIN {
            continue;
        }
        let Some(mut signal) = stack.activation.signal()? else { continue };
        let count = stack.depth as f64;
        let initialization = Initialization {
            sigma_w: (stack.weights / count).sqrt(),
            sigma_b: (stack.biases / count).sqrt(),
            depth: stack.depth,
        };
        let Ok(propagation) = signal.propagation(&initialization) else { continue };
        if let Some(prediction) = prediction(&propagation) {
            let Stack { name, depth, initializer, .. } = &stack;
            crate::notices::once(&format!(
                "{depth} layers of `{name}` with {initializer} (σw {:.2}): {prediction}, so that \
                 little or nothing will be learned; kernel_initializer=\"auto\" draws what suits \
                 the activation",
                initialization.sigma_w,
            ));
        }
    }
    Ok(())
}

fn prediction(propagation: &Propagation) -> Option<String> {
    let times = |square: f64| format!("{:.0e} times", square.sqrt());
    let factor = propagation.gradient.min(propagation.distinction);
    match propagation.verdict {
        Verdict::Passes => None,
        Verdict::Dies => {
            Some(format!("signals are predicted to die out ({} as large)", times(factor)))
        }
        Verdict::Explodes => Some("signals are predicted to explode".to_owned()),
    }
}

/// The layers with a kernel by their activation, which may be a layer of its own behind them.
fn stacks(model: &Model, layers: &[Arc<dyn Layer>]) -> Result<Vec<Stack>> {
    let mut stacks: Vec<Stack> = Vec::new();
    let mut last: Option<(f64, f64, &'static str)> = None;
    for layer in layers {
        let drawn = drawn(model, &layer.label())?;
        last = drawn.or(last);
        let Some(activation) = layer.activation().filter(|activation| !activation.is_linear())
        else {
            continue;
        };
        let (Some((weights, biases, initializer)), Ok(definition)) =
            (last.take(), activation.definition())
        else {
            continue;
        };
        let name = if definition.name.is_empty() { definition.text() } else { definition.key() };
        let known = stacks.iter().position(|stack| stack.name == name);
        let place = known.unwrap_or_else(|| {
            let activation = activation.clone();
            stacks.push(Stack {
                name,
                activation,
                depth: 0,
                weights: 0.0,
                biases: 0.0,
                initializer,
            });
            stacks.len() - 1
        });
        let stack = &mut stacks[place];
        stack.depth += 1;
        stack.weights += weights;
        stack.biases += biases;
    }
    Ok(stacks)
}

/// σw² and σb² of a layer's weights as they are, and how the kernel was drawn.
fn drawn(model: &Model, path: &str) -> Result<Option<(f64, f64, &'static str)>> {
    let Some((_, kernel)) = model.weights.get(&format!("{path}/kernel")) else { return Ok(None) };
    let (Ok(initializer), Some(sizes)) =
        (kernel.initializer.get(), kernel.spec.shape.fixed_sizes())
    else {
        return Ok(None);
    };
    let fan_in: usize = sizes.iter().rev().skip(1).product();
    let square = mean_square(&model.weight(&kernel.path)?.to_f64());
    let bias = match model.weights.get(&format!("{path}/bias")) {
        Some((_, bias)) => mean_square(&model.weight(&bias.path)?.to_f64()),
        None => 0.0,
    };
    Ok(Some((square * fan_in as f64, bias, initializer.spec().class_name)))
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::tests::heard;
    use crate::{Dense, Sequential};

    /// What is said of 30 plain layers.
    fn said(activation: &str, initializer: &str, depth: usize) -> String {
        let mut layers = Sequential::new().input(&[64]);
        for _ in 0..depth {
            let dense = Dense::new(64).activation(activation).kernel_initializer(initializer);
            layers = layers.add(dense);
        }
        heard();
        warn(&layers.build().unwrap()).unwrap();
        heard()
    }

    #[test]
    fn swish_with_he_is_predicted_to_die_where_it_is_deep() {
        let words = said("swish", "he_normal", 30);
        assert!(words.contains("30 layers of `swish` with HeNormal"), "{words}");
        assert!(words.contains("die out") && words.contains("kernel_initializer=\"auto\""));
        assert_eq!(said("swish", "he_normal", 6), "");
        assert_eq!(said("swish", "auto", 30), "");
        assert_eq!(said("relu", "he_normal", 30), "");
        assert!(said("x * sigmoid(1.3 * x)", "he_normal", 30).contains("die out"));
        assert!(said("relu", "glorot_normal", 40).contains("die out"));
    }
}
