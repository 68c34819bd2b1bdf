//! One case at least for every primitive and row: sample values and a function that emits it.

use rhyton_tensor::{Array, DType};

use super::Sample;
use crate::{
    ArgReduce, ArgReduction, Argsort, Assign, Binary, Broadcast, Cast, Compare, Concatenate,
    Cumulative, Dim, Dot, Gather, Iota, Loop, Pad, RandomBits, Reduce, Reduction, Reshape, Reverse,
    Scatter, Scattering, Select, Shape, Slice, Sort, Spec, StopGradient, Tap, Tensor, Transpose,
    Unary, VariableId, custom_gradient, matmul, scan, sign, tanh,
};

mod windows;

/// From tensors to tensors of the same program.
pub type Function = Box<dyn Fn(&[Tensor]) -> Vec<Tensor>>;

/// A primitive with operands and a function in which it occurs.
pub struct Case {
    /// The primitive's name.
    pub name: &'static str,
    /// The function's operands.
    pub samples: Vec<Sample>,
    /// From the operands to results.
    pub function: Function,
}

const N: Dim = Dim::BATCH;

fn dims(sizes: &[isize]) -> Shape {
    let dim =
        |&size: &isize| if size < 0 { N.times(-size as usize) } else { Dim::fixed(size as usize) };
    sizes.iter().map(dim).collect()
}

/// Floats; a negative size −k is k·N.
fn floats(sizes: &[isize], low: f64, high: f64) -> Sample {
    Sample::between(Spec::new(DType::F32, dims(sizes)), low, high)
}

fn listed(dtype: DType, sizes: &[isize], values: &[f64]) -> Sample {
    Sample::of(Spec::new(dtype, dims(sizes)), values)
}

fn case(
    name: &'static str,
    samples: Vec<Sample>,
    function: impl Fn(&[Tensor]) -> Vec<Tensor> + 'static,
) -> Case {
    Case { name, samples, function: Box::new(function) }
}

/// The cases of all primitives but `read_variable`, which no function of tensors emits: what their
/// own tests examine, and what every backend is held to.
pub fn cases() -> Vec<Case> {
    let lists = [
        unary(),
        binary(),
        compare(),
        reduce(),
        movement(),
        indexing(),
        windows::cases(),
        sources(),
        loops(),
    ];
    lists.into_iter().flatten().collect()
}

fn unary() -> Vec<Case> {
    let one = |kind: Unary| {
        let name = Tensorless::name(&kind);
        let (low, high) = match name {
            "acosh" => (1.2, 3.0),
            "log" | "sqrt" | "rsqrt" | "reciprocal" => (0.3, 3.0),
            "log1p" => (-0.7, 2.0),
            "asin" | "acos" | "atanh" => (-0.8, 0.8),
            "tan" => (-1.0, 1.0),
            _ => (-2.0, 2.0),
        };
        let sample = match name {
            "absolute" | "sign" | "floor" | "ceil" | "round" => {
                listed(DType::F32, &[-1, 3], &[-1.7, -0.4, 0.3, 1.2, 2.7])
            }
            "bitwise_not" => listed(DType::I32, &[-1, 3], &[-5.0, 0.0, 9.0]),
            _ => floats(&[-1, 3], low, high),
        };
        case(name, vec![sample], move |x| vec![Tensor::emit(kind, &[&x[0]])])
    };
    Unary::ALL.into_iter().map(one).collect()
}

