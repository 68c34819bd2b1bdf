//! Calls: core functions, shorthands, registered names written out in place.

use super::{Parsed, Parser};
use crate::error::{ParseError, ParseErrorKind, Span};
use crate::functions::{Function, WITH_DERIVATIVE, prelude};
use crate::over_axis::AxisFunction;
use crate::syntax::{Binary, Expression, Node, NodeId};
use crate::token::Token;
use crate::vocabulary::Entry;

struct Argument {
    keyword: Option<(String, Span)>,
    value: NodeId,
    span: Span,
}

impl Parser<'_> {
    /// The call of a known function; `None` (and nothing consumed) if the name is none.
    pub(super) fn call(&mut self, name: &str, greek: bool, span: Span) -> Option<Parsed> {
        let entry = self.context.vocabulary.and_then(|vocabulary| vocabulary.get(name));
        if let Some(Entry::Definition { expression, over_core: true }) = entry {
            return Some(self.inlined(name, expression, span));
        }
        if let Some(Entry::Opaque { reason }) = entry {
            let kind =
                ParseErrorKind::NotInlinable { name: name.to_owned(), reason: reason.clone() };
            return Some(Err(self.error(kind, span)));
        }
        let core = match name {
            "sigma" if greek => "sigmoid",
            "Phi" if greek => "normal_cdf",
            "max" | "maximum" => return Some(self.extremum(name, Binary::Maximum, span)),
            "min" | "minimum" => return Some(self.extremum(name, Binary::Minimum, span)),
            "pow" | "power" => return Some(self.power_call(name, span)),
            "where" | "select" => return Some(self.where_call(name, span)),
            WITH_DERIVATIVE => return Some(self.with_derivative_call(span)),
            _ => name,
        };
        let builtin = match entry {
            Some(Entry::Definition { expression, .. }) => Some(expression),
            _ => None,
        };
        if let Some(function) = Function::named(core) {
            return Some(match builtin {
                Some(expression) if !self.has_one_argument() => {
                    self.inlined(name, expression, span)
                }
                _ => self.function_call(name, function, span),
            });
        }
        if let Some(function) = AxisFunction::named(core)
            && (builtin.is_none() || self.has_one_argument())
        {
            return Some(self.over_axis_call(name, function, span));
        }
        if let Some(expression) = builtin {
            return Some(self.inlined(name, expression, span));
        }
        prelude(core).map(|template| self.shorthand(name, template, span))
    }

    /// Whether the parentheses that open here hold one argument, without a keyword.
    fn has_one_argument(&self) -> bool {
        let mut depth = 0;
        for (index, spanned) in self.tokens[self.at..].iter().enumerate() {
            match spanned.token {
                Token::Open => depth += 1,
                Token::Close if depth == 1 => return index > 1,
                Token::Close => depth -= 1,
                Token::Comma | Token::Assign if depth == 1 => return false,
                _ => {}
            }
        }
        true
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, ParseError> {
        self.expect(&Token::Open, "`(`")?;
        let mut arguments = Vec::new();
        while *self.peek() != Token::Close {
            let mut span = self.span();
            let keyword = match (self.peek(), self.ahead(1)) {
                (Token::Name { text, .. }, Token::Assign) => Some((text.clone(), span)),
                _ => None,
            };
            if keyword.is_some() {
                self.advance();
                self.advance();
            }
            let value = self.inside(0)?;
            span.end = self.tokens[self.at - 1].span.end;
            arguments.push(Argument { keyword, value, span });
            if !self.accept(&Token::Comma) && *self.peek() != Token::Close {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        self.advance();
        Ok(arguments)
    }

    /// Values of exactly so many arguments without keywords; `None` means two or more.
    fn positional(
        &mut self,
        name: &str,
        count: Option<usize>,
        span: Span,
    ) -> Result<Vec<Argument>, ParseError> {
        let arguments = self.arguments()?;
        if let Some((keyword, at)) = arguments.iter().find_map(|a| a.keyword.clone()) {
            let kind = ParseErrorKind::Keyword {
                function: name.to_owned(),
                name: keyword,
                expected: Vec::new(),
            };
            return Err(self.error(kind, at).suggest("give the arguments in order"));
        }
        let right = count.map_or(arguments.len() >= 2, |count| arguments.len() == count);
        if right {
            return Ok(arguments);
        }
        let expected = match count {
            None => "2 or more arguments".to_owned(),
            Some(1) => "1 argument".to_owned(),
            Some(count) => format!("{count} arguments"),
        };
        let received = arguments.len();
        Err(self.error(
            ParseErrorKind::Arguments { function: name.to_owned(), expected, received },
            span,
        ))
    }

    fn function_call(&mut self, name: &str, function: Function, span: Span) -> Parsed {
        let arguments = self.positional(name, Some(1), span)?;
        let argument = self.builder.number(arguments[0].value);
        Ok(self.builder.function(function, argument))
    }

    fn over_axis_call(&mut self, name: &str, function: AxisFunction, span: Span) -> Parsed {
        let arguments = self.positional(name, Some(1), span)?;
        let argument = self.builder.number(arguments[0].value);
        Ok(self.builder.add(Node::OverAxis(function, argument)))
    }

    fn with_derivative_call(&mut self, span: Span) -> Parsed {
        let arguments = self.positional(WITH_DERIVATIVE, Some(3), span)?;
        let number = |at: usize| arguments[at].value;
        let [value, input, slope] = [0, 1, 2].map(|at| self.builder.number(number(at)));
        Ok(self.builder.add(Node::Stated { value, input, slope }))
    }

    fn extremum(&mut self, name: &str, binary: Binary, span: Span) -> Parsed {
        let arguments = self.positional(name, None, span)?;
        let mut all = arguments[0].value;
        for argument in &arguments[1..] {
            all = self.arithmetic(binary, all, argument.value);
        }
        Ok(all)
    }

    fn power_call(&mut self, name: &str, span: Span) -> Parsed {
        let arguments = self.positional(name, Some(2), span)?;
        Ok(self.arithmetic(Binary::Power, arguments[0].value, arguments[1].value))
    }

    fn where_call(&mut self, name: &str, span: Span) -> Parsed {
        let arguments = self.positional(name, Some(3), span)?;
        let condition = arguments[0].value;
        if !self.builder.node(condition).is_condition() {
            let written = self.written(arguments[0].span);
            let suggestion = format!("compare it: `{written} != 0`");
            let error = self.error(ParseErrorKind::NotACondition, arguments[0].span);
            return Err(error.suggest(suggestion));
        }
        let then = self.builder.number(arguments[1].value);
        let otherwise = self.builder.number(arguments[2].value);
        Ok(self.builder.add(Node::Select { condition, then, otherwise }))
    }

    fn shorthand(&mut self, name: &str, template: &Expression, span: Span) -> Parsed {
        let arguments = self.positional(name, Some(1 + template.parameters.len()), span)?;
        let values: Vec<NodeId> =
            arguments.iter().map(|argument| self.builder.number(argument.value)).collect();
        Ok(self.builder.instantiate(template, values[0], &values[1..]))
    }

    /// A registered definition in place of its call; its own names stay inside it.
    fn inlined(&mut self, name: &str, expression: &Expression, span: Span) -> Parsed {
        let arguments = self.arguments()?;
        let mut input = None;
        let mut parameters = vec![None; expression.parameters.len()];
        for (index, argument) in arguments.iter().enumerate() {
            let slot = match &argument.keyword {
                Some((keyword, _)) if keyword == "x" => Some(&mut input),
                Some((keyword, _)) => {
                    expression.parameter_index(keyword).map(|place| &mut parameters[place])
                }
                None if index == 0 => Some(&mut input),
                None if index <= parameters.len() => Some(&mut parameters[index - 1]),
                None => return Err(self.too_many(name, expression, arguments.len(), span)),
            };
            match slot {
                Some(slot) if slot.is_none() => {
                    *slot = Some(self.builder.number(argument.value));
                }
                _ => return Err(self.wrong_keyword(name, expression, argument)),
            }
        }
        let input = input.unwrap_or_else(|| self.builder.add(Node::Input));
        let values: Vec<NodeId> = parameters
            .into_iter()
            .zip(&expression.parameters)
            .map(|(given, own)| given.unwrap_or_else(|| self.builder.constant(own.default)))
            .collect();
        // The new part has as many nodes as the definition: bounded before the depth check sees it.
        let parsed = self.builder.instantiate(expression, input, &values);
        self.nested(|_| Ok(parsed))
    }

    fn too_many(
        &self,
        name: &str,
        expression: &Expression,
        received: usize,
        span: Span,
    ) -> ParseError {
        let expected = match expression.parameters.len() {
            0 => "1 argument".to_owned(),
            count => format!("1 to {} arguments", count + 1),
        };
        let kind = ParseErrorKind::Arguments { function: name.to_owned(), expected, received };
        self.error(kind, span)
    }

    fn wrong_keyword(
        &self,
        function: &str,
        expression: &Expression,
        argument: &Argument,
    ) -> ParseError {
        let (name, span) = match &argument.keyword {
            Some((keyword, span)) => (keyword.clone(), *span),
            None => (String::new(), argument.span),
        };
        let expected = expression.parameters.iter().map(|p| p.name.clone()).collect();
        let kind = ParseErrorKind::Keyword { function: function.to_owned(), name, expected };
        self.error(kind, span)
    }
}
