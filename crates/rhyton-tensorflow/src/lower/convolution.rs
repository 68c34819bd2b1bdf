use std::ffi::CStr;

use rhyton_graph::{
    Convolution, ConvolutionInputGradient, ConvolutionKernelGradient, ConvolutionWindow, Dim, Node,
    Shape, Spec,
};
use rhyton_tensor::DType;

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

/// More groups that are not single channels make a program of more operations than is sensible.
const GROUPS_MAX: usize = 256;

impl Lower for Convolution {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let shapes = [to.spec(node, 0), to.spec(node, 1), &node.spec].map(|spec| &spec.shape);
        let plan = Plan::new(&self.window, shapes, node.spec.dtype);
        let x = plan.input(to.operand(node, 0)?, to)?;
        let kernel = plan.kernel(to.operand(node, 1)?, to)?;
        let result = plan
            .grouped([x, kernel], to, |pair, to| plan.operation(plan.kinds().forward, pair, to))?;
        let result = plan.strided(result, to)?;
        Ok(plan.result(result, &node.spec.shape, to)?.into())
    }

    fn unsupported(&self, operands: &[&Spec]) -> Option<String> {
        too_many_groups(&self.window, &operands[1].shape)
    }
}

impl Lower for ConvolutionInputGradient {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let shapes = [&self.shape, &to.spec(node, 1).shape, &to.spec(node, 0).shape];
        let plan = Plan::new(&self.window, shapes, node.spec.dtype);
        let g = plan.cotangent(to.operand(node, 0)?, to)?;
        let kernel = plan.kernel(to.operand(node, 1)?, to)?;
        let mut padded = plan.padded_shape();
        let last = padded.len() - 1;
        if !plan.depthwise {
            padded[last] = Dim::fixed(padded[last].bind(0) / plan.groups);
        }
        let sizes = to.vector(&padded)?;
        let result = plan.grouped([kernel, g], to, |pair, to| {
            plan.operation(plan.kinds().input, &[sizes, pair[0], pair[1]], to)
        })?;
        let result = plan.cropped(result, to)?;
        Ok(plan.result(result, &self.shape, to)?.into())
    }

    fn unsupported(&self, operands: &[&Spec]) -> Option<String> {
        too_many_groups(&self.window, &operands[1].shape)
    }
}

impl Lower for ConvolutionKernelGradient {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let shapes = [&to.spec(node, 0).shape, &self.shape, &to.spec(node, 1).shape];
        let plan = Plan::new(&self.window, shapes, node.spec.dtype);
        let x = plan.input(to.operand(node, 0)?, to)?;
        let g = plan.cotangent(to.operand(node, 1)?, to)?;
        let mut spread = plan.spread_kernel();
        let last = spread.len() - 1;
        if !plan.depthwise {
            spread[last] /= plan.groups;
        }
        let sizes = to.integers(spread)?;
        let result = plan.grouped([x, g], to, |pair, to| {
            plan.operation(plan.kinds().kernel, &[pair[0], sizes, pair[1]], to)
        })?;
        let result = plan.kernel_elements(result, to)?;
        Ok(plan.result(result, &self.shape, to)?.into())
    }

    fn unsupported(&self, _: &[&Spec]) -> Option<String> {
        too_many_groups(&self.window, &self.shape)
    }
}

fn too_many_groups(window: &ConvolutionWindow, kernel: &Shape) -> Option<String> {
    let rank = kernel.rank();
    let depthwise = rank <= 4 && kernel[rank - 2] == Dim::ONE;
    (!depthwise && window.groups > GROUPS_MAX)
        .then(|| format!("expected at most {GROUPS_MAX} groups, received {}", window.groups))
}

/// The operations of one family.
struct Kinds {
    forward: &'static CStr,
    input: &'static CStr,
    kernel: &'static CStr,
}

const PLANE: Kinds =
    Kinds { forward: c"Conv2D", input: c"Conv2DBackpropInput", kernel: c"Conv2DBackpropFilter" };
const SPACE: Kinds = Kinds {
    forward: c"Conv3D",
    input: c"Conv3DBackpropInputV2",
    kernel: c"Conv3DBackpropFilterV2",
};
const DEPTHWISE: Kinds = Kinds {
    forward: c"DepthwiseConv2dNative",
    input: c"DepthwiseConv2dNativeBackpropInput",
    kernel: c"DepthwiseConv2dNativeBackpropFilter",
};