fn binary() -> Vec<Case> {
    let one = |kind: Binary| {
        let name = Tensorless::name(&kind);
        let whole = |values: &[f64]| listed(DType::I32, &[-1, 3], values);
        let samples = match name {
            "divide" => vec![floats(&[-1, 3], -2.0, 2.0), floats(&[-1, 3], 0.5, 2.0)],
            "power" => vec![floats(&[-1, 3], 0.4, 2.0), floats(&[-1, 3], -2.0, 2.0)],
            "atan2" => vec![floats(&[-1, 3], 0.3, 2.0), floats(&[-1, 3], -2.0, 2.0)],
            "remainder" | "floor_divide" => vec![
                listed(DType::F32, &[-1, 3], &[5.3, -2.7, 1.1, -4.2]),
                listed(DType::F32, &[-1, 3], &[2.0, 1.5, -0.8]),
            ],
            "bitwise_and" | "bitwise_or" | "bitwise_xor" | "shift_left" | "shift_right" => {
                vec![whole(&[5.0, -3.0, 12.0]), whole(&[3.0, 1.0, 40.0, 2.0])]
            }
            _ => vec![floats(&[-1, 3], -2.0, 2.0), floats(&[-1, 3], -2.0, 2.0)],
        };
        case(name, samples, move |x| vec![Tensor::emit(kind, &[&x[0], &x[1]])])
    };
    Binary::ALL.into_iter().map(one).collect()
}

fn compare() -> Vec<Case> {
    let mut cases: Vec<Case> = Compare::ALL
        .into_iter()
        .map(|kind| {
            let values = [1.0, -2.0, 3.0];
            let samples = vec![
                listed(DType::F32, &[-1, 3], &values),
                listed(DType::F32, &[-1, 3], &[1.0, 2.0, f64::NAN]),
            ];
            let name = Tensorless::name(&kind);
            case(name, samples, move |x| vec![Tensor::emit(kind, &[&x[0], &x[1]])])
        })
        .collect();
    let condition = listed(DType::Bool, &[-1, 3], &[1.0, 0.0, 0.0, 1.0]);
    let choices = vec![condition, floats(&[-1, 3], -1.0, 1.0), floats(&[-1, 3], -1.0, 1.0)];
    cases.push(case("select", choices, |x| vec![Tensor::emit(Select, &[&x[0], &x[1], &x[2]])]));
    cases.push(case("cast", vec![floats(&[-1, 3], -1.0, 1.0)], |x| {
        vec![Tensor::emit(Cast { dtype: DType::F64 }, &[&x[0]])]
    }));
    cases
}

fn reduce() -> Vec<Case> {
    let one = |reduction: Reduction| {
        let name = Tensorless::name(&Reduce::new(reduction, &[]));
        let sample = match reduction {
            Reduction::Any | Reduction::All => listed(DType::Bool, &[2, -1, 3], &[0.0, 1.0]),
            _ => floats(&[2, -1, 3], 0.5, 1.5),
        };
        case(name, vec![sample], move |x| {
            vec![Tensor::emit(Reduce::new(reduction, &[0, 2]), &[&x[0]])]
        })
    };
    let mut cases: Vec<Case> = Reduction::ALL.into_iter().map(one).collect();
    let zeros = listed(DType::F32, &[-1, 4], &[0.0, 2.0, -1.5, 0.7, 1.2, 0.8, 0.0, 0.0, 3.0]);
    cases.push(case("reduce_product", vec![zeros], |x| {
        vec![Tensor::emit(Reduce::new(Reduction::Product, &[1]), &[&x[0]])]
    }));
    // Sums over a large batch stay near 1, where float32 has digits to spare.
    cases.push(case("cumulative_sum", vec![floats(&[2, -1, 3], -0.01, 0.01)], |x| {
        [(0, false, false), (1, true, true), (2, false, true), (2, true, false)]
            .map(|(axis, exclusive, reverse)| {
                Tensor::emit(Cumulative { axis, exclusive, reverse }, &[&(&x[0] * 0.01)])
            })
            .into()
    }));
    for descending in [false, true] {
        cases.push(case("sort", vec![floats(&[4, -1, 3], -1.0, 1.0)], move |x| {
            vec![Tensor::emit(Sort { axis: 0, descending }, &[&x[0]])]
        }));
        let ties = listed(DType::F32, &[-1, 5], &[1.0, -0.0, 0.0, 1.0, f64::NAN, -3.0, 2.0]);
        cases.push(case("argsort", vec![ties], move |x| {
            vec![Tensor::emit(Argsort { axis: 1, descending }, &[&x[0]])]
        }));
    }
    for (name, reduction) in
        [("arg_maximum", ArgReduction::Maximum), ("arg_minimum", ArgReduction::Minimum)]
    {
        cases.push(case(name, vec![floats(&[-1, 3], -1.0, 1.0)], move |x| {
            vec![Tensor::emit(ArgReduce { reduction, axis: 1 }, &[&x[0]])]
        }));
    }
    cases
}

