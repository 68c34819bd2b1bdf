use std::io;
use std::sync::{Arc, RwLock};

use proptest::prelude::*;
use rhyton_graph::{
    Binary, Cast, Compare, Dot, Executable as _, Graph, RunOptions, Select, Shape, Spec, Tensor,
    Tracer, Unary, VariableId, VariableSpec, broadcast_in_dim,
};
use rhyton_tensor::{Array, DType, philox4x32};

use super::*;
use crate::backend::Program;
use crate::bound::Bound;
use crate::plan::{Kernel, Plan};

/// Every function of an f32 with a vector form; the product with sigmoid is another.
const UNARY: [Unary; 17] = [
    Unary::Negative,
    Unary::Absolute,
    Unary::Sign,
    Unary::Floor,
    Unary::Ceil,
    Unary::Round,
    Unary::Exp,
    Unary::Expm1,
    Unary::Log,
    Unary::Log1p,
    Unary::Sqrt,
    Unary::Rsqrt,
    Unary::Reciprocal,
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::Erf,
];
const BINARY: [Binary; 6] = [
    Binary::Add,
    Binary::Subtract,
    Binary::Multiply,
    Binary::Divide,
    Binary::Maximum,
    Binary::Minimum,
];
const INTEGER: [Binary; 10] = [
    Binary::Add,
    Binary::Subtract,
    Binary::Multiply,
    Binary::Maximum,
    Binary::Minimum,
    Binary::BitwiseAnd,
    Binary::BitwiseOr,
    Binary::BitwiseXor,
    Binary::ShiftLeft,
    Binary::ShiftRight,
];
const LOGICAL: [Binary; 3] = [Binary::BitwiseAnd, Binary::BitwiseOr, Binary::BitwiseXor];
const WORDS: [DType; 4] = [DType::F32, DType::I32, DType::U32, DType::Bool];

/// Elements with any bits, the troublemakers among them.
fn any_bits(dtype: DType, sizes: &[usize], seed: u32) -> Array {
    let count: usize = sizes.iter().product();
    let word = |place: usize| {
        let [a, b, c, _] = philox4x32([seed, 7], [place as u32, 0, 0, 0]);
        let special = [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-41];
        match (dtype, b % 4) {
            (DType::Bool, _) => a % 2,
            (DType::F32, 0) => special[a as usize % special.len()].to_bits(),
            (DType::F32, 1 | 2) => ((a as i32 as f32) * 1e-8).to_bits(),
            (DType::I32 | DType::U32, 0) => a % 40,
            _ => a ^ c,
        }
    };
    let words: Vec<u32> = (0..count).map(word).collect();
    match dtype {
        DType::F32 => Array::from_slice(sizes, bytemuck::cast_slice::<u32, f32>(&words)),
        DType::I32 => Array::from_slice(sizes, bytemuck::cast_slice::<u32, i32>(&words)),
        DType::U32 => Array::from_slice(sizes, &words),
        _ => {
            let words = Array::from_slice(sizes, &words).unwrap();
            return words.cast(dtype);
        }
    }
    .unwrap()
}

/// What a program computes on the interpreter or in machine code: its outputs, then its variables.
fn run(graph: &Graph, level: Level, code: bool, arrays: &[Array]) -> Vec<Array> {
    let variables = graph.variables.iter().enumerate();
    let values: Vec<Array> = variables
        .map(|(place, VariableSpec { spec, .. })| {
            any_bits(spec.dtype, &spec.shape.bind(0), 100 + place as u32)
        })
        .collect();
    let values = Arc::new(RwLock::new(values));
    let plan = Plan::new(graph, code.then_some(level));
    let chains = plan.steps.iter().filter_map(|step| match &step.kernel {
        Kernel::Chain(chain) => Some(chain),
        _ => None,
    });
    for chain in chains {
        assert_eq!(chain.code.is_some(), code, "{:?}", chain.instructions);
    }
    let program = Program::new(plan, level, Arc::clone(&values));
    let mut outputs = Vec::new();
    let inputs: Vec<&Array> = arrays.iter().collect();
    program.run(&inputs, &mut outputs, &RunOptions::default()).unwrap();
    outputs.extend(values.read().unwrap().iter().cloned());
    outputs
}

/// Bits; which NaN comes of two is the machine's choice.
fn plain(array: &Array) -> Vec<u32> {
    match array.dtype() {
        DType::F32 => {
            let plain = |x: &f32| if x.is_nan() { f32::NAN } else { *x };
            array.view::<f32>().iter().map(|x| plain(x).to_bits()).collect()
        }
        _ => array.bytes().iter().map(|&byte| u32::from(byte)).collect(),
    }
}

