//! The training step of a digit recogniser, built by hand: 784 → Dense 256 → Dense 100 →
//! BatchNormalization → Dense 10 → softmax, crossentropy, Adam.

use std::sync::Arc;

use rhyton_graph::{
    Graph, Result, Session, Shape, Spec, Tensor, Tracer, VariableId, VariableSpec, argmax, cast,
    equal, gradients, log_softmax, matmul, mean, one_hot, power, relu, rsqrt, sigmoid, sqrt,
    square, sum, variance,
};
use rhyton_tensor::{Array, DType, philox4x32, uniform_f32};

/// Which function follows the hidden layers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Activation {
    Relu,
    Swish,
}

/// Layer sizes: inputs, two hidden layers, classes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    pub(crate) sizes: [usize; 4],
    pub(crate) activation: Activation,
}

/// Two dense layers of weights and biases, gamma, beta, the last dense layer.
const WEIGHTS: usize = 8;

impl Network {
    pub(crate) const BLOG: Self =
        Self { sizes: [784, 256, 100, 10], activation: Activation::Swish };

    fn weight_shapes(&self) -> [Vec<usize>; WEIGHTS] {
        let [input, first, second, classes] = self.sizes;
        [
            vec![input, first],
            vec![first],
            vec![first, second],
            vec![second],
            vec![second],
            vec![second],
            vec![second, classes],
            vec![classes],
        ]
    }

    /// Weights, Adam's two moments of each, moving mean and variance, the iteration.
    pub(crate) fn variables(&self) -> Arc<[VariableSpec]> {
        let mut specs = Vec::new();
        for prefix in ["weight", "momentum", "velocity"] {
            for (place, shape) in self.weight_shapes().iter().enumerate() {
                let spec = Spec::new(DType::F32, &shape[..]);
                specs.push(VariableSpec { name: format!("{prefix}_{place}"), spec });
            }
        }
        for name in ["moving_mean", "moving_variance"] {
            let spec = Spec::new(DType::F32, &[self.sizes[2]][..]);
            specs.push(VariableSpec { name: name.to_owned(), spec });
        }
        let spec = Spec::new(DType::I32, Shape::scalar());
        specs.push(VariableSpec { name: "iteration".to_owned(), spec });
        specs.into()
    }

    /// Sets weights as Keras would begin (from a fixed stream), everything else 0 or 1.
    pub(crate) fn initialise(&self, session: &dyn Session) -> Result<()> {
        for (place, variable) in self.variables().iter().enumerate() {
            let shape = variable.spec.shape.fixed_sizes().unwrap_or_default();
            let value = match place {
                0 | 2 | 6 => random(place as u32, &shape),
                4 | 25 => Array::full(DType::F32, &shape, 1.0),
                _ => Array::zeros(variable.spec.dtype, &shape),
            };
            session.write(VariableId(place as u32), &value)?;
        }
        Ok(())
    }

