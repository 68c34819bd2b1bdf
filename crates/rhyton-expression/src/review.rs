//! The review of an expression: what its float32 form gets wrong, where it bends, jumps, saturates.

mod accuracy;
mod card;
mod points;
mod shape;

pub use accuracy::{Accuracy, Tally, Worst};

use crate::error::Error;
use crate::slices::{Program, Rounding};
use crate::syntax::{Expression, Variable};
use accuracy::Sweep;

/// Numbers from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The first.
    pub from: f64,
    /// The last.
    pub to: f64,
}

/// Inputs of which something holds: the first ranges of them, and how many points in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// At most eight ranges, from −∞ on; their ends are exact where bisection could find them.
    pub ranges: Vec<Range>,
    /// Reviewed points in these and in further ranges.
    pub points: u64,
}

/// A place where the slope changes at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kink {
    /// The place.
    pub at: f64,
    /// The derivative just below.
    pub below: f64,
    /// The derivative just above.
    pub above: f64,
    /// The derivative at the place itself: the subgradient that training uses.
    pub chosen: f64,
}

/// A place where the value changes at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// The place.
    pub at: f64,
    /// The value just below.
    pub below: f64,
    /// The value just above.
    pub above: f64,
    /// The value at the place itself.
    pub value: f64,
}

/// The derivative beside differences of the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DerivativeCheck {
    /// Points away from kinks where differences could tell the slope.
    pub points: usize,
    /// The greatest deviation, relative to max(|f'|, 1).
    pub deviation: f64,
    /// Where it is.
    pub at: f64,
}

impl DerivativeCheck {
    /// Whether no point deviates by more than 10⁻⁵.
    pub fn agrees(&self) -> bool {
        self.deviation <= 1e-5
    }
}

/// Whether the value follows its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monotone {
    /// It never falls.
    Increasing,
    /// It never rises.
    Decreasing,
    /// It never changes.
    Constant,
    /// It rises somewhere and falls somewhere.
    Neither,
}

/// A bound of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The bound; ±∞ where there is none.
    pub value: f64,
    /// Where it is attained; ±∞ where it is only approached on that side.
    pub at: f64,
}

/// What the value does far out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// It approaches a number.
    Constant(f64),
    /// It grows like this multiple of x.
    Linear(f64),
    /// It grows beyond all bounds, to +∞ or −∞.
    Infinite(f64),
    /// It is NaN.
    Undefined,
    /// None of these: it oscillates, or needs longer than 10¹⁵ to show.
    Unknown,
}

/// One end of the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// What the value approaches.
    pub limit: Limit,
    /// The value at infinity itself, as computed.
    pub value: f64,
    /// The derivative at infinity itself, as computed.
    pub slope: f64,
}

/// How an expression fares in a 16-bit format when every operation is rounded to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Half {
    /// The greatest error in units of the format's last place.
    pub worst: Worst,
    /// Inputs, of all that the format has, where the result is NaN or infinite and should not be.
    pub failures: u64,
}

/// Everything that can be told of an elementwise function before it is used.
///
/// Sampled and deterministic: every finite float16 and bfloat16 value, and up to 2²⁰ float32 values
/// (2¹⁸ for the derivative), one from each of equally many neighbours; fewer for expressions whose
/// operations cost more than a fixed budget, which keeps a review below 20 ms: `x * sigmoid(x)`
/// has all, with a factor β it has 2¹⁹, `mish` 2¹⁸, several sines 2¹⁵ and no 16-bit values beside
/// them. Float32 means: every operation correctly
/// rounded; engines add what their functions deviate (`rhyton activations check --exhaustive`
/// measures that). Exact means: the stabilised form in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Float32 inputs of the value, and of the derivative.
    pub points: [u64; 2],
    /// Where the value is NaN although the input is a number.
    pub nan: Inputs,
    /// Where float32 overflows on the way to a value that it could hold.
    pub overflow: Inputs,
    /// Where the value itself is beyond float32.
    pub infinite: Inputs,
    /// Where float32 is off by more than 32 ULP: cancellation, or arguments rounded before steep
    /// functions.
    pub inaccurate: Inputs,
    /// The greatest error of the value in float32.
    pub value_error: Worst,
    /// The greatest error of the derivative in float32, relative to max(|f'|, 2⁻²⁴).
    pub derivative_error: Worst,
    /// Where the derivative is NaN or overflows although its exact value does not.
    pub derivative_failures: Inputs,
    /// The derivative against finite differences.
    pub derivative_check: DerivativeCheck,
    /// Where the slope changes at once, from −∞ on.
    pub kinks: Vec<Kink>,
    /// Where the value changes at once, from −∞ on.
    pub jumps: Vec<Jump>,
    /// Whether there are more kinks or jumps than were looked for.
    pub more_kinks: bool,
    /// Whether the value follows its input.
    pub monotone: Monotone,
    /// The least value.
    pub minimum: Bound,
    /// The greatest value.
    pub maximum: Bound,
    /// Where |f'| < 10⁻³ over at least a quarter.
    pub saturation: Vec<Range>,
    /// Towards −∞ and +∞.
    pub ends: [End; 2],
    /// The value at 0.
    pub at_zero: f64,
    /// In float16.
    pub float16: Half,
    /// In bfloat16.
    pub bfloat16: Half,
}