/// A convolution as TensorFlow's kernels for processors do it: two or three spatial axes, float32
/// or float64, dilation 1 (the kernel itself gets gaps of zeros: there are no gradients of dilated
/// ones), no padding but what is put around x before, one group, or as many as channels.
struct Plan {
    dtype: DType,
    /// The shapes with at least two spatial axes.
    x: Vec<Dim>,
    kernel: Vec<usize>,
    result: Vec<Dim>,
    stride: Vec<usize>,
    dilation: Vec<usize>,
    low: Vec<usize>,
    high: Vec<usize>,
    groups: usize,
    depthwise: bool,
    /// Strides of the depthwise operations are equal; others are taken from stride 1.
    uneven: bool,
}

impl Plan {
    fn new(window: &ConvolutionWindow, [x, kernel, result]: [&Shape; 3], dtype: DType) -> Self {
        let line = kernel.rank() == 3;
        let two = |values: &[usize], first: usize| {
            let first = line.then_some(first);
            first.into_iter().chain(values.iter().copied()).collect::<Vec<_>>()
        };
        let wide = |shape: &Shape| {
            let mut dims = shape.to_vec();
            if line {
                dims.insert(1, Dim::ONE);
            }
            dims
        };
        // The stride along a first axis of size 1 has no effect.
        let stride = two(&window.stride, window.stride[0]);
        let kernel: Vec<usize> = kernel.iter().map(|dim| dim.bind(0)).collect();
        let depthwise = window.groups > 1 && kernel[kernel.len() - 2] == 1 && stride.len() == 2;
        Self {
            dtype,
            x: wide(x),
            kernel: two(&kernel, 1),
            result: wide(result),
            uneven: depthwise && stride[0] != stride[1],
            stride,
            dilation: two(&window.dilation, 1),
            low: two(&window.low, 0),
            high: two(&window.high, 0),
            groups: window.groups,
            depthwise,
        }
    }

    fn spatial(&self) -> usize {
        self.stride.len()
    }

