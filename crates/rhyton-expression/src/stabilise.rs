//! Forms that overflow or cancel, and the equal forms that do not. Applied once, at registration.

use std::sync::LazyLock;

use crate::builder::Builder;
use crate::canonical::Outline;
use crate::syntax::{Binary, Expression, Node, NodeId};

/// What people write, and what it becomes; `a` and `b` stand for any expression. `+` and `*` also
/// match the other way round, and `-a` matches a product or quotient that starts with a minus.
/// Earlier rules win.
const RULES: &[(&str, &str)] = &[
    ("log(1 + exp(a))", "softplus(a)"),
    ("log1p(exp(a))", "softplus(a)"),
    ("log(sigmoid(a))", "-softplus(-a)"),
    ("log(1 + a)", "log1p(a)"),
    ("log(1 - a)", "log1p(-a)"),
    ("1 / (1 + exp(-a))", "sigmoid(a)"),
    ("1 / (1 + exp(a))", "sigmoid(-a)"),
    ("exp(a) / (1 + exp(a))", "sigmoid(a)"),
    ("1 - sigmoid(a)", "sigmoid(-a)"),
    ("(exp(a) - exp(-a)) / (exp(a) + exp(-a))", "tanh(a)"),
    ("expm1(a) / (1 + exp(a))", "tanh(a / 2)"),
    ("(-expm1(a)) / (1 + exp(a))", "-tanh(a / 2)"),
    // Only when b is none of the numerators above, which grow with the denominator.
    ("b / (1 + exp(-a))", "b * sigmoid(a)"),
    ("exp(a) - 1", "expm1(a)"),
    ("1 - exp(a)", "-expm1(a)"),
    ("1 + erf(a)", "erfc(-a)"),
    ("1 - erf(a)", "erfc(a)"),
    ("1 + tanh(a)", "2 * sigmoid(2 * a)"),
    ("1 - tanh(a)", "2 * sigmoid(-2 * a)"),
];

/// Rules that may fire one after another at one node.
const STEPS_MAX: usize = 8;

struct Rule {
    pattern: Expression,
    replacement: Expression,
}

fn rules() -> &'static [Rule] {
    static PARSED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let parsed = |text: &str| {
            Expression::parse(&format!("rule(x, a, b) = {text}"))
                .expect("the table's own text parses, by test")
        };
        RULES
            .iter()
            .map(|(pattern, replacement)| Rule {
                pattern: parsed(pattern),
                replacement: parsed(replacement),
            })
            .collect()
    });
    &PARSED
}

impl Expression {
    /// The same function in forms that neither overflow nor cancel where these rules know better
    /// ones: `log(1 + exp(x))` → `softplus(x)`, `x / (1 + exp(-x))` → `x * sigmoid(x)`. `None` if
    /// nothing changes.
    ///
    /// The real function is the same; values change where the written form was inaccurate, so this
    /// belongs to registration, where both forms are shown, never to an optimisation pass.
    pub fn stabilise(&self) -> Option<Self> {
        let mut builder = Builder::default();
        let mut places: Vec<NodeId> = Vec::with_capacity(self.nodes.len());
        let mut changed = false;
        for node in &self.nodes {
            let mut id = builder.add(node.with_operands(|operand| places[operand.index()]));
            for _ in 0..STEPS_MAX {
                let Some(better) = rewritten(&mut builder, id) else { break };
                changed = true;
                id = better;
            }
            places.push(id);
        }
        let bindings =
            self.bindings.iter().map(|(name, id)| (name.clone(), places[id.index()])).collect();
        changed.then(|| {
            builder.finish(Outline {
                root: places[self.root.index()],
                bindings,
                parameters: self.parameters.clone(),
                name: self.name.clone(),
                warnings: self.warnings.clone(),
            })
        })
    }
}

fn rewritten(builder: &mut Builder, id: NodeId) -> Option<NodeId> {
    rules().iter().find_map(|rule| {
        let mut found = [None, None];
        let matched = matches(builder, (&rule.pattern, rule.pattern.root), id, &mut found);
        matched.then(|| {
            // A wildcard that the pattern lacks is absent from its replacement too.
            let wildcards = found.map(|wildcard| wildcard.unwrap_or(id));
            builder.instantiate(&rule.replacement, id, &wildcards)
        })
    })
}

/// Whether the node has the pattern's form; fills in what the wildcards stand for.
fn matches(
    builder: &mut Builder,
    (pattern, place): (&Expression, NodeId),
    id: NodeId,
    found: &mut [Option<NodeId>; 2],
) -> bool {
    let node = builder.node(id);
    match (pattern.nodes[place.index()], node) {
        (Node::Parameter(wildcard), _) => *found[wildcard].get_or_insert(id) == id,
        (Node::Constant(wanted), Node::Constant(number)) => wanted == number,
        (Node::Function(wanted, argument), Node::Function(function, a)) => {
            wanted == function && matches(builder, (pattern, argument), a, found)
        }
        (Node::Negate(inner), _) => match positive_part(builder, node) {
            Some(positive) => matches(builder, (pattern, inner), positive, found),
            None => false,
        },
        (Node::Binary(wanted, p, q), Node::Binary(binary, a, b)) if wanted == binary => {
            let mut attempt = *found;
            let straight = matches(builder, (pattern, p), a, &mut attempt)
                && matches(builder, (pattern, q), b, &mut attempt);
            if straight {
                *found = attempt;
                return true;
            }
            if !matches!(binary, Binary::Add | Binary::Multiply) {
                return false;
            }
            attempt = *found;
            let swapped = matches(builder, (pattern, p), b, &mut attempt)
                && matches(builder, (pattern, q), a, &mut attempt);
            if swapped {
                *found = attempt;
            }
            swapped
        }
        _ => false,
    }
}

/// `a` of a node that equals `-a`: `-a` itself, `(-u) * v`, `u * (-v)`, `(-u) / v`.
fn positive_part(builder: &mut Builder, node: Node) -> Option<NodeId> {
    let negated = |builder: &Builder, id: NodeId| match builder.node(id) {
        Node::Negate(inner) => Some(inner),
        _ => None,
    };
    match node {
        Node::Negate(inner) => Some(inner),
        Node::Binary(binary @ (Binary::Multiply | Binary::Divide), u, v) => {
            if let Some(u) = negated(builder, u) {
                Some(builder.binary(binary, u, v))
            } else if binary == Binary::Multiply {
                let v = negated(builder, v)?;
                Some(builder.binary(binary, u, v))
            } else {
                None
            }
        }
        _ => None,
    }
}
