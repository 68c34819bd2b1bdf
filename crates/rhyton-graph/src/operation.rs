use std::panic::Location;

use rhyton_tensor::DType;

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
    /// The composite: arguments to a result.
    pub call: fn(&Arguments) -> Result<Tensor>,
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
    "destination",
    "dilation_rate",
    "dtype",
    "epsilon",
    "indices_or_sections",
    "k",
    "keepdims",
    "mode",
    "newshape",
    "ord",
    "order",
    "output_padding",
    "pad_width",
    "padding",
    "pool_size",
    "repeats",
    "rms_scaling",
    "shift",
    "sorted",
    "source",
    "strides",
    "subscripts",
    "x_max",
    "x_min",
];

impl Operation {
    /// The operation with Keras' class name.
    pub fn find(class_name: &str) -> Option<&'static Self> {
        OPERATIONS.iter().flat_map(|list| list.iter()).find(|op| op.class_name == class_name)
    }

    /// Applies the operation: emits its composite, or records it on a model's tensors.
    #[track_caller]
    pub fn apply(&'static self, arguments: Arguments) -> Tensor {
        let location = Location::caller();
        let result = if arguments.any_recorded() {
            self.record(arguments)
        } else {
            arguments.first_failure().map_or_else(|| (self.call)(&arguments), Err)
        };
        result.unwrap_or_else(Tensor::failed).located(location)
    }

    fn record(&'static self, arguments: Arguments) -> Result<Tensor> {
        let inputs: Vec<Tensor> = arguments.tensors().cloned().collect();
        if let Some(error) = inputs.iter().find_map(Tensor::failure) {
            return Err(error.clone());
        }
        if inputs.iter().any(|tensor| tensor.recorded().is_none()) {
            return Err(Error::Mixed { operation: self.class_name.to_owned() });
        }
        let specs: Vec<_> = inputs.iter().map(|tensor| tensor.spec().clone()).collect();
        let outputs =
            infer(&specs, |traced| Ok(vec![(self.call)(&arguments.with_tensors(traced))?]))?;
        let Arguments { positional, attributes } = arguments;
        let action = Action::Operation { operation: self, positional, attributes };
        Ok(Step::record(action, inputs, outputs).remove(0))
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
