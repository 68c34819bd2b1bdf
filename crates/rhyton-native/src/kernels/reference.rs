use rhyton_graph::{NodeId, Result, Shape};
use rhyton_tensor::Array;

use super::Run;
use crate::plan::program::Source;

impl Run<'_> {
    /// The primitive's own evaluation on copies of its operands.
    pub(super) fn reference(
        &self,
        node: NodeId,
        operands: &[(Source, Shape)],
        to: usize,
    ) -> Result<()> {
        let batch = self.bound.batch;
        let mut arrays = Vec::with_capacity(operands.len());
        for (source, shape) in operands {
            let bytes = self.memory.read::<u8>(source.slot, 0, self.bound.slots[source.slot].1);
            arrays.push(Array::from_bytes(source.dtype, &shape.bind(batch), bytes)?);
        }
        let arrays: Vec<&Array> = arrays.iter().collect();
        let value = self.plan.graph.node(node).primitive.rule().evaluate(&arrays, batch)?;
        let bytes = self.memory.write::<u8>(to, 0, self.bound.slots[to].1);
        bytes.copy_from_slice(value.bytes());
        Ok(())
    }
}