    /// One training step; outputs the loss and the accuracy.
    pub(crate) fn training_step(&self) -> Result<Graph> {
        let tracer = Tracer::new(self.variables());
        let [input, .., classes] = self.sizes;
        let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[input])));
        let labels = tracer.input("labels", Spec::new(DType::I32, Shape::batched(&[])));
        let weights: Vec<Tensor> =
            (0..WEIGHTS).map(|place| tracer.variable(VariableId(place as u32))).collect();
        let (logits, statistics) = self.forward(&x, &weights);
        let likelihood = log_softmax(&logits, -1) * one_hot(&labels, classes, DType::F32);
        let loss = -mean(&sum(&likelihood, Some(&[-1]), false), None, false);
        let hits = equal(argmax(&logits, -1), &labels);
        tracer.output("loss", &loss)?;
        tracer.output("accuracy", &mean(&cast(&hits, DType::F32), None, false))?;
        for (place, value) in statistics.iter().enumerate() {
            let variable = VariableId((3 * WEIGHTS + place) as u32);
            let old = tracer.variable(variable);
            tracer.assign(variable, &(old * 0.99 + value * 0.01));
        }
        let gradients = gradients(&loss, &weights.iter().collect::<Vec<_>>())?;
        adam(&tracer, &weights, &gradients);
        Ok(tracer.finish())
    }

    /// Class probabilities' logarithms, with the moving statistics.
    pub(crate) fn prediction(&self) -> Result<Graph> {
        let tracer = Tracer::new(self.variables());
        let x = tracer.input("x", Spec::new(DType::F32, Shape::batched(&[self.sizes[0]])));
        let weights: Vec<Tensor> =
            (0..WEIGHTS).map(|place| tracer.variable(VariableId(place as u32))).collect();
        let (logits, _) = self.forward(&x, &weights);
        tracer.output("y", &log_softmax(&logits, -1))?;
        Ok(tracer.finish())
    }

    fn activate(&self, z: &Tensor) -> Tensor {
        match self.activation {
            Activation::Relu => relu(z),
            Activation::Swish => z * sigmoid(z),
        }
    }

    fn forward(&self, x: &Tensor, weights: &[Tensor]) -> (Tensor, [Tensor; 2]) {
        let first = self.activate(&(matmul(x, &weights[0]) + &weights[1]));
        let second = self.activate(&(matmul(&first, &weights[2]) + &weights[3]));
        let centre = mean(&second, Some(&[0]), false);
        let spread = variance(&second, Some(&[0]), false);
        let scale = rsqrt(&spread + 1e-3) * &weights[4];
        let normal = (&second - &centre) * scale + &weights[5];
        (matmul(&normal, &weights[6]) + &weights[7], [centre, spread])
    }
}

fn adam(tracer: &Tracer, weights: &[Tensor], gradients: &[Tensor]) {
    let counter = VariableId((3 * WEIGHTS + 2) as u32);
    let iteration = tracer.variable(counter) + 1;
    tracer.assign(counter, &iteration);
    let t = cast(&iteration, DType::F32);
    let correction = |beta: f64| 1.0 - power(t.scalar_like(beta), &t);
    let rate = sqrt(correction(0.999)) / correction(0.9) * 1e-3;
    for (place, (weight, gradient)) in weights.iter().zip(gradients).enumerate() {
        let momentum = VariableId((WEIGHTS + place) as u32);
        let velocity = VariableId((2 * WEIGHTS + place) as u32);
        let (m, v) = (tracer.variable(momentum), tracer.variable(velocity));
        let m = &m + (gradient - &m) * 0.1;
        let v = &v + (square(gradient) - &v) * 0.001;
        let step = &m * &rate / (sqrt(&v) + 1e-7);
        tracer.assign(momentum, &m);
        tracer.assign(velocity, &v);
        tracer.assign(VariableId(place as u32), &(weight - step));
    }
}

/// Numbers uniform on the range of Keras' `glorot_uniform`, or on [0, 1) for one axis.
pub(crate) fn random(stream: u32, shape: &[usize]) -> Array {
    let limit = match shape {
        [inputs, outputs] if *inputs < 2000 => (6.0 / (inputs + outputs) as f32).sqrt(),
        _ => 0.5,
    };
    let count: usize = shape.iter().product();
    let value = |place: usize| {
        let word = philox4x32([stream, 7], [place as u32, 0, 0, 0])[0];
        (uniform_f32(word) * 2.0 - 1.0) * limit
    };
    let values: Vec<f32> = (0..count).map(value).collect();
    Array::from_slice(shape, &values).expect("one value for each place")
}

/// A batch of images and labels.
pub(crate) fn batch(network: &Network, count: usize) -> [Array; 2] {
    let mut x = random(99, &[count, network.sizes[0]]);
    x.view_mut::<f32>().iter_mut().for_each(|value| *value = value.abs().min(1.0));
    let classes = network.sizes[3] as i32;
    let labels: Vec<i32> = (0..count as i32).map(|place| (place * 7 + 3) % classes).collect();
    let labels = Array::from_slice(&[count], &labels).expect("one label for each image");
    [x, labels]
}
