//! Functions of two f32, at pairs that are spread over all exponents, and over those near 1.

use std::sync::atomic::{AtomicU32, Ordering};

use rhyton_graph::{Binary, Cast, Graph, Result, Shape, Spec, Tensor, Tracer, gradients, sum};
use rhyton_tensor::{Array, DType};

use crate::engine::Paths;
use crate::errors::{SLOPES, VALUES, Worst};
use crate::kernels::{scrambled, spread};
use crate::sweep::on_all_cores;

type Real = fn(f64, f64) -> f64;

/// A function of two f32.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    binary: Binary,
    /// The true value and slopes.
    truths: &'static [Real],
}

const fn pair(name: &'static str, binary: Binary, truths: &'static [Real]) -> Pair {
    Pair { name, binary, truths }
}

/// All functions of two.
pub(crate) const PAIRS: [Pair; 10] = [
    pair("add", Binary::Add, &[|a, b| a + b, |_, _| 1.0, |_, _| 1.0]),
    pair("subtract", Binary::Subtract, &[|a, b| a - b, |_, _| 1.0, |_, _| -1.0]),
    pair("multiply", Binary::Multiply, &[|a, b| a * b, |_, b| b, |a, _| a]),
    pair("divide", Binary::Divide, &[|a, b| a / b, |_, b| 1.0 / b, |a, b| -a / b / b]),
    pair("maximum", Binary::Maximum, &[maximum, |a, b| unit(a >= b), |a, b| 1.0 - unit(a >= b)]),
    pair("minimum", Binary::Minimum, &[minimum, |a, b| unit(b >= a), |a, b| 1.0 - unit(b >= a)]),
    pair("power", Binary::Power, &[f64::powf, power_by_base, power_by_exponent]),
    pair(
        "atan2",
        Binary::Atan2,
        &[f64::atan2, |a, b| b / (a * a + b * b), |a, b| -a / (a * a + b * b)],
    ),
    pair("remainder", Binary::Remainder, &[remainder, |_, _| 1.0, |a, b| -(a / b).floor()]),
    pair("floor_divide", Binary::FloorDivide, &[|a, b| (a / b).floor()]),
];

fn unit(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Of zeros of either sign the second, which primitives leave open.
fn maximum(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

fn minimum(a: f64, b: f64) -> f64 {
    if a < b || a.is_nan() { a } else { b }
}

fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
}

fn power_by_base(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { b * a.powf(b - 1.0) }
}

fn power_by_exponent(a: f64, b: f64) -> f64 {
    if a > 0.0 { a.powf(b) * a.ln() } else { 0.0 }
}

impl Pair {
    fn graph(&self, exact: bool) -> Result<Graph> {
        let tracer = Tracer::new([].into());
        let spec = Spec::new(DType::F32, Shape::batched(&[]));
        let inputs = [tracer.input("a", spec.clone()), tracer.input("b", spec)];
        let cast = |x: &Tensor, dtype| Tensor::emit(Cast { dtype }, &[x]);
        let value = if exact {
            let [a, b] = inputs.each_ref().map(|x| cast(x, DType::F64));
            cast(&Tensor::emit(self.binary, &[&a, &b]), DType::F32)
        } else {
            Tensor::emit(self.binary, &inputs.each_ref())
        };
        tracer.output("value", &value)?;
        if self.truths.len() > 1 {
            let slopes = gradients(&sum(&value, None, false), &inputs.each_ref())?;
            tracer.output("slope_a", &slopes[0])?;
            tracer.output("slope_b", &slopes[1])?;
        }
        Ok(rhyton_graph::simplify(&tracer.finish()))
    }
}

/// What was found of one function: value and slopes, then the same computed in f64.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PairRow {
    pub(crate) worst: [Worst; 6],
    pub(crate) differing: u64,
}

/// Pairs that run through the engine together.
const TOGETHER_LOG2: u32 = 14;

/// Measures a function at `1 << log2_pairs` pairs.
///
/// # Errors
/// What the engine refuses.
pub(crate) fn measure(pair: &Pair, log2_pairs: u32) -> Result<PairRow> {
    let next = AtomicU32::new(0);
    let rows = on_all_cores(|| sweep(pair, log2_pairs, &next))?;
    Ok(rows.iter().fold(PairRow::default(), |mut all, row| {
        for (worst, other) in all.worst.iter_mut().zip(row.worst) {
            *worst = worst.max(other);
        }
        all.differing += row.differing;
        all
    }))
}

fn sweep(pair: &Pair, log2_pairs: u32, next: &AtomicU32) -> Result<PairRow> {
    let mut programs = [Paths::new(&pair.graph(false)?)?, Paths::new(&pair.graph(true)?)?];
    let mut inputs = [(); 2].map(|()| Array::zeros(DType::F32, &[1 << TOGETHER_LOG2]));
    let mut row = PairRow::default();
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        if part >= 1 << (log2_pairs - TOGETHER_LOG2) {
            return Ok(row);
        }
        let [a, b] = &mut inputs;
        let [a, b] = [a.view_mut::<f32>(), b.view_mut::<f32>()];
        for (place, (a, b)) in (part << TOGETHER_LOG2..).zip(a.iter_mut().zip(b)) {
            [*a, *b] = operands(place, log2_pairs);
        }
        let [a, b] = &inputs;
        for (program, worst) in programs.iter_mut().zip(row.worst.chunks_exact_mut(3)) {
            let (outputs, differing) = program.run(&[a, b])?;
            row.differing += differing;
            for (output, (worst, results)) in worst.iter_mut().zip(outputs).enumerate() {
                let scale = if output == 0 { VALUES } else { SLOPES };
                let pairs = a.view::<f32>().iter().zip(b.view::<f32>());
                for ((a, b), result) in pairs.zip(results.view::<f32>()) {
                    let truth = pair.truths[output](f64::from(*a), f64::from(*b));
                    let at = u64::from(a.to_bits()) << 32 | u64::from(b.to_bits());
                    *worst = worst.max(Worst { error: scale.error(*result, truth), at });
                }
            }
        }
    }
}

/// A pair: every second from a grid over all f32, the others of exponents from −8 to 7.
fn operands(place: u32, log2_pairs: u32) -> [f32; 2] {
    let side = (log2_pairs - 1) / 2;
    let (row, column) = (place >> 1 & ((1 << side) - 1), place >> (1 + side));
    if place & 1 == 0 {
        return [row, column].map(|place| f32::from_bits(spread(place, side)));
    }
    let [a, b] = [scrambled(place), scrambled(!place)];
    [a, b].map(|bits| f32::from_bits((bits & 0x87ff_ffff) + (119 << 23)))
}
