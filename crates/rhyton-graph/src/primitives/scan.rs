//! A loop over time whose body is a sub-graph: shapes, evaluation; its gradient is beside it.

use std::sync::Arc;

use rhyton_tensor::{Array, DType};

use super::{Gradient, Projection, Rule};
use crate::interpreter::evaluate_body;
use crate::{Attribute, Attributes, Dim, Error, Graph, Result, Shape, Spec, Tensor};

mod gradient;

/// Runs a body once for each row of some sequences, handing carries from step to step.
///
/// Operands: carries, sequences (time is axis 0, all `length` long), invariants. The body's inputs
/// are one carry, one row of each sequence and the invariants; its outputs the new carries, then
/// what the step emits. The values of the loop are the last carries and, stacked along a new axis
/// 0, what the steps emit. The node's own result is their bytes one after another, a bundle, from
/// which a [`Projection`] takes each value: so every node has one result.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// One step; a graph without variables.
    pub body: Arc<Graph>,
    /// How many of the operands are carries.
    pub carries: usize,
    /// How many operands after them are sequences.
    pub sequences: usize,
    /// The number of steps.
    pub length: usize,
    /// Whether the last row comes first. What step t emits stands at row t all the same.
    pub reverse: bool,
}

impl Scan {
    /// The loop's values: final carries, then stacked outputs.
    ///
    /// # Errors
    /// [`Error::Shape`] for a value whose size grows faster than the batch.
    pub fn projections(&self) -> Result<Vec<Projection>> {
        let mut offset = Dim::fixed(0);
        let mut projections = Vec::with_capacity(self.body.outputs.len());
        for (index, (_, id)) in self.body.outputs.iter().enumerate() {
            let step = &self.body.node(*id).spec;
            let spec = if index < self.carries { step.clone() } else { self.stacked(step) };
            let end = offset.plus(bytes(&spec)?);
            projections.push(Projection { index, offset, spec });
            offset = end;
        }
        Ok(projections)
    }

    /// The specification of one row after another.
    fn stacked(&self, row: &Spec) -> Spec {
        let dims = std::iter::once(Dim::fixed(self.length)).chain(row.shape.iter().copied());
        row.with_shape(dims.collect::<Shape>())
    }

    /// What the body must take for an operand.
    fn element(&self, place: usize, operand: &Spec) -> Result<Spec> {
        let is_sequence = (self.carries..self.carries + self.sequences).contains(&place);
        if !is_sequence {
            return Ok(operand.clone());
        }
        if operand.shape.first() != Some(&Dim::fixed(self.length)) {
            let expected = format!("{} steps along axis 0", self.length);
            return Err(Error::shape("scan", "sequences", expected, &operand.shape));
        }
        Ok(operand.with_shape(operand.shape[1..].to_vec()))
    }

    fn check_body(&self) -> Result<()> {
        if self.body.outputs.len() < self.carries {
            let expected = format!("at least {} outputs, the carries", self.carries);
            return Err(Error::argument("scan", "body", expected, self.body.outputs.len()));
        }
        if !self.body.variables.is_empty() || !self.body.assigns.is_empty() {
            let received = self.body.variables.len();
            return Err(Error::argument("scan", "body", "no variables", received));
        }
        for place in 0..self.carries {
            let before = &self.body.node(self.body.inputs[place]).spec;
            let after = &self.body.node(self.body.outputs[place].1).spec;
            if before.dtype != after.dtype {
                let expected = before.dtype.name();
                return Err(Error::dtype("scan", "the new carry", expected, after.dtype));
            }
            if before.shape != after.shape {
                let expected = before.shape.to_string();
                return Err(Error::shape("scan", "the new carry", expected, &after.shape));
            }
        }
        Ok(())
    }
}

/// How many bytes a value takes.
fn bytes(spec: &Spec) -> Result<Dim> {
    let volume = spec.shape.polynomial();
    if volume.len() > 2 {
        let expected = "values with at most one axis of the batch";
        return Err(Error::shape("scan", "body", expected, &spec.shape));
    }
    let part = |power: usize| volume.get(power).copied().unwrap_or(0);
    let fixed = isize::try_from(part(0));
    let (Ok(batches), Ok(constant)) = (usize::try_from(part(1)), fixed) else {
        return Err(Error::shape("scan", "body", "values of positive size", &spec.shape));
    };
    let size = spec.dtype.size_bytes();
    Ok(Dim { batches, constant }.times(size))
}

