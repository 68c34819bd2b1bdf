use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rhyton_tensor::{Array, DType};

use crate::tracer::Traced;
use crate::{Argument, Error, Operation, Primitive, Result, Shape, Spec};

/// A value of a program or of a model that is being described; no numbers yet.
///
/// While a layer, loss or activation is traced, an operation on a tensor emits primitives into a
/// graph. On a tensor that comes from a model's `Input`, the same operation records a step of the
/// model instead. A failed operation yields a tensor that carries the first failure along, so that
/// operators need not return `Result`; tracing returns it.
#[derive(Clone)]
pub struct Tensor(pub(crate) Value);

#[derive(Clone)]
pub(crate) enum Value {
    Traced(Traced),
    Recorded(Recorded),
    Failed(Arc<Error>),
}

/// A tensor of a model under construction: a result of a recorded step.
#[derive(Clone)]
pub struct Recorded {
    /// The step that makes it.
    pub step: Arc<Step>,
    /// Which of the step's results it is.
    pub index: usize,
}

/// One step of a model: an input, a layer's call, or an operation between layers.
pub struct Step {
    /// Grows with every step of the process, so that steps can be put in order of creation.
    pub serial: u64,
    /// What the step does.
    pub action: Action,
    /// The tensors it takes, in order; for an operation, those among its arguments.
    pub inputs: Vec<Tensor>,
    /// What is known of its results.
    pub outputs: Vec<Spec>,
}

/// What a step of a model does.
pub enum Action {
    /// A place where data enters.
    Input {
        /// The name, if the user gave one.
        name: Option<String>,
    },
    /// An operation with all its arguments.
    Operation {
        /// The operation.
        operation: &'static Operation,
        /// Call arguments in order, tensors among them.
        positional: Vec<Argument>,
        /// Named attributes, as in the operation's configuration.
        attributes: Vec<(&'static str, Argument)>,
    },
    /// A layer's call; the library that owns layers knows the type.
    Layer(Arc<dyn Any + Send + Sync>),
}

static SERIAL: AtomicU64 = AtomicU64::new(0);

impl Step {
    /// Records a step and returns its results.
    pub fn record(action: Action, inputs: Vec<Tensor>, outputs: Vec<Spec>) -> Vec<Tensor> {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let count = outputs.len();
        let step = Arc::new(Self { serial, action, inputs, outputs });
        (0..count)
            .map(|index| Tensor(Value::Recorded(Recorded { step: Arc::clone(&step), index })))
            .collect()
    }
}

/// Without recursion: a model may be a chain of any length, and each step holds the ones before it.
impl Drop for Step {
    fn drop(&mut self) {
        let mut open: Vec<Tensor> = Vec::new();
        self.release(&mut open);
        while let Some(tensor) = open.pop() {
            if let Value::Recorded(recorded) = tensor.0
                && let Some(mut step) = Arc::into_inner(recorded.step)
            {
                step.release(&mut open);
            }
        }
    }
}

impl Step {
    /// Moves all tensors that the step holds to a list.
    fn release(&mut self, open: &mut Vec<Tensor>) {
        open.append(&mut self.inputs);
        if let Action::Operation { positional, attributes, .. } = &mut self.action {
            let named = std::mem::take(attributes).into_iter().map(|(_, argument)| argument);
            let mut arguments: Vec<Argument> =
                std::mem::take(positional).into_iter().chain(named).collect();
            while let Some(argument) = arguments.pop() {
                match argument {
                    Argument::Tensor(tensor) => open.push(tensor),
                    Argument::List(items) => arguments.extend(items),
                    _ => {}
                }
            }
        }
    }
}

static FAILED: Spec = Spec { shape: Shape::scalar(), dtype: DType::F32 };

impl Tensor {
    /// A model's input: data of this specification enters here.
    pub fn input(name: Option<String>, spec: Spec) -> Self {
        Step::record(Action::Input { name }, Vec::new(), vec![spec]).remove(0)
    }

    /// A tensor that carries a failure.
    pub fn failed(error: Error) -> Self {
        Self(Value::Failed(Arc::new(error)))
    }

    /// Shape and element type; those of a float32 scalar if the tensor failed.
    pub fn spec(&self) -> &Spec {
        match &self.0 {
            Value::Traced(traced) => &traced.spec,
            Value::Recorded(recorded) => &recorded.step.outputs[recorded.index],
            Value::Failed(_) => &FAILED,
        }
    }

    /// The size of every axis.
    pub fn shape(&self) -> &Shape {
        &self.spec().shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.spec().dtype
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape().rank()
    }

