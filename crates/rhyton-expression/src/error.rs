//! What can be wrong with a text or a request, and how it is shown.

use thiserror::Error;

use crate::{MAX_DEPTH, MAX_LENGTH, MAX_NODES, MAX_STATED};

/// Characters of a long line shown on each side of the place.
const SHOWN_AROUND: usize = 60;

/// Anything this crate refuses.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Error {
    /// The text is not an expression.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A parameter that the expression does not have.
    #[error(
        "the expression has no parameter `{name}`; it has {}{}",
        listed(expected),
        suggested(nearest)
    )]
    UnknownParameter {
        /// The name asked for.
        name: String,
        /// The names there are.
        expected: Vec<String>,
        /// The nearest of them.
        nearest: Vec<String>,
    },
    /// A default or bound value that is not a number.
    #[error("parameter `{name}` must be a number, received NaN")]
    ParameterIsNan {
        /// The parameter.
        name: String,
    },
    /// A derivative by one element of a function of many.
    #[error(
        "a function over an axis has no derivative of one element; lower it and differentiate the \
         graph"
    )]
    OverAxis,
    /// A derivative of something that has already grown too far.
    #[error("the expression has {nodes} nodes; derivatives are taken of at most {limit}")]
    TooLargeToDerive {
        /// Its size.
        nodes: usize,
        /// The bound.
        limit: usize,
    },
    /// A function without finite moments under normally distributed inputs.
    #[error("`{text}` has no finite expectation for inputs of variance {q}: {reason}")]
    Expectation {
        /// The function.
        text: String,
        /// The variance.
        q: f64,
        /// What is not finite.
        reason: String,
    },
    /// A function that no scale of the weights makes keep a signal.
    #[error("`{text}` has no initialisation of its own: {reason}")]
    NoGain {
        /// The function.
        text: String,
        /// Why not.
        reason: &'static str,
    },
    /// A variance at which no initialisation keeps signal and gradient both.
    #[error(
        "`{text}` has no edge of chaos at q = {q}: the biases' variance would have to be \
         {bias_variance:.3}; take the plain gain, or another q"
    )]
    NoEdge {
        /// The function.
        text: String,
        /// The variance of the signal.
        q: f64,
        /// What would be needed.
        bias_variance: f64,
    },
}

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ParseErrorKind {
    /// Nothing there.
    #[error("the expression is empty; expected a function of `x` such as `x * sigmoid(x)`")]
    Empty,
    /// More bytes than [`MAX_LENGTH`].
    #[error("the expression has {0} bytes; the limit is {MAX_LENGTH}")]
    TooLong(usize),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested more than {MAX_DEPTH} levels deep; name the inner parts: `t = …; …`")]
    TooDeep,
    /// More nodes than [`MAX_NODES`] after inlining, or a text longer than [`MAX_LENGTH`].
    #[error(
        "too large once registered names are written out (limits: {MAX_NODES} operations, \
         {MAX_LENGTH} bytes)"
    )]
    TooLarge,
    /// More stated derivatives than [`MAX_STATED`].
    #[error("more than {MAX_STATED} stated derivatives once registered names are written out")]
    TooManyStated,
    /// A character the language does not have.
    #[error("unexpected character `{}`", .0.escape_debug())]
    Character(char),
    /// A literal beyond f64.
    #[error("the number is too large; the greatest is 1.7976931348623157e308, or write `inf`")]
    NumberTooLarge,
    /// Something else was needed here.
    #[error("expected {expected}, received {received}")]
    Expected {
        /// What could stand here.
        expected: String,
        /// What stands here.
        received: String,
    },
    /// Two operands side by side.
    #[error("an operator is missing before {0}")]
    MissingOperator(String),
    /// A product without `*` that readers understand in two ways.
    #[error("`{0}` without `*` can be read in two ways")]
    Ambiguous(String),
    /// A call of something unknown.
    #[error("unknown function `{0}`")]
    UnknownFunction(String),
    /// `name.function` with a name that is no known module.
    #[error("unknown prefix `{0}.`; prefixes such as `np.` and `tf.nn.` may be left out")]
    UnknownPrefix(String),
    /// A function's name without its arguments.
    #[error("`{0}` is a function")]
    NotCalled(String),
    /// A registered name that can't be inlined.
    #[error("`{name}` can't be used in an expression: {reason}")]
    NotInlinable {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The wrong number of arguments.
    #[error("`{function}` takes {expected}, received {received}")]
    Arguments {
        /// The function.
        function: String,
        /// How many it takes, in words.
        expected: String,
        /// How many there are.
        received: usize,
    },
    /// A keyword argument that the function does not have, or has already.
    #[error("`{function}` has no free parameter `{name}`; it has {}", listed(expected))]
    Keyword {
        /// The function.
        function: String,
        /// The keyword.
        name: String,
        /// The parameters there are.
        expected: Vec<String>,
    },
    /// A number where something true or false is needed.
    #[error("expected a condition such as `x > 0`, received a number")]
    NotACondition,
    /// A name that can't be given to a binding or a parameter.
    #[error("`{0}` has a meaning of its own and can't name a binding or a parameter")]
    Reserved(String),
    /// A name bound twice.
    #[error("`{0}` is already defined")]
    Rebound(String),
    /// A default that is not a number.
    #[error("the default of `{0}` must be a number")]
    DefaultNotConstant(String),
    /// A line in the middle that is neither a binding nor the value.
    #[error("only the last line is the value; the lines before it are bindings `name = …`")]
    StrayValue,
    /// `x` where the signature calls the input something else.
    #[error("the signature names its argument `{0}`, so `x` means nothing here")]
    OtherInput(String),
}

