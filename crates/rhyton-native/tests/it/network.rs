use rhyton_graph::{Backend, InterpreterBackend, RunOptions, VariableId};
use rhyton_native::NativeBackend;
use rhyton_tensor::Array;
use rhyton_testing::lock_step_error;

use crate::blog::{Activation, Network, batch};

/// The state after some steps, and the last outputs.
fn train(
    backend: &dyn Backend,
    network: &Network,
    batches: &[usize],
    threads: usize,
) -> Vec<Array> {
    let session = backend.session(None, network.variables()).unwrap();
    network.initialise(session.as_ref()).unwrap();
    let step = session.compile(&network.training_step().unwrap()).unwrap();
    let mut outputs = Vec::new();
    let mut all = Vec::new();
    for &count in batches {
        let [x, labels] = batch(network, count);
        let options = RunOptions { threads, cancel: None };
        step.run(&[&x, &labels], &mut outputs, &options).unwrap();
        all.extend(outputs.iter().cloned());
    }
    for variable in 0..network.variables().len() {
        all.push(session.read(VariableId(variable as u32)).unwrap());
    }
    all
}

#[test]
fn training_equals_the_interpreter_at_every_batch_size() {
    for activation in [Activation::Relu, Activation::Swish] {
        let network = Network { sizes: [20, 17, 9, 5], activation };
        let batches = [7, 128, 1, 7];
        let expected = train(&InterpreterBackend, &network, &batches[..2], 1);
        let actual = train(&NativeBackend, &network, &batches[..2], 2);
        for (place, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_eq!(actual.shape(), expected.shape());
            if place == 2 * 2 + 3 {
                // A bias before BatchNormalization: its gradient is rounding alone.
                continue;
            }
            let error = lock_step_error(&actual.to_f64(), &expected.to_f64());
            assert!(error <= 2e-5, "{place}: {error:e}\n{actual:?}\n{expected:?}");
        }
        let actual = train(&NativeBackend, &network, &batches, 2);
        assert!(actual.iter().all(|array| array.to_f64().iter().all(|v| v.is_finite())));
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let network = Network { sizes: [300, 256, 100, 10], activation: Activation::Swish };
    let one = train(&NativeBackend, &network, &[128, 128, 50], 1);
    for threads in [2, 3, 8] {
        assert!(train(&NativeBackend, &network, &[128, 128, 50], threads) == one, "{threads}");
    }
}
