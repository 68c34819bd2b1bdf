use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rhyton_tensor::{Array, DType};

use crate::{Dim, Error, Graph, Result, Shape, Spec};

/// A value that describes a primitive beside its operands, as a graph's text writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// `true` or `false`.
    Flag(bool),
    /// A size or an index, which may depend on the batch: `3`, `2N-1`.
    Size(Dim),
    /// A name: `"x"`.
    Text(String),
    /// An element type: `float32`.
    DType(DType),
    /// A specification: `float32[N, 10]`.
    Spec(Spec),
    /// Several: `[1, 2]`.
    List(Vec<Self>),
    /// Numbers: `float32[2](1.0, 0.5)`.
    Array(Arc<Array>),
    /// A sub-graph: `graph { … }`.
    Graph(Arc<Graph>),
}

impl Hash for Attribute {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Flag(flag) => flag.hash(state),
            Self::Size(dim) => dim.hash(state),
            Self::Text(text) => text.hash(state),
            Self::DType(dtype) => dtype.hash(state),
            Self::Spec(spec) => spec.hash(state),
            Self::List(items) => items.hash(state),
            Self::Array(array) => (array.dtype(), array.shape(), array.bytes()).hash(state),
            Self::Graph(graph) => graph.nodes.len().hash(state),
        }
    }
}

macro_rules! attribute_from {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<$type> for Attribute {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

attribute_from!(bool => Flag, usize => Size, Dim => Size, &str => Text, DType => DType, Spec => Spec, Arc<Array> => Array, Arc<Graph> => Graph);

impl<T: Clone + Into<Self>> From<&[T]> for Attribute {
    fn from(values: &[T]) -> Self {
        Self::List(values.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Clone + Into<Self>> From<&Vec<T>> for Attribute {
    fn from(values: &Vec<T>) -> Self {
        values.as_slice().into()
    }
}

impl From<Vec<usize>> for Attribute {
    fn from(values: Vec<usize>) -> Self {
        values.as_slice().into()
    }
}

impl From<&Shape> for Attribute {
    fn from(shape: &Shape) -> Self {
        (**shape).into()
    }
}

/// The attributes of one primitive while it is read from a graph's text: each is taken once, by
/// its name.
#[derive(Debug)]
pub struct Attributes {
    operation: String,
    entries: Vec<(String, Attribute)>,
}

impl Attributes {
    /// The attributes written for an operation.
    pub fn new(operation: &str, entries: Vec<(String, Attribute)>) -> Self {
        Self { operation: operation.to_owned(), entries }
    }

    /// Fails if an attribute was not taken.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the attribute that the operation does not have.
    pub fn finish(&self) -> Result<()> {
        match self.entries.first() {
            None => Ok(()),
            Some((name, _)) => {
                let expected = "no attribute of this name";
                Err(Error::argument(&self.operation, name, expected, "one"))
            }
        }
    }

    /// A flag.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is missing or something else; so do all that follow.
    pub fn flag(&mut self, name: &str) -> Result<bool> {
        self.take(name, "true or false", |value| match value {
            Attribute::Flag(flag) => Some(flag),
            _ => None,
        })
    }

    /// A number.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn number(&mut self, name: &str) -> Result<usize> {
        self.take(name, "a whole number", |value| number(&value))
    }

    /// Several numbers.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn numbers(&mut self, name: &str) -> Result<Vec<usize>> {
        self.take(name, "whole numbers", numbers)
    }

    /// Two lists of numbers.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn pair(&mut self, name: &str) -> Result<[Vec<usize>; 2]> {
        self.take(name, "two lists of whole numbers", |value| {
            let lists: Option<Vec<_>> = list(value)?.into_iter().map(numbers).collect();
            lists?.try_into().ok()
        })
    }

    /// A size that may depend on the batch.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn size(&mut self, name: &str) -> Result<Dim> {
        self.take(name, "a size", |value| size(&value))
    }

    /// Several sizes.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn sizes(&mut self, name: &str) -> Result<Vec<Dim>> {
        self.take(name, "sizes", |value| list(value)?.iter().map(size).collect())
    }

    /// A name.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn text(&mut self, name: &str) -> Result<String> {
        self.take(name, "a text in quotes", |value| match value {
            Attribute::Text(text) => Some(text),
            _ => None,
        })
    }

    /// An element type.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn dtype(&mut self, name: &str) -> Result<DType> {
        self.take(name, "an element type", |value| match value {
            Attribute::DType(dtype) => Some(dtype),
            _ => None,
        })
    }

    /// A specification.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn spec(&mut self, name: &str) -> Result<Spec> {
        self.take(name, "an element type and a shape", |value| match value {
            Attribute::Spec(spec) => Some(spec),
            _ => None,
        })
    }

    /// Numbers with their shape and element type.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn array(&mut self, name: &str) -> Result<Arc<Array>> {
        self.take(name, "an array", |value| match value {
            Attribute::Array(array) => Some(array),
            _ => None,
        })
    }

    /// A sub-graph.
    ///
    /// # Errors
    /// As [`Attributes::flag`].
    pub fn graph(&mut self, name: &str) -> Result<Arc<Graph>> {
        self.take(name, "a graph", |value| match value {
            Attribute::Graph(graph) => Some(graph),
            _ => None,
        })
    }

    fn take<T>(
        &mut self,
        name: &str,
        expected: &str,
        convert: impl FnOnce(Attribute) -> Option<T>,
    ) -> Result<T> {
        let place = self.entries.iter().position(|(key, _)| key == name);
        let Some(place) = place else {
            return Err(Error::argument(&self.operation, name, expected, "nothing"));
        };
        let (_, value) = self.entries.swap_remove(place);
        convert(value)
            .ok_or_else(|| Error::argument(&self.operation, name, expected, "something else"))
    }
}

fn list(value: Attribute) -> Option<Vec<Attribute>> {
    match value {
        Attribute::List(items) => Some(items),
        _ => None,
    }
}

fn size(value: &Attribute) -> Option<Dim> {
    match value {
        Attribute::Size(dim) => Some(*dim),
        _ => None,
    }
}

fn number(value: &Attribute) -> Option<usize> {
    size(value).filter(|dim| dim.constant >= 0).and_then(Dim::fixed_size)
}

fn numbers(value: Attribute) -> Option<Vec<usize>> {
    list(value)?.iter().map(number).collect()
}
