//! The bits of every measured function, which are the same on every set of instructions: also on a
//! processor without AVX, where `cargo xtask test --oracles` runs this test in an emulator.

use std::fmt::Write as _;

use rhyton_graph::{Backend as _, RunOptions};
use rhyton_native::NativeBackend;
use rhyton_tensor::Array;

#[path = "../../examples/exhaustive/kernels.rs"]
#[allow(dead_code, reason = "the example uses more of it")]
mod kernels;

/// A digest that every bit and its place count in; one NaN is as good as another.
fn digest(results: &Array) -> u64 {
    results.view::<f32>().iter().fold(0xcbf2_9ce4_8422_2325, |digest, result| {
        let bits = if result.is_nan() { f32::NAN.to_bits() } else { result.to_bits() };
        (digest ^ u64::from(bits)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
    })
}

/// The digests of value and slope, then of both computed in f64, on one set of instructions.
fn table(set: &str, log2_inputs: u32) -> String {
    let inputs: Vec<f32> = (0..1 << log2_inputs)
        .map(|place| f32::from_bits(kernels::spread(place, log2_inputs)))
        .collect();
    let x = Array::from_slice(&[inputs.len()], &inputs).unwrap();
    let session = NativeBackend.session(Some(set), [].into()).unwrap();
    let mut table = String::new();
    for kernel in &kernels::KERNELS {
        write!(table, "{:<18}", kernel.name).unwrap();
        for exact in [false, true] {
            let program = session.compile(&kernel.graph(exact).unwrap()).unwrap();
            let mut outputs = Vec::new();
            program.run(&[&x], &mut outputs, &RunOptions::default()).unwrap();
            for output in &outputs {
                write!(table, " {:016x}", digest(output)).unwrap();
            }
        }
        table.push('\n');
    }
    table
}

#[test]
fn every_function_has_these_bits() {
    for set in NativeBackend.instruction_sets() {
        insta::assert_snapshot!("same_bits", table(set, 16));
    }
}

#[test]
fn every_function_has_these_bits_at_a_million_inputs() {
    for set in NativeBackend.instruction_sets() {
        insta::assert_snapshot!("same_bits_at_a_million_inputs", table(set, 20));
    }
}
