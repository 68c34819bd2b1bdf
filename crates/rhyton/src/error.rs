use std::path::PathBuf;

/// The result of building, training, saving or loading a model.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the library that users see.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that nobody registered and nothing built in has.
    #[error("{}", unknown_name(kind, name, owner.as_deref(), nearest, fix))]
    UnknownName {
        /// What was looked for: activation, layer, loss, …
        kind: &'static str,
        /// The name given.
        name: String,
        /// The layer that asked for it, if one did.
        owner: Option<String>,
        /// Names that look alike, best first.
        nearest: Vec<String>,
        /// The line of code that fixes it.
        fix: String,
    },
    /// A configuration value that does not fit.
    #[error("{object}: {argument} expected {expected}, received {received}")]
    Config {
        /// The layer, loss, optimizer, file …
        object: String,
        /// The key or argument.
        argument: String,
        /// What would have fitted.
        expected: String,
        /// What was given.
        received: String,
    },
    /// A method was called too early.
    #[error("{what}; {advice}")]
    State {
        /// What is missing.
        what: String,
        /// What to call first.
        advice: String,
    },
    /// Data that does not fit the model.
    #[error("{method}: {argument} expected {expected}, received {received}")]
    Data {
        /// `fit`, `evaluate`, `predict` …
        method: &'static str,
        /// Which array or option.
        argument: String,
        /// What would have fitted.
        expected: String,
        /// What was given.
        received: String,
    },
    /// Samples that could not be read or prepared while a method ran.
    #[error("{method}: {message}")]
    Samples {
        /// `fit`, `evaluate`, `predict` …
        method: &'static str,
        /// Which file or step, and what is wrong with it.
        message: String,
    },
    /// A name that is taken by a different definition.
    #[error(
        "{kind} `{name}` is registered with another definition ({existing}); call `replace` to put {new} in its place"
    )]
    AlreadyRegistered {
        /// What was registered.
        kind: &'static str,
        /// The name.
        name: String,
        /// The definition it has.
        existing: String,
        /// The definition that was offered.
        new: String,
    },
    /// An expression that can't be read.
    #[error("{0}")]
    Expression(String),
    /// A place of a model's description that does not fit.
    #[error("{line}:{column}: {what}")]
    Description {
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// What is wrong there, what would have fitted, what was given.
        what: String,
    },
    /// A model file with a part this version can't read.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        what: String,
    },
    /// The failure of a step inside a layer or object.
    #[error("{object}: {source}")]
    In {
        /// The layer path or object name.
        object: String,
        /// What failed there.
        source: Box<Self>,
    },
    /// Tracing, compiling or running failed.
    #[error(transparent)]
    Graph(#[from] rhyton_graph::Error),
    /// A host array refused an operation.
    #[error(transparent)]
    Array(#[from] rhyton_tensor::Error),
}

impl Error {
    /// An [`Error::Config`].
    pub fn config(
        object: impl Into<String>,
        argument: impl Into<String>,
        expected: impl Into<String>,
        received: impl std::fmt::Display,
    ) -> Self {
        Self::Config {
            object: object.into(),
            argument: argument.into(),
            expected: expected.into(),
            received: received.to_string(),
        }
    }

    /// An [`Error::Data`].
    pub fn data(
        method: &'static str,
        argument: impl Into<String>,
        expected: impl Into<String>,
        received: impl std::fmt::Display,
    ) -> Self {
        Self::Data {
            method,
            argument: argument.into(),
            expected: expected.into(),
            received: received.to_string(),
        }
    }

    /// An unknown name with the line of code that fixes it.
    #[cfg_attr(not(feature = "training"), expect(dead_code, reason = "only training needs it"))]
    pub(crate) fn with_fix(self, line: &str) -> Self {
        match self {
            Self::UnknownName { kind, name, owner, nearest, .. } => {
                Self::UnknownName { kind, name, owner, nearest, fix: line.to_owned() }
            }
            other => other,
        }
    }

    /// The same failure, with the layer or object it happened in.
    #[must_use]
    pub fn within(self, object: impl Into<String>) -> Self {
        match self {
            Self::UnknownName { kind, name, owner: None, nearest, fix } => {
                Self::UnknownName { kind, name, owner: Some(object.into()), nearest, fix }
            }
            other => Self::In { object: object.into(), source: Box::new(other) },
        }
    }
}

fn unknown_name(
    kind: &str,
    name: &str,
    owner: Option<&str>,
    nearest: &[String],
    fix: &str,
) -> String {
    let owner = owner.map_or(String::new(), |owner| format!("{owner}: "));
    let nearest = match nearest {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(", ")),
    };
    let fix = if fix.is_empty() { String::new() } else { format!("\n  to use your own: {fix}") };
    format!("{owner}unknown {kind} `{name}`{nearest}{fix}")
}
