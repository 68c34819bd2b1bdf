use super::{Moments, Signal};
use crate::error::Error;

/// A network of equal layers: weights have the variance σw² / `fan_in`, biases σb², and its input the
/// mean square 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Initialization {
    /// σw; He's is √2, Glorot's 1 where the layers are equally wide.
    pub sigma_w: f64,
    /// σb
    pub sigma_b: f64,
    /// Layers with the activation.
    pub depth: usize,
}

/// What arrives at one layer, before its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSignal {
    /// q, the variance.
    pub variance: f64,
    /// The correlation of two inputs that had 0.5 before the first layer.
    pub correlation: f64,
    /// χ = σw² E[f'(√q z)²], by which the gradient's mean square changes on its way through.
    pub chi: f64,
}

/// What becomes of a signal on its way forward and of the gradient on its way back.
#[derive(Clone, Debug, PartialEq)]
pub struct Propagation {
    /// One for each layer, the first one first; fewer than `depth` where the signal overflows.
    pub layers: Vec<LayerSignal>,
    /// The last layer's variance over the first one's.
    pub forward: f64,
    /// The mean square of what distinguishes two inputs, q (1 − correlation), at the last layer
    /// over that at the first.
    pub distinction: f64,
    /// The product of χ over all layers but the last: the gradient's mean square at the first
    /// layer over that at the last.
    pub gradient: f64,
    /// What that means for training.
    pub verdict: Verdict,
}

/// Whether a network of this depth can be expected to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What distinguishes inputs, or the gradient, shrinks below [`Propagation::DEAD_BELOW`].
    Dies,
    /// The signal or the gradient grows beyond [`Propagation::EXPLODED_ABOVE`].
    Explodes,
    /// Neither.
    Passes,
}

/// The correlation of the two inputs that are followed.
const FIRST_CORRELATION: f64 = 0.5;
/// Hermite coefficients of the function that the correlation is computed from.
const TERMS: usize = 48;
/// Layers beyond which the state no longer changes noticeably, or is beyond hope.
const DEPTH_MAX: usize = 10_000;

impl Propagation {
    /// Mean squares of a thousandth part of the amplitude, squared: with Swish and He's
    /// initialisation about 20 layers.
    pub const DEAD_BELOW: f64 = 1e-6;
    /// The same upwards.
    pub const EXPLODED_ABOVE: f64 = 1e6;
}

impl Signal {
    /// Follows a signal and a gradient through a plain network at its initialisation: the variance
    /// q ← σw² E[f(√q z)²] + σb², the correlation of two inputs, and the factor χ of each layer.
    ///
    /// Wide layers without normalisation or residual connections are assumed, which a few hundred
    /// units fulfil well enough. At most 10,000 layers are followed.
    ///
    /// # Errors
    /// As [`Signal::moments`] at the first layer; later on a signal without a finite expectation
    /// has exploded.
    pub fn propagation(&mut self, of: &Initialization) -> Result<Propagation, Error> {
        let (weights, biases) = (of.sigma_w * of.sigma_w, of.sigma_b * of.sigma_b);
        let mut q = weights + biases;
        let mut c = if q > 0.0 { (weights * FIRST_CORRELATION + biases) / q } else { 1.0 };
        let mut layers: Vec<LayerSignal> = Vec::new();
        let mut overflows = false;
        for layer in 0..of.depth.min(DEPTH_MAX) {
            let moments = match self.moments(q) {
                Ok(moments) => moments,
                Err(error) if layer == 0 => return Err(error),
                Err(_) => {
                    overflows = true;
                    break;
                }
            };
            let chi = weights * moments.slope_square;
            layers.push(LayerSignal { variance: q, correlation: c, chi });
            let next = weights * moments.square + biases;
            if !next.is_finite() {
                overflows = true;
                break;
            }
            c = if next > 0.0 {
                ((weights * self.product(q, c, &moments) + biases) / next).min(1.0)
            } else {
                1.0
            };
            if next == q && layers.last().is_some_and(|last| last.correlation == c) {
                let rest = of.depth.min(DEPTH_MAX) - layers.len();
                layers.extend(std::iter::repeat_n(
                    LayerSignal { variance: q, correlation: c, chi },
                    rest,
                ));
                break;
            }
            q = next;
        }
        Ok(Propagation::of(layers, overflows))
    }

    /// E[f(u) f(v)] for normal u and v of variance q and correlation c, by Hermite's series; what
    /// the first terms leave of E[f²] counts as one more term.
    fn product(&mut self, q: f64, c: f64, moments: &Moments) -> f64 {
        let (points, values) = self.sampled(q, 0);
        let mut before = vec![0.0; points.len()];
        let mut basis = vec![1.0; points.len()];
        let (mut total, mut left, mut power) = (0.0, moments.square, 1.0);
        for k in 0..TERMS {
            let coefficient: f64 = points
                .iter()
                .zip(&values)
                .zip(&basis)
                .map(|(((_, weight), value), basis)| weight * value * basis)
                .sum();
            let square = coefficient * coefficient;
            total += square * power;
            left -= square;
            power *= c;
            let k = k as f64;
            for (((z, _), basis), before) in points.iter().zip(&mut basis).zip(&mut before) {
                let next = (z * *basis - k.sqrt() * *before) / (k + 1.0).sqrt();
                *before = std::mem::replace(basis, next);
            }
        }
        total + left.max(0.0) * power
    }
}

impl Propagation {
    fn of(layers: Vec<LayerSignal>, overflows: bool) -> Self {
        let gradient = match layers.split_last() {
            Some((_, before)) => before.iter().map(|layer| layer.chi).product(),
            None => 1.0,
        };
        let ratio = |of: fn(&LayerSignal) -> f64| match (layers.first(), layers.last()) {
            (Some(first), _) if of(first) == 0.0 => 0.0,
            (Some(first), Some(last)) => of(last) / of(first),
            _ => 1.0,
        };
        let forward = if overflows { f64::INFINITY } else { ratio(|layer| layer.variance) };
        let distinction = ratio(|layer| layer.variance * (1.0 - layer.correlation));
        let explodes = |value: f64| value > Self::EXPLODED_ABOVE || value.is_nan();
        let verdict = if explodes(forward) || explodes(gradient) {
            Verdict::Explodes
        } else if distinction < Self::DEAD_BELOW || gradient < Self::DEAD_BELOW {
            Verdict::Dies
        } else {
            Verdict::Passes
        };
        Self { layers, forward, distinction, gradient, verdict }
    }
}
