use std::panic::Location;

use rhyton_tensor::{Array, DType};

use crate::tensor::Value;
use crate::tracer::infer;
use crate::{Action, Error, Result, Step, Tensor, composites};

/// An operation that can stand between the layers of a model, named as Keras names its class.
#[derive(Debug)]
pub struct Operation {
    /// Keras' class, e.g. `Multiply`.
    pub class_name: &'static str,
    /// The module Keras writes beside it, e.g. `keras.src.ops.numpy`.
    pub module: &'static str,
    /// The composite: arguments to one result or several.
    pub call: Composite,
}

/// What an operation makes of its arguments.
#[derive(Debug, Clone, Copy)]
pub enum Composite {
    /// One tensor.
    One(fn(&Arguments) -> Result<Tensor>),
    /// A list of tensors, as a split gives.
    Several(fn(&Arguments) -> Result<Vec<Tensor>>),
}

impl Composite {
    /// The results; constants among the arguments become tensors of the program first.
    fn call(self, arguments: &Arguments) -> Result<Vec<Tensor>> {
        let arguments = arguments.with_constants();
        match self {
            Self::One(call) => Ok(vec![call(&arguments)?]),
            Self::Several(call) => call(&arguments),
        }
    }
}

/// Every operation that can be recorded and read from a file. Each composite lists its own.
pub static OPERATIONS: &[&[Operation]] = composites::OPERATION_LISTS;

/// The names of all named attributes of operations, as configurations have them.
pub static OPERATION_ATTRIBUTES: &[&str] = &[
    "axes",
    "axis",
    "axis1",
    "axis2",
    "data_format",
    "decimals",
    "destination",
    "dilation_rate",
    "dtype",
    "epsilon",
    "indices_or_sections",
    "initial",
    "k",
    "keepdims",
    "mode",
    "n",
    "newshape",
    "num",
    "num_classes",
    "ord",
    "order",
    "output_padding",
    "pad_width",
    "padding",
    "pool_size",
    "repeats",
    "rms_scaling",
    "shape",
    "shift",
    "sorted",
    "source",
    "sparse",
    "strides",
    "subscripts",
    "synchronized",
    "x_max",
    "x_min",
];

impl Operation {
    /// The operation with Keras' class name.
    pub fn find(class_name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().flat_map(|list| list.iter()).find(|op| op.class_name == class_name)
    }

    /// Applies the operation: emits its composite, or records it on a model's tensors. Of several
    /// results the first.
    #[track_caller]
    pub fn apply(&'static self, arguments: Arguments) -> Tensor {
        let location = Location::caller();
        let first = self.apply_all(arguments).map(|results| results.into_iter().next());
        let none = || Error::argument(self.class_name, "results", "at least one", "none");
        first
            .and_then(|result| result.ok_or_else(none))
            .unwrap_or_else(Tensor::failed)
            .located(location)
    }

    /// As [`Operation::apply`], with all results.
    ///
    /// # Errors
    /// What the composite refuses, or the first failure that an argument carries.
    pub fn apply_all(&'static self, arguments: Arguments) -> Result<Vec<Tensor>> {
        if arguments.any_recorded() {
            return self.record(arguments);
        }
        arguments.first_failure().map_or_else(|| self.call.call(&arguments), Err)
    }

    fn record(&'static self, arguments: Arguments) -> Result<Vec<Tensor>> {
        let inputs: Vec<Tensor> = arguments.tensors().cloned().collect();
        if let Some(error) = inputs.iter().find_map(Tensor::failure) {
            return Err(error.clone());
        }
        if inputs.iter().any(|tensor| tensor.recorded().is_none()) {
            return Err(Error::Mixed { operation: self.class_name.to_owned() });
        }
        let specs: Vec<_> = inputs.iter().map(|tensor| tensor.spec().clone()).collect();
        let outputs = infer(&specs, |traced| self.call.call(&arguments.with_tensors(traced)))?;
        let Arguments { positional, attributes } = arguments;
        let action = Action::Operation { operation: self, positional, attributes };
        Ok(Step::record(action, inputs, outputs))
    }
}

