//! The true value of a function on neighbouring inputs, at a fraction of a call each: the polynomial
//! through the standard library's values at six inputs of a block, if it meets four others too;
//! where it does not, each input is a call.

use crate::kernels::Real;

/// Neighbouring inputs of one sign and exponent.
pub(crate) const BLOCK: usize = 1 << BLOCK_LOG2;
pub(crate) const BLOCK_LOG2: u32 = 10;

/// A function on a block of inputs.
pub(crate) enum Truth {
    /// One value everywhere, NaN and infinities among them.
    Constant(f64),
    /// A polynomial of the place in the block.
    Curve(Curve),
    /// Nothing simple.
    Calls,
}

/// The inputs nearest to the roots of a Chebyshev polynomial.
const NODES: [u32; 6] = [17, 149, 379, 644, 874, 1006];
/// The ends, and the middles where the error of interpolation is largest.
const CHECKS: [u32; 4] = [0, 264, 759, 1023];
/// A relative error, 2⁻¹⁶ units in the last place of an f32.
const TOLERANCE: f64 = 1.0 / (1_u64 << 40) as f64;
/// Results beyond these are ∞ and 0 as f32, by far.
const LARGEST: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
const SMALLEST: f64 = 1e-48;

/// The coefficients of a polynomial, the lowest first.
pub(crate) type Curve = [f64; NODES.len()];

/// The inputs' places in a block, from −1 to 1.
pub(crate) static PLACES: [f64; BLOCK] = {
    let mut places = [0.0; BLOCK];
    let mut index = 0;
    while index < BLOCK {
        places[index] = (index as f64 - 511.5) / 512.0;
        index += 1;
    }
    places
};

fn place(index: u32) -> f64 {
    PLACES[index as usize]
}

/// What a function is on the block that begins with an input of these bits.
pub(crate) fn on_block(function: Real, start: u32) -> Truth {
    let at = |index: u32| limited(function(f64::from(f32::from_bits(start + index))));
    let (nodes, checks) = (NODES.map(at), CHECKS.map(at));
    let mut all = nodes.iter().chain(&checks);
    let first = nodes[0];
    if all.clone().all(|v| v.to_bits() == first.to_bits() || v.is_nan() && first.is_nan()) {
        return Truth::Constant(first);
    }
    if !all.all(|v| v.is_finite()) {
        return Truth::Calls;
    }
    let curve = through(nodes);
    let meets =
        |(index, v): (u32, f64)| (value(&curve, place(index)) - v).abs() <= TOLERANCE * v.abs();
    if CHECKS.into_iter().zip(checks).all(meets) { Truth::Curve(curve) } else { Truth::Calls }
}

fn limited(value: f64) -> f64 {
    match value.abs() {
        size if size >= LARGEST => f64::INFINITY.copysign(value),
        size if size <= SMALLEST => 0.0_f64.copysign(value),
        _ => value,
    }
}

/// A polynomial's value.
#[inline]
pub(crate) fn value(curve: &Curve, place: f64) -> f64 {
    curve.iter().rev().fold(0.0, |sum, coefficient| sum * place + coefficient)
}

/// The polynomial through values at the nodes: Newton's divided differences, expanded.
fn through(values: Curve) -> Curve {
    let places = NODES.map(place);
    let mut differences = values;
    for order in 1..NODES.len() {
        for node in (order..NODES.len()).rev() {
            differences[node] =
                (differences[node] - differences[node - 1]) / (places[node] - places[node - order]);
        }
    }
    let mut curve = [0.0; NODES.len()];
    for (node, difference) in differences.iter().enumerate().rev() {
        for power in (1..NODES.len()).rev() {
            curve[power] = curve[power - 1] - curve[power] * places[node];
        }
        curve[0] = difference - curve[0] * places[node];
    }
    curve
}
