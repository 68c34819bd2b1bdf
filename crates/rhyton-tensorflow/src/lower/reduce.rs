use rhyton_graph::{ArgReduce, ArgReduction, Cumulative, Node, Reduce, Reduction, Spec};
use rhyton_tensor::DType;

use super::{Lower, Lowering, Result, Value};

impl Lower for Reduce {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        if self.axes.is_empty() {
            return Ok(to.values[node.operands[0].index()]);
        }
        let x = to.operand(node, 0)?;
        let axes = to.integers(self.axes.iter().copied())?;
        let kind = match self.reduction {
            Reduction::Sum => c"Sum",
            Reduction::Product => c"Prod",
            Reduction::Maximum => c"Max",
            Reduction::Minimum => c"Min",
            Reduction::Any => c"Any",
            Reduction::All => c"All",
        };
        Ok(to.emit(kind, &[x, axes])?.into())
    }
}

impl Lower for ArgReduce {
    /// TensorFlow's positions pass over NaN; ours are the first NaN's if there is one.
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        let axis = to.integers([self.axis])?;
        let one_axis = to.scalar(DType::I32, self.axis as f64)?;
        let kind = match self.reduction {
            ArgReduction::Maximum => c"ArgMax",
            ArgReduction::Minimum => c"ArgMin",
        };
        let mut position = |kind, x| {
            let begun = to.operation(kind).input(x).input(one_axis);
            Ok(begun.dtype(c"output_type", DType::I32).finish()?.output())
        };
        let best = position(kind, x)?;
        if !to.spec(node, 0).dtype.is_float() {
            return Ok(best.into());
        }
        let nan = to.emit(c"IsNan", &[x])?;
        let some = to.emit(c"Any", &[nan, axis])?;
        let begun = to.operation(c"ArgMax").input(nan).input(one_axis);
        let first = begun.dtype(c"output_type", DType::I32).finish()?.output();
        Ok(to.emit(c"SelectV2", &[some, first, best])?.into())
    }

    fn unsupported(&self, operands: &[&Spec]) -> Option<String> {
        const RANK_MAX: usize = 7;
        let rank = operands[0].shape.rank();
        (rank > RANK_MAX).then(|| format!("expected at most {RANK_MAX} axes, received {rank}"))
    }
}

impl Lower for Cumulative {
    fn lower(&self, node: &Node, to: &mut Lowering<'_>) -> Result<Value> {
        let x = to.operand(node, 0)?;
        let axis = to.scalar(DType::I32, self.axis as f64)?;
        let begun = to.operation(c"Cumsum").input(x).input(axis);
        let begun = begun.flag(c"exclusive", self.exclusive).flag(c"reverse", self.reverse);
        Ok(begun.finish()?.output().into())
    }
}