impl Rule for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn names() -> Vec<&'static str> {
        vec!["scan"]
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("carries", self.carries.into()),
            ("sequences", self.sequences.into()),
            ("length", self.length.into()),
            ("reverse", self.reverse.into()),
            ("body", Arc::clone(&self.body).into()),
        ]
    }

    fn parse(_: &str, attributes: &mut Attributes) -> Result<Self> {
        Ok(Self {
            body: attributes.graph("body")?,
            carries: attributes.number("carries")?,
            sequences: attributes.number("sequences")?,
            length: attributes.number("length")?,
            reverse: attributes.flag("reverse")?,
        })
    }

    fn infer(&self, operands: &[Spec]) -> Result<Spec> {
        let inputs = &self.body.inputs;
        let loops = self.carries.saturating_add(self.sequences);
        if operands.len() != inputs.len() || loops > operands.len() {
            let expected = format!("{} operands, as the body has inputs", inputs.len());
            return Err(Error::argument("scan", "operands", expected, operands.len()));
        }
        for (place, (operand, &input)) in operands.iter().zip(inputs).enumerate() {
            let (given, wanted) = (self.element(place, operand)?, &self.body.node(input).spec);
            if given.dtype != wanted.dtype {
                let argument = format!("operand {place}");
                return Err(Error::dtype("scan", argument, wanted.dtype.name(), given.dtype));
            }
            if given.shape != wanted.shape {
                let argument = format!("operand {place}");
                let expected = wanted.shape.to_string();
                return Err(Error::shape("scan", argument, expected, &given.shape));
            }
        }
        self.check_body()?;
        let sizes = self.projections()?;
        let total = sizes
            .iter()
            .try_fold(Dim::fixed(0), |sum, value| Ok::<_, Error>(sum.plus(bytes(&value.spec)?)))?;
        Ok(Spec::new(DType::U8, vec![total]))
    }

    fn gradient(&self, gradient: &Gradient<'_>) -> Result<Vec<Option<Tensor>>> {
        gradient::gradient(self, gradient)
    }

    fn check_batch(&self, _: &[&Spec], batch: usize) -> Result<()> {
        self.body.check_batch(batch)
    }

    fn evaluate(&self, operands: &[&Array], batch: usize) -> Result<Array> {
        let (carries, rest) = operands.split_at(self.carries);
        let (sequences, invariants) = rest.split_at(self.sequences);
        let mut carries: Vec<Array> = carries.iter().map(|&carry| carry.clone()).collect();
        let mut stacks: Vec<Array> = self.projections()?[self.carries..]
            .iter()
            .map(|value| Array::zeros(value.spec.dtype, &value.spec.shape.bind(batch)))
            .collect();
        for count in 0..self.length {
            let step = if self.reverse { self.length - 1 - count } else { count };
            let rows: Vec<Array> =
                sequences.iter().map(|sequence| row(sequence, step)).collect::<Result<_>>()?;
            let inputs: Vec<&Array> =
                carries.iter().chain(&rows).chain(invariants.iter().copied()).collect();
            let mut values = evaluate_body(&self.body, &inputs, batch)?;
            for (stack, value) in stacks.iter_mut().zip(values.split_off(self.carries)) {
                let size = value.bytes().len();
                stack.bytes_mut()[step * size..][..size].copy_from_slice(value.bytes());
            }
            carries = values;
        }
        let bundle: Vec<u8> =
            carries.iter().chain(&stacks).flat_map(|value| value.bytes().to_vec()).collect();
        Ok(Array::from_slice(&[bundle.len()], &bundle)?)
    }
}

/// Row `step` of a sequence.
fn row(sequence: &Array, step: usize) -> Result<Array> {
    let row = sequence.rows(step, step + 1)?;
    Ok(row.reshaped(&sequence.shape()[1..])?)
}
