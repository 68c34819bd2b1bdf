use std::fmt;
use std::sync::Arc;

use rhyton_expression::{Context, Expression};
use rhyton_graph::{Graph, Spec, Tensor, mean};

use super::ranks::pair;
use crate::activations::{parse_number, split_arguments, stabilised_as, vocabulary};
use crate::objects::nearest;
use crate::{Error, Result};

/// A function of targets and predictions, one value a sample, under a name: what losses and metrics
/// of your own compute.
///
/// An expression is one over `y_true` and `y_pred` in the language of activations, and its values
/// are averaged over the last axis, as Keras' own losses are: `"square(y_true - y_pred)"`, or with a
/// signature, which gives parameters their defaults: `"lambda t, p, delta=0.5: delta * abs(t - p)"`.
#[derive(Clone)]
pub struct PairFunction {
    name: String,
    /// Parameters of an expression, with their values.
    parameters: Vec<(String, f64)>,
    body: Body,
}

type Erased = dyn Fn(&Tensor, &Tensor) -> Tensor + Send + Sync;

#[derive(Clone)]
enum Body {
    Function(Arc<Erased>),
    Expression(Expression),
    /// A function that came with a file: a program for each pair of specifications.
    Saved(Vec<Saved>),
}

/// A program for targets and predictions of certain specifications.
#[derive(Clone)]
pub(crate) struct Saved {
    pub(crate) y_true: Spec,
    pub(crate) y_pred: Spec,
    pub(crate) program: Arc<Graph>,
}

const Y_TRUE: &str = "y_true";
const Y_PRED: &str = "y_pred";

impl fmt::Debug for PairFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.text())
    }
}

impl PairFunction {
    /// A Rust function under a name.
    pub(crate) fn function(
        name: &str,
        function: impl Fn(&Tensor, &Tensor) -> Tensor + Send + Sync + 'static,
    ) -> Self {
        let body = Body::Function(Arc::new(function));
        Self { name: name.to_owned(), parameters: Vec::new(), body }
    }

    /// An expression under a name; `kind` is `loss` or `metric`, for messages.
    pub(crate) fn expression(kind: &str, name: &str, text: &str) -> Result<Self> {
        let vocabulary = vocabulary();
        let parameters = &[(Y_TRUE, 0.0), (Y_PRED, 0.0)];
        let context = Context { vocabulary: Some(&vocabulary), parameters };
        let expression = Expression::parse_in(text, &context)
            .map_err(|error| Error::Expression(error.render()))?;
        let refuse = |received: &str| {
            let expected = "an expression over y_true and y_pred, such as square(y_true - y_pred)";
            Err(Error::config(format!("{kind} `{text}`"), "expression", expected, received))
        };
        let has_signature = expression.name().is_some() || text.trim().starts_with("lambda");
        if expression.depends_on_input() && !has_signature {
            return refuse("one over x");
        }
        let second = expression.parameters().first().map(|parameter| parameter.name.clone());
        let names = expression.parameters().iter().map(|parameter| parameter.name.as_str());
        if second.is_none() || !has_signature && !names.into_iter().any(|name| name == Y_PRED) {
            return refuse("one without y_pred");
        }
        Ok(Self::of(name, stabilised_as(kind, name, expression)))
    }

    /// An expression as a file has it.
    pub(crate) fn stored(name: &str, text: &str) -> Result<Self> {
        let parsed = Expression::parse(text).map_err(|error| Error::Expression(error.render()))?;
        if parsed.parameters().is_empty() {
            return Err(Error::config(name, "expression", "one over y_true and y_pred", text));
        }
        Ok(Self::of(name, parsed))
    }

    fn of(name: &str, expression: Expression) -> Self {
        let parameters =
            expression.parameters().iter().map(|p| (p.name.clone(), p.default)).collect();
        Self { name: name.to_owned(), parameters, body: Body::Expression(expression) }
    }

    /// A function that a file has programs of.
    pub(crate) fn saved(name: &str, programs: Vec<Saved>) -> Self {
        Self { name: name.to_owned(), parameters: Vec::new(), body: Body::Saved(programs) }
    }

