use std::fmt::{self, Display, Formatter, Write as _};

use rhyton_tensor::{Array, DType, Element, bf16, f16};

use super::HEADER;
use crate::{Attribute, Graph, Node, NodeId};

impl Display for Graph {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        f.write_str(&body(self, 0))
    }
}

/// The lines of a graph at a depth of nesting.
fn body(graph: &Graph, depth: usize) -> String {
    let mut text = String::new();
    let mut line = |content: fmt::Arguments<'_>| {
        let _ = writeln!(text, "{:1$}{content}", "", depth * 2);
    };
    for variable in graph.variables.iter() {
        line(format_args!("variable {} : {}", quoted(&variable.name), variable.spec));
    }
    for (id, written) in graph.iter() {
        line(format_args!("%{} = {}", id.0, node(written, depth)));
    }
    for (name, id) in &graph.outputs {
        line(format_args!("output {} %{}", quoted(name), id.0));
    }
    for id in &graph.assigns {
        line(format_args!("assign %{}", id.0));
    }
    text
}

fn node(node: &Node, depth: usize) -> String {
    let mut text = node.primitive.name().to_owned();
    let attributes = node.primitive.rule().attributes();
    if !attributes.is_empty() {
        let pairs = attributes.iter().map(|(name, value)| format!("{name}={}", show(value, depth)));
        let _ = write!(text, "{{{}}}", pairs.collect::<Vec<_>>().join(", "));
    }
    let operands: Vec<String> = node.operands.iter().map(|&NodeId(id)| format!(" %{id}")).collect();
    let _ = write!(text, "{} : {}", operands.join(","), node.spec);
    if !node.path.is_empty() {
        let _ = write!(text, "  # {}", escaped(&node.path));
    }
    text
}

fn show(attribute: &Attribute, depth: usize) -> String {
    match attribute {
        Attribute::Flag(flag) => flag.to_string(),
        Attribute::Size(dim) => dim.to_string(),
        Attribute::Text(text) => quoted(text),
        Attribute::DType(dtype) => dtype.to_string(),
        Attribute::Spec(spec) => spec.to_string(),
        Attribute::List(items) => {
            let items: Vec<String> = items.iter().map(|item| show(item, depth)).collect();
            format!("[{}]", items.join(", "))
        }
        Attribute::Array(array) => numbers(array),
        Attribute::Graph(graph) => {
            format!("graph {{\n{}{:2$}}}", body(graph, depth + 1), "", depth * 2)
        }
    }
}

/// An array as its specification and its elements.
fn numbers(array: &Array) -> String {
    let sizes: Vec<String> = array.shape().iter().map(ToString::to_string).collect();
    let items: Vec<String> = match array.dtype() {
        DType::Bool => array.bytes().iter().map(|&byte| (byte != 0).to_string()).collect(),
        DType::U8 => whole(array.view::<u8>()),
        DType::U16 => whole(array.view::<u16>()),
        DType::U32 => whole(array.view::<u32>()),
        DType::U64 => whole(array.view::<u64>()),
        DType::I8 => whole(array.view::<i8>()),
        DType::I16 => whole(array.view::<i16>()),
        DType::I32 => whole(array.view::<i32>()),
        DType::I64 => whole(array.view::<i64>()),
        DType::F16 => floats(array.view::<f16>(), |x| u64::from(x.to_bits()), f16::to_f32),
        DType::BF16 => floats(array.view::<bf16>(), |x| u64::from(x.to_bits()), bf16::to_f32),
        DType::F32 => floats(array.view::<f32>(), |x| u64::from(x.to_bits()), |x| x),
        DType::F64 => floats(array.view::<f64>(), f64::to_bits, |x| x),
    };
    format!("{}[{}]({})", array.dtype(), sizes.join(", "), items.join(", "))
}

fn whole<T: Display>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// Floats as shortest decimals, NaN as bits; `wide` is a type whose decimals are exact for `T`.
fn floats<T: Element, W: fmt::Debug>(
    values: &[T],
    bits: fn(T) -> u64,
    wide: fn(T) -> W,
) -> Vec<String> {
    let show = |&value: &T| {
        if value.to_f64().is_nan() {
            format!("0x{:x}", bits(value))
        } else {
            format!("{:?}", wide(value))
        }
    };
    values.iter().map(show).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The text on one line, without quotation marks.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => result.extend(['\\', character]),
            _ if character.is_control() => {
                let _ = write!(result, "\\u{{{:x}}}", u32::from(character));
            }
            _ => result.push(character),
        }
    }
    result
}
