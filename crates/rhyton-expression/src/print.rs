//! The canonical text of an expression; parsing it gives the expression back.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter, Write};

use crate::functions::WITH_DERIVATIVE;
use crate::syntax::{Binary, Expression, Node, NodeId};

/// How tightly an operator binds; greater is tighter.
pub(crate) mod level {
    pub(crate) const OR: u8 = 1;
    pub(crate) const AND: u8 = 2;
    pub(crate) const NOT: u8 = 3;
    pub(crate) const COMPARISON: u8 = 4;
    pub(crate) const SUM: u8 = 5;
    pub(crate) const PRODUCT: u8 = 6;
    pub(crate) const UNARY: u8 = 7;
    pub(crate) const POWER: u8 = 8;
    pub(crate) const OPERAND: u8 = 9;
}

/// The value's text with its `let`-bindings: `t = sigmoid(beta * x); x * t`.
impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: HashMap<NodeId, &str> =
            self.bindings.iter().map(|(name, id)| (*id, name.as_str())).collect();
        for (name, id) in &self.bindings {
            write!(f, "{name} = ")?;
            self.write_parts(f, *id, &names)?;
            f.write_str("; ")?;
        }
        match self.nodes[self.root.index()] {
            Node::Stated { value, input, slope } if self.nodes[input.index()] == Node::Input => {
                self.write_pieces(f, vec![Piece::Node(value, 0)], &names)?;
                f.write_str(" derivative \"")?;
                self.write_pieces(f, vec![Piece::Node(slope, 0)], &names)?;
                f.write_str("\"")
            }
            _ => self.write_parts(f, self.root, &names),
        }
    }
}

enum Piece {
    Text(&'static str),
    Number(f64),
    Parameter(usize),
    /// A node that needs parentheses if it binds less tightly than this.
    Node(NodeId, u8),
}

impl Expression {
    /// The whole definition with its parameters and their defaults:
    /// `swish(x, beta=1.5) = x * sigmoid(beta * x)`.
    pub fn definition(&self, name: &str) -> String {
        let mut text = format!("{name}(x");
        for parameter in &self.parameters {
            text.push_str(", ");
            text.push_str(&parameter.name);
            text.push('=');
            text.push_str(&number_text(parameter.default));
        }
        let _ = write!(text, ") = {self}");
        text
    }

    /// A node by its parts, even if it has a name itself.
    fn write_parts(
        &self,
        f: &mut Formatter<'_>,
        id: NodeId,
        names: &HashMap<NodeId, &str>,
    ) -> fmt::Result {
        let mut work = Vec::new();
        self.push_pieces(id, &mut work);
        self.write_pieces(f, work, names)
    }

    /// Iterative: a sum of a thousand terms is a thousand levels deep.
    fn write_pieces(
        &self,
        f: &mut Formatter<'_>,
        mut work: Vec<Piece>,
        names: &HashMap<NodeId, &str>,
    ) -> fmt::Result {
        while let Some(piece) = work.pop() {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Number(value) => f.write_str(&number_text(value))?,
                Piece::Parameter(index) => f.write_str(&self.parameters[index].name)?,
                Piece::Node(id, needed) => match (names.get(&id), self.nodes[id.index()]) {
                    (Some(name), _) => f.write_str(name)?,
                    (None, node) if node_level(&node) < needed => {
                        work.push(Piece::Text(")"));
                        self.push_pieces(id, &mut work);
                        work.push(Piece::Text("("));
                    }
                    (None, _) => self.push_pieces(id, &mut work),
                },
            }
        }
        Ok(())
    }

