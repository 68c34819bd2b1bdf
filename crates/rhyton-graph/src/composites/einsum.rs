use std::collections::{BTreeMap, VecDeque};

use rhyton_tensor::{DType, result_type};

use super::comparison::{equal, select};
use super::indexing::iota_like;
use super::shaping::{cast, reshape_to, transpose, zeros_like};
use crate::{Argument, Arguments, Composite, Dim, Dot, Error, Operation, Result, Tensor, sum_axes};

/// Keras' products by equation.
pub(crate) const OPERATIONS: &[Operation] = &[Operation {
    class_name: "Einsum",
    module: "keras.src.ops.numpy",
    call: Composite::One(call),
}];

const NAME: &str = "einsum";

/// The product of tensors, summed, by an equation such as `"ij,jk->ik"`: a letter for each axis;
/// letters that the result lacks are summed over, a letter twice in one operand takes its
/// diagonal, `...` stands for further axes, which broadcast. Without `->` the result has the `...`
/// axes, then all letters that occur once, in alphabetical order.
///
/// # Errors
/// [`Error::Argument`] naming what of the equation does not fit the operands.
///
/// Source: `keras.ops.einsum` of Keras 3.15, `numpy.einsum`.
#[track_caller]
pub fn einsum(subscripts: &str, operands: &[&Tensor]) -> Tensor {
    let positional = operands.iter().map(|operand| operand.to_argument()).collect();
    let arguments = Arguments { positional, attributes: Vec::new() };
    OPERATIONS[0].apply(arguments.with("subscripts", Argument::Text(subscripts.to_owned())))
}

/// What an axis is called: a letter, or a place of `...` counted from the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Rest(usize),
    Letter(char),
}

/// A tensor with a name for each axis.
struct Term {
    tensor: Tensor,
    labels: Vec<Label>,
}

fn refuse(equation: &str, expected: impl Into<String>, received: impl std::fmt::Display) -> Error {
    Error::argument(NAME, format!("subscripts {equation:?}"), expected, received)
}

fn call(arguments: &Arguments) -> Result<Tensor> {
    let Argument::Text(equation) = arguments.attribute("subscripts", usize::MAX) else {
        return Err(Error::argument(NAME, "subscripts", "an equation", "nothing"));
    };
    let operands: Vec<&Tensor> = arguments.tensors().collect();
    let text: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (text.as_str(), None),
    };
    let parts: Vec<&str> = left.split(',').collect();
    if parts.len() != operands.len() {
        let expected = format!("{} operands", parts.len());
        return Err(refuse(equation, expected, operands.len()));
    }
    let dtype =
        operands.iter().map(|tensor| tensor.dtype()).reduce(result_type).unwrap_or(DType::F32);
    let pairs = parts.iter().zip(&operands);
    let terms = pairs.map(|(part, operand)| Term::read(equation, part, &cast(operand, dtype)));
    let mut terms = terms.collect::<Result<Vec<_>>>()?;
    let sizes = sizes(equation, &terms)?;
    let output = match right {
        Some(right) => stated(equation, right, &sizes)?,
        None => implied(&terms),
    };
    for term in &mut terms {
        term.take_diagonals();
        term.drop_stretched(&sizes);
    }
    let product = contracted(terms, &output)?;
    Ok(product.arranged(&output))
}

/// The labels of one operand or of the result, which has `rest` axes at its `...`.
fn labels(equation: &str, part: &str, rest: usize) -> Result<Vec<Label>> {
    let dots = (0..rest).rev().map(Label::Rest);
    let (before, after) = part.split_once("...").unwrap_or((part, ""));
    let letters = |text: &str| -> Result<Vec<Label>> {
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_alphabetic()) {
            let expected = "letters, `,`, one `...` for each operand and one `->`";
            return Err(refuse(equation, expected, format!("`{bad}`")));
        }
        Ok(text.chars().map(Label::Letter).collect())
    };
    let (before, after) = (letters(before)?, letters(after)?);
    Ok(before.into_iter().chain(dots).chain(after).collect())
}

impl Term {
    fn read(equation: &str, part: &str, tensor: &Tensor) -> Result<Self> {
        let named = part.replacen("...", "", 1).chars().count();
        let rank = tensor.rank();
        let rest = rank.checked_sub(named).filter(|&rest| rest == 0 || part.contains("..."));
        let Some(rest) = rest else {
            let expected = format!("an operand of {named} axes for `{part}`");
            return Err(refuse(equation, expected, format!("shape {}", tensor.shape())));
        };
        Ok(Self { tensor: tensor.clone(), labels: labels(equation, part, rest)? })
    }

    /// Sums all but one of the axes with one label, over where they have the same index.
    fn take_diagonals(&mut self) {
        while let Some((first, second)) = self.repeated() {
            let indices = [first, second].map(|axis| iota_like(&self.tensor, axis, DType::I32));
            let on = equal(&indices[0], &indices[1]);
            let kept = select(&on, &self.tensor, zeros_like(&self.tensor));
            self.tensor = sum_axes(&kept, &[second]);
            self.labels.remove(second);
        }
    }

    fn repeated(&self) -> Option<(usize, usize)> {
        let find = |second: usize| {
            let first = self.labels[..second].iter().position(|&l| l == self.labels[second]);
            first.map(|first| (first, second))
        };
        (0..self.labels.len()).find_map(find)
    }

