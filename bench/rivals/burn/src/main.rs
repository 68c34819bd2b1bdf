//! The runner of the benchmarks for Burn on Flex, the backend that it recommends for CPUs.

use bench_protocol::{CLASSES, Failure, Network, Options, measure, versions};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

const SIZE: usize = 28 * 28;

fn main() -> Result<(), Failure> {
    let options = Options::read()?;
    versions(&[("burn", "0.22.1")]);
    options.answer(|activation| {
        let burn = Burn::new(&options.network, activation)?;
        measure(&options, SIZE, Box::new(burn))
    });
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Relu,
    Swish,
    Own,
}

impl Act {
    fn call<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Relu => activation::relu(x),
            Self::Swish => activation::silu(x),
            // A user's function: plain operations, no fused kernel.
            Self::Own => x.clone() * activation::sigmoid(x * 1.5),
        }
    }
}

#[derive(Module, Debug)]
struct Layers {
    #[module(skip)]
    act: Act,
    convolutions: Vec<Conv2d>,
    pool: MaxPool2d,
    dense: [Linear; 3],
    norm: BatchNorm,
}

impl Layers {
    fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        let act = self.act;
        let count = x.dims()[0];
        let x = if self.convolutions.is_empty() {
            x
        } else {
            let mut x = x.reshape([count, 1, 28, 28]);
            for (place, convolution) in self.convolutions.iter().enumerate() {
                x = act.call(convolution.forward(x));
                if place % 2 == 1 {
                    x = self.pool.forward(x);
                }
            }
            x.flatten(1, 3)
        };
        let x = act.call(self.dense[0].forward(x));
        let x = act.call(self.dense[1].forward(x));
        self.dense[2].forward(self.norm.forward(x))
    }
}

struct Burn {
    device: Device,
    /// Taken while the optimizer makes the next one of it.
    layers: Option<Layers>,
    /// The layers without gradients, made at the first prediction.
    still: std::cell::OnceCell<Layers>,
    optimizer: ModuleOptimizer,
}

impl Burn {
    fn new(network: &str, activation: &str) -> Result<Self, Failure> {
        let act = match activation {
            "relu" => Act::Relu,
            "swish" => Act::Swish,
            _ => Act::Own,
        };
        let device = Device::flex().autodiff();
        let (sizes, inputs): (&[[usize; 2]], usize) = match network {
            "blog" => (&[], SIZE),
            "cnn" => (&[[1, 32], [32, 32], [32, 64], [64, 64]], 64 * 7 * 7),
            _ => return Err(format!("{network} is not written in Burn here").into()),
        };
        let convolution = |&sizes: &[usize; 2]| {
            Conv2dConfig::new(sizes, [3, 3]).with_padding(PaddingConfig2d::Same).init(&device)
        };
        let dense = |from, to| LinearConfig::new(from, to).init(&device);
        let layers = Layers {
            act,
            convolutions: sizes.iter().map(convolution).collect(),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            dense: [dense(inputs, 256), dense(256, 100), dense(100, CLASSES)],
            norm: BatchNormConfig::new(100).with_epsilon(1e-3).with_momentum(0.01).init(&device),
        };
        let optimizer = AdamConfig::new().with_epsilon(1e-7).init();
        Ok(Self { device, layers: Some(layers), still: std::cell::OnceCell::new(), optimizer })
    }
}

impl Network for Burn {
    fn step(&mut self, pixels: Vec<f32>, labels: &[u8]) -> Result<(), Failure> {
        let layers = self.layers.take().ok_or("a step before this one failed")?;
        let count = labels.len();
        let labels: Vec<i64> = labels.iter().map(|&label| i64::from(label)).collect();
        let x = Tensor::<2>::from_data(TensorData::new(pixels, [count, SIZE]), &self.device);
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), &self.device);
        let logits = layers.logits(x);
        let loss = CrossEntropyLossConfig::new()
            .init(&self.device)
            .forward(logits.clone(), labels.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &layers);
        self.layers = Some(self.optimizer.step(1e-3, layers, gradients));
        // What `fit` tells elsewhere: loss and accuracy.
        let right = logits.argmax(1).flatten::<1>(0, 1).equal(labels).int().sum();
        let _ = (loss.into_data(), right.into_data());
        Ok(())
    }

    fn predict(&self, pixels: Vec<f32>, count: usize) -> Result<Vec<f32>, Failure> {
        let layers = self.layers.as_ref().ok_or("a step before this one failed")?;
        let still = self.still.get_or_init(|| layers.valid());
        let device = self.device.clone().inner();
        let x = Tensor::<2>::from_data(TensorData::new(pixels, [count, SIZE]), &device);
        let data = activation::softmax(still.logits(x), 1).into_data();
        Ok(data.try_to_vec::<f32>().map_err(|error| format!("{error:?}"))?)
    }
}
