use std::fmt::Write as _;

use anyhow::{Result, bail};
use review::{EdgeOfChaos, Error, Expression, Initialization, Review, Signal, Variable, Verdict};
use rhyton::Activation;
use rhyton::activations::{Body, review};
use serde_json::{Map, Value, json};

use super::evaluate::parse_setting;
use super::exhaustive::{self, Measured};
use super::report;
use crate::commands::Context;
use crate::output::number;

/// Reviews an activation: definition, derivative, numerics, kinks, range, and its initialization
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// A name, a name with parameters as in "swish(beta=1.5)", or an expression in x
    #[arg(value_name = "ACT")]
    activation: String,
    /// Sets a parameter; can be given several times
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parse_setting)]
    set: Vec<(String, f64)>,
    /// Also compute all 4,294,967,296 float32 inputs as training does (some minutes)
    #[arg(long)]
    exhaustive: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Everything that is told of an activation.
struct Card {
    /// As it was written, if it is computed in another form, which is stable.
    written: Option<Expression>,
    /// As it is computed.
    computed: Expression,
    parameters: Vec<f64>,
    derivative: Expression,
    review: Review,
    gain: Result<f64, Error>,
    edges: Vec<(f64, Result<EdgeOfChaos, Error>)>,
    /// What becomes of [`DEPTH`] plain layers: with He's initialization, and at the last edge.
    depths: [Option<Verdict>; 2],
    measured: Option<Measured>,
}

/// The variances for which the edge of chaos is told.
const VARIANCES: [f64; 2] = [1.0, 4.0];
/// Layers through which signals are followed.
const DEPTH: usize = 30;

impl Check {
    /// Reviews and prints, JSON also if it was asked for before `check`.
    ///
    /// # Errors
    /// What the activation's text or parameters fail with; a function that has no expression.
    pub(super) fn run(self, json: bool, cx: &Context) -> Result<()> {
        let mut activation = Activation::parse(&self.activation)?;
        for (name, value) in &self.set {
            activation = activation.with(name, *value)?;
        }
        let name = &self.activation;
        let definition = activation.definition()?;
        let Body::Expression(computed) = &definition.body else {
            bail!(
                "activations check: expected an expression of one number, `{name}` is a function"
            );
        };
        if definition.is_over_axis() {
            bail!(
                "activations check: expected a function of one number, `{name}` works on an axis"
            );
        }
        let values = activation.parameters()?.iter().map(|(_, value)| value.value());
        let parameters: Vec<f64> = values.collect();
        let measured = if self.exhaustive {
            Some(exhaustive::measure(&activation, computed, &parameters, cx.output)?)
        } else {
            None
        };
        // A text that calls no registered name can be shown as it was before it was stabilised.
        let written = Expression::parse(name).ok();
        let written = written.filter(|text| text.stabilise().as_ref() == Some(computed));
        let mut signal = Signal::new(computed, &parameters)?;
        let edges = VARIANCES.map(|q| (q, signal.edge_of_chaos(q)));
        let he = EdgeOfChaos { sigma_w: std::f64::consts::SQRT_2, sigma_b: 0.0 };
        let own = edges.last().and_then(|(_, edge)| edge.as_ref().ok().copied());
        let mut verdict = |EdgeOfChaos { sigma_w, sigma_b }: EdgeOfChaos| {
            let of = Initialization { sigma_w, sigma_b, depth: DEPTH };
            signal.propagation(&of).ok().map(|propagation| propagation.verdict)
        };
        let depths = [verdict(he), own.and_then(verdict)];
        let card = Card {
            written,
            derivative: computed.derivative(Variable::Input)?,
            review: computed.review(&parameters)?,
            gain: signal.gain(),
            edges: edges.into(),
            depths,
            computed: computed.clone(),
            parameters,
            measured,
        };
        if self.json || json { cx.output.json(&card.json()) } else { cx.output.text(&card.text()) }
    }
}

impl Card {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "{name:<17} {value}");
        };
        match &self.written {
            Some(written) => {
                line("f(x)", &written.to_string());
                line("computed as", &self.computed.to_string());
            }
            None => line("f(x)", &self.computed.to_string()),
        }
        let named = self.computed.parameters().iter().zip(&self.parameters);
        let values: Vec<String> =
            named.map(|(parameter, value)| format!("{} = {value}", parameter.name)).collect();
        if !values.is_empty() {
            line("parameters", &values.join(", "));
        }
        line("f'(x)", &self.derivative.to_string());
        text.push_str(&self.review.to_string());
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "{name:<17} {value}");
        };
        match &self.gain {
            Ok(gain) => line("gain", &format!("{gain:.4} (relu: 1.4142)")),
            Err(error) => line("gain", &error.to_string()),
        }
        for (q, edge) in &self.edges {
            let found = match edge {
                Ok(edge) => format!("weights {:.4}, biases {:.4}", edge.sigma_w, edge.sigma_b),
                Err(error) => error.to_string(),
            };
            line(&format!("edge of chaos q={q}"), &found);
        }
        let words = self.depths.map(|verdict| verdict.map(word));
        let starts = ["He's initialization", "the edge at q=4"].into_iter().zip(words);
        let told = starts.filter_map(|(start, word)| Some(format!("{} with {start}", word?)));
        let told: Vec<String> = told.collect();
        if !told.is_empty() {
            line(&format!("{DEPTH} plain layers"), &told.join(", "));
        }
        if let Some(measured) = &self.measured {
            text.push_str(&measured.text());
        }
        text
    }

    fn json(&self) -> Value {
        let named = self.computed.parameters().iter().zip(&self.parameters);
        let parameters: Map<String, Value> =
            named.map(|(parameter, value)| (parameter.name.clone(), number(*value))).collect();
        let edges: Vec<Value> = self
            .edges
            .iter()
            .map(|(q, edge)| match edge {
                Ok(edge) => json!({"q": q, "sigma_w": edge.sigma_w, "sigma_b": edge.sigma_b}),
                Err(error) => json!({"q": q, "reason": error.to_string()}),
            })
            .collect();
        let (gain, reason) = match &self.gain {
            Ok(gain) => (Some(*gain), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let mut entries = json!({
            "expression": self.written.as_ref().unwrap_or(&self.computed).to_string(),
            "computed": self.computed.to_string(),
            "parameters": parameters,
            "derivative": self.derivative.to_string(),
            "gain": gain,
            "edge_of_chaos": edges,
            "depth": {
                "layers": DEPTH,
                "he": self.depths[0].map(word),
                "edge_of_chaos": self.depths[1].map(word),
            },
            "review": report::json(&self.review),
        });
        if let Some(reason) = reason {
            entries["gain_reason"] = reason.into();
        }
        if let Some(measured) = &self.measured {
            entries["exhaustive"] = measured.json();
        }
        entries
    }
}

/// What the signal does.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Dies => "dies",
        Verdict::Explodes => "explodes",
        Verdict::Passes => "passes",
    }
}