    /// Takes away axes of size 1 that another operand stretches.
    fn drop_stretched(&mut self, sizes: &BTreeMap<Label, Dim>) {
        let own = self.tensor.shape().iter().zip(&self.labels);
        let kept = own.filter(|(dim, label)| **dim == sizes[label]);
        let (dims, labels): (Vec<Dim>, Vec<Label>) =
            kept.map(|(&dim, &label)| (dim, label)).unzip();
        self.tensor = reshape_to(&self.tensor, dims);
        self.labels = labels;
    }

    fn places(&self, wanted: &[Label]) -> Vec<usize> {
        let place = |label| self.labels.iter().position(|own| own == label);
        wanted.iter().filter_map(place).collect()
    }

    /// Summed over the axes whose labels nothing else has.
    fn summed(mut self, needed: impl Fn(&Label) -> bool) -> Self {
        let gone: Vec<usize> =
            (0..self.labels.len()).filter(|&axis| !needed(&self.labels[axis])).collect();
        self.tensor = sum_axes(&self.tensor, &gone);
        self.labels.retain(|label| needed(label));
        self
    }

    /// The product with another term; shared labels are summed over unless they are `needed`.
    fn times(self, other: &Self, needed: impl Fn(&Label) -> bool) -> Self {
        let shared = || self.labels.iter().copied().filter(|label| other.labels.contains(label));
        let (batch, contract): (Vec<Label>, Vec<Label>) = shared().partition(|label| needed(label));
        let dot = Dot {
            batch: [self.places(&batch), other.places(&batch)],
            contract: [self.places(&contract), other.places(&contract)],
        };
        let tensor = Tensor::emit(dot, &[&self.tensor, &other.tensor]);
        let free = self.labels.iter().chain(&other.labels);
        let free = free.filter(|label| !batch.contains(label) && !contract.contains(label));
        let labels = batch.iter().chain(free).copied().collect();
        Self { tensor, labels }
    }

    /// The axes in the order of the result.
    fn arranged(&self, output: &[Label]) -> Tensor {
        transpose(&self.tensor, &self.places(output))
    }
}

/// The size that each label has; sizes of 1 under `...` stretch.
fn sizes(equation: &str, terms: &[Term]) -> Result<BTreeMap<Label, Dim>> {
    let mut sizes = BTreeMap::new();
    for term in terms {
        for (&label, &dim) in term.labels.iter().zip(term.tensor.shape().iter()) {
            let known = *sizes.entry(label).or_insert(dim);
            let stretches = matches!(label, Label::Rest(_));
            if known == dim || (stretches && dim == Dim::ONE) {
                continue;
            }
            if !stretches || known != Dim::ONE {
                let what = match label {
                    Label::Letter(letter) => format!("`{letter}`"),
                    Label::Rest(_) => "an axis of `...`".to_owned(),
                };
                return Err(refuse(equation, format!("{known} for {what}"), dim));
            }
            sizes.insert(label, dim);
        }
    }
    Ok(sizes)
}

/// The labels of a result that the equation states.
fn stated(equation: &str, right: &str, sizes: &BTreeMap<Label, Dim>) -> Result<Vec<Label>> {
    let rest = sizes.keys().filter(|label| matches!(label, Label::Rest(_))).count();
    if rest > 0 && !right.contains("...") {
        return Err(refuse(equation, "`...` in the result, as in the operands", right));
    }
    let output = labels(equation, right, rest)?;
    for (place, label) in output.iter().enumerate() {
        if !sizes.contains_key(label) {
            return Err(refuse(equation, "letters of the operands in the result", right));
        }
        if output[..place].contains(label) {
            return Err(refuse(equation, "each letter once in the result", right));
        }
    }
    Ok(output)
}

/// The labels of a result that the equation leaves open.
fn implied(terms: &[Term]) -> Vec<Label> {
    let mut counts = BTreeMap::new();
    for label in terms.iter().flat_map(|term| &term.labels) {
        *counts.entry(*label).or_insert(0) += 1;
    }
    let rest = counts.keys().copied().filter(|label| matches!(label, Label::Rest(_)));
    let once = counts.iter().filter(|(_, count)| **count == 1).map(|(label, _)| *label);
    let letters = once.filter(|label| matches!(label, Label::Letter(_)));
    let mut output: Vec<Label> = rest.collect();
    output.reverse();
    output.extend(letters);
    output
}

/// The product of all terms, with the labels of the result in some order.
fn contracted(terms: Vec<Term>, output: &[Label]) -> Result<Term> {
    let mut remaining: VecDeque<Term> = terms.into();
    let others_need = |others: &VecDeque<Term>, label: &Label| {
        output.contains(label) || others.iter().any(|term| term.labels.contains(label))
    };
    let Some(first) = remaining.pop_front() else {
        return Err(Error::argument(NAME, "operands", "at least one", "none"));
    };
    let mut product = first.summed(|label| others_need(&remaining, label));
    while let Some(next) = remaining.pop_front() {
        let own = product.labels.clone();
        let next = next.summed(|label| own.contains(label) || others_need(&remaining, label));
        product = product.times(&next, |label| others_need(&remaining, label));
        product = product.summed(|label| others_need(&remaining, label));
    }
    product.tensor = product.tensor.checked()?;
    Ok(product)
}

#[cfg(test)]
mod tests;
