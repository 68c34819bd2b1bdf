use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use rhyton_tensor::{Array, DType, bf16, f16};

use super::HEADER;
use super::bounds::{BYTES_MAX, DEPTH_MAX, NODES_MAX, TOTAL_MAX, bounded, check_cost};
use crate::{
    Attribute, Attributes, Dim, Error, Graph, Node, NodeId, Primitive, Projection, Result, Shape,
    Spec, VariableId, VariableSpec,
};

impl FromStr for Graph {
    type Err = Error;

    /// Reads the text form. Shapes and types are inferred anew and must be those written; sizes are
    /// bounded, so no text can make this or a run of the result allocate without measure.
    fn from_str(text: &str) -> Result<Self> {
        if text.len() > BYTES_MAX {
            let expected = format!("at most {BYTES_MAX} bytes");
            return Err(Error::argument("graph text", "length", expected, text.len()));
        }
        let mut parser = Parser { text, at: 0, nodes: 0, total: 0, depth: 0 };
        if !text.starts_with(HEADER) || !text[HEADER.len()..].starts_with(['\n', '\r']) {
            return Err(parser.error(format!("`{HEADER}`, the version this release reads")));
        }
        parser.at = HEADER.len();
        let graph = parser.graph()?;
        if parser.at < text.len() {
            return Err(parser.error("a node, `output` or `assign`"));
        }
        check_cost(&graph)?;
        Ok(graph)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    total: u64,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Lines up to the end or a closing brace.
    fn graph(&mut self) -> Result<Graph> {
        let mut graph = Graph::default();
        let mut variables = Vec::new();
        let mut values: BTreeMap<NodeId, Vec<Projection>> = BTreeMap::new();
        let mut assigned: BTreeSet<VariableId> = BTreeSet::new();
        loop {
            self.skip(|c| c.is_ascii_whitespace());
            if self.rest().starts_with('%') {
                let node = self.node(&graph, &variables, &mut values)?;
                let is_input = matches!(node.primitive, Primitive::Input(_));
                let id = graph.push(node);
                if is_input {
                    graph.inputs.push(id);
                }
            } else if self.take("variable ") {
                let name = self.quoted()?;
                self.expect(":")?;
                let spec = self.spec()?;
                variables.push(VariableSpec { name, spec });
            } else if self.take("output ") {
                let name = self.quoted()?;
                let id = self.operand(&graph)?;
                graph.outputs.push((name, id));
            } else if self.take("assign ") {
                let id = self.operand(&graph)?;
                let fresh = match &graph.node(id).primitive {
                    Primitive::Assign(assign) => assigned.insert(assign.variable),
                    _ => false,
                };
                if !fresh {
                    return Err(self.error("one assign node for each variable"));
                }
                graph.assigns.push(id);
            } else {
                graph.variables = variables.into();
                return Ok(graph);
            }
        }
    }

    fn node(
        &mut self,
        graph: &Graph,
        variables: &[VariableSpec],
        values: &mut BTreeMap<NodeId, Vec<Projection>>,
    ) -> Result<Node> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.error(format!("at most {NODES_MAX} nodes")));
        }
        self.expect(&format!("%{}", graph.nodes.len()))?;
        self.expect("=")?;
        let name = self.word()?.to_owned();
        let mut attributes = Attributes::new(&name, self.attributes()?);
        let mut operands = Vec::new();
        while self.peek_is('%') {
            operands.push(self.operand(graph)?);
            if !self.take(",") {
                break;
            }
        }
        self.expect(":")?;
        let declared = self.spec()?;
        let primitive = Primitive::parse(&name, &mut attributes)?;
        let specs: Vec<Spec> = operands.iter().map(|&id| graph.node(id).spec.clone()).collect();
        let spec = self.infer(&primitive, &specs)?;
        if spec != declared {
            return Err(self.error(format!("the type {spec} of {name}")));
        }
        self.check_places(&primitive, &operands, variables, values)?;
        if let Primitive::Scan(scan) = &primitive {
            values.insert(NodeId(graph.nodes.len() as u32), scan.projections()?);
        }
        let path = self.path()?.into();
        Ok(Node { primitive, operands, spec, path })
    }

    fn infer(&mut self, primitive: &Primitive, operands: &[Spec]) -> Result<Spec> {
        let is_leaf = matches!(
            primitive,
            Primitive::Input(_) | Primitive::Constant(_) | Primitive::ReadVariable(_)
        );
        if is_leaf && !operands.is_empty() {
            return Err(self.error(format!("no operands of {}", primitive.name())));
        }
        let spec = primitive.rule().infer(operands)?;
        self.total += self.bounded(&spec.shape)?;
        if self.total > TOTAL_MAX {
            return Err(self.error(format!("at most {TOTAL_MAX} elements in all values")));
        }
        Ok(spec)
    }

    /// What a rule can't see: variables of the program, values of a loop.
    fn check_places(
        &self,
        primitive: &Primitive,
        operands: &[NodeId],
        variables: &[VariableSpec],
        values: &BTreeMap<NodeId, Vec<Projection>>,
    ) -> Result<()> {
        let variable = |id: VariableId, spec: &Spec| {
            variables.get(id.index()).is_some_and(|variable| variable.spec == *spec)
        };
        let fits = match primitive {
            Primitive::ReadVariable(read) => variable(read.variable, &read.spec),
            Primitive::Assign(assign) => variable(assign.variable, &assign.spec),
            Primitive::Projection(projection) => {
                let known = values.get(&operands[0]);
                known.and_then(|known| known.get(projection.index)) == Some(projection)
            }
            _ => true,
        };
        let expected = "a variable or a value of a loop with this number and type";
        if fits { Ok(()) } else { Err(self.error(expected)) }
    }

    fn attributes(&mut self) -> Result<Vec<(String, Attribute)>> {
        let mut entries = Vec::new();
        if !self.take("{") || self.take("}") {
            return Ok(entries);
        }
        loop {
            let name = self.word()?.to_owned();
            self.expect("=")?;
            entries.push((name, self.attribute()?));
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(entries)
    }

    fn attribute(&mut self) -> Result<Attribute> {
        self.blanks();
        let next = self.rest().chars().next().unwrap_or(' ');
        match next {
            '"' => Ok(Attribute::Text(self.quoted()?)),
            '[' => self.nested(Self::list),
            'N' | '-' | '0'..='9' => Ok(Attribute::Size(self.dim()?)),
            _ if self.take("graph {") => {
                let graph = self.nested(Self::graph)?;
                self.expect("}")?;
                Ok(Attribute::Graph(Arc::new(graph)))
            }
            _ if self.take("true") => Ok(Attribute::Flag(true)),
            _ if self.take("false") => Ok(Attribute::Flag(false)),
            _ => self.typed(),
        }
    }

    fn nested<T>(&mut self, parse: fn(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(format!("at most {DEPTH_MAX} levels")));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn list(&mut self) -> Result<Attribute> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.take("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.attribute()?);
        }
        if items.iter().all(|item| matches!(item, Attribute::Size(_))) {
            let dims = items.iter().filter_map(|item| match item {
                Attribute::Size(dim) => Some(*dim),
                _ => None,
            });
            self.bounded(&dims.collect::<Shape>())?;
        }
        Ok(Attribute::List(items))
    }

    /// An element type, a specification or an array: each begins with the one before.
    fn typed(&mut self) -> Result<Attribute> {
        let dtype = self.dtype()?;
        if !self.rest().starts_with('[') {
            return Ok(Attribute::DType(dtype));
        }
        let shape = self.shape()?;
        if !self.rest().starts_with('(') {
            return Ok(Attribute::Spec(Spec { shape, dtype }));
        }
        self.expect("(")?;
        let mut bytes = Vec::new();
        let mut first = true;
        while !self.take(")") {
            if !first {
                self.expect(",")?;
            }
            first = false;
            self.blanks();
            let number = self.skip(|c| !matches!(c, ',' | ')' | '\n' | ' '));
            element(dtype, number, &mut bytes).ok_or_else(|| self.error(format!("a {dtype}")))?;
        }
        let sizes = shape.fixed_sizes().ok_or_else(|| self.error("sizes without N"))?;
        Ok(Attribute::Array(Arc::new(Array::from_bytes(dtype, &sizes, &bytes)?)))
    }

    fn spec(&mut self) -> Result<Spec> {
        let dtype = self.dtype()?;
        let shape = self.shape()?;
        Ok(Spec { shape, dtype })
    }

    fn dtype(&mut self) -> Result<DType> {
        let word = self.word()?;
        word.parse().ok().ok_or_else(|| self.error("an element type"))
    }

    fn shape(&mut self) -> Result<Shape> {
        self.expect("[")?;
        let mut dims = Vec::new();
        while !self.take("]") {
            if !dims.is_empty() {
                self.expect(",")?;
            }
            dims.push(self.dim()?);
        }
        let shape = Shape::from(dims);
        self.bounded(&shape)?;
        Ok(shape)
    }

    /// A size: `3`, `N`, `2N`, `2N-1`.
    fn dim(&mut self) -> Result<Dim> {
        self.blanks();
        let text = self.skip(|c| c.is_ascii_digit() || matches!(c, 'N' | '+' | '-'));
        let parsed = match text.split_once('N') {
            None => number(text).map(|constant| Dim { batches: 0, constant }),
            Some((count, rest)) => {
                let batches = if count.is_empty() { Some(1) } else { number(count) };
                let constant = if rest.is_empty() { Some(0) } else { number(rest) };
                let batches = batches.and_then(|count| usize::try_from(count).ok());
                batches.zip(constant).map(|(batches, constant)| Dim { batches, constant })
            }
        };
        parsed.ok_or_else(|| self.error("a size such as 3, N or 2N-1"))
    }

    /// The number of elements at N = 1; fails for shapes that would get out of hand.
    fn bounded(&self, shape: &Shape) -> Result<u64> {
        bounded(shape).map_err(|expected| self.error(expected))
    }

    fn operand(&mut self, graph: &Graph) -> Result<NodeId> {
        self.expect("%")?;
        let digits = self.skip(|c| c.is_ascii_digit());
        let id = digits.parse().ok().filter(|&id: &u32| (id as usize) < graph.nodes.len());
        id.map(NodeId).ok_or_else(|| self.error("the number of an earlier node"))
    }

    /// The rest of the line after `# `, or nothing.
    fn path(&mut self) -> Result<String> {
        if !self.take("# ") {
            return Ok(String::new());
        }
        let line = self.skip(|c| c != '\n');
        unescaped(line).ok_or_else(|| self.error("a path without stray escapes"))
    }

    fn quoted(&mut self) -> Result<String> {
        self.expect("\"")?;
        let mut escaped = false;
        let inside = self.skip(|c| {
            let ends = c == '\n' || (c == '"' && !escaped);
            escaped = c == '\\' && !escaped;
            !ends
        });
        let text = unescaped(inside).ok_or_else(|| self.error("a text without stray escapes"))?;
        if !self.rest().starts_with('"') {
            return Err(self.error("a closing quotation mark"));
        }
        self.at += 1;
        Ok(text)
    }

    fn word(&mut self) -> Result<&'a str> {
        self.blanks();
        let word = self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
        if word.is_empty() { Err(self.error("a name")) } else { Ok(word) }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.skip(|c| c == ' ');
    }

    fn peek_is(&mut self, next: char) -> bool {
        self.blanks();
        self.rest().starts_with(next)
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.take(token) { Ok(()) } else { Err(self.error(format!("`{token}`"))) }
    }

    /// Moves past characters and returns them.
    fn skip(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn error(&self, expected: impl Into<String>) -> Error {
        let at = self.at.min(self.text.len());
        let line = self.text[..at].matches('\n').count() + 1;
        let shown: String = self.rest().lines().next().unwrap_or("").chars().take(40).collect();
        let received = if shown.is_empty() { "the end".to_owned() } else { format!("`{shown}`") };
        Error::Text { line, expected: expected.into(), received }
    }
}

