//! What a name means: the input, a parameter, a binding, a constant, or a function to call.

use std::collections::{HashMap, HashSet};

use super::{Parsed, Parser};
use crate::error::{ParseErrorKind, Span, did_you_mean};
use crate::functions::{core_function_names, is_reserved};
use crate::nearest::nearest_names;
use crate::syntax::{Node, NodeId, Parameter, Warning};
use crate::token::{Token, is_greek_name};
use crate::vocabulary::Vocabulary;

/// Modules whose functions people write with a prefix; `self` for `self.beta`.
const PREFIXES: &[&str] = &[
    "np",
    "numpy",
    "jnp",
    "jax",
    "lax",
    "tf",
    "math",
    "nn",
    "keras",
    "ops",
    "activations",
    "backend",
    "K",
    "torch",
    "functional",
    "F",
    "scipy",
    "special",
    "self",
];

/// The name without modules before it: `relu` of `tf.nn.relu`; `None` if one is unknown or none
/// is there.
pub fn without_modules(name: &str) -> Option<&str> {
    let (modules, name) = name.rsplit_once('.')?;
    modules.split('.').all(|module| PREFIXES.contains(&module)).then_some(name)
}

/// New names beyond these are reported without suggestions: a hostile text has hundreds.
const COMPARED_NAMES_MAX: usize = 8;

/// The names that the text itself has introduced.
#[derive(Default)]
pub(super) struct Scope {
    known: HashMap<String, Bound>,
    pub(super) used: HashSet<String>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) warnings: Vec<Warning>,
    /// What the signature calls the input, if not `x`.
    pub(super) other_input: Option<String>,
}

#[derive(Clone, Copy)]
enum Bound {
    Node(NodeId),
    /// A parameter; `declared` if by the signature or the caller rather than by use.
    Parameter {
        index: usize,
        declared: bool,
    },
}

impl Scope {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    pub(super) fn bind(&mut self, name: String, id: NodeId) {
        self.known.insert(name, Bound::Node(id));
    }

    pub(super) fn add_parameter(&mut self, name: &str, default: f64, declared: bool) -> usize {
        let index = self.parameters.len();
        self.known.insert(name.to_owned(), Bound::Parameter { index, declared });
        self.parameters.push(Parameter { name: name.to_owned(), default });
        index
    }
}

impl Parser<'_> {
    /// A variable, a constant or a call; the current token is a name.
    pub(super) fn name(&mut self) -> Parsed {
        let prefixed = self.skip_prefixes()?;
        let span = self.span();
        let Token::Name { text, greek } = self.peek().clone() else {
            return Err(self.unexpected("a name"));
        };
        self.advance();
        let declared = self.is_declared(&text);
        if *self.peek() == Token::Open && !declared {
            if let Some(called) = self.call(&text, greek, span) {
                return called;
            }
            let product = greek && text != "phi" || text.chars().count() == 1;
            if !product || prefixed {
                return Err(self.unknown_function(&text, span));
            }
        }
        self.variable(&text, span)
    }

    /// Drops `np.`, `tf.nn.` and the like; true if there was one other than `self.`.
    fn skip_prefixes(&mut self) -> Result<bool, crate::ParseError> {
        let mut module = false;
        while let (Token::Name { text, .. }, Token::Dot) = (self.peek(), self.ahead(1)) {
            if !PREFIXES.contains(&text.as_str()) {
                let kind = ParseErrorKind::UnknownPrefix(text.clone());
                return Err(self.error(kind, self.span()));
            }
            module |= text != "self";
            self.advance();
            self.advance();
        }
        Ok(module)
    }

    fn is_declared(&self, name: &str) -> bool {
        match self.scope.known.get(name) {
            Some(Bound::Node(_)) => true,
            Some(Bound::Parameter { declared, .. }) => *declared,
            None => self.context.parameters.iter().any(|(known, _)| *known == name),
        }
    }

    fn variable(&mut self, name: &str, span: Span) -> Parsed {
        if let Some(bound) = self.scope.known.get(name).copied() {
            self.scope.used.insert(name.to_owned());
            return Ok(match bound {
                Bound::Node(id) => id,
                Bound::Parameter { index, .. } => self.builder.add(Node::Parameter(index)),
            });
        }
        match name {
            "x" => {
                if let Some(other) = &self.scope.other_input {
                    return Err(self
                        .error(ParseErrorKind::OtherInput(other.clone()), span)
                        .suggest(format!("write `{other}` here, or `x` in the signature")));
                }
                return Ok(self.builder.add(Node::Input));
            }
            "pi" => return Ok(self.builder.constant(std::f64::consts::PI)),
            "e" => return Ok(self.builder.constant(std::f64::consts::E)),
            "inf" => return Ok(self.builder.constant(f64::INFINITY)),
            "True" => return Ok(self.builder.constant(1.0)),
            "False" => return Ok(self.builder.constant(0.0)),
            "nan" | "NaN" | "None" => {
                let kind = ParseErrorKind::Expected {
                    expected: "a number".to_owned(),
                    received: format!("`{name}`"),
                };
                return Err(self.error(kind, span));
            }
            _ => {}
        }
        let registered = self.context.vocabulary.is_some_and(|v| v.get(name).is_some());
        let declared = self.context.parameters.iter().find(|(known, _)| *known == name);
        if declared.is_none() && (is_reserved(name) || registered) {
            return Err(self
                .error(ParseErrorKind::NotCalled(name.to_owned()), span)
                .suggest(format!("call it: `{name}(x)`")));
        }
        let default = declared.map_or(1.0, |(_, default)| *default);
        if declared.is_none() && looks_new(name) {
            self.warn_new(name, span);
        }
        self.scope.used.insert(name.to_owned());
        let index = self.scope.add_parameter(name, default, declared.is_some());
        Ok(self.builder.add(Node::Parameter(index)))
    }

    fn warn_new(&mut self, name: &str, span: Span) {
        let nearest = if self.scope.warnings.len() < COMPARED_NAMES_MAX {
            nearest_names(name, self.known_names().into_iter().chain(["alpha", "beta", "gamma"]))
        } else {
            Vec::new()
        };
        let warning = Warning::NewName { name: name.to_owned(), position: span.start, nearest };
        self.scope.warnings.push(warning);
    }

    pub(super) fn unknown_function(&self, name: &str, span: Span) -> crate::ParseError {
        let mut nearest = nearest_names(name, self.known_names());
        nearest.retain(|near| !self.scope.contains(near));
        let error = self.error(ParseErrorKind::UnknownFunction(name.to_owned()), span);
        match did_you_mean(&nearest) {
            Some(suggestion) => error.suggest(suggestion),
            None => error.suggest(format!(
                "register `{name}` first, or write the product as `{name} * (…)`"
            )),
        }
    }

    fn known_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = core_function_names().collect();
        names.extend(self.context.vocabulary.into_iter().flat_map(Vocabulary::names));
        names.extend(self.context.parameters.iter().map(|(name, _)| *name));
        names.extend(self.scope.known.keys().map(String::as_str));
        names
    }
}

/// Whether a free name deserves a word: several letters, and not those of a Greek letter's name;
/// or `x2`, which may have meant `x²` or `2x`.
fn looks_new(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    letters.chars().count() != 1 && !is_greek_name(letters) || letters == "x"
}
