//! What an elementwise function does to normally distributed signals, and the initialisation that
//! follows from it.

mod propagation;
mod quadrature;

pub use propagation::{Initialization, LayerSignal, Propagation, Verdict};

use crate::error::Error;
use crate::slices::{Program, Rounding};
use crate::switches::switches;
use crate::syntax::{Expression, Variable};

/// Relative change of the moments under halved pieces at which they count as found.
const CONVERGED: f64 = 1e-9;
/// What is refused after [`LEVELS_MAX`] halvings.
const CONVERGED_AT_LAST: f64 = 1e-4;
const LEVELS_MAX: u32 = 4;
/// Share of an expectation that may come from beyond [`TAIL`] standard deviations: powers have less
/// than 10⁻²⁰ there, what grows faster than the density falls has most of it.
const TAIL_SHARE: f64 = 1e-9;
const TAIL: f64 = 11.0;
/// A bias variance below so much of `q` is nought, computed with rounding.
const NOUGHT: f64 = 1e-9;

/// Expectations over z ~ N(0, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// E[f(√q z)²]
    pub square: f64,
    /// E[f'(√q z)²]
    pub slope_square: f64,
    /// E[f(√q z)]
    pub mean: f64,
}

/// Standard deviations of an initialisation: weights have `sigma_w`² / `fan_in` as variance, biases
/// `sigma_b`².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeOfChaos {
    /// σw
    pub sigma_w: f64,
    /// σb
    pub sigma_b: f64,
}

/// An elementwise function as a map of normally distributed signals.
///
/// Source: Hayou, Doucet, Rousseau, "On the Impact of the Activation Function on Deep Neural
/// Networks Training", ICML 2019. Expectations are integrated piece by piece between the places
/// where the function changes its formula, to about nine digits.
pub struct Signal {
    value: Program,
    slope: Program,
    /// Where the formula changes.
    switches: Vec<f64>,
    text: String,
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signal").field("function", &self.text).finish_non_exhaustive()
    }
}

impl Signal {
    /// Prepares an expression; parameters as for [`Expression::evaluate`].
    ///
    /// # Errors
    /// An expression that is too large to derive.
    pub fn new(expression: &Expression, parameters: &[f64]) -> Result<Self, Error> {
        let slope = expression.derivative(Variable::Input)?;
        let (mut places, _) = switches(expression, parameters);
        places.extend(switches(&slope, parameters).0);
        Ok(Self {
            value: Program::new(expression, parameters, Rounding::Float64),
            slope: Program::new(&slope, parameters, Rounding::Float64),
            switches: places.iter().map(|switch| switch.at).collect(),
            text: expression.to_string(),
        })
    }

    /// The expectations at a variance `q` ≥ 0 of the function's input.
    ///
    /// # Errors
    /// [`Error::Expectation`] when the function has no finite value somewhere, or an integral does
    /// not converge.
    pub fn moments(&mut self, q: f64) -> Result<Moments, Error> {
        let (points, values) = self.sampled(q, 0);
        let mut last = self.moments_of(q, &points, &values)?;
        for level in 1..=LEVELS_MAX {
            let (points, values) = self.sampled(q, level);
            let next = self.moments_of(q, &points, &values)?;
            let change = next.change_from(last);
            if change <= CONVERGED || (level == LEVELS_MAX && change <= CONVERGED_AT_LAST) {
                return Ok(next);
            }
            last = next;
        }
        Err(self.no_expectation(q, "the integral does not converge"))
    }

    /// 1/√E[f(z)²]: with weights of variance gain² / `fan_in`, a signal of variance 1 keeps it.
    ///
    /// He's √2 for ReLU, 1.677 for Swish, 1.593 for tanh.
    ///
    /// # Errors
    /// As [`Signal::moments`]; [`Error::NoGain`] for a function that is nought.
    pub fn gain(&mut self) -> Result<f64, Error> {
        let square = self.moments(1.0)?.square;
        let gain = 1.0 / square.sqrt();
        if gain.is_finite() && gain > 0.0 { Ok(gain) } else { Err(self.no_gain("it is nought")) }
    }

