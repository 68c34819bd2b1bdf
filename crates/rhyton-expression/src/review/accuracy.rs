use super::{Inputs, Range};
use crate::error::Error;
use crate::slices::{Program, Rounding};
use crate::syntax::{Expression, Variable};

/// The greatest error met, and where.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Worst {
    /// The error in units of the last place of the exact value.
    pub ulp: f64,
    /// The input.
    pub at: f64,
}

impl Worst {
    pub(super) fn consider(&mut self, ulp: f64, at: f64) {
        if ulp > self.ulp {
            *self = Self { ulp, at };
        }
    }
}

/// What comparing float32 results with f64 has found so far.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Tally {
    /// Inputs.
    pub points: u64,
    /// Results that are NaN where the exact value is NaN too.
    pub nan: u64,
    /// Results that are NaN where the exact value is not, or the other way round.
    pub nan_wrongly: u64,
    /// Results that are infinite where the exact value is beyond float32.
    pub infinite: u64,
    /// Results that are infinite where float32 could hold the value.
    pub overflow: u64,
    /// The greatest error of the others.
    pub worst: Worst,
}

/// Compares float32 results with the f64 evaluation of an expression's stable form, or of that
/// form's derivative.
pub struct Accuracy {
    exact: Program,
    floor: f64,
    inputs: Vec<f64>,
    truth: Vec<f64>,
    tally: Tally,
}

/// Gap of the values below which float32 has no smaller.
pub(super) const VALUE_FLOOR: f64 = f64::from_bits((1023 - 149) << 52);
/// Derivatives are held to their own magnitude down to 2⁻²⁴ only: near a zero of f' nothing but an
/// absolute error matters to a gradient.
pub(super) const SLOPE_FLOOR: f64 = f64::from_bits((1023 - 47) << 52);

impl std::fmt::Debug for Accuracy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accuracy").field("tally", &self.tally).finish_non_exhaustive()
    }
}

impl Accuracy {
    /// Of the value; parameters as for [`Expression::evaluate`].
    pub fn of_value(expression: &Expression, parameters: &[f64]) -> Self {
        let stable = expression.stabilise();
        Self::new(stable.as_ref().unwrap_or(expression), parameters, VALUE_FLOOR)
    }

    /// Of the derivative by `x`; errors count relative to max(|f'|, 2⁻²⁴).
    ///
    /// # Errors
    /// An expression that is too large to derive.
    pub fn of_derivative(expression: &Expression, parameters: &[f64]) -> Result<Self, Error> {
        let stable = expression.stabilise();
        let slope = stable.as_ref().unwrap_or(expression).derivative(Variable::Input)?;
        Ok(Self::new(&slope, parameters, SLOPE_FLOOR))
    }

    fn new(expression: &Expression, parameters: &[f64], floor: f64) -> Self {
        let exact = Program::new(expression, parameters, Rounding::Float64);
        Self { exact, floor, inputs: Vec::new(), truth: Vec::new(), tally: Tally::default() }
    }

    /// Adds results for inputs.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn compare(&mut self, inputs: &[f32], results: &[f32]) {
        assert_eq!(inputs.len(), results.len(), "one result for each input");
        self.inputs.clear();
        self.inputs.extend(inputs.iter().map(|x| f64::from(*x)));
        self.truth.resize(inputs.len(), 0.0);
        self.exact.run(&self.inputs, &mut self.truth);
        for ((x, result), truth) in self.inputs.iter().zip(results).zip(&self.truth) {
            self.tally.add(*x, f64::from(*result), *truth, self.floor);
        }
    }

    /// What was found.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

impl Tally {
    /// Both together; of equal errors the one at the lesser input stays.
    pub fn merge(&mut self, other: &Self) {
        self.points += other.points;
        self.nan += other.nan;
        self.nan_wrongly += other.nan_wrongly;
        self.infinite += other.infinite;
        self.overflow += other.overflow;
        let tie = other.worst.ulp == self.worst.ulp && other.worst.at < self.worst.at;
        if other.worst.ulp > self.worst.ulp || tie {
            self.worst = other.worst;
        }
    }

    fn add(&mut self, x: f64, result: f64, truth: f64, floor: f64) -> Kind {
        self.points += 1;
        let kind = Kind::of(result, truth, floor);
        match kind {
            Kind::Nan => self.nan += 1,
            Kind::NanWrongly => self.nan_wrongly += 1,
            Kind::Infinite => self.infinite += 1,
            Kind::Overflow => self.overflow += 1,
            Kind::Good | Kind::Inaccurate => self.worst.consider(error(result, truth, floor), x),
        }
        kind
    }
}

/// What a result is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Nan,
    NanWrongly,
    Infinite,
    Overflow,
    Inaccurate,
}

