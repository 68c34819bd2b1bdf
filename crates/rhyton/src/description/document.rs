use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::objects::nearest;
use crate::{Error, Result};

/// A document and where each part of it stands.
#[derive(Debug)]
pub(super) struct Document {
    text: String,
    pub(super) root: Node,
}

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A string, a number, true or false.
    Scalar(Value),
    List(Vec<Node>),
    /// Keys in the order of the text.
    Table(Vec<Entry>),
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key begins.
    pub(super) at: usize,
    pub(super) node: Node,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut document = Self {
            text: text.to_owned(),
            root: Node { at: 0, content: Content::Table(Vec::new()) },
        };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            document.error(at, error.message())
        })?;
        document.root.content = document.table(table.get_ref())?;
        Ok(document)
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Content> {
        let mut entries = table
            .iter()
            .map(|(key, value)| {
                let (key, at) = (key.get_ref().to_string(), key.span().start);
                Ok(Entry { key, at, node: self.node(value)? })
            })
            .collect::<Result<Vec<_>>>()?;
        entries.sort_by_key(|entry| entry.at);
        Ok(Content::Table(entries))
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Result<Node> {
        let at = value.span().start;
        let content = match value.get_ref() {
            DeValue::String(text) => Content::Scalar(Value::from(text.as_ref())),
            DeValue::Boolean(flag) => Content::Scalar(Value::from(*flag)),
            DeValue::Integer(number) => {
                let value = i64::from_str_radix(number.as_str(), number.radix());
                let value = value.map_err(|_error| self.error(at, "expected a 64-bit integer"))?;
                Content::Scalar(Value::from(value))
            }
            DeValue::Float(number) => {
                let value = number.as_str().parse::<f64>().ok().filter(|value| value.is_finite());
                let value = value.ok_or_else(|| self.error(at, "expected a finite number"))?;
                Content::Scalar(Value::from(value))
            }
            DeValue::Array(items) => {
                Content::List(items.iter().map(|item| self.node(item)).collect::<Result<_>>()?)
            }
            DeValue::Table(table) => self.table(table)?,
            DeValue::Datetime(_) => {
                return Err(self
                    .error(at, "expected a string, a number, a list or a table, received a date"));
            }
        };
        Ok(Node { at, content })
    }

    /// A failure at a place of the text.
    pub(super) fn error(&self, at: usize, what: impl Into<String>) -> Error {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[start..].chars().count() + 1;
        Error::Description { line, column, what: what.into() }
    }

    /// A failure in the form of all messages.
    pub(super) fn expected(
        &self,
        at: usize,
        what: &str,
        expected: &str,
        received: impl std::fmt::Display,
    ) -> Error {
        self.error(at, format!("{what}: expected {expected}, received {received}"))
    }

    /// The entries of a table with keys of a list only.
    pub(super) fn check_keys<'a>(
        &self,
        node: &'a Node,
        what: &str,
        keys: &[&str],
    ) -> Result<&'a [Entry]> {
        let Content::Table(entries) = &node.content else {
            return Err(self.expected(node.at, what, "a table", node.to_json()));
        };
        match entries.iter().find(|entry| !keys.contains(&entry.key.as_str())) {
            None => Ok(entries),
            Some(entry) => {
                let near = nearest(&entry.key, keys.iter().copied());
                let hint =
                    near.first().map_or(String::new(), |key| format!("; did you mean `{key}`?"));
                let expected = keys.join(", ");
                let what =
                    format!("{what}: expected one of {expected}, received `{}`{hint}", entry.key);
                Err(self.error(entry.at, what))
            }
        }
    }

    /// The text of a string.
    pub(super) fn text<'a>(&self, node: &'a Node, what: &str) -> Result<&'a str> {
        match &node.content {
            Content::Scalar(Value::String(text)) => Ok(text),
            _ => Err(self.expected(node.at, what, "a string", node.to_json())),
        }
    }

    /// The items of a list; a single string is a list of one.
    pub(super) fn items<'a>(&self, node: &'a Node, what: &str) -> Result<&'a [Node]> {
        match &node.content {
            Content::List(items) => Ok(items),
            Content::Scalar(Value::String(_)) => Ok(std::slice::from_ref(node)),
            _ => Err(self.expected(node.at, what, "a list", node.to_json())),
        }
    }
}

impl Node {
    /// The entries, of a table.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Table(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value as Keras' configurations have it: a table with a `class_name` and no `config` is an
    /// object with the other keys in its configuration.
    pub(super) fn to_json(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Table(entries) => {
                let mut table: Map<String, Value> =
                    entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect();
                if table.contains_key("config") {
                    return Value::Object(table);
                }
                match table.shift_remove("class_name") {
                    Some(class) => serde_json::json!({"class_name": class, "config": table}),
                    None => Value::Object(table),
                }
            }
        }
    }
}