/// Machine code of every level against the interpreter.
#[track_caller]
fn check(graph: &Graph, batches: &[usize]) {
    for &batch in batches {
        let arrays: Vec<Array> = graph
            .inputs
            .iter()
            .map(|&id| {
                let spec = &graph.node(id).spec;
                any_bits(spec.dtype, &spec.shape.bind(batch), id.0 + 31 * batch as u32)
            })
            .collect();
        for level in levels() {
            let expected = run(graph, level, false, &arrays);
            let actual = run(graph, level, true, &arrays);
            for (place, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                let (actual, expected) = (plain(actual), plain(expected));
                let wrong = actual.iter().zip(&expected).position(|(a, e)| a != e);
                assert_eq!(wrong, None, "{level:?}, N = {batch}, result {place}");
            }
        }
    }
}

/// The levels of this machine with machine code.
fn levels() -> impl Iterator<Item = Level> {
    Level::available().into_iter().filter(|&level| width(level).is_some())
}

fn build(specs: &[Spec], function: impl FnOnce(&[Tensor]) -> Vec<Tensor>) -> Graph {
    let tracer = Tracer::new(Arc::new([]));
    let named = specs.iter().enumerate();
    let inputs: Vec<Tensor> =
        named.map(|(place, spec)| tracer.input(&format!("x{place}"), spec.clone())).collect();
    for (place, result) in function(&inputs).iter().enumerate() {
        tracer.output(&format!("y{place}"), result).unwrap();
    }
    tracer.finish()
}

fn unary(function: Unary, x: &Tensor) -> Tensor {
    Tensor::emit(function, &[x])
}

fn cast(dtype: DType, x: &Tensor) -> Tensor {
    Tensor::emit(Cast { dtype }, &[x])
}

#[test]
fn every_function_gives_the_interpreters_bits() {
    let specs = [Spec::new(DType::F32, Shape::batched(&[]))];
    let graph = build(&specs, |x| {
        let mut results: Vec<Tensor> = UNARY.iter().map(|&f| unary(f, &x[0])).collect();
        results.push(&x[0] * unary(Unary::Sigmoid, &x[0]));
        results
    });
    // Every sign, exponent and a spread of mantissas; a length with a tail.
    let bits = (0..(1_u32 << 20) + 5).map(|place| place.wrapping_mul(0x9E37_79B9).rotate_left(12));
    let x: Vec<f32> = bits.map(f32::from_bits).collect();
    let x = [Array::from_slice(&[x.len()], &x).unwrap()];
    for level in levels() {
        let (expected, actual) = (run(&graph, level, false, &x), run(&graph, level, true, &x));
        for (place, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert!(plain(actual) == plain(expected), "{level:?}: {:?}", UNARY.get(place));
        }
    }
}