    /// The failure that this tensor carries, if an operation on the way to it failed.
    pub fn failure(&self) -> Option<&Error> {
        match &self.0 {
            Value::Failed(error) => Some(error),
            Value::Traced(_) | Value::Recorded(_) => None,
        }
    }

    /// The tensor, or the failure it carries.
    ///
    /// # Errors
    /// The first failure on the way to this tensor.
    pub fn checked(self) -> Result<Self> {
        match self.0 {
            Value::Failed(error) => Err((*error).clone()),
            value => Ok(Self(value)),
        }
    }

    /// The recorded step behind the tensor, if it belongs to a model under construction.
    pub fn recorded(&self) -> Option<&Recorded> {
        match &self.0 {
            Value::Recorded(recorded) => Some(recorded),
            Value::Traced(_) | Value::Failed(_) => None,
        }
    }

    /// Emits one primitive.
    ///
    /// Composites are made of this; it is the only way into a graph.
    #[track_caller]
    pub fn emit(primitive: impl Into<Primitive>, operands: &[&Self]) -> Self {
        let primitive = primitive.into();
        Self::try_emit(primitive, operands)
            .unwrap_or_else(|error| Self::failed(error).located(Location::caller()))
    }

    fn try_emit(primitive: Primitive, operands: &[&Self]) -> Result<Self> {
        let mut traced = Vec::with_capacity(operands.len());
        for operand in operands {
            match &operand.0 {
                Value::Failed(error) => return Err((**error).clone()),
                Value::Traced(value) => traced.push(value),
                Value::Recorded(_) => {
                    return Err(Error::Mixed { operation: primitive.name().to_owned() });
                }
            }
        }
        let Some(first) = traced.first() else {
            return Err(Error::Mixed { operation: primitive.name().to_owned() });
        };
        first.tracer.emit(primitive, &traced).map(|value| Self(Value::Traced(value)))
    }

    /// A primitive without operands, in the same program as this tensor.
    #[track_caller]
    #[must_use]
    pub fn leaf(&self, primitive: impl Into<Primitive>) -> Self {
        match &self.0 {
            Value::Traced(traced) => match traced.tracer.emit(primitive.into(), &[]) {
                Ok(value) => Self(Value::Traced(value)),
                Err(error) => Self::failed(error).located(Location::caller()),
            },
            Value::Failed(_) => self.clone(),
            Value::Recorded(_) => Self::failed(Error::Mixed { operation: "leaf".to_owned() })
                .located(Location::caller()),
        }
    }

    /// A constant in the same program as this tensor.
    #[track_caller]
    #[must_use]
    pub fn constant(&self, array: Array) -> Self {
        match &self.0 {
            Value::Traced(traced) => Self(Value::Traced(traced.tracer.constant_node(array))),
            Value::Failed(_) => self.clone(),
            Value::Recorded(_) => Self::failed(Error::Mixed { operation: "constant".to_owned() })
                .located(Location::caller()),
        }
    }

    /// A rank-0 constant of this tensor's element type, in the same program.
    #[track_caller]
    #[must_use]
    pub fn scalar_like(&self, value: f64) -> Self {
        self.constant(Array::full(self.dtype(), &[], value))
    }

    /// Adds the caller's line and the layer to a fresh failure; the first one wins.
    pub(crate) fn located(self, location: &'static Location<'static>) -> Self {
        match self.0 {
            Value::Failed(error) if !matches!(*error, Error::Traced { .. }) => {
                Self::failed(Error::Traced {
                    source: Box::new((*error).clone()),
                    layer: String::new(),
                    location,
                })
            }
            value => Self(value),
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::Traced(traced) => write!(f, "%{} {}", traced.node.0, traced.spec),
            Value::Recorded(recorded) => {
                write!(f, "step {}.{} {}", recorded.step.serial, recorded.index, self.spec())
            }
            Value::Failed(error) => write!(f, "failed: {error}"),
        }
    }
}

/// What can stand beside a tensor in an operation: a tensor, or a number that takes the tensor's
/// element type.
pub trait Operand {
    /// The operand as an argument.
    fn argument(&self) -> Argument;
}

impl Operand for Tensor {
    fn argument(&self) -> Argument {
        Argument::Tensor(self.clone())
    }
}

impl<T: Operand + ?Sized> Operand for &T {
    fn argument(&self) -> Argument {
        (**self).argument()
    }
}

macro_rules! number_operand {
    ($($type:ty => $variant:ident($wide:ty)),*) => {$(
        impl Operand for $type {
            fn argument(&self) -> Argument {
                Argument::$variant(<$wide>::from(*self))
            }
        }
    )*};
}

number_operand!(f32 => Number(f64), f64 => Number(f64), i32 => Integer(i64), u32 => Integer(i64), i64 => Integer(i64));
