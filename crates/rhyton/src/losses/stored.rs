//! How losses and metrics of your own stand in files: by name, with the definition in `rhyton.json`;
//! an expression written in place stands whole where it is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhyton_graph::{Graph, Spec, Tracer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pair_function::Saved;
use super::{PairFunction, is_name};
use crate::objects::function_form;
use crate::{Error, Result};

/// A definition as `rhyton.json` stores it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    /// The formula, with its parameters and their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
    /// For Rust functions: a program for each pair of specifications in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    programs: Vec<String>,
}

/// The class of an expression written in place.
const IN_PLACE: &str = "Expression";

/// What a configuration holds of a function.
pub(crate) fn form(function: &PairFunction) -> Value {
    match function.definition().filter(|_| !is_name(function.name())) {
        None => function_form(function.name()),
        Some(expression) => json!({
            "module": null,
            "class_name": IN_PLACE,
            "config": {"name": function.name(), "expression": expression},
            "registered_name": format!("rhyton>{IN_PLACE}"),
        }),
    }
}

/// The function of an expression that a configuration holds whole; `None` for anything else.
pub(crate) fn in_place(value: &Value) -> Result<Option<PairFunction>> {
    if value.get("class_name").and_then(Value::as_str) != Some(IN_PLACE) {
        return Ok(None);
    }
    let text = |key: &str| value.pointer(&format!("/config/{key}")).and_then(Value::as_str);
    let Some(expression) = text("expression") else {
        return Err(Error::config(IN_PLACE, "expression", "a text", value));
    };
    PairFunction::stored(text("name").unwrap_or(expression), expression).map(Some)
}

/// What `rhyton.json` holds of a function that is used with targets and predictions of these
/// specifications; `None` where there is nothing to hold.
pub(crate) fn write(function: &PairFunction, uses: &[(Spec, Spec)]) -> Result<Option<Value>> {
    if !is_name(function.name()) {
        return Ok(None);
    }
    let expression = function.definition();
    let mut programs: Vec<String> =
        function.programs().iter().map(|saved| saved.program.to_string()).collect();
    if expression.is_none() && programs.is_empty() {
        let (traced, failed): (Vec<_>, Vec<_>) =
            uses.iter().map(|specs| program(function, specs)).partition(Result::is_ok);
        programs = traced.into_iter().flatten().collect();
        if let Some(Err(error)) = failed.into_iter().next().filter(|_| programs.is_empty()) {
            crate::notices::once(&format!(
                "`{}` isn't in the file, which can be read only where it is registered: {error}",
                function.name()
            ));
        }
    }
    if expression.is_none() && programs.is_empty() {
        return Ok(None);
    }
    let stored = serde_json::to_value(Stored { expression, programs });
    let unwritable = |error| Error::config("rhyton.json", function.name(), "plain data", error);
    stored.map(Some).map_err(unwritable)
}

/// The text of a function as a program.
fn program(function: &PairFunction, (y_true, y_pred): &(Spec, Spec)) -> Result<String> {
    let tracer = Tracer::new(Arc::new([]));
    let y_true = tracer.input("y_true", y_true.clone());
    let y_pred = tracer.input("y_pred", y_pred.clone());
    tracer.output("values", &function.call(&y_true, &y_pred)?)?;
    Ok(rhyton_graph::simplify(&tracer.finish()).to_string())
}

/// The functions under a key of `rhyton.json`, by name.
pub(crate) fn read(member: &Value, key: &str) -> Result<BTreeMap<String, Arc<PairFunction>>> {
    let empty = serde_json::Map::new();
    let all = match member.get(key) {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(all)) => all,
        Some(other) => return Err(Error::config("rhyton.json", key, "an object", other)),
    };
    all.iter()
        .map(|(name, value)| {
            let stored: Stored = serde_json::from_value(value.clone()).map_err(|error| {
                Error::config("rhyton.json", name, "a stored definition", error)
            })?;
            let function = if let Some(text) = &stored.expression {
                PairFunction::stored(name, text)?
            } else {
                let programs = stored.programs.iter().map(|text| saved(text));
                let programs = programs.collect::<Result<_>>();
                PairFunction::saved(name, programs.map_err(|error| error.within(&**name))?)
            };
            Ok((name.clone(), Arc::new(function)))
        })
        .collect()
}

/// A program from its text: targets and predictions in, one result.
fn saved(text: &str) -> Result<Saved> {
    let graph: Graph = text.parse()?;
    let fits = graph.outputs.len() == 1 && graph.assigns.is_empty() && graph.variables.is_empty();
    match graph.inputs[..] {
        [y_true, y_pred] if fits => {
            let [y_true, y_pred] = [y_true, y_pred].map(|input| graph.node(input).spec.clone());
            Ok(Saved { y_true, y_pred, program: Arc::new(graph) })
        }
        _ => {
            let received = format!("{} and {}", graph.inputs.len(), graph.outputs.len());
            let what = "inputs and outputs";
            Err(Error::config("program", what, "2 inputs and 1 output", received))
        }
    }
}
