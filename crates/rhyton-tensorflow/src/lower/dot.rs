use rhyton_graph::{Dim, Dot, Node};
use rhyton_tensor::DType;

use super::{Lower, Lowering, Result, Value};
use crate::ffi::Output;

/// An operand as a batch of matrices.
struct Matrices {
    value: Output,
    /// Whether the matrices lie transposed: columns of the product outside, rows inside.
    transposed: bool,
}

impl Lower for Dot {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let dtype = to.spec(node, 0).dtype;
        let first = matrices(self, node, 0, to)?;
        let second = matrices(self, node, 1, to)?;
        let (kind, flags) = if self.batch[0].is_empty() {
            (c"MatMul", [c"transpose_a", c"transpose_b"])
        } else {
            (c"BatchMatMulV2", [c"adj_x", c"adj_y"])
        };
        let product = to.operation(kind).input(first.value).input(second.value);
        let product = product.flag(flags[0], first.transposed);
        let product = product.flag(flags[1], !second.transposed).finish()?.output();
        let product = match dtype {
            DType::I8 => product,
            _ if dtype == kernel_dtype(dtype) => product,
            _ => to.convert(product, dtype)?,
        };
        let batch = usize::from(!self.batch[0].is_empty());
        let matrix_rank = batch + 2;
        let plain = node.spec.shape.rank() == matrix_rank && self.batch[0].len() == batch;
        let free = [0, 1].map(|which| self.free(which, to.spec(node, which).shape.rank()).len());
        if plain && free == [1, 1] {
            return Ok(product.into());
        }
        let shape = to.vector(&node.spec.shape)?;
        Ok(to.emit(c"Reshape", &[product, shape])?.into())
    }
}

/// The element type in which TensorFlow multiplies: integers wrap alike in any that is as wide.
fn kernel_dtype(dtype: DType) -> DType {
    match dtype {
        DType::U8 | DType::U16 | DType::U32 | DType::I8 | DType::I16 => DType::I32,
        DType::U64 => DType::I64,
        other => other,
    }
}

/// Free axes as rows and contracted axes as columns, or the other way if the operand lies so.
fn matrices(dot: &Dot, node: &Node, which: usize, to: &mut Lowering<'_>) -> Result<Matrices> {
    let spec = to.spec(node, which);
    let mut value = to.operand(node, which)?;
    if kernel_dtype(spec.dtype) != spec.dtype {
        value = to.convert(value, kernel_dtype(spec.dtype))?;
    }
    let (batch, contract) = (&dot.batch[which], &dot.contract[which]);
    let free = dot.free(which, spec.shape.rank());
    let order = |rows: &[usize], columns: &[usize]| [batch, rows, columns].concat();
    let turned = order(contract, &free);
    let transposed = turned.iter().copied().eq(0..turned.len());
    let (rows, columns) = if transposed { (contract, &free) } else { (&free, contract) };
    value = to.transpose(value, &order(rows, columns))?;
    let groups: Vec<&[usize]> =
        if batch.is_empty() { vec![rows, columns] } else { vec![batch, rows, columns] };
    if groups.iter().any(|group| group.len() != 1) {
        let sizes = groups.iter().map(|group| {
            let dims: Vec<Dim> = group.iter().map(|&axis| spec.shape[axis]).collect();
            product(&dims, to)
        });
        let sizes: Vec<Output> = sizes.collect::<Result<_>>()?;
        let shape = to.pack(&sizes, 0)?;
        value = to.emit(c"Reshape", &[value, shape])?;
    }
    Ok(Matrices { value, transposed })
}

/// The product of sizes in a run, an int32 scalar.
fn product(dims: &[Dim], to: &mut Lowering<'_>) -> Result<Output> {
    let (fixed, free): (Vec<Dim>, Vec<Dim>) =
        dims.iter().partition(|dim| dim.fixed_size().is_some());
    let fixed: usize = fixed.iter().filter_map(|dim| dim.fixed_size()).product();
    let Some((&first, rest)) = free.split_first() else { return to.size(Dim::fixed(fixed)) };
    let mut result = to.size(first)?;
    for &dim in rest {
        let size = to.size(dim)?;
        result = to.emit(c"Mul", &[result, size])?;
    }
    if fixed != 1 {
        let size = to.size(Dim::fixed(fixed))?;
        result = to.emit(c"Mul", &[result, size])?;
    }
    Ok(result)
}