/// More is cancellation.
const INACCURATE_ABOVE: f64 = 32.0;

impl Kind {
    fn of(result: f64, truth: f64, floor: f64) -> Self {
        if result.is_nan() || truth.is_nan() {
            return if result.is_nan() == truth.is_nan() { Self::Nan } else { Self::NanWrongly };
        }
        let beyond = (truth as f32).is_infinite();
        match (result.is_infinite(), beyond) {
            (true, true) => Self::Infinite,
            (true, false) => Self::Overflow,
            (false, true) => Self::Inaccurate,
            (false, false) if error(result, truth, floor) > INACCURATE_ABOVE => Self::Inaccurate,
            (false, false) => Self::Good,
        }
    }
}

/// In units of the exact value's last place in float32.
#[inline]
fn error(result: f64, truth: f64, floor: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    let gap = f64::from_bits(truth.to_bits() & EXPONENT) * f64::from(f32::EPSILON);
    (result - truth).abs() / if gap < floor { floor } else { gap }
}

/// The greatest error; infinity, where one is NaN or above [`INACCURATE_ABOVE`].
fn greatest_error(results: &[f64], truth: &[f64], floor: f64) -> f64 {
    // Several at a time, so that none waits for the one before.
    const LANES: usize = 8;
    let mut worst = [0.0_f64; LANES];
    for (results, truth) in results.chunks(LANES).zip(truth.chunks(LANES)) {
        for ((worst, result), truth) in worst.iter_mut().zip(results).zip(truth) {
            let error = error(*result, *truth, floor);
            let error = if error <= INACCURATE_ABOVE { error } else { f64::INFINITY };
            *worst = if error > *worst { error } else { *worst };
        }
    }
    worst.into_iter().fold(0.0, f64::max)
}

/// Points that are evaluated together.
const CHUNK: usize = 4096;
/// Places of either sign where the cost is measured, and how many points each.
const PLACES: u32 = 64;
const NEIGHBOURS: usize = 16;
/// Ranges that are told.
const RANGES_MAX: usize = 8;
/// Ends of ranges that are looked for among the numbers between two points.
const BISECTIONS_MAX: usize = 64;
/// Good points in a row that end a range of inaccurate ones.
const GOOD_IN_A_ROW: u64 = 256;

/// What a sweep over the whole line has found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) tally: Tally,
    pub(super) nan: Inputs,
    pub(super) overflow: Inputs,
    pub(super) infinite: Inputs,
    pub(super) inaccurate: Inputs,
}

impl Found {
    /// What is NaN, or infinite without need.
    pub(super) fn failures(self) -> Inputs {
        let mut ranges = [self.nan.ranges, self.overflow.ranges].concat();
        ranges.sort_by(|a, b| a.from.total_cmp(&b.from));
        ranges.truncate(RANGES_MAX);
        Inputs { ranges, points: self.nan.points + self.overflow.points }
    }
}

/// Compares the float32 form with f64 from −∞ to +∞.
pub(super) struct Sweep {
    exact: Program,
    single: Program,
    floor: f64,
    found: Found,
    /// The present range: its kind, where it begins, its last point.
    run: Option<(Kind, f64, f64)>,
    good: u64,
    /// The point before.
    before: Option<f64>,
    bisections: usize,
}

impl Sweep {
    /// Of an expression's own form beside the form that counts as exact.
    pub(super) fn new([own, exact]: [&Expression; 2], parameters: &[f64], floor: f64) -> Self {
        Self {
            exact: Program::new(exact, parameters, Rounding::Float64),
            single: Program::new(own, parameters, Rounding::Float32),
            floor,
            found: Found::default(),
            run: None,
            good: 0,
            before: None,
            bisections: 0,
        }
    }

    /// What a point costs in the middle, from some neighbours in places over the whole line.
    pub(super) fn cost(&mut self) -> u64 {
        let (mut x, mut results) = ([0.0; NEIGHBOURS], [0.0; NEIGHBOURS]);
        let before = self.exact.work() + self.single.work();
        for place in 0..PLACES {
            let first = f32::INFINITY.to_bits() / PLACES * place;
            for sign in [1.0, -1.0] {
                for (bits, x) in (first..).zip(&mut x) {
                    *x = sign * f64::from(f32::from_bits(bits));
                }
                self.exact.run(&x, &mut results);
                self.single.run(&x, &mut results);
            }
        }
        let work = self.exact.work() + self.single.work() - before;
        work.div_ceil(u64::from(2 * PLACES) * NEIGHBOURS as u64)
    }

