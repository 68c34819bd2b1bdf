use rhyton_graph::{
    Assign, Constant, CustomGradient, Input, Node, ReadVariable, StopGradient, Tap,
};

use super::{Lower, Lowering, Result, Value};

impl Lower for Input {
    fn lower(&self, _: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let size = |dim: &rhyton_graph::Dim| dim.fixed_size().map_or(-1, |size| size as i64);
        let sizes: Vec<i64> = self.spec.shape.iter().map(size).collect();
        let placeholder = to.operation(c"Placeholder").dtype(c"dtype", self.spec.dtype);
        Ok(placeholder.shape(c"shape", &sizes).finish()?.output().into())
    }
}

impl Lower for Constant {
    fn lower(&self, _: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        Ok(to.constant(&self.array)?.into())
    }
}

impl Lower for ReadVariable {
    fn lower(&self, _: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let handle = to.session.variables[self.variable.index()].handle;
        let read = to.operation(c"ReadVariableOp").input(handle);
        let read = read.dtype(c"dtype", self.spec.dtype).finish()?;
        to.reads.push(read);
        Ok(read.output().into())
    }
}

/// The value; the assignment itself follows when the program is complete.
impl Lower for Assign {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        Ok(to.values[node.operands[0].index()])
    }
}

impl Lower for CustomGradient {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        Ok(to.values[node.operands[0].index()])
    }
}

impl Lower for StopGradient {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        Ok(to.values[node.operands[0].index()])
    }
}

impl Lower for Tap {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        Ok(to.values[node.operands[0].index()])
    }
}
