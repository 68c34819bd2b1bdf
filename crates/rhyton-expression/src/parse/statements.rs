//! The whole text: signature, bindings, value.

use super::Parser;
use crate::canonical::Outline;
use crate::error::{ParseError, ParseErrorKind, Span};
use crate::functions::{WITH_DERIVATIVE, is_reserved};
use crate::syntax::{Expression, Node, NodeId, Warning};
use crate::token::{Keyword, Token};
use crate::{MAX_NODES, MAX_STATED, ParseErrorKind as Kind};

impl Parser<'_> {
    pub(super) fn program(&mut self) -> Result<Expression, ParseError> {
        self.separators();
        if *self.peek() == Token::End {
            return Err(self.error(Kind::Empty, self.span()));
        }
        let name = self.signature()?;
        let declared = self.scope.parameters.len();
        let (root, bindings) = self.statements()?;
        self.finished(name, declared, root, bindings)
    }

    fn separators(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Token::Semicolon | Token::Newline) {
            self.advance();
        }
        self.at > start
    }

    /// `f(x, beta=1) =`, `def f(x, beta=1):`, `lambda x, beta=1:`, `f = lambda x:`; its name.
    fn signature(&mut self) -> Result<Option<String>, ParseError> {
        if self.accept(&Token::Keyword(Keyword::Lambda)) {
            self.signature_parameters(&Token::Colon, "`:`")?;
            return Ok(None);
        }
        let assigned = matches!(self.peek(), Token::Name { .. })
            && *self.ahead(1) == Token::Assign
            && *self.ahead(2) == Token::Keyword(Keyword::Lambda);
        let def = !assigned && self.accept(&Token::Keyword(Keyword::Def));
        if !assigned && !def && !self.has_signature() {
            return Ok(None);
        }
        let Token::Name { text, .. } = self.peek().clone() else {
            return Err(self.unexpected("the function's name"));
        };
        self.advance();
        if assigned {
            self.advance();
            self.advance();
            self.signature_parameters(&Token::Colon, "`:`")?;
            return Ok(Some(text));
        }
        self.expect(&Token::Open, "`(`")?;
        self.signature_parameters(&Token::Close, "`)`")?;
        if !self.accept(&Token::Colon) {
            self.expect(&Token::Assign, "`=` or `:`")?;
        }
        Ok(Some(text))
    }

    /// Whether the text begins with `name(…) =` or `name(…):`.
    fn has_signature(&self) -> bool {
        if !matches!((self.peek(), self.ahead(1)), (Token::Name { .. }, Token::Open)) {
            return false;
        }
        let mut depth = 0_usize;
        for (index, spanned) in self.tokens[self.at..].iter().enumerate() {
            match spanned.token {
                Token::Open => depth += 1,
                Token::Close if depth == 1 => {
                    return matches!(self.ahead(index + 1), Token::Assign | Token::Colon);
                }
                Token::Close => depth -= 1,
                Token::Semicolon => return false,
                _ => {}
            }
        }
        false
    }

    /// `x, beta=1.5` and the token that ends the list.
    fn signature_parameters(&mut self, end: &Token, expected: &str) -> Result<(), ParseError> {
        let (input, span) = self.new_name("the input's name, `x`")?;
        if input != "x" {
            self.refuse_reserved(&input, span)?;
            let id = self.builder.add(Node::Input);
            self.scope.bind(input.clone(), id);
            self.scope.used.insert(input.clone());
            self.scope.other_input = Some(input);
        }
        while self.accept(&Token::Comma) {
            if self.peek() == end {
                break;
            }
            let (name, span) = self.new_name("a parameter's name")?;
            self.refuse_reserved(&name, span)?;
            let declared = self.context.parameters.iter().find(|(known, _)| *known == name);
            let mut default = declared.map_or(1.0, |(_, default)| *default);
            if self.accept(&Token::Assign) {
                default = self.default_value(&name)?;
            }
            self.scope.add_parameter(&name, default, true);
        }
        self.expect(end, expected)
    }

    fn new_name(&mut self, expected: &str) -> Result<(String, Span), ParseError> {
        let span = self.span();
        match self.peek().clone() {
            Token::Name { text, .. } => {
                self.advance();
                Ok((text, span))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn default_value(&mut self, name: &str) -> Result<f64, ParseError> {
        let span = self.span();
        let value = self.unary()?;
        self.builder
            .constant_value(value)
            .ok_or_else(|| self.error(Kind::DefaultNotConstant(name.to_owned()), span))
    }

    /// Names in scope are refused as duplicates, the language's own words and functions always.
    fn refuse_reserved(&self, name: &str, span: Span) -> Result<(), ParseError> {
        if is_reserved(name) {
            return Err(self.error(Kind::Reserved(name.to_owned()), span));
        }
        if self.scope.contains(name) {
            return Err(self.error(Kind::Rebound(name.to_owned()), span));
        }
        Ok(())
    }

    /// Bindings and the value; a binding at the end is the value.
    fn statements(&mut self) -> Result<(NodeId, Vec<(String, NodeId)>), ParseError> {
        let mut bindings = Vec::new();
        loop {
            self.separators();
            let start = self.span();
            let returns = self.accept(&Token::Keyword(Keyword::Return));
            if !returns {
                self.accept(&Token::Keyword(Keyword::Let));
            }
            let target = match (self.peek(), self.ahead(1)) {
                (Token::Name { text, .. }, Token::Assign) if !returns => {
                    Some((text.clone(), self.span()))
                }
                _ => None,
            };
            if target.is_some() {
                self.advance();
                self.advance();
            }
            let value = self.expression()?;
            let value = self.derivative_clause(value)?;
            let separated = self.separators();
            if *self.peek() == Token::End {
                return Ok((value, bindings));
            }
            if !separated {
                return Err(self.unexpected("an operator or the end"));
            }
            let Some((name, span)) = target else {
                let end = self.tokens[self.at - 1].span.start;
                let span = Span { start: start.start, end };
                return Err(self.error(ParseErrorKind::StrayValue, span));
            };
            self.refuse_reserved(&name, span)?;
            self.scope.bind(name.clone(), value);
            bindings.push((name, value));
        }
    }

    /// `value derivative "slope"`: the slope by `x`, whatever the value's own would be.
    fn derivative_clause(&mut self, value: NodeId) -> Result<NodeId, ParseError> {
        let ahead = self.at;
        self.separators();
        if !self.states_derivative() {
            self.at = ahead;
            return Ok(value);
        }
        self.advance();
        self.advance();
        let slope = self.expression()?;
        self.expect(&Token::Quote, "`\"` after the derivative")?;
        let (value, slope) = (self.builder.number(value), self.builder.number(slope));
        let input = self.builder.add(Node::Input);
        Ok(self.builder.add(Node::Stated { value, input, slope }))
    }

    fn finished(
        &mut self,
        name: Option<String>,
        declared: usize,
        root: NodeId,
        bindings: Vec<(String, NodeId)>,
    ) -> Result<Expression, ParseError> {
        let whole = Span { start: 0, end: self.source.len() };
        let unused = |name: &str| !self.scope.used.contains(name);
        let declared_names = self.scope.parameters[..declared].iter().map(|p| &p.name);
        let mut warnings = self.scope.warnings.clone();
        warnings.extend(
            declared_names
                .chain(bindings.iter().map(|(name, _)| name))
                .filter(|name| unused(name))
                .map(|name| Warning::Unused { name: name.clone() }),
        );
        let parameters = std::mem::take(&mut self.scope.parameters);
        let mut expression = std::mem::take(&mut self.builder).finish(Outline {
            root,
            bindings,
            parameters,
            name,
            warnings,
        });
        if expression.nodes.len() > MAX_NODES {
            return Err(self.error(Kind::TooLarge, whole));
        }
        let is_stated = |node: &&Node| matches!(node, Node::Stated { .. });
        if expression.nodes.iter().filter(is_stated).count() > MAX_STATED {
            return Err(self.error(Kind::TooManyStated, whole));
        }
        self.refuse_two_meanings(&expression)?;
        if !expression.is_elementwise() {
            // The axis is not written in the text, so declaring it is using it.
            let is_axis =
                |warning: &Warning| matches!(warning, Warning::Unused { name } if name == "axis");
            expression.warnings.retain(|warning| !is_axis(warning));
        }
        if !expression.depends_on_input() {
            expression.warnings.push(Warning::IndependentOfInput);
        }
        Ok(expression)
    }

    /// A function over an axis whose name the text also gives to something: printed, one would read
    /// as the other.
    fn refuse_two_meanings(&self, expression: &Expression) -> Result<(), ParseError> {
        let names = expression.parameters.iter().map(|parameter| &parameter.name);
        for name in names.chain(expression.bindings.iter().map(|(name, _)| name)) {
            let is_called = |node: &Node| match node {
                Node::OverAxis(function, _) => function.name() == name,
                Node::Stated { .. } => name == WITH_DERIVATIVE,
                _ => false,
            };
            if expression.nodes.iter().any(is_called) {
                let whole = Span { start: 0, end: self.source.len() };
                return Err(self.error(Kind::Reserved(name.clone()), whole));
            }
        }
        Ok(())
    }
}