    /// Goes over the magnitudes with both signs.
    pub(super) fn run(&mut self, magnitudes: &[u32]) {
        let mut chunk: Vec<f64> = Vec::with_capacity(CHUNK);
        let (mut truth, mut results) = (vec![0.0; CHUNK], vec![0.0; CHUNK]);
        for bits in magnitudes.rchunks(CHUNK) {
            chunk.clear();
            chunk.extend(bits.iter().rev().map(|bits| -f64::from(f32::from_bits(*bits))));
            self.compare(&chunk, &mut truth, &mut results);
        }
        for bits in magnitudes.chunks(CHUNK) {
            chunk.clear();
            chunk.extend(bits.iter().map(|bits| f64::from(f32::from_bits(*bits))));
            self.compare(&chunk, &mut truth, &mut results);
        }
    }

    pub(super) fn finish(mut self) -> Found {
        let end = match self.run {
            Some((Kind::Inaccurate, _, to)) => to,
            _ => f64::from(f32::MAX),
        };
        self.close(end);
        self.found
    }

    fn compare(&mut self, x: &[f64], truth: &mut [f64], results: &mut [f64]) {
        let (truth, results) = (&mut truth[..x.len()], &mut results[..x.len()]);
        self.exact.run(x, truth);
        self.single.run(x, results);
        let worst = greatest_error(results, truth, self.floor);
        if worst <= INACCURATE_ABOVE && self.run.is_none() {
            self.found.tally.points += x.len() as u64;
            self.before = x.last().copied();
            if worst > self.found.tally.worst.ulp {
                let same =
                    |(result, truth): (&f64, &f64)| error(*result, *truth, self.floor) == worst;
                let place = results.iter().zip(&*truth).position(same).unwrap_or(0);
                self.found.tally.worst = Worst { ulp: worst, at: x[place] };
            }
            return;
        }
        for ((x, result), truth) in x.iter().zip(results).zip(truth) {
            let kind = self.found.tally.add(*x, *result, *truth, self.floor);
            self.follow(kind, *x);
        }
    }

    /// Extends, ends and begins ranges.
    fn follow(&mut self, kind: Kind, x: f64) {
        if let Some(inputs) = self.found.inputs(kind) {
            inputs.points += 1;
        }
        match self.run {
            Some((now, from, _)) if now == kind => {
                self.run = Some((now, from, x));
                self.good = 0;
            }
            Some((Kind::Inaccurate, ..)) if kind == Kind::Good && self.good < GOOD_IN_A_ROW => {
                self.good += 1;
            }
            Some((now, _, to)) => {
                let end = if now == Kind::Inaccurate { to } else { self.edge(now, to, x) };
                self.close(end);
                self.begin(kind, x);
            }
            None => self.begin(kind, x),
        }
        self.before = Some(x);
    }

    fn begin(&mut self, kind: Kind, x: f64) {
        let from = match self.before {
            _ if kind == Kind::Good => return,
            None => -f64::from(f32::MAX),
            Some(_) if kind == Kind::Inaccurate => x,
            Some(before) => self.edge(kind, x, before),
        };
        self.run = Some((kind, from, x));
        self.good = 0;
    }

    fn close(&mut self, to: f64) {
        let Some((kind, from, _)) = self.run.take() else { return };
        if let Some(inputs) = self.found.inputs(kind)
            && inputs.ranges.len() < RANGES_MAX
        {
            inputs.ranges.push(Range { from, to });
        }
    }

    /// The last float32 of a kind on the way from one that is to one that is not.
    fn edge(&mut self, kind: Kind, inside: f64, outside: f64) -> f64 {
        self.bisections += 1;
        if self.bisections > BISECTIONS_MAX {
            return inside;
        }
        let (mut inside, mut outside) = (ordered(inside as f32), ordered(outside as f32));
        while inside.abs_diff(outside) > 1 {
            let middle = inside.midpoint(outside);
            let x = f64::from(number(middle));
            if Kind::of(self.single.at(x), self.exact.at(x), self.floor) == kind {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        f64::from(number(inside))
    }
}

/// The bits as a whole number that grows with the value; both zeros are 0.
fn ordered(value: f32) -> i64 {
    let magnitude = i64::from(value.abs().to_bits());
    if value < 0.0 { -magnitude } else { magnitude }
}

fn number(place: i64) -> f32 {
    let magnitude = f32::from_bits(place.unsigned_abs() as u32);
    if place < 0 { -magnitude } else { magnitude }
}

impl Found {
    fn inputs(&mut self, kind: Kind) -> Option<&mut Inputs> {
        match kind {
            Kind::Good => None,
            Kind::Nan | Kind::NanWrongly => Some(&mut self.nan),
            Kind::Infinite => Some(&mut self.infinite),
            Kind::Overflow => Some(&mut self.overflow),
            Kind::Inaccurate => Some(&mut self.inaccurate),
        }
    }
}
