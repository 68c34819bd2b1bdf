use rhyton_tensor::Array;

use super::convolution::expect_two_floats;
use super::strided::from_doubles;
use super::window::bounded;
use super::{Convolution, ConvolutionKernelGradient, ConvolutionWindow, Gradient, Rule};
use crate::{Attribute, Attributes, Error, Result, Shape, Spec, Tensor};

/// The derivative of a [`Convolution`] by its x, from the cotangent of the result and the kernel;
/// also the transposed convolution, which makes images larger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConvolutionInputGradient {
    /// How the kernel slides in the convolution.
    pub window: ConvolutionWindow,
    /// The shape of x, the result's.
    pub shape: Shape,
}

const NAME: &str = "convolution_input_gradient";

impl Rule for ConvolutionInputGradient {
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
        let expected = self.window.convolved(NAME, &self.shape, &operands[1].shape)?;
        if operands[0].shape != expected {
            let expected = format!("{expected}, the convolution's result");
            return Err(Error::shape(NAME, "g", expected, &operands[0].shape));
        }
        Ok(operands[0].with_shape(bounded(NAME, self.shape.clone())?))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        let (g, kernel) = (&gradient.operands[0], &gradient.operands[1]);
        let result = gradient.needed[0].then(|| {
            let rule = Convolution { window: self.window.clone() };
            Tensor::emit(rule, &[gradient.cotangent, kernel])
        });
        let weights = gradient.needed[1].then(|| {
            let shape = kernel.shape().clone();
            let rule = ConvolutionKernelGradient { window: self.window.clone(), shape };
            Tensor::emit(rule, &[gradient.cotangent, g])
        });
        Ok(vec![result, weights])
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let (g, kernel) = (operands[0], operands[1]);
        let shape = self.shape.bind(batch);
        let extents = self.window.extents(&shape, kernel.shape());
        let (cotangents, weights) = (g.to_f64(), kernel.to_f64());
        let mut sums = vec![0.0; shape.iter().product()];
        extents.for_each(shape[0], |result, block, source| {
            let cotangents = &cotangents[result];
            for (channel, sum) in sums[source].iter_mut().enumerate() {
                let pairs = cotangents.iter().zip(&weights[block.row(channel)]);
                *sum += pairs.map(|(cotangent, weight)| cotangent * weight).sum::<f64>();
            }
        });
        Ok(from_doubles(g.dtype(), &shape, &sums))
    }
}