/// One argument of an operation, as a file can hold it.
#[derive(Debug, Clone)]
pub enum Argument {
    /// Not given.
    None,
    /// A flag.
    Bool(bool),
    /// A whole number, which keeps an integer tensor an integer.
    Integer(i64),
    /// A real number, which takes a float tensor's element type.
    Number(f64),
    /// A name.
    Text(String),
    /// Several arguments.
    List(Vec<Self>),
    /// A tensor.
    Tensor(Tensor),
    /// Numbers that the file holds.
    Array(Array),
    /// The part of an axis from `start` up to `stop`, every `step`-th element, as Python's slices.
    Slice([Option<i64>; 3]),
    /// All axes that are not named.
    Ellipsis,
}

/// All arguments of an operation: those of the call in order, and the named attributes.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Call arguments in order.
    pub positional: Vec<Argument>,
    /// Named attributes.
    pub attributes: Vec<(&'static str, Argument)>,
}

impl Arguments {
    /// Arguments of a call with no attributes.
    pub fn of<const COUNT: usize>(positional: [Argument; COUNT]) -> Self {
        Self { positional: positional.into(), attributes: Vec::new() }
    }

    /// With one more attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Argument) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// The tensors among the arguments, in order, those in lists too.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        fn visit<'a>(argument: &'a Argument, found: &mut Vec<&'a Tensor>) {
            match argument {
                Argument::Tensor(tensor) => found.push(tensor),
                Argument::List(items) => items.iter().for_each(|item| visit(item, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        self.positional.iter().for_each(|argument| visit(argument, &mut found));
        self.attributes.iter().for_each(|(_, argument)| visit(argument, &mut found));
        found.into_iter()
    }

    /// The same arguments with other tensors in the tensors' places, in order.
    #[must_use]
    pub fn with_tensors(&self, tensors: &[Tensor]) -> Self {
        fn replace(argument: &Argument, tensors: &mut std::slice::Iter<'_, Tensor>) -> Argument {
            match argument {
                Argument::Tensor(old) => Argument::Tensor(tensors.next().unwrap_or(old).clone()),
                Argument::List(items) => {
                    Argument::List(items.iter().map(|item| replace(item, tensors)).collect())
                }
                other => other.clone(),
            }
        }
        let mut next = tensors.iter();
        let positional = self.positional.iter().map(|old| replace(old, &mut next)).collect();
        let named = self.attributes.iter();
        let attributes = named.map(|(name, old)| (*name, replace(old, &mut next))).collect();
        Self { positional, attributes }
    }

    /// The same arguments with tensors of the program in the place of arrays.
    fn with_constants(&self) -> Self {
        fn replace(argument: &Argument, program: &Tensor) -> Argument {
            match argument {
                Argument::Array(array) => Argument::Tensor(program.constant(array.clone())),
                Argument::List(items) => {
                    Argument::List(items.iter().map(|item| replace(item, program)).collect())
                }
                other => other.clone(),
            }
        }
        let Some(program) = self.tensors().next() else { return self.clone() };
        let positional = self.positional.iter().map(|old| replace(old, program)).collect();
        Self { positional, attributes: self.attributes.clone() }
    }

    /// The call argument at a place.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is missing.
    pub fn get(&self, operation: &str, place: usize) -> Result<&Argument> {
        self.positional.get(place).ok_or_else(|| {
            Error::argument(operation, format!("argument {place}"), "a value", "nothing")
        })
    }

    /// The call argument at a place, as a tensor.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is missing or no tensor.
    pub fn tensor(&self, operation: &str, place: usize) -> Result<&Tensor> {
        match self.get(operation, place)? {
            Argument::Tensor(tensor) => Ok(tensor),
            other => Err(Error::argument(
                operation,
                format!("argument {place}"),
                "a tensor",
                format!("{other:?}"),
            )),
        }
    }

    /// A named attribute, or a call argument at `place` (files use both ways).
    pub fn attribute(&self, name: &str, place: usize) -> &Argument {
        let named = self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        named.or_else(|| self.positional.get(place)).unwrap_or(&Argument::None)
    }

    fn any_recorded(&self) -> bool {
        self.tensors().any(|tensor| matches!(tensor.0, Value::Recorded(_)))
    }

    fn first_failure(&self) -> Option<Error> {
        self.tensors().find_map(Tensor::failure).cloned()
    }
}

impl Argument {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Integer(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The element type that a number asks of a tensor of `dtype`: a real number makes integers
    /// float32, everything else keeps the tensor's type.
    pub(crate) fn weak_dtype(&self, dtype: DType) -> DType {
        match self {
            Self::Number(_) if !dtype.is_float() => DType::F32,
            Self::Integer(_) if dtype == DType::Bool => DType::I32,
            _ => dtype,
        }
    }
}