/// A whole number of at most nine digits, which no sum of sizes can bring to overflow.
fn number(text: &str) -> Option<isize> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 9 { None } else { text.parse().ok() }
}

/// Appends the bytes of one element.
fn element(dtype: DType, text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    if dtype.is_float() {
        return float(dtype, text, bytes);
    }
    let value: i128 = match (dtype, text) {
        (DType::Bool, "true") => 1,
        (DType::Bool, "false") => 0,
        (DType::Bool, _) => return None,
        _ => text.parse().ok()?,
    };
    let size = dtype.size_bytes();
    let bits = size as u32 * 8;
    let range = if dtype.is_signed() { -(1 << (bits - 1))..1 << (bits - 1) } else { 0..1 << bits };
    if !range.contains(&value) {
        return None;
    }
    bytes.extend(&value.to_le_bytes()[..size]);
    Some(())
}

fn float(dtype: DType, text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let size = dtype.size_bytes();
    if let Some(digits) = text.strip_prefix("0x") {
        let bits = u64::from_str_radix(digits, 16).ok()?;
        if size < 8 && bits >> (size * 8) != 0 {
            return None;
        }
        bytes.extend(&bits.to_le_bytes()[..size]);
        return Some(());
    }
    match dtype {
        DType::F64 => bytes.extend(text.parse::<f64>().ok()?.to_le_bytes()),
        DType::F32 => bytes.extend(text.parse::<f32>().ok()?.to_le_bytes()),
        DType::F16 => bytes.extend(f16::from_f32(text.parse().ok()?).to_le_bytes()),
        _ => bytes.extend(bf16::from_f32(text.parse().ok()?).to_le_bytes()),
    }
    Some(())
}

fn unescaped(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next()? {
            plain @ ('"' | '\\') => result.push(plain),
            'u' => {
                let code = characters.as_str().strip_prefix('{')?;
                let (digits, rest) = code.split_once('}')?;
                result.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                characters = rest.chars();
            }
            _ => return None,
        }
    }
    Some(result)
}
