use rhyton::activations::ACTIVATIONS;
use rhyton::constraints::CONSTRAINTS;
use rhyton::initializers::INITIALIZERS;
use rhyton::layers::LAYERS;
use rhyton::losses::LOSSES;
use rhyton::metrics::METRICS;
use rhyton::objects::ObjectList;
use rhyton::optimizers::OPTIMIZERS;
use rhyton::optimizers::schedules::SCHEDULES;
use rhyton::regularizers::REGULARIZERS;
use rhyton_graph::OPERATIONS;
use serde_json::{Value, json};

/// All things of one kind that configurations and files can name.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Keras' module, e.g. `layers`.
    pub kind: &'static str,
    /// What is there, in the order of the list.
    pub entries: Vec<Entry>,
}

/// One thing that configurations can name.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its own name, Keras' class or function.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Configurations for tests and goldens, as Keras' JSON.
    pub cases: Vec<String>,
}

/// Every kind with all its entries, from the lists that configurations are read by.
pub fn catalogue() -> Vec<Shelf> {
    let mut shelves = vec![
        shelf("layers", &LAYERS),
        Shelf { kind: "activations", entries: activations() },
        shelf("initializers", &INITIALIZERS),
        shelf("regularizers", &REGULARIZERS),
        shelf("constraints", &CONSTRAINTS),
        shelf("losses", &LOSSES),
        shelf("metrics", &METRICS),
        shelf("optimizers", &OPTIMIZERS),
        shelf("schedules", &SCHEDULES),
        Shelf { kind: "callbacks", entries: callbacks() },
        Shelf { kind: "ops", entries: operations() },
    ];
    for shelf in &mut shelves {
        let beside = BESIDE_THE_LISTS.iter().filter(|(kind, _)| *kind == shelf.kind);
        shelf
            .entries
            .extend(beside.flat_map(|(_, names)| names.iter().map(|name| entry(name, &[]))));
    }
    shelves
}

/// What no list has: traits that users implement, and the inputs of models.
const BESIDE_THE_LISTS: &[(&str, &[&str])] = &[
    ("layers", &["Input", "InputLayer", "Layer"]),
    ("initializers", &["Initializer"]),
    ("regularizers", &["Regularizer"]),
    ("constraints", &["Constraint"]),
    ("losses", &["Loss"]),
    ("metrics", &["Metric"]),
    ("optimizers", &["Optimizer"]),
    ("schedules", &["LearningRateSchedule"]),
];

fn shelf<T: ?Sized>(kind: &'static str, list: &ObjectList<T>) -> Shelf {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let entries = list.specs.iter().map(|spec| Entry {
        name: spec.class_name.to_owned(),
        aliases: owned(spec.aliases),
        cases: owned(spec.cases),
    });
    Shelf { kind, entries: entries.collect() }
}

fn activations() -> Vec<Entry> {
    ACTIVATIONS.iter().map(|built_in| entry(built_in.name, built_in.aliases)).collect()
}

/// Callbacks are made in code: no configuration names them, so they have no list of their own.
fn callbacks() -> Vec<Entry> {
    let there = [
        "BackupAndRestore",
        "CSVLogger",
        "Callback",
        "EarlyStopping",
        "History",
        "LambdaCallback",
        "LearningRateScheduler",
        "ModelCheckpoint",
        "ProgbarLogger",
        "ReduceLROnPlateau",
        "SwapEMAWeights",
        "TensorBoard",
        "TerminateOnNaN",
    ];
    there.map(|name| entry(name, &[])).into()
}

fn entry(name: &str, aliases: &[&str]) -> Entry {
    let aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
    Entry { name: name.to_owned(), aliases, cases: Vec::new() }
}

/// Operations under the names of Keras' functions, which are their classes' in snake case.
fn operations() -> Vec<Entry> {
    let all = OPERATIONS.iter().flat_map(|list| list.iter());
    let mut names: Vec<String> =
        all.map(|operation| rhyton_formats::snake_case(operation.class_name)).collect();
    names.sort();
    names.dedup();
    names.iter().map(|name| entry(name, &[])).collect()
}

/// The catalogue as JSON, for the scripts that make goldens:
/// `{kind: [{"name", "aliases", "cases"}]}`, cases as Keras' configurations.
///
/// # Panics
/// When a case is not JSON.
pub fn to_json(shelves: &[Shelf]) -> Value {
    let case = |case: &String| -> Value { serde_json::from_str(case).expect("a case is JSON") };
    let entry = |entry: &Entry| {
        let cases: Vec<Value> = entry.cases.iter().map(case).collect();
        json!({"name": entry.name, "aliases": entry.aliases, "cases": cases})
    };
    let kinds = shelves.iter().map(|shelf| {
        (shelf.kind.to_owned(), shelf.entries.iter().map(entry).collect::<Vec<Value>>().into())
    });
    Value::Object(kinds.collect())
}
