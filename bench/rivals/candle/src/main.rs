//! The runner of the benchmarks for Candle, on its own CPU kernels.

use bench_protocol::{CLASSES, Failure, Network, Options, measure, versions};
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{
    AdamW, BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, Linear, Module, ModuleT, Optimizer,
    ParamsAdamW, VarBuilder, VarMap, batch_norm, conv2d, linear, loss, ops,
};

const SIZE: usize = 28 * 28;

fn main() -> std::result::Result<(), Failure> {
    let options = Options::read()?;
    versions(&[("candle", "0.11.1")]);
    options.answer(|activation| {
        let network = Candle::new(&options.network, activation)?;
        measure(&options, SIZE, Box::new(network))
    });
    Ok(())
}

type Act = fn(&Tensor) -> Result<Tensor>;

/// A user's function: plain operations, no fused kernel.
fn own(x: &Tensor) -> Result<Tensor> {
    x * ops::sigmoid(&(x * 1.5)?)?
}

struct Candle {
    act: Act,
    convolutions: Vec<Conv2d>,
    dense: [Linear; 3],
    norm: BatchNorm,
    optimizer: AdamW,
}

impl Candle {
    fn new(network: &str, activation: &str) -> std::result::Result<Self, Failure> {
        let act: Act = match activation {
            "relu" => Tensor::relu,
            "swish" => ops::silu,
            _ => own,
        };
        let variables = VarMap::new();
        let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
        let same = Conv2dConfig { padding: 1, ..Conv2dConfig::default() };
        let (sizes, inputs): (&[(usize, usize)], usize) = match network {
            "blog" => (&[], SIZE),
            "cnn" => (&[(1, 32), (32, 32), (32, 64), (64, 64)], 64 * 7 * 7),
            _ => return Err(format!("{network} is not written in Candle here").into()),
        };
        let convolutions = sizes.iter().enumerate().map(|(place, &(from, to))| {
            conv2d(from, to, 3, same, vb.pp(format!("convolution{place}")))
        });
        let convolutions = convolutions.collect::<Result<_>>()?;
        let dense = [
            linear(inputs, 256, vb.pp("dense0"))?,
            linear(256, 100, vb.pp("dense1"))?,
            linear(100, CLASSES, vb.pp("dense2"))?,
        ];
        let config = BatchNormConfig { eps: 1e-3, momentum: 0.01, ..BatchNormConfig::default() };
        let norm = batch_norm(100, config, vb.pp("norm"))?;
        let adam = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..ParamsAdamW::default() };
        let optimizer = AdamW::new(variables.all_vars(), adam)?;
        Ok(Self { act, convolutions, dense, norm, optimizer })
    }

    fn logits(&self, pixels: Vec<f32>, count: usize, train: bool) -> Result<Tensor> {
        let act = self.act;
        let mut x = Tensor::from_vec(pixels, (count, SIZE), &Device::Cpu)?;
        if !self.convolutions.is_empty() {
            x = x.reshape((count, 1, 28, 28))?;
        }
        for (place, convolution) in self.convolutions.iter().enumerate() {
            x = act(&convolution.forward(&x)?)?;
            if place % 2 == 1 {
                x = x.max_pool2d(2)?;
            }
        }
        let [first, second, last] = &self.dense;
        x = act(&first.forward(&x.flatten_from(1)?)?)?;
        x = act(&second.forward(&x)?)?;
        last.forward(&self.norm.forward_t(&x, train)?)
    }
}

impl Network for Candle {
    fn step(&mut self, pixels: Vec<f32>, labels: &[u8]) -> std::result::Result<(), Failure> {
        let labels: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
        let count = labels.len();
        let logits = self.logits(pixels, count, true)?;
        let labels = Tensor::from_vec(labels, count, &Device::Cpu)?;
        let loss = loss::cross_entropy(&logits, &labels)?;
        self.optimizer.backward_step(&loss)?;
        // What `fit` tells elsewhere: loss and accuracy.
        let right = logits.argmax(D::Minus1)?.eq(&labels)?.to_dtype(DType::F32)?.sum_all()?;
        let _ = (loss.to_scalar::<f32>()?, right.to_scalar::<f32>()?);
        Ok(())
    }

    fn predict(&self, pixels: Vec<f32>, count: usize) -> std::result::Result<Vec<f32>, Failure> {
        let probabilities = ops::softmax(&self.logits(pixels, count, false)?, D::Minus1)?;
        Ok(probabilities.flatten_all()?.to_vec1()?)
    }
}
