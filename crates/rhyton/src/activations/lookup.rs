//! Where names of activations are looked up: in code, the innermost scope, the registry, the
//! built-ins; while a file is read, scopes, then the definitions stored in the file, then the
//! registry, then the built-ins.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use rhyton_expression::{Vocabulary, core_function_names};

use super::{ACTIVATIONS, Body, BuiltIn, Definition};
use crate::Error;
use crate::layer::LayerSpec;
use crate::objects::nearest;
use crate::registry::{Registry, custom_objects};

thread_local! {
    static SCOPES: RefCell<Vec<Registry>> = const { RefCell::new(Vec::new()) };
    static FILE: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// The definitions that came with the file being read.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) definitions: BTreeMap<String, Arc<Definition>>,
    /// Losses of the user's own.
    #[cfg(feature = "training")]
    pub(crate) losses: BTreeMap<String, Arc<crate::losses::PairFunction>>,
    /// Metrics of the user's own.
    #[cfg(feature = "training")]
    pub(crate) metrics: BTreeMap<String, Arc<crate::losses::PairFunction>>,
}

static BUILTINS: LazyLock<BTreeMap<&'static str, Arc<Definition>>> = LazyLock::new(|| {
    ACTIVATIONS
        .iter()
        .flat_map(|builtin| {
            let definition = Arc::new(Definition::builtin(builtin));
            let names = std::iter::once(builtin.name).chain(builtin.aliases.iter().copied());
            names.map(|name| (name, Arc::clone(&definition))).collect::<Vec<_>>()
        })
        .collect()
});

/// Runs `body` with the registry's names found first; scopes nest, and inner ones win.
pub fn custom_object_scope<T>(registry: &Registry, body: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            SCOPES.with_borrow_mut(Vec::pop);
        }
    }
    SCOPES.with_borrow_mut(|scopes| scopes.push(registry.clone()));
    let _leave = Leave;
    body()
}

/// Runs `body` with the names that a file defines.
pub(crate) fn with_file<T>(file: File, body: impl FnOnce() -> T) -> T {
    struct Leave(Option<File>);
    impl Drop for Leave {
        fn drop(&mut self) {
            FILE.set(self.0.take());
        }
    }
    let _leave = Leave(FILE.replace(Some(file)));
    body()
}

/// The definition that a name means here and now.
pub(crate) fn find(name: &str) -> Option<Arc<Definition>> {
    let scoped = SCOPES.with_borrow(|scopes| {
        scopes.iter().rev().find_map(|registry| registry.find_activation(name))
    });
    let user = scoped.or_else(|| in_file(name)).or_else(|| custom_objects().find_activation(name));
    if user.is_some() && BuiltIn::find(name).is_some() {
        crate::notices::once(&format!(
            "activation `{name}`: your registration is used in place of the built-in"
        ));
    }
    user.or_else(|| builtin(name))
}

/// What the innermost scope that has it says, or else the registry.
pub(crate) fn registered<T>(find: impl Fn(&Registry) -> Option<T>) -> Option<T> {
    let scoped = SCOPES.with_borrow(|scopes| scopes.iter().rev().find_map(&find));
    scoped.or_else(|| find(&custom_objects()))
}

/// What is given while a file is read: by the innermost scope that has it, or else by the file.
#[cfg(feature = "training")]
pub(crate) fn given<T>(
    find: impl Fn(&Registry) -> Option<T>,
    stored: impl FnOnce(&File) -> Option<T>,
) -> Option<T> {
    let scoped = SCOPES.with_borrow(|scopes| scopes.iter().rev().find_map(&find));
    scoped.or_else(|| FILE.with_borrow(|file| stored(file.as_ref()?)))
}

/// The layer that a class name stands for: innermost scope, then registry.
pub(crate) fn find_layer(class_name: &str) -> Option<&'static LayerSpec> {
    registered(|registry| registry.find_layer(class_name))
}

/// The definition that the first of several names means here and now; a source is asked for all of
/// them before the next one is, so that what is given while loading wins over the file.
pub(crate) fn find_any(names: &[String]) -> Option<Arc<Definition>> {
    let scoped = SCOPES.with_borrow(|scopes| {
        let find =
            |registry: &Registry| names.iter().find_map(|name| registry.find_activation(name));
        scopes.iter().rev().find_map(find)
    });
    scoped
        .or_else(|| names.iter().find_map(|name| in_file(name)))
        .or_else(|| names.iter().find_map(|name| find(name)))
}

/// The definition that a name means in the file being read.
pub(crate) fn in_file(name: &str) -> Option<Arc<Definition>> {
    FILE.with_borrow(|file| file.as_ref()?.definitions.get(name).cloned())
}

/// The definition of a built-in, which `rhyton>swish` names too.
pub(crate) fn builtin(name: &str) -> Option<Arc<Definition>> {
    BUILTINS.get(name.strip_prefix("rhyton>").unwrap_or(name)).cloned()
}

/// Every definition that a name can mean here and now, by name, the winning one each.
pub fn definitions() -> BTreeMap<String, Arc<Definition>> {
    known_names()
        .into_iter()
        .filter_map(|name| Some((name.clone(), find_quietly(&name)?)))
        .collect()
}

fn find_quietly(name: &str) -> Option<Arc<Definition>> {
    let scoped = SCOPES.with_borrow(|scopes| {
        scopes.iter().rev().find_map(|registry| registry.find_activation(name))
    });
    scoped
        .or_else(|| in_file(name))
        .or_else(|| custom_objects().find_activation(name))
        .or_else(|| builtin(name))
}

/// Every name that can be looked up here and now, sorted.
pub(crate) fn known_names() -> Vec<String> {
    let mut names: Vec<String> = BUILTINS.keys().map(|&name| name.to_owned()).collect();
    names.extend(custom_objects().activation_names());
    SCOPES.with_borrow(|scopes| {
        for registry in scopes {
            names.extend(registry.activation_names());
        }
    });
    FILE.with_borrow(|file| {
        names.extend(file.iter().flat_map(|file| file.definitions.keys().cloned()));
    });
    names.sort();
    names.dedup();
    names
}

/// The names that expressions can call here and now.
pub(crate) fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for name in known_names() {
        let Some(definition) = find_quietly(&name) else { continue };
        let is_builtin =
            BUILTINS.get(name.as_str()).is_some_and(|builtin| Arc::ptr_eq(builtin, &definition));
        match &definition.body {
            Body::Expression(expression) if is_builtin => {
                vocabulary.insert_builtin(name, expression.clone());
            }
            Body::Expression(expression) => vocabulary.insert(name, expression.clone()),
            // Softmax is a function of the language itself.
            _ if is_builtin && core_function_names().any(|core| core == name) => {}
            _ => vocabulary.insert_opaque(name, "it is no function of one element"),
        }
    }
    vocabulary
}

/// The error for a name that nothing has.
pub(crate) fn unknown(name: &str) -> Error {
    let names = known_names();
    Error::UnknownName {
        kind: "activation",
        name: name.to_owned(),
        owner: None,
        nearest: nearest(name, names.iter().map(String::as_str)),
        fix: format!("custom_objects().activation_from(\"{name}\", \"x * sigmoid(beta * x)\")?"),
    }
}
