use rhyton_tensor::Array;

use super::strided::from_doubles;
use super::{
    ConvolutionInputGradient, ConvolutionKernelGradient, ConvolutionWindow, Gradient, Rule,
    expect_equal_dtypes, expect_operands,
};
use crate::{Attribute, Attributes, Error, Result, Spec, Tensor};

/// The cross-correlation of x `[batch, spatial…, c_in]` with a kernel
/// `[spatial…, c_in / groups, c_out]`, floats: `[batch, windows…, c_out]`. The kernel is not
/// flipped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Convolution {
    /// How the kernel slides.
    pub window: ConvolutionWindow,
}

const NAME: &str = "convolution";

impl Rule for Convolution {
    fn name(&self) -> &'static str {
        NAME
    }

    fn names() -> Vec<&'static str> {
        vec![NAME]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        self.window.attributes()
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self { window: ConvolutionWindow::parse(attributes)? })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_two_floats(NAME, operands)?;
        let shape = self.window.convolved(NAME, &operands[0].shape, &operands[1].shape)?;
        Ok(operands[0].with_shape(shape))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let (x, kernel) = (&gradient.operands[0], &gradient.operands[1]);
        let input = gradient.needed[0].then(|| {
            let shape = x.shape().clone();
            let rule = ConvolutionInputGradient { window: self.window.clone(), shape };
            Tensor::emit(rule, &[gradient.cotangent, kernel])
        });
        let weights = gradient.needed[1].then(|| {
            let shape = kernel.shape().clone();
            let rule = ConvolutionKernelGradient { window: self.window.clone(), shape };
            Tensor::emit(rule, &[x, gradient.cotangent])
        });
        Ok(vec![input, weights])
    }

    fn evaluate(&self, operands: &[&Array], _: usize) -> Result<Array> {
        let (x, kernel) = (operands[0], operands[1]);
        let extents = self.window.extents(x.shape(), kernel.shape());
        let (inputs, weights) = (x.to_f64(), kernel.to_f64());
        let batch = x.shape()[0];
        let mut sums = vec![0.0; batch * extents.windows * extents.channels_out];
        extents.for_each(batch, |result, block, source| {
            let sums = &mut sums[result];
            for (channel, input) in inputs[source].iter().enumerate() {
                for (sum, weight) in sums.iter_mut().zip(&weights[block.row(channel)]) {
                    *sum += input * weight;
                }
            }
        });
        let spatial = extents.spatial.iter().enumerate();
        let counts = spatial.map(|(axis, &length)| extents.window.count(axis, length));
        let shape: Vec<usize> =
            [batch].into_iter().chain(counts).chain([extents.channels_out]).collect();
        Ok(from_doubles(x.dtype(), &shape, &sums))
    }
}

/// Fails unless there are two operands of one float type.
pub(super) fn expect_two_floats(name: &str, operands: &[Spec]) -> Result<()> {
    expect_operands(name, operands, 2)?;
    expect_equal_dtypes(name, operands)?;
    if operands[0].dtype.is_float() {
        return Ok(());
    }
    Err(Error::dtype(name, "operands", "a float", operands[0].dtype))
}