fn movement() -> Vec<Case> {
    let x = |sizes: &[isize]| vec![floats(sizes, -1.0, 1.0)];
    let mut cases = vec![
        case("reshape", x(&[-1, 2, 3]), |x| {
            vec![Tensor::emit(Reshape { shape: dims(&[-2, 3]) }, &[&x[0]])]
        }),
        case("transpose", x(&[-1, 2, 3]), |x| {
            vec![Tensor::emit(Transpose { permutation: vec![2, 0, 1] }, &[&x[0]])]
        }),
        case("broadcast", x(&[-1, 1, 3]), |x| {
            let broadcast = Broadcast { shape: dims(&[2, -1, 4, 3]), axes: vec![1, 2, 3] };
            vec![Tensor::emit(broadcast, &[&x[0]])]
        }),
        case("slice", x(&[-2, 7]), |x| {
            let start = vec![N, Dim::fixed(1)];
            let limit = vec![N.times(2), Dim::fixed(6)];
            vec![Tensor::emit(Slice { start, limit, stride: vec![1, 3] }, &[&x[0]])]
        }),
        case("reverse", x(&[-1, 3, 2]), |x| {
            vec![Tensor::emit(Reverse { axes: vec![0, 2] }, &[&x[0]])]
        }),
    ];
    let mut padded = x(&[-1, 3]);
    padded.push(floats(&[], -1.0, 1.0));
    cases.push(case("pad", padded, |x| {
        let low = vec![Dim::fixed(1), Dim::fixed(0)];
        let high = vec![N, Dim::fixed(2)];
        vec![Tensor::emit(Pad { low, high, interior: vec![0, 2] }, &[&x[0], &x[1]])]
    }));
    let parts = [x(&[-1, 3]), x(&[1, 3]), x(&[-1, 3])].concat();
    cases.push(case("concatenate", parts, |x| {
        vec![Tensor::emit(Concatenate { axis: 0 }, &[&x[0], &x[1], &x[2]])]
    }));
    let factors = [x(&[3, -1, 2, 4]), x(&[2, 4, 5, -1])].concat();
    cases.push(case("dot", factors, |x| {
        let dot = Dot { batch: [vec![1], vec![3]], contract: [vec![3, 2], vec![1, 0]] };
        vec![Tensor::emit(dot, &[&x[0], &x[1]])]
    }));
    let rows = [x(&[-1, 3]), x(&[-1, 2])].concat();
    cases.push(case("dot", rows, |x| vec![Tensor::emit(Dot::matrices(0, 0), &[&x[0], &x[1]])]));
    cases
}

fn indexing() -> Vec<Case> {
    let indices = || listed(DType::I32, &[-1, 2], &[3.0, 0.0, -1.0, 1.0, 4.0, 1.0]);
    let table = || floats(&[2, 4, 3], -1.0, 1.0);
    let updates = || floats(&[2, -1, 2, 3], -1.0, 1.0);
    let mut cases = vec![case("gather", vec![table(), indices()], |x| {
        vec![Tensor::emit(Gather { axis: 1 }, &[&x[0], &x[1]])]
    })];
    for (name, scattering) in [("scatter_add", Scattering::Add), ("scatter_set", Scattering::Set)] {
        cases.push(case(name, vec![table(), indices(), updates()], move |x| {
            vec![Tensor::emit(Scatter { scattering, axis: 1 }, &[&x[0], &x[1], &x[2]])]
        }));
    }
    cases
}