/// A refused text: why, where, and what to do.
///
/// `Display` is one line; [`ParseError::render`] adds the source with a caret line.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Byte position in the source.
    pub position: usize,
    /// Length in bytes; 0 at the end of the source.
    pub length: usize,
    /// What to do about it, if that is known.
    pub suggestion: Option<String>,
    /// The line in which it happened (a part of it, if long) and the character columns to mark.
    excerpt: Box<Excerpt>,
}

#[derive(Clone, Debug, PartialEq, Default)]
struct Excerpt {
    text: String,
    column: usize,
    width: usize,
    /// 1-based line and column in the whole source.
    line_number: usize,
    column_number: usize,
}

impl std::error::Error for ParseError {}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.excerpt.line_number > 1 {
            write!(f, " (line {}, ", self.excerpt.line_number)?;
        } else {
            write!(f, " (")?;
        }
        write!(f, "column {})", self.excerpt.column_number)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; {suggestion}")?;
        }
        Ok(())
    }
}

impl ParseError {
    pub(crate) fn new(kind: ParseErrorKind, source: &str, span: Span) -> Self {
        let position = span.start.min(source.len());
        let length = span.end.min(source.len()).saturating_sub(position);
        let excerpt = Box::new(Excerpt::of(source, position, length));
        Self { kind, position, length, suggestion: None, excerpt }
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The message, the line it is about with carets under the place, and the suggestion.
    ///
    /// ```text
    /// unknown function `sigmod`
    ///   x * sigmod(x)
    ///       ^^^^^^
    ///   did you mean `sigmoid`?
    /// ```
    pub fn render(&self) -> String {
        let Excerpt { text, column, width, .. } = &*self.excerpt;
        let mut out =
            format!("{}\n  {text}\n  {}{}", self.kind, " ".repeat(*column), "^".repeat(*width));
        if let Some(suggestion) = &self.suggestion {
            out.push_str("\n  ");
            out.push_str(suggestion);
        }
        out
    }
}

impl Excerpt {
    fn of(source: &str, position: usize, length: usize) -> Self {
        let line_start = source[..position].rfind('\n').map_or(0, |at| at + 1);
        let line = source[line_start..].lines().next().unwrap_or("");
        let column = source[line_start..position].chars().count();
        let marked = source[position..position + length].lines().next().unwrap_or("");
        let width = marked.chars().count().max(1);
        let first = column.saturating_sub(SHOWN_AROUND);
        let shown: String = line
            .chars()
            .skip(first)
            .take(2 * SHOWN_AROUND)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let cut_left = if first > 0 { "…" } else { "" };
        let cut_right = if line.chars().count() > first + 2 * SHOWN_AROUND { "…" } else { "" };
        Self {
            column: column - first + cut_left.chars().count(),
            width: width.min(SHOWN_AROUND),
            text: format!("{cut_left}{shown}{cut_right}"),
            line_number: source[..position].matches('\n').count() + 1,
            column_number: column + 1,
        }
    }
}

/// Bytes of the source, from `start` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// "did you mean `a`, `b` or `c`?", or nothing.
pub(crate) fn did_you_mean(names: &[String]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (last, before) = quoted.split_last()?;
    Some(if before.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", before.join(", "))
    })
}

fn suggested(names: &[String]) -> String {
    did_you_mean(names).map_or(String::new(), |text| format!("; {text}"))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
