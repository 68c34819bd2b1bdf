use rhyton_tensor::Array;

use super::convolution::expect_two_floats;
use super::strided::from_doubles;
use super::window::bounded;
use super::{Convolution, ConvolutionInputGradient, ConvolutionWindow, Gradient, Rule};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// The derivative of a [`Convolution`] by its kernel, from x and the cotangent of the result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConvolutionKernelGradient {
    /// How the kernel slides in the convolution.
    pub window: ConvolutionWindow,
    /// The shape of the kernel, the result's.
    pub shape: Shape,
}

const NAME: &str = "convolution_kernel_gradient";

impl Rule for ConvolutionKernelGradient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn names() -> Vec<&'static str> {
        vec![NAME]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let shape = ("shape", (&self.shape).into());
        self.window.attributes().into_iter().chain([shape]).collect()
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        let window = ConvolutionWindow::parse(attributes)?;
        Ok(Self { window, shape: attributes.sizes("shape")?.into() })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        expect_two_floats(NAME, operands)?;
        let expected = self.window.convolved(NAME, &operands[0].shape, &self.shape)?;
        if operands[1].shape != expected {
            let expected = format!("{expected}, the convolution's result");
            return Err(Error::shape(NAME, "g", expected, &operands[1].shape));
        }
        Ok(operands[0].with_shape(bounded(NAME, self.shape.clone())?))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let (x, g) = (&gradient.operands[0], &gradient.operands[1]);
        let input = gradient.needed[0].then(|| {
            let shape = x.shape().clone();
            let rule = ConvolutionInputGradient { window: self.window.clone(), shape };
            Tensor::emit(rule, &[g, gradient.cotangent])
        });
        let result = gradient.needed[1].then(|| {
            let rule = Convolution { window: self.window.clone() };
            Tensor::emit(rule, &[x, gradient.cotangent])
        });
        Ok(vec![input, result])
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let (x, g) = (operands[0], operands[1]);
        let shape = self.shape.bind(batch);
        let extents = self.window.extents(x.shape(), &shape);
        let (inputs, cotangents) = (x.to_f64(), g.to_f64());
        let mut sums = vec![0.0; shape.iter().product()];
        extents.for_each(x.shape()[0], |result, block, source| {
            let cotangents = &cotangents[result];
            for (channel, input) in inputs[source].iter().enumerate() {
                for (sum, cotangent) in sums[block.row(channel)].iter_mut().zip(cotangents) {
                    *sum += input * cotangent;
                }
            }
        });
        Ok(from_doubles(x.dtype(), &shape, &sums))
    }
}