fn sources() -> Vec<Case> {
    let x = || vec![floats(&[-1, 3], -1.0, 1.0)];
    vec![
        case("input", x(), |x| vec![x[0].clone()]),
        case("constant", x(), |x| {
            vec![&x[0] * x[0].constant(Array::full(x[0].dtype(), &[3], 0.7))]
        }),
        case("iota", x(), |x| {
            let (shape, dtype) = (x[0].shape().clone(), x[0].dtype());
            vec![&x[0] * x[0].leaf(Iota { shape, axis: 1, dtype })]
        }),
        case("dimension", x(), |x| vec![crate::mean(&x[0], None, false)]),
        case("custom_gradient", vec![floats(&[-1, 3], -1.0, 1.0), floats(&[3], -1.0, 1.0)], |x| {
            let value = tanh(&x[0] * &x[1]);
            vec![custom_gradient(&[&x[0], &x[1]], &value, |inputs, value| {
                let outer = 1.0 - value * value;
                vec![&outer * &inputs[1], outer * &inputs[0]]
            })]
        }),
        case("stop_gradient", x(), |x| vec![Tensor::emit(StopGradient, &[&sign(&x[0])])]),
        case("tap", x(), |x| vec![Tensor::emit(Tap { name: "here".to_owned() }, &[&x[0]])]),
        case("assign", vec![floats(&[3], -1.0, 1.0)], |x| {
            let assign = Assign { variable: VariableId(0), spec: x[0].spec().clone() };
            vec![Tensor::emit(assign, &[&x[0]])]
        }),
        case(
            "random_bits",
            vec![
                listed(DType::U32, &[2], &[1.0, 2.0]),
                listed(DType::U32, &[-1, 2], &[3.0, 4.0, 5.0]),
            ],
            |x| vec![Tensor::emit(RandomBits { length: 5 }, &[&x[0], &x[1]])],
        ),
    ]
}

/// h ← tanh(x·W + h·U + b), masked; emits h·x and keeps an integer count.
fn recurrent(x: &[Tensor], reverse: bool) -> Vec<Tensor> {
    let (h, rows, mask) = (&x[0], &x[1], &x[2]);
    let count = h.constant(Array::scalar(0_i32));
    let over = Loop {
        carries: &[h.clone(), count],
        sequences: &[rows.clone(), mask.clone()],
        invariants: &x[3..],
        reverse,
        ..Loop::default()
    };
    let result = scan(&over, |turn| {
        let (h, x, mask) = (&turn.carries[0], &turn.rows[0], &turn.rows[1]);
        let [w, u, b] = [&turn.invariants[0], &turn.invariants[1], &turn.invariants[2]];
        let next = tanh(matmul(x, w) + matmul(h, u) + b);
        let mask = crate::expand_dims(mask, -1);
        let next = crate::select(&mask, &next, h);
        let emitted = vec![&next * x, &turn.carries[1] + 1];
        Ok((vec![next, &turn.carries[1] + 1], emitted))
    });
    match result {
        Ok((carries, emitted)) => [carries, emitted].concat(),
        Err(error) => vec![Tensor::failed(error)],
    }
}

fn loops() -> Vec<Case> {
    let samples = || {
        vec![
            floats(&[-1, 2], -1.0, 1.0),
            floats(&[4, -1, 2], -1.0, 1.0),
            listed(DType::Bool, &[4, -1], &[1.0, 1.0, 0.0]),
            floats(&[2, 2], -1.0, 1.0),
            floats(&[2, 2], -1.0, 1.0),
            floats(&[2], -1.0, 1.0),
        ]
    };
    vec![
        case("scan", samples(), |x| recurrent(x, false)),
        case("projection", samples(), |x| recurrent(x, true)),
    ]
}

/// The name of a primitive that is not in a graph yet.
trait Tensorless {
    fn name(&self) -> &'static str;
}

impl<T: crate::Rule> Tensorless for T {
    fn name(&self) -> &'static str {
        crate::Rule::name(self)
    }
}
