use super::{Bound, DerivativeCheck, End, Jump, Kink, Limit, Monotone, Range};
use crate::slices::{Program, Rounding};
use crate::switches::{Switch, affordable_grid, between, switches};
use crate::syntax::Expression;

/// What the function looks like, from a few thousand points in f64.
pub(super) struct Shape {
    pub(super) derivative_check: DerivativeCheck,
    pub(super) kinks: Vec<Kink>,
    pub(super) jumps: Vec<Jump>,
    pub(super) more_kinks: bool,
    pub(super) monotone: Monotone,
    pub(super) minimum: Bound,
    pub(super) maximum: Bound,
    pub(super) saturation: Vec<Range>,
    pub(super) ends: [End; 2],
}

struct Curve {
    /// The form that counts as exact.
    value: Program,
    slope: Program,
    /// The form that is computed.
    own_value: Program,
    own_slope: Program,
    x: Vec<f64>,
    y: Vec<f64>,
    dy: Vec<f64>,
}

/// Differences of values or slopes that are none, relative to the values and to 1.
const SAME: f64 = 1e-9;
/// Changes of the value that rounding explains, relative to it.
const ROUNDING: f64 = 1e-14;
/// |f'| below is saturation.
const FLAT: f64 = 1e-3;
/// Shorter flat stretches surround an extremum.
const FLAT_LENGTH_MIN: f64 = 0.25;
/// Extrema within are attained; what is only met farther out is a limit.
const NEAR: f64 = 16.0;

/// Looks at the form that counts as exact, given with its derivative; limits and differences are
/// set beside the form that is computed.
pub(super) fn of(
    [own, own_slope]: [&Expression; 2],
    [exact, exact_slope]: [&Expression; 2],
    parameters: &[f64],
) -> Shape {
    let program = |expression| Program::new(expression, parameters, Rounding::Float64);
    let (mut value, mut slope) = (program(exact), program(exact_slope));
    let x = affordable_grid(value.cost() + slope.cost());
    let (mut y, mut dy) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    value.run(&x, &mut y);
    slope.run(&x, &mut dy);
    let (own_value, own_slope) = (program(own), program(own_slope));
    let mut curve = Curve { value, slope, own_value, own_slope, x, y, dy };
    let (places, more_kinks) = switches(own, parameters);
    let (kinks, jumps) = curve.breaks(&places);
    let ends = [curve.end(-1.0), curve.end(1.0)];
    Shape {
        derivative_check: curve.check(&places),
        kinks,
        jumps,
        more_kinks,
        monotone: curve.monotone(),
        minimum: curve.bound(&ends, &places, 1.0),
        maximum: curve.bound(&ends, &places, -1.0),
        saturation: curve.saturation(),
        ends,
    }
}

fn differs(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return false;
    }
    let bound = SAME * a.abs().max(b.abs()).max(1.0);
    !bound.is_finite() || (a - b).is_nan() || (a - b).abs() > bound
}

impl Curve {
    fn breaks(&mut self, places: &[Switch]) -> (Vec<Kink>, Vec<Jump>) {
        let (mut kinks, mut jumps) = (Vec::new(), Vec::new());
        for Switch { below, at, above } in places.iter().copied() {
            let values = [below, at, above].map(|x| self.value.at(x));
            if differs(values[0], values[2]) || differs(values[0], values[1]) {
                jumps.push(Jump { at, below: values[0], above: values[2], value: values[1] });
                continue;
            }
            let slopes = [below, at, above].map(|x| self.slope.at(x));
            if differs(slopes[0], slopes[2]) || differs(slopes[0], slopes[1]) {
                kinks.push(Kink { at, below: slopes[0], above: slopes[2], chosen: slopes[1] });
            }
        }
        (kinks, jumps)
    }

    /// Central differences with one step of Richardson's, where two steps agree and no switch is
    /// near.
    fn check(&mut self, places: &[Switch]) -> DerivativeCheck {
        let mut check = DerivativeCheck { points: 0, deviation: 0.0, at: 0.0 };
        for place in (0..self.x.len()).step_by(4) {
            // An irrational part keeps it off the round numbers where functions bend.
            let x = self.x[place] * 1.000_123_7 + 1.7e-5;
            let h = 1e-3 * x.abs().max(1.0);
            let near = places.iter().any(|switch| (switch.at - x).abs() < 2.0 * h);
            if near || x.abs() > 1e6 {
                continue;
            }
            let points = [x + h, x - h, x + h / 2.0, x - h / 2.0];
            let mut values = [0.0; 4];
            self.own_value.run(&points, &mut values);
            let wide = (values[0] - values[1]) / (points[0] - points[1]);
            let fine = (values[2] - values[3]) / (points[2] - points[3]);
            let exact = self.own_slope.at(x);
            let scale = exact.abs().max(1.0);
            let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            let noise = 1e-15 * largest / h;
            let told = (wide - fine).abs() < 1e-4 * scale && noise < 1e-7 * scale;
            if !told || !exact.is_finite() {
                continue;
            }
            check.points += 1;
            let deviation = ((4.0 * fine - wide) / 3.0 - exact).abs() / scale;
            if deviation > check.deviation {
                (check.deviation, check.at) = (deviation, x);
            }
        }
        check
    }

    fn monotone(&self) -> Monotone {
        let (mut rises, mut falls) = (false, false);
        let numbers: Vec<f64> = self.y.iter().copied().filter(|y| !y.is_nan()).collect();
        for pair in numbers.windows(2) {
            let tolerance = ROUNDING * pair[0].abs().max(pair[1].abs());
            let change = pair[1] - pair[0];
            rises |= change > tolerance;
            falls |= change < -tolerance;
        }
        match (rises, falls) {
            (true, true) => Monotone::Neither,
            (true, false) => Monotone::Increasing,
            (false, true) => Monotone::Decreasing,
            (false, false) => Monotone::Constant,
        }
    }