    /// Pushes the parts of a node, last first.
    fn push_pieces(&self, id: NodeId, work: &mut Vec<Piece>) {
        let node = self.nodes[id.index()];
        let start = work.len();
        match node {
            Node::Constant(number) => work.push(Piece::Number(number.value())),
            Node::Parameter(index) => work.push(Piece::Parameter(index)),
            Node::Input => work.push(Piece::Text("x")),
            Node::Negate(a) => {
                work.extend([Piece::Text("-"), Piece::Node(a, level::UNARY)]);
            }
            Node::Not(a) => work.extend([Piece::Text("not "), Piece::Node(a, level::NOT)]),
            Node::Function(function, a) => {
                work.push(Piece::Text(function.name()));
                push_arguments(&[a], work);
            }
            Node::Binary(Binary::Maximum, a, b) => {
                work.push(Piece::Text("max"));
                push_arguments(&[a, b], work);
            }
            Node::Binary(Binary::Minimum, a, b) => {
                work.push(Piece::Text("min"));
                push_arguments(&[a, b], work);
            }
            Node::Binary(binary, a, b) => {
                let (left, text, right) = operator(binary);
                work.extend([Piece::Node(a, left), Piece::Text(text), Piece::Node(b, right)]);
            }
            Node::OverAxis(function, a) => {
                work.push(Piece::Text(function.name()));
                push_arguments(&[a], work);
            }
            Node::Stated { value, input, slope } => {
                work.push(Piece::Text(WITH_DERIVATIVE));
                push_arguments(&[value, input, slope], work);
            }
            Node::Select { condition, then, otherwise } => {
                work.push(Piece::Text("where"));
                push_arguments(&[condition, then, otherwise], work);
            }
        }
        work[start..].reverse();
    }
}

fn push_arguments(arguments: &[NodeId], work: &mut Vec<Piece>) {
    for (index, argument) in arguments.iter().enumerate() {
        work.push(Piece::Text(if index == 0 { "(" } else { ", " }));
        work.push(Piece::Node(*argument, 0));
    }
    work.push(Piece::Text(")"));
}

/// Level needed on the left, the operator, level needed on the right.
fn operator(binary: Binary) -> (u8, &'static str, u8) {
    match binary {
        Binary::Add => (level::SUM, " + ", level::PRODUCT),
        Binary::Subtract => (level::SUM, " - ", level::PRODUCT),
        Binary::Multiply => (level::PRODUCT, " * ", level::UNARY),
        Binary::Divide => (level::PRODUCT, " / ", level::UNARY),
        Binary::Power => (level::OPERAND, " ^ ", level::UNARY),
        Binary::Less => (level::SUM, " < ", level::SUM),
        Binary::LessEqual => (level::SUM, " <= ", level::SUM),
        Binary::Greater => (level::SUM, " > ", level::SUM),
        Binary::GreaterEqual => (level::SUM, " >= ", level::SUM),
        Binary::Equal => (level::SUM, " == ", level::SUM),
        Binary::NotEqual => (level::SUM, " != ", level::SUM),
        Binary::And => (level::AND, " and ", level::NOT),
        Binary::Or => (level::OR, " or ", level::AND),
        Binary::Maximum | Binary::Minimum => (0, ", ", 0),
    }
}

fn node_level(node: &Node) -> u8 {
    match node {
        Node::Negate(_) => level::UNARY,
        Node::Not(_) => level::NOT,
        Node::Binary(binary, _, _) => match binary {
            Binary::Add | Binary::Subtract => level::SUM,
            Binary::Multiply | Binary::Divide => level::PRODUCT,
            Binary::Power => level::POWER,
            Binary::And => level::AND,
            Binary::Or => level::OR,
            Binary::Maximum | Binary::Minimum => level::OPERAND,
            _ => level::COMPARISON,
        },
        _ => level::OPERAND,
    }
}

/// The shortest text that reads back as the same number.
pub(crate) fn number_text(value: f64) -> String {
    let magnitude = value.abs();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if magnitude == std::f64::consts::PI {
        format!("{sign}pi")
    } else if magnitude == std::f64::consts::E {
        format!("{sign}e")
    } else if magnitude.is_infinite() {
        format!("{sign}inf")
    } else if magnitude != 0.0 && !(1e-5..1e16).contains(&magnitude) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}
