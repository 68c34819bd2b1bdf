//! Where an expression changes its formula: conditions, extrema, `abs`, steps.

use crate::slices::{Program, Rounding};
use crate::syntax::Expression;

/// A place between two neighbouring numbers where some choice in the expression changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Switch {
    /// The numbers on both sides; where a choice holds at one number only, its neighbours.
    pub(crate) below: f64,
    pub(crate) above: f64,
    /// The roundest of the numbers from `below` to `above`.
    pub(crate) at: f64,
}

/// Switches that are looked for; beyond, the pieces between them are taken as they come.
pub(crate) const SWITCHES_MAX: usize = 128;
/// Work that the search may do, in [`Program::cost`]s.
const BUDGET: u64 = 4_000_000;
/// Neighbours on each side among which the roundest number is looked for.
const ROUND_WITHIN: i128 = 8;
/// Points of the search: no fewer, whatever an expression costs.
const POINTS_MIN: usize = 512;

/// The points between which switches are looked for: every 1/64 from −32 to 32, from there on
/// eight in each doubling, up to the range of float32 and down to 2⁻¹⁰⁰; coarser by a factor.
pub(crate) fn grid(coarser: usize) -> Vec<f64> {
    let step = coarser as f64 / 64.0;
    let count = (32.0 / step).floor() as i32;
    let mut points: Vec<f64> = (-count..=count).map(|i| f64::from(i) * step).collect();
    let fine = (8 / coarser).max(1) as i32;
    for i in 1..123 * fine {
        let far = 32.0 * f64::exp2(f64::from(i) / f64::from(fine));
        points.extend([far, -far]);
    }
    for i in 1..94 * (fine / 4).max(1) {
        let near = step * f64::exp2(-f64::from(i) / f64::from((fine / 4).max(1)));
        points.extend([near, -near]);
    }
    points.retain(|x| x.abs() <= f64::from(f32::MAX));
    points.sort_unstable_by(f64::total_cmp);
    points.dedup();
    points
}

/// The grid that the cost of an expression allows.
pub(crate) fn affordable_grid(cost: u64) -> Vec<f64> {
    let mut coarser = 1;
    while coarser < 16 && cost.saturating_mul(6_000 / coarser as u64) > BUDGET {
        coarser *= 2;
    }
    let points = grid(coarser);
    debug_assert!(points.len() >= POINTS_MIN, "the coarsest grid still has {POINTS_MIN} points");
    points
}

/// The switches in the order of the line, at most [`SWITCHES_MAX`], those nearest to 0 first
/// chosen; and whether there are more.
pub(crate) fn switches(expression: &Expression, parameters: &[f64]) -> (Vec<Switch>, bool) {
    let mut program = Program::new(expression, parameters, Rounding::Float64);
    let points = affordable_grid(program.cost());
    let mut codes = vec![0; points.len()];
    program.choices(&points, &mut codes);
    let mut gaps: Vec<usize> = (1..points.len()).filter(|i| codes[*i] != codes[i - 1]).collect();
    gaps.sort_by(|a, b| points[*a].abs().total_cmp(&points[*b].abs()));
    let more = gaps.len() > SWITCHES_MAX;
    gaps.truncate(SWITCHES_MAX);
    let mut found: Vec<Switch> = Vec::new();
    for gap in gaps {
        bisect(
            &mut program,
            (points[gap - 1], codes[gap - 1]),
            (points[gap], codes[gap]),
            &mut found,
        );
    }
    found.sort_by(|a, b| a.below.total_cmp(&b.below));
    (merged(found), more)
}

/// Narrows a change of choices down to neighbouring numbers; a second change met on the way too.
fn bisect(
    program: &mut Program,
    (mut low, low_code): (f64, u64),
    (mut high, high_code): (f64, u64),
    found: &mut Vec<Switch>,
) {
    let mut beyond = None;
    let mut code_high = high_code;
    while let Some(middle) = between(low, high) {
        let mut code = [0];
        program.choices(&[middle], &mut code);
        if code[0] == low_code {
            low = middle;
        } else {
            if code[0] != code_high && code_high == high_code {
                beyond = Some((middle, code[0], high));
            }
            (high, code_high) = (middle, code[0]);
        }
    }
    found.push(Switch { below: low, above: high, at: roundest(low, high) });
    let Some((mut low, code, mut high)) = beyond else { return };
    while let Some(middle) = between(low, high) {
        let mut now = [0];
        program.choices(&[middle], &mut now);
        if now[0] == code { low = middle } else { high = middle }
    }
    found.push(Switch { below: low, above: high, at: roundest(low, high) });
}

/// Switches that lie as near as rounding makes them are one.
fn merged(found: Vec<Switch>) -> Vec<Switch> {
    let mut merged: Vec<Switch> = Vec::new();
    for switch in found {
        match merged.last_mut() {
            Some(last) if switch.below - last.above <= 1e-12 * last.above.abs().max(1e-3) => {
                last.above = last.above.max(switch.above);
                last.at = roundest(last.below, last.above);
            }
            _ => merged.push(switch),
        }
    }
    merged
}

/// A number halfway in the order of the numbers there are; `None` between neighbours.
pub(crate) fn between(low: f64, high: f64) -> Option<f64> {
    let (a, b) = (ordered(low), ordered(high));
    let middle = a + (b - a) / 2;
    // −0 and 0 have one place, and a step from −0 leads to the first number above 0.
    (a < middle && middle < b).then(|| number(middle))
}

/// The bits as a whole number that grows with the value; both zeros are 0.
fn ordered(value: f64) -> i128 {
    let magnitude = i128::from(value.abs().to_bits());
    if value < 0.0 { -magnitude } else { magnitude }
}

fn number(place: i128) -> f64 {
    let magnitude = f64::from_bits(place.unsigned_abs() as u64);
    if place < 0 { -magnitude } else { magnitude }
}

/// The number with the shortest text from `low` to `high` and [`ROUND_WITHIN`] on both sides: the
/// bound that somebody wrote, which rounding may have moved.
fn roundest(low: f64, high: f64) -> f64 {
    if low <= 0.0 && 0.0 <= high {
        return 0.0;
    }
    let (first, last) = (ordered(low) - ROUND_WITHIN, ordered(high) + ROUND_WITHIN);
    if last - first > 4 * ROUND_WITHIN {
        return low;
    }
    let candidates = (first..=last).map(number);
    candidates.min_by_key(|value| format!("{value:e}").len()).unwrap_or(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<f64> {
        let expression = Expression::parse(text).unwrap();
        switches(&expression, &[]).0.iter().map(|switch| switch.at).collect()
    }

    #[test]
    fn switches_are_found_where_they_were_written() {
        assert_eq!(places("relu(x)"), [0.0]);
        assert_eq!(places("x * clip(x / 6 + 0.5, 0, 1)"), [-3.0, 3.0]);
        assert_eq!(places("where(x > 1e6 or x < -0.3, x, 0)"), [-0.3, 1e6]);
        assert_eq!(places("x * sigmoid(x)"), []);
        assert_eq!(places("sign(x) * max(abs(x) - 0.5, 0)"), [-0.5, 0.0, 0.5]);
        assert_eq!(places("where(x == 0, 1, sin(x) / x)"), [0.0]);
        assert_eq!(places("max(0.1x, x)"), [0.0]);
    }

    #[test]
    fn many_switches_are_bounded() {
        let expression = Expression::parse("floor(100 x)").unwrap();
        let (found, more) = switches(&expression, &[]);
        assert!(more && !found.is_empty() && found.len() <= 2 * SWITCHES_MAX);
    }
}
