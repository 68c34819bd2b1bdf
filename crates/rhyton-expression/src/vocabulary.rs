//! Registered names that an expression may call.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::syntax::Expression;

/// What a registered name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// An expression that calls are replaced by. `over_core`: it wins over a core function.
    Definition { expression: Arc<Expression>, over_core: bool },
    /// Something that can't be inlined, and why.
    Opaque { reason: String },
}

/// Names and their definitions, given to the parser by a registry.
///
/// `swish(x)`, `swish(x, 2)`, `swish(x, beta=2)` and `swish(beta=2)` are replaced by the definition;
/// a parameter that the call does not give takes its default, and none of the definition's names
/// is visible outside it.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    entries: BTreeMap<String, Entry>,
}

impl Vocabulary {
    /// A user's definition: it wins over everything of the same name, core functions included.
    pub fn insert(&mut self, name: impl Into<String>, expression: impl Into<Arc<Expression>>) {
        let entry = Entry::Definition { expression: expression.into(), over_core: true };
        self.entries.insert(name.into(), entry);
    }

    /// A built-in definition: a core function of the same name is preferred when it is called with
    /// one argument (`relu(x)` stays the core function, `relu(x, negative_slope=0.1)` is inlined).
    pub fn insert_builtin(
        &mut self,
        name: impl Into<String>,
        expression: impl Into<Arc<Expression>>,
    ) {
        let entry = Entry::Definition { expression: expression.into(), over_core: false };
        self.entries.insert(name.into(), entry);
    }

    /// A name that exists but can't be used in an expression; `reason` completes
    /// "`softmax` can't be used in an expression: …".
    pub fn insert_opaque(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.entries.insert(name.into(), Entry::Opaque { reason: reason.into() });
    }

    /// The registered names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }
}
