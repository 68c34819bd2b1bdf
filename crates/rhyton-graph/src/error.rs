use std::panic::Location;

use rhyton_tensor::DType;

use crate::Shape;

/// The result of tracing, compiling or running.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between words and an executable.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operands' shapes do not fit the operation.
    #[error("{operation}: {argument} expected {expected}, received shape {received}")]
    Shape {
        /// The operation's name.
        operation: String,
        /// Which operand or attribute.
        argument: String,
        /// What would have fitted.
        expected: String,
        /// The shape given.
        received: Shape,
    },
    /// The operand's element type does not fit the operation.
    #[error("{operation}: {argument} expected {expected}, received dtype {received}")]
    DType {
        /// The operation's name.
        operation: String,
        /// Which operand.
        argument: String,
        /// The element types that would have fitted.
        expected: String,
        /// The element type given.
        received: DType,
    },
    /// An attribute or argument is out of its range.
    #[error("{operation}: {argument} expected {expected}, received {received}")]
    Argument {
        /// The operation's name.
        operation: String,
        /// Which argument.
        argument: String,
        /// Its range.
        expected: String,
        /// The value given.
        received: String,
    },
    /// A first failure while tracing, with the caller's line and the layer it happened in.
    #[error("{source}{}\n  at {location}", if layer.is_empty() { String::new() } else { format!("\n  in layer {layer}") })]
    Traced {
        /// The failure.
        source: Box<Self>,
        /// The layer path at that moment, or empty.
        layer: String,
        /// The source line that called the operation.
        location: &'static Location<'static>,
    },
    /// Tensors of different programs, or of a program and a model, were combined.
    #[error(
        "{operation}: the tensors belong to different programs; combine tensors made from the same inputs"
    )]
    Mixed {
        /// The operation's name.
        operation: String,
    },
    /// An input array does not fit the program's input.
    #[error("run: input `{input}` expected {expected}, received {received}")]
    Input {
        /// The input's name.
        input: String,
        /// Its specification.
        expected: String,
        /// What was given.
        received: String,
    },
    /// The backend can't run something in the graph.
    #[error("backend {backend}: {what}; {advice}")]
    Backend {
        /// The backend's name.
        backend: String,
        /// What failed.
        what: String,
        /// What to do.
        advice: String,
    },
    /// The text of a graph can't be read.
    #[error("graph text, line {line}: expected {expected}, received {received}")]
    Text {
        /// The line, counted from 1.
        line: usize,
        /// What would have fitted.
        expected: String,
        /// What stands there.
        received: String,
    },
    /// A failure of the code that is being traced, in its own words.
    #[error("{message}")]
    Message {
        /// What failed.
        message: String,
    },
    /// The run was cancelled through its options.
    #[error("run: cancelled")]
    Cancelled,
    /// A host array refused an operation.
    #[error(transparent)]
    Array(#[from] rhyton_tensor::Error),
}

/// As many elements as a constant may have that tracing makes from sizes: a file of a few bytes can
/// ask for any size.
const CONSTANT_ELEMENTS_MAX: usize = 1 << 24;

/// Refuses to make a constant of more elements than [`CONSTANT_ELEMENTS_MAX`].
pub(crate) fn check_constant(operation: &str, argument: &str, elements: usize) -> Result<()> {
    if elements <= CONSTANT_ELEMENTS_MAX {
        return Ok(());
    }
    let expected = format!("what needs at most {CONSTANT_ELEMENTS_MAX} places");
    Err(Error::argument(operation, argument, expected, elements))
}

impl Error {
    /// The same failure of an operation that is named more closely.
    pub(crate) fn of(self, operation: String) -> Self {
        match self {
            Self::Argument { argument, expected, received, .. } => {
                Self::Argument { operation, argument, expected, received }
            }
            other => other,
        }
    }

    /// An [`Error::Argument`].
    pub fn argument(
        operation: impl Into<String>,
        argument: impl Into<String>,
        expected: impl Into<String>,
        received: impl std::fmt::Display,
    ) -> Self {
        Self::Argument {
            operation: operation.into(),
            argument: argument.into(),
            expected: expected.into(),
            received: received.to_string(),
        }
    }

    /// An [`Error::Shape`].
    pub fn shape(
        operation: impl Into<String>,
        argument: impl Into<String>,
        expected: impl Into<String>,
        received: &Shape,
    ) -> Self {
        Self::Shape {
            operation: operation.into(),
            argument: argument.into(),
            expected: expected.into(),
            received: received.clone(),
        }
    }

    /// An [`Error::DType`].
    pub fn dtype(
        operation: impl Into<String>,
        argument: impl Into<String>,
        expected: impl Into<String>,
        received: DType,
    ) -> Self {
        Self::DType {
            operation: operation.into(),
            argument: argument.into(),
            expected: expected.into(),
            received,
        }
    }
}
