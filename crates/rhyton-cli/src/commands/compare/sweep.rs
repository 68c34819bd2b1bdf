use std::str::FromStr;

use anyhow::{Result, bail};
use rhyton::Activation;

/// A parameter's name and the values that it takes in turn, as they were written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sweep {
    parameter: String,
    values: Vec<(String, f64)>,
}

/// One row of a comparison.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The activation's text, with the value that a sweep gave it.
    pub(super) label: String,
    pub(super) activation: Activation,
}

/// More rows than anybody trains.
const VALUES_MAX: usize = 1000;

impl FromStr for Sweep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected NAME=NUMBER,NUMBER,..., as in beta=0.5,1,2".to_owned();
        let (parameter, list) = text.split_once('=').ok_or_else(expected)?;
        let value = |text: &str| {
            let number: f64 = text.trim().parse().map_err(|_not_a_number| expected())?;
            Ok((text.trim().to_owned(), number))
        };
        let values: Vec<_> = list.split(',').map(value).collect::<Result<_, String>>()?;
        if values.len() > VALUES_MAX {
            let received = values.len();
            return Err(format!("expected at most {VALUES_MAX} values, received {received}"));
        }
        Ok(Self { parameter: parameter.trim().to_owned(), values })
    }
}

/// What is compared: every activation, those with a swept parameter once for each value.
///
/// # Errors
/// A text that is no activation, a parameter that none has, a value that a parameter refuses.
pub(super) fn candidates(texts: &[String], sweep: Option<&Sweep>) -> Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    let mut lacking = Vec::new();
    for text in texts {
        let activation = Activation::parse(text)?;
        let names: Vec<&str> = activation.parameters()?.iter().map(|(n, _)| n.as_str()).collect();
        let Some(sweep) = sweep.filter(|sweep| names.contains(&sweep.parameter.as_str())) else {
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            lacking.push(format!("`{text}`: {names}"));
            candidates.push(Candidate { label: text.clone(), activation });
            continue;
        };
        for (written, value) in &sweep.values {
            let activation = activation.clone().with(&sweep.parameter, *value)?;
            let label = label(text, &sweep.parameter, written);
            candidates.push(Candidate { label, activation });
        }
    }
    match sweep {
        Some(Sweep { parameter, .. }) if lacking.len() == texts.len() => {
            let lacking = lacking.join("; ");
            bail!(
                "compare: --sweep expected a parameter that an activation has ({lacking}), received \
                 `{parameter}`"
            )
        }
        _ => Ok(candidates),
    }
}

/// `swish(beta=0.5)`, and `x * sigmoid(beta * x), beta=0.5` for what is no lone name.
fn label(text: &str, parameter: &str, value: &str) -> String {
    let text = text.trim();
    if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '>')) {
        format!("{text}({parameter}={value})")
    } else {
        format!("{text}, {parameter}={value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str], sweep: &str) -> Result<Vec<String>> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let sweep: Sweep = sweep.parse().map_err(anyhow::Error::msg)?;
        let candidates = candidates(&texts, Some(&sweep))?;
        Ok(candidates.into_iter().map(|candidate| candidate.label).collect())
    }

    #[test]
    fn each_value_is_a_row() {
        assert_eq!(
            labels(&["relu", "swish", "x * sigmoid(beta * x)"], "beta=0.5, 2").unwrap(),
            [
                "relu",
                "swish(beta=0.5)",
                "swish(beta=2)",
                "x * sigmoid(beta * x), beta=0.5",
                "x * sigmoid(beta * x), beta=2"
            ]
        );
    }

    #[test]
    fn errors_say_what_parameters_there_are() {
        let error = |texts: &[&str], sweep: &str| labels(texts, sweep).unwrap_err().to_string();
        insta::assert_snapshot!(error(&["swish", "tanh"], "gamma=1,2"), @"compare: --sweep expected a parameter that an activation has (`swish`: beta; `tanh`: none), received `gamma`");
        insta::assert_snapshot!(error(&["swish"], "beta"), @"expected NAME=NUMBER,NUMBER,..., as in beta=0.5,1,2");
        insta::assert_snapshot!(error(&["swish"], "beta=1,two"), @"expected NAME=NUMBER,NUMBER,..., as in beta=0.5,1,2");
        insta::assert_snapshot!(error(&["celu"], "alpha=1,0"), @"celu: alpha expected a number > 0, received 0.0");
    }
}