    fn kinds(&self) -> &'static Kinds {
        match self.spatial() {
            _ if self.depthwise => &DEPTHWISE,
            2 => &PLANE,
            _ => &SPACE,
        }
    }

    /// The last axis, on which groups lie side by side in x, kernel and result.
    fn channels(&self) -> usize {
        self.spatial() + 1
    }

    /// The half precisions have no kernels, or coarse sums.
    fn float(&self) -> DType {
        if self.dtype == DType::F64 { DType::F64 } else { DType::F32 }
    }

    fn converted(&self, x: Output, to: &mut Lowering<'_>) -> Result<Output> {
        if self.dtype == self.float() { Ok(x) } else { to.convert(x, self.float()) }
    }

    fn padded_shape(&self) -> Vec<Dim> {
        let mut dims = self.x.clone();
        for axis in 0..self.spatial() {
            dims[axis + 1] = dims[axis + 1].offset((self.low[axis] + self.high[axis]) as isize);
        }
        dims
    }

    /// The kernel with the gaps of its dilation; depthwise, its channels on an axis of their own.
    fn spread_kernel(&self) -> Vec<usize> {
        let mut sizes = self.channelled_kernel();
        for (size, dilation) in sizes.iter_mut().zip(&self.dilation) {
            *size = (*size - 1) * dilation + 1;
        }
        sizes
    }

    fn channelled_kernel(&self) -> Vec<usize> {
        let mut sizes = self.kernel.clone();
        if self.depthwise {
            let last = sizes.len() - 1;
            sizes[last - 1] = self.groups;
            sizes[last] /= self.groups;
        }
        sizes
    }

    /// x with its padding.
    fn input(&self, x: Output, to: &mut Lowering<'_>) -> Result<Output> {
        let x = self.converted(x, to)?;
        let x = to.reshape(x, &[], &self.x)?;
        if self.low.iter().chain(&self.high).all(|&amount| amount == 0) {
            return Ok(x);
        }
        let none = [Dim::fixed(0); 2];
        let sides = self.low.iter().zip(&self.high);
        let sides = sides.flat_map(|(&low, &high)| [Dim::fixed(low), Dim::fixed(high)]);
        let counts: Vec<Dim> = none.into_iter().chain(sides).chain(none).collect();
        let zero = to.scalar(self.float(), 0.0)?;
        to.padded(x, zero, &counts)
    }

    /// A gradient of the padded x without the padding.
    fn cropped(&self, x: Output, to: &mut Lowering<'_>) -> Result<Output> {
        let mut start = vec![Dim::fixed(0); self.x.len()];
        let mut limit = self.x.clone();
        for (axis, &low) in self.low.iter().enumerate() {
            start[axis + 1] = Dim::fixed(low);
            limit[axis + 1] = limit[axis + 1].offset(low as isize);
        }
        to.slice(x, (&start, &limit), &vec![1; start.len()])
    }

    fn kernel(&self, kernel: Output, to: &mut Lowering<'_>) -> Result<Output> {
        let kernel = self.converted(kernel, to)?;
        let mut shape: Vec<Dim> = self.channelled_kernel().into_iter().map(Dim::fixed).collect();
        let kernel = to.reshape(kernel, &[], &shape)?;
        let mut interior: Vec<usize> = self.dilation.iter().map(|dilation| dilation - 1).collect();
        interior.resize(shape.len(), 0);
        let zero = to.scalar(self.float(), 0.0)?;
        to.spread(kernel, zero, &mut shape, &interior)
    }

    /// The elements of a kernel between the gaps of its dilation.
    fn kernel_elements(&self, kernel: Output, to: &mut Lowering<'_>) -> Result<Output> {
        let limit: Vec<Dim> = self.spread_kernel().into_iter().map(Dim::fixed).collect();
        let mut stride = self.dilation.clone();
        stride.resize(limit.len(), 1);
        to.slice(kernel, (&vec![Dim::fixed(0); limit.len()], &limit), &stride)
    }

    /// The cotangent of the result, as that of the operation's own result.
    fn cotangent(&self, g: Output, to: &mut Lowering<'_>) -> Result<Output> {
        let g = self.converted(g, to)?;
        let g = to.reshape(g, &[], &self.result)?;
        if !self.uneven {
            return Ok(g);
        }
        let zero = to.scalar(self.float(), 0.0)?;
        let mut shape = self.result.clone();
        let interior = [0, self.stride[0] - 1, self.stride[1] - 1, 0];
        let g = to.spread(g, zero, &mut shape, &interior)?;
        let mut counts = vec![Dim::fixed(0); 8];
        for axis in 1..3 {
            let extent = self.spread_kernel()[axis - 1];
            let all = self.padded_shape()[axis].bind(0) + 1 - extent;
            counts[2 * axis + 1] = Dim::fixed(all - shape[axis].bind(0));
        }
        to.padded(g, zero, &counts)
    }

    /// Every `stride`-th element of a result at stride 1, where strides are uneven.
    fn strided(&self, result: Output, to: &mut Lowering<'_>) -> Result<Output> {
        if !self.uneven {
            return Ok(result);
        }
        let mut limit = self.result.clone();
        for axis in 0..2 {
            let reach = (limit[axis + 1].bind(0) - 1) * self.stride[axis] + 1;
            limit[axis + 1] = Dim::fixed(reach);
        }
        let stride = [1, self.stride[0], self.stride[1], 1];
        to.slice(result, (&[Dim::fixed(0); 4], &limit), &stride)
    }

    /// One operation for each group on its part of both values, and the results side by side.
    fn grouped(
        &self,
        values: [Output; 2],
        to: &mut Lowering<'_>,
        each: impl Fn(&[Output; 2], &mut Lowering<'_>) -> Result<Output>,
    ) -> Result<Output> {
        if self.depthwise || self.groups == 1 {
            return each(&values, to);
        }
        let axis = to.scalar(DType::I32, self.channels() as f64)?;
        let mut split = |value: Output| {
            let split = to.operation(c"Split").input(axis).input(value);
            split.integer(c"num_split", self.groups as i64).finish()
        };
        let (first, second) = (split(values[0])?, split(values[1])?);
        let parts = (0..self.groups as i32)
            .map(|place| each(&[first.result(place), second.result(place)], to))
            .collect::<Result<Vec<_>>>()?;
        Ok(to.operation(c"ConcatV2").inputs(&parts).input(axis).finish()?.output())
    }

    fn operation(
        &self,
        kind: &'static CStr,
        inputs: &[Output],
        to: &mut Lowering<'_>,
    ) -> Result<Output> {
        let inner = self.stride.iter().map(|&stride| if self.uneven { 1 } else { stride as i64 });
        let strides: Vec<i64> = [1].into_iter().chain(inner).chain([1]).collect();
        let begun = to.operation(kind);
        let begun = inputs.iter().fold(begun, |operation, &input| operation.input(input));
        Ok(begun.integers(c"strides", &strides).text(c"padding", "VALID").finish()?.output())
    }

    /// A result in the shape and type of the node.
    fn result(&self, value: Output, shape: &Shape, to: &mut Lowering<'_>) -> Result<Output> {
        let value = to.reshape(value, &[], shape)?;
        if self.dtype == self.float() { Ok(value) } else { to.convert(value, self.dtype) }
    }
}