    /// The initialisation with which signals of variance `q` keep it and gradients keep theirs:
    /// σw² E[f'(√q z)²] = 1 and σb² = q − σw² E[f(√q z)²].
    ///
    /// For smooth functions every `q` has its edge; for ReLU it is σw = √2, σb = 0 at every `q`.
    ///
    /// # Errors
    /// As [`Signal::moments`]; [`Error::NoGain`] for a function that is flat; [`Error::NoEdge`]
    /// where the biases' variance would be negative: the values would grow beyond `q` with weights
    /// that keep the gradients (the sigmoid at q = 1, whose mean is far from 0). Another `q` may do,
    /// and [`Signal::gain`] keeps the signal alone.
    pub fn edge_of_chaos(&mut self, q: f64) -> Result<EdgeOfChaos, Error> {
        let Moments { square, slope_square, .. } = self.moments(q)?;
        let sigma_w = 1.0 / slope_square.sqrt();
        if !sigma_w.is_finite() || sigma_w == 0.0 {
            return Err(self.no_gain("it is flat"));
        }
        let variance = q - square / slope_square;
        if variance < -NOUGHT * q {
            return Err(Error::NoEdge { text: self.text.clone(), q, bias_variance: variance });
        }
        let sigma_b = if variance <= NOUGHT * q { 0.0 } else { variance.sqrt() };
        Ok(EdgeOfChaos { sigma_w, sigma_b })
    }

    /// The rule's points and the function's values there.
    fn sampled(&mut self, q: f64, level: u32) -> (Vec<(f64, f64)>, Vec<f64>) {
        let points = quadrature::rule(q, &self.switches, level);
        let x: Vec<f64> = points.iter().map(|(z, _)| z * q.sqrt()).collect();
        let mut values = vec![0.0; x.len()];
        self.value.run(&x, &mut values);
        (points, values)
    }

    fn moments_of(
        &mut self,
        q: f64,
        points: &[(f64, f64)],
        values: &[f64],
    ) -> Result<Moments, Error> {
        let x: Vec<f64> = points.iter().map(|(z, _)| z * q.sqrt()).collect();
        let mut slopes = vec![0.0; x.len()];
        self.slope.run(&x, &mut slopes);
        let mut moments = Moments { square: 0.0, slope_square: 0.0, mean: 0.0 };
        let mut tail = 0.0;
        for (((z, weight), value), slope) in points.iter().zip(values).zip(slopes) {
            let square = weight * (value * value);
            tail += if z.abs() > TAIL { square } else { 0.0 };
            moments.square += square;
            moments.slope_square += weight * (slope * slope);
            moments.mean += weight * value;
        }
        let Moments { square, slope_square, mean } = moments;
        if [square, slope_square, mean].iter().all(|moment| moment.is_finite()) {
            if tail > TAIL_SHARE * square {
                return Err(self.no_expectation(q, "it grows faster than the density falls"));
            }
            return Ok(moments);
        }
        let bad = values.iter().position(|value| !value.is_finite());
        let reason = bad.map_or("it overflows".to_owned(), |place| {
            format!("it is {} at {:.1}", values[place], x[place])
        });
        Err(self.no_expectation(q, &reason))
    }

    fn no_expectation(&self, q: f64, reason: &str) -> Error {
        Error::Expectation { text: self.text.clone(), q, reason: reason.to_owned() }
    }

    fn no_gain(&self, reason: &'static str) -> Error {
        Error::NoGain { text: self.text.clone(), reason }
    }
}

impl Moments {
    fn change_from(self, other: Self) -> f64 {
        let relative = |a: f64, b: f64| (a - b).abs() / a.abs().max(b.abs()).max(f64::MIN_POSITIVE);
        let mean = (self.mean - other.mean).abs() / self.square.sqrt().max(f64::MIN_POSITIVE);
        relative(self.square, other.square)
            .max(relative(self.slope_square, other.slope_square))
            .max(mean)
    }
}

#[cfg(test)]
mod tests;