/// Work of one review in [`Program::cost`]s; a unit takes about half a nanosecond. The 20 ms that a
/// registration may take leave room for slower machines.
const BUDGET: u64 = 34_000_000;
const VALUE_BUDGET: u64 = BUDGET * 3 / 5;
/// Work beside the operations for each point: making it, comparing two results.
const COMPARED: u64 = 6;
/// The most points.
const VALUE_POINTS: u64 = 1 << 20;
const SLOPE_POINTS: u64 = 1 << 18;
/// 16-bit values, which are reviewed beside them.
const HALVES: u64 = 1 << 17;
/// However much an expression costs.
const POINTS_MIN: u64 = 1 << 10;

impl Expression {
    /// Reviews the expression for these values of its parameters, which are given as for
    /// [`Expression::evaluate`].
    ///
    /// # Errors
    /// An expression that is too large to derive.
    pub fn review(&self, parameters: &[f64]) -> Result<Review, Error> {
        let slope = self.derivative(Variable::Input)?;
        let stable = self.stabilise();
        let exact = stable.as_ref().unwrap_or(self);
        let exact_slope = stable.as_ref().map(|stable| stable.derivative(Variable::Input));
        let exact_slope = exact_slope.transpose()?;
        let exact_slope = exact_slope.as_ref().unwrap_or(&slope);
        let mut value_sweep = Sweep::new([self, exact], parameters, accuracy::VALUE_FLOOR);
        let mut slope_sweep = Sweep::new([&slope, exact_slope], parameters, accuracy::SLOPE_FLOOR);
        let (value_cost, slope_cost) = (value_sweep.cost(), slope_sweep.cost());
        let halves = HALVES * (value_cost + COMPARED) <= VALUE_BUDGET;
        let besides = if halves { HALVES } else { 0 };
        let value_points = affordable(value_cost, VALUE_BUDGET, [VALUE_POINTS, besides]);
        let slope_points = affordable(slope_cost, BUDGET * 3 / 20, [SLOPE_POINTS, 0]);
        value_sweep.run(&points::magnitudes(value_points, halves));
        slope_sweep.run(&points::magnitudes(slope_points, false));
        let [value, derivative] = [value_sweep.finish(), slope_sweep.finish()];
        let shape = shape::of([self, &slope], [exact, exact_slope], parameters);
        let half = |rounding| half([self, exact], parameters, rounding);
        Ok(Review {
            points: [value.tally.points, derivative.tally.points],
            nan: value.nan,
            overflow: value.overflow,
            infinite: value.infinite,
            inaccurate: value.inaccurate,
            value_error: value.tally.worst,
            derivative_error: derivative.tally.worst,
            derivative_failures: derivative.failures(),
            derivative_check: shape.derivative_check,
            kinks: shape.kinks,
            jumps: shape.jumps,
            more_kinks: shape.more_kinks,
            monotone: shape.monotone,
            minimum: shape.minimum,
            maximum: shape.maximum,
            saturation: shape.saturation,
            ends: shape.ends,
            at_zero: self.evaluate(0.0, parameters),
            float16: half(Rounding::Float16),
            bfloat16: half(Rounding::BFloat16),
        })
    }
}

/// The greatest power of two of points within a budget.
fn affordable(cost: u64, budget: u64, [most, besides]: [u64; 2]) -> u64 {
    let mut points = most;
    while points > POINTS_MIN && (points + besides).saturating_mul(cost + COMPARED) > budget {
        points /= 2;
    }
    points
}

fn half([own, exact]: [&Expression; 2], parameters: &[f64], rounding: Rounding) -> Half {
    let mut exact = Program::new(exact, parameters, Rounding::Float64);
    let mut rounded = Program::new(own, parameters, rounding);
    // A costly expression is reviewed at every other value, or at fewer still.
    let cost = exact.cost() + rounded.cost() + COMPARED;
    let step = (cost.saturating_mul(1 << 16) / (BUDGET / 10)).next_power_of_two().max(1);
    let inputs: Vec<f64> = points::half_values(rounding, step as usize);
    let (mut truth, mut results) = (vec![0.0; inputs.len()], vec![0.0; inputs.len()]);
    exact.run(&inputs, &mut truth);
    rounded.run(&inputs, &mut results);
    let mut half = Half { worst: Worst::default(), failures: 0 };
    for ((x, truth), result) in inputs.iter().zip(truth).zip(results) {
        if truth.is_nan() || rounding.of(truth).is_infinite() {
            continue;
        }
        if !result.is_finite() {
            half.failures += 1;
            continue;
        }
        half.worst.consider((result - truth).abs() / rounding.gap(truth), *x);
    }
    half
}

#[cfg(test)]
mod tests;