    /// The function that `name(parameter=value, …)` means; `None` for any other text, or if nothing
    /// is found under the name.
    pub(crate) fn called(
        text: &str,
        find: impl FnOnce(&str) -> Option<Arc<Self>>,
    ) -> Result<Option<Self>> {
        let Some((name, rest)) = text.split_once('(') else { return Ok(None) };
        let inside = rest.trim_end().strip_suffix(')').and_then(split_arguments);
        let (Some(arguments), Some(found)) = (inside, find(name.trim())) else { return Ok(None) };
        let mut function = Self { name: text.to_owned(), ..(*found).clone() };
        for argument in arguments {
            let Some((key, value)) = argument.split_once('=') else { return Ok(None) };
            function.set(key.trim(), value.trim())?;
        }
        Ok(Some(function))
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let own: Vec<usize> =
            (0..self.parameters.len()).filter(|&i| self.role(i).is_none()).collect();
        let names = own.iter().map(|&place| self.parameters[place].0.as_str());
        let Some(&place) = own.iter().find(|&&place| self.parameters[place].0 == key) else {
            let near = nearest(key, names.clone()).join(", ");
            let expected = match names.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "no parameters".to_owned(),
                list => format!("one of {list} (nearest: {near})"),
            };
            return Err(Error::config(&self.name, "parameter", expected, key));
        };
        let Some(number) = parse_number(value) else {
            return Err(Error::config(&self.name, key, "a number", value));
        };
        self.parameters[place].1 = number;
        Ok(())
    }

    /// What a parameter stands for, if not for a number.
    fn role(&self, place: usize) -> Option<Role> {
        let is = |name: &str| self.parameters.iter().position(|(known, _)| known == name);
        match (is(Y_TRUE), is(Y_PRED)) {
            (Some(y_true), _) if y_true == place => Some(Role::Target),
            (_, Some(y_pred)) if y_pred == place => Some(Role::Prediction),
            (None, None) if place == 0 => Some(Role::Prediction),
            _ => None,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The formula as people read it.
    pub fn text(&self) -> String {
        match &self.body {
            Body::Function(_) => "a Rust function".to_owned(),
            Body::Expression(expression) => expression.to_string(),
            Body::Saved(programs) => format!("a saved function of {} shapes", programs.len()),
        }
    }

    /// The expression with its parameters and their values, as files have it; `None` for a Rust
    /// function.
    pub(crate) fn definition(&self) -> Option<String> {
        let Body::Expression(expression) = &self.body else { return None };
        let parameters = self.parameters.iter().map(|(name, value)| (name.as_str(), *value));
        let list: Vec<(&str, f64)> = parameters.collect();
        Some(crate::activations::signature("f", &list, &expression.to_string()))
    }

    /// The programs that came with a file.
    pub(crate) fn programs(&self) -> &[Saved] {
        match &self.body {
            Body::Saved(programs) => programs,
            _ => &[],
        }
    }

    /// Whether it can be told that another is not the same.
    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        match (&self.body, &other.body) {
            (Body::Expression(a), Body::Expression(b)) => {
                a.nodes() != b.nodes() || self.parameters != other.parameters
            }
            (Body::Expression(_), _) | (_, Body::Expression(_)) => true,
            _ => false,
        }
    }

    /// The values for targets and predictions.
    pub(crate) fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        match &self.body {
            Body::Function(function) => Ok(function(y_true, y_pred).checked()?),
            Body::Expression(expression) => {
                let (y_true, y_pred) = pair(&self.name, y_true, y_pred)?;
                let parameters = self.parameters.iter().enumerate();
                let parameters: Vec<Tensor> = parameters
                    .map(|(place, (_, value))| match self.role(place) {
                        Some(Role::Target) => y_true.clone(),
                        Some(Role::Prediction) => y_pred.clone(),
                        None => y_pred.scalar_like(*value),
                    })
                    .collect();
                let values = expression.lower(&y_true, &parameters);
                let axes: &[isize] = if values.rank() == 0 { &[] } else { &[-1] };
                Ok(mean(&values, Some(axes), false).checked()?)
            }
            Body::Saved(programs) => {
                let fits = |saved: &&Saved| {
                    saved.y_true == *y_true.spec() && saved.y_pred == *y_pred.spec()
                };
                let Some(saved) = programs.iter().find(fits) else {
                    let known: Vec<String> = programs
                        .iter()
                        .map(|saved| format!("{} and {}", saved.y_true, saved.y_pred))
                        .collect();
                    let expected = format!("what it was saved for ({})", known.join("; "));
                    let received = format!("{} and {}", y_true.spec(), y_pred.spec());
                    return Err(Error::config(&self.name, "y_true and y_pred", expected, received));
                };
                let inputs = [y_true.clone(), y_pred.clone()];
                Ok(saved.program.call(&inputs)?.remove(0).checked()?)
            }
        }
    }
}

/// What a parameter of an expression stands for.
enum Role {
    Target,
    Prediction,
}

/// Whether a text can only be a name, not an expression.
pub(crate) fn is_name(text: &str) -> bool {
    let named = |c: char| c.is_alphanumeric() || matches!(c, '_' | '>' | '/' | '.' | '-');
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    starts && text.chars().all(named) && !words.any(|word| [Y_TRUE, Y_PRED].contains(&word))
}

#[cfg(test)]
mod tests {
    use super::PairFunction;
    use crate::notices::tests::heard;

    #[test]
    fn no_x_is_missed_in_an_expression_over_targets() {
        heard();
        for text in ["square(y_true - y_pred)", "lambda t, p: abs(p)"] {
            PairFunction::expression("loss", "", text).unwrap();
        }
        assert_eq!(heard(), "");
    }
}