    /// The least value for `sign` 1, the greatest for −1.
    fn bound(&mut self, ends: &[End; 2], places: &[Switch], sign: f64) -> Bound {
        let limits = ends.iter().zip([f64::NEG_INFINITY, f64::INFINITY]).filter_map(|(end, at)| {
            let value = match end.limit {
                Limit::Constant(value) => value,
                Limit::Linear(slope) => slope * at,
                Limit::Infinite(value) => value,
                Limit::Undefined | Limit::Unknown => return None,
            };
            Some(Bound { value, at })
        });
        let least = |a: &Bound, b: &Bound| {
            (sign * a.value).total_cmp(&(sign * b.value)).then(a.at.abs().total_cmp(&b.at.abs()))
        };
        let limit = limits.min_by(least);
        let samples =
            self.x.iter().zip(&self.y).map(|(at, value)| Bound { value: *value, at: *at });
        let samples = samples.filter(|bound| !bound.value.is_nan());
        let near = samples.clone().filter(|bound| bound.at.abs() <= NEAR).min_by(least);
        let far = samples.min_by(least);
        let near = near.map(|bound| self.refined(bound, sign));
        let below = |a: &Bound, b: &Bound| {
            sign * (b.value - a.value) > ROUNDING * b.value.abs() || (a.value - b.value).is_nan()
        };
        let mut best = near.unwrap_or(Bound { value: f64::NAN, at: f64::NAN });
        if let Some(far) = far.filter(|far| near.is_none() || below(far, &best)) {
            best = far;
        }
        let Some(limit) = limit else { return best };
        if below(&best, &limit) {
            return best;
        }
        // What rounding makes equal to the limit is approached, unless the formula ends there.
        let ends_there = places.iter().map(|place| place.at).filter(|at| {
            limit.value.is_finite()
                && (self.value.at(*at) - limit.value).abs() <= ROUNDING * limit.value.abs()
        });
        let nearest = ends_there.min_by(|a, b| a.abs().total_cmp(&b.abs()));
        nearest.map_or(limit, |at| Bound { value: limit.value, at })
    }

    /// Golden sections around a sampled extremum.
    fn refined(&mut self, sampled: Bound, sign: f64) -> Bound {
        let place = self.x.partition_point(|x| *x < sampled.at);
        let mut low = self.x[place.saturating_sub(1)];
        let mut high = self.x[(place + 1).min(self.x.len() - 1)];
        let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
        for _ in 0..60 {
            let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
            if sign * self.value.at(a) <= sign * self.value.at(b) { high = b } else { low = a }
        }
        let at = low.midpoint(high);
        let value = self.value.at(at);
        if sign * value < sign * sampled.value { Bound { value, at } } else { sampled }
    }

    fn saturation(&mut self) -> Vec<Range> {
        let flat: Vec<bool> = self.dy.iter().map(|slope| slope.abs() < FLAT).collect();
        let mut zones = Vec::new();
        let mut place = 0;
        while place < flat.len() {
            let length = flat[place..].iter().take_while(|flat| **flat).count();
            if length > 0 {
                let last = place + length - 1;
                let from = match place.checked_sub(1) {
                    None => f64::NEG_INFINITY,
                    Some(before) => self.edge(self.x[place], self.x[before]),
                };
                let to = match self.x.get(last + 1) {
                    None => f64::INFINITY,
                    Some(after) => self.edge(self.x[last], *after),
                };
                if to - from >= FLAT_LENGTH_MIN {
                    zones.push(Range { from, to });
                }
            }
            place += length.max(1);
        }
        zones
    }

    /// The last number with a flat slope on the way to one without.
    fn edge(&mut self, mut inside: f64, mut outside: f64) -> f64 {
        while let Some(middle) =
            between(inside.min(outside), inside.max(outside)).filter(|_| apart(inside, outside))
        {
            if self.slope.at(middle).abs() < FLAT { inside = middle } else { outside = middle }
        }
        inside
    }

    fn end(&mut self, sign: f64) -> End {
        let far = [1e5, 1e10, 1e15].map(|x| sign * x);
        let [a, b, c] = far.map(|x| self.value.at(x));
        let infinity = sign * f64::INFINITY;
        let near = |a: f64, b: f64, bound: f64| (a - b).abs() <= bound * b.abs().max(1.0);
        let (middle, last) = (b / far[1], c / far[2]);
        let limit = if c.is_nan() {
            Limit::Undefined
        } else if c.is_infinite() {
            Limit::Infinite(c)
        } else if near(a, b, 1e-3) && near(b, c, 1e-8) {
            Limit::Constant(approached(b, c))
        } else if (middle - last).abs() <= 1e-4 * last.abs() {
            Limit::Linear(approached(middle, last))
        } else if c.abs() > b.abs() && b.abs() > a.abs() && a * b > 0.0 && b * c > 0.0 {
            Limit::Infinite(c.signum() * f64::INFINITY)
        } else {
            Limit::Unknown
        };
        End { limit, value: self.own_value.at(infinity), slope: self.own_slope.at(infinity) }
    }
}

/// Whether two numbers differ by more than a display shows.
fn apart(a: f64, b: f64) -> bool {
    (a - b).abs() > 1e-9 * a.abs().max(b.abs())
}

/// The number that is meant where the last two values still move towards it.
fn approached(before: f64, last: f64) -> f64 {
    if before == last {
        last
    } else if last.abs() < 1e-9 {
        0.0
    } else {
        format!("{last:.12e}").parse().unwrap_or(last)
    }
}