/// Leaves of every kind, and values of every element type grown from them.
fn grow(choices: &[(u8, u8, u8)]) -> Graph {
    let specs = [
        Spec::new(DType::F32, Shape::batched(&[6])),
        Spec::new(DType::F32, &[6][..]),
        Spec::new(DType::F32, Shape::scalar()),
        Spec::new(DType::I32, Shape::batched(&[6])),
        Spec::new(DType::U32, Shape::batched(&[6])),
        Spec::new(DType::Bool, Shape::batched(&[6])),
    ];
    build(&specs, |x| {
        let full = x[0].shape().clone();
        let leaves = [&x[0], &x[1], &x[2], &x[3], &x[4], &x[5]];
        let mut values: Vec<Tensor> = leaves.into_iter().cloned().collect();
        values[1] = broadcast_in_dim(&x[1], &full, &[1]);
        values[2] = broadcast_in_dim(&x[2], &full, &[]);
        let mut results = Vec::new();
        for &(kind, a, b) in choices {
            let pick = |place: u8| values[place as usize % values.len()].clone();
            let (first, second) = (pick(a), pick(b));
            let other = cast(first.dtype(), &second);
            let any = usize::from(a ^ b);
            let value = match (kind % 8, first.dtype()) {
                (0, _) => cast(WORDS[any % 4], &first),
                (1, _) => Tensor::emit(Compare::ALL[any % 6], &[&first, &other]),
                (2, _) => Tensor::emit(Select, &[&cast(DType::Bool, &second), &first, &other]),
                (3 | 4, DType::F32) => Tensor::emit(BINARY[any % BINARY.len()], &[&first, &other]),
                (5, DType::F32) => &first * unary(Unary::Sigmoid, &first),
                (_, DType::F32) => unary(UNARY[any % UNARY.len()], &first),
                (_, DType::Bool) => Tensor::emit(LOGICAL[any % 3], &[&first, &other]),
                (3, DType::I32) => unary([Unary::Absolute, Unary::Sign][any % 2], &first),
                _ => Tensor::emit(INTEGER[any % INTEGER.len()], &[&first, &other]),
            };
            if any % 3 == 0 {
                results.push(value.clone());
            }
            values.push(value);
        }
        results.push(values[values.len() - 1].clone());
        results
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn random_chains_give_the_interpreters_bits(
        choices in prop::collection::vec(any::<(u8, u8, u8)>(), 1..60),
    ) {
        check(&grow(&choices), &[1, 3, 171]);
    }
}

/// More values that live at once than there are registers.
#[test]
fn values_and_masks_that_find_no_register_wait_in_memory() {
    let specs = [Spec::new(DType::F32, Shape::batched(&[4])), Spec::new(DType::F32, &[40][..])];
    let graph = build(&specs, |x| {
        let powers: Vec<Tensor> = (0..40).map(|place| &x[0] * f64::from(place + 1)).collect();
        let bounds = (0..20).map(|place| Tensor::emit(Compare::Less, &[&powers[place], &x[0]]));
        let bounds: Vec<Tensor> = bounds.collect();
        let mut sum = x[0].clone();
        for place in (0..40).rev() {
            sum = &powers[place] - sum;
            if place < 20 {
                sum = Tensor::emit(Select, &[&bounds[place], &sum, &powers[place + 3]]);
            }
        }
        vec![sum]
    });
    check(&graph, &[5, 300]);
}

/// More places in memory than there are registers for pointers.
#[test]
fn chains_of_many_leaves_and_stores() {
    let specs = vec![Spec::new(DType::F32, Shape::batched(&[3])); 20];
    let graph = build(&specs, |x| {
        let pairs = x.windows(2).map(|pair| unary(Unary::Exp, &(&pair[0] * &pair[1])));
        pairs.collect()
    });
    check(&graph, &[1, 77]);
}

#[test]
fn chains_behind_products() {
    let specs = [
        Spec::new(DType::F32, Shape::batched(&[9])),
        Spec::new(DType::F32, &[9, 21][..]),
        Spec::new(DType::F32, &[21][..]),
    ];
    let graph = build(&specs, |x| {
        let product = Tensor::emit(Dot::matrices(1, 0), &[&x[0], &x[1]]);
        let sum = &product + broadcast_in_dim(&x[2], product.shape(), &[1]);
        vec![&sum * unary(Unary::Sigmoid, &sum), product]
    });
    check(&graph, &[1, 70]);
}

/// Variables that are read where others are written, and that change places.
#[test]
fn variables_are_read_before_they_are_written() {
    let spec = Spec::new(DType::F32, &[3, 37][..]);
    let variable = |name: &str| VariableSpec { name: name.to_owned(), spec: spec.clone() };
    let tracer = Tracer::new(Arc::new(["a", "b", "c"].map(variable)));
    let [a, b, c] = [0, 1, 2].map(|place| tracer.variable(VariableId(place)));
    tracer.assign(VariableId(0), &b);
    tracer.assign(VariableId(1), &(&a + &c));
    tracer.assign(VariableId(2), &(unary(Unary::Tanh, &c) * &a));
    check(&tracer.finish(), &[1]);
}

#[test]
fn a_plan_says_where_machine_code_runs() {
    let specs = [Spec::new(DType::F32, Shape::batched(&[4]))];
    for level in levels() {
        for (function, marked) in [(Unary::Exp, true), (Unary::Sin, false)] {
            let graph = build(&specs, |x| vec![unary(function, &x[0])]);
            let plan = Plan::new(&graph, Some(level));
            let text = plan.explain(&Bound::new(&plan, 2, level).unwrap());
            assert_eq!(text.contains("; machine code, "), marked, "{text}");
        }
    }
}

#[test]
fn without_executable_memory_the_interpreter_runs() {
    let graph = grow(&[(6, 0, 4), (3, 0, 1)]);
    let mut plan = Plan::new(&graph, None);
    let chains = plan.steps.iter_mut().filter_map(|step| match &mut step.kernel {
        Kernel::Chain(chain) => Some(chain),
        _ => None,
    });
    assemble(chains, Level::detect(), |_| Err(io::ErrorKind::PermissionDenied.into()));
    let left = plan.steps.iter().any(|step| match &step.kernel {
        Kernel::Chain(chain) => chain.code.is_some(),
        _ => false,
    });
    assert!(!left);
}
