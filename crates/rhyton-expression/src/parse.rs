//! Tokens to an expression: operators, conditionals, implicit products.

mod calls;
mod names;
mod statements;

use crate::builder::Builder;
use crate::error::{ParseError, ParseErrorKind, Span};
use crate::functions::Function;
use crate::print::level;
use crate::syntax::{Binary, Expression, Node, NodeId};
use crate::token::{Keyword, Spanned, Token, tokens};
use crate::vocabulary::Vocabulary;
use crate::{MAX_DEPTH, MAX_LENGTH, MAX_NODES};

use names::Scope;
pub use names::without_modules;

/// What a text may refer to besides the language's own functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Registered names, inlined where they are called.
    pub vocabulary: Option<&'a Vocabulary>,
    /// Declared parameters and their defaults. They are not reported as new, `name(…)` is a product
    /// for them, and a default in the text's own signature wins.
    pub parameters: &'a [(&'a str, f64)],
}

impl Expression {
    /// Parses a text on its own: every function in it is the language's.
    ///
    /// # Errors
    /// What is wrong, where, and what to do; see [`ParseErrorKind`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_in(text, &Context::default())
    }

    /// Parses a text that may call registered names and use declared parameters.
    ///
    /// # Errors
    /// What is wrong, where, and what to do; see [`ParseErrorKind`].
    pub fn parse_in(text: &str, context: &Context<'_>) -> Result<Self, ParseError> {
        let expression = parse_once(text, context)?;
        // Sugar and inlining make text longer and deeper: what can't be stored is refused here.
        let stored = expression.definition("f");
        if parse_once(&stored, &Context::default()).as_ref() != Ok(&expression) {
            let whole = Span { start: 0, end: text.len() };
            return Err(ParseError::new(ParseErrorKind::TooLarge, text, whole)
                .suggest("name the parts that repeat: `t = …; …`"));
        }
        Ok(expression)
    }
}

fn parse_once(text: &str, context: &Context<'_>) -> Result<Expression, ParseError> {
    if text.len() > MAX_LENGTH {
        let span = Span { start: 0, end: 0 };
        return Err(ParseError::new(ParseErrorKind::TooLong(text.len()), "", span));
    }
    let mut parser = Parser {
        source: text,
        context,
        tokens: tokens(text)?,
        at: 0,
        builder: Builder::default(),
        depth: 0,
        bars: 0,
        scope: Scope::default(),
    };
    parser.program()
}

struct Parser<'a> {
    source: &'a str,
    context: &'a Context<'a>,
    tokens: Vec<Spanned>,
    at: usize,
    builder: Builder,
    depth: usize,
    /// Open `|` since the last parenthesis; the next one closes.
    bars: usize,
    scope: Scope,
}

type Parsed = Result<NodeId, ParseError>;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].token
    }

    fn ahead(&self, distance: usize) -> &Token {
        &self.tokens[(self.at + distance).min(self.tokens.len() - 1)].token
    }

    fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn accept(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.advance();
        }
        found
    }

    fn error(&self, kind: ParseErrorKind, span: Span) -> ParseError {
        ParseError::new(kind, self.source, span)
    }

    /// A part of the source on one line, for messages.
    fn written(&self, span: Span) -> String {
        let words: Vec<&str> = self.source[span.start..span.end].split_whitespace().collect();
        let line = words.join(" ");
        let mut shown: String = line.chars().take(QUOTED_MAX).filter(|c| !c.is_control()).collect();
        if shown.len() < line.len() {
            shown.push('…');
        }
        shown
    }

    fn expect(&mut self, token: &Token, expected: &str) -> Result<(), ParseError> {
        if self.accept(token) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The error at the current token, where `expected` could stand.
    fn unexpected(&self, expected: &str) -> ParseError {
        let span = self.span();
        let received = match self.peek() {
            Token::End => "the end of the text".to_owned(),
            Token::Newline => "the end of the line".to_owned(),
            _ => format!("`{}`", self.written(span)),
        };
        let starts = matches!(
            self.peek(),
            Token::Number(_) | Token::Name { .. } | Token::Open | Token::Root
        );
        if starts && self.at > 0 && expected != OPERAND {
            let error = self.error(ParseErrorKind::MissingOperator(received), span);
            return error.suggest("write the product with `*`");
        }
        let kind = ParseErrorKind::Expected { expected: expected.to_owned(), received };
        let error = self.error(kind, span);
        if *self.peek() == Token::Assign {
            return error.suggest("compare with `==`; bindings `name = …` stand at the beginning");
        }
        error
    }

    /// Runs a part one level deeper; the bound protects the stack.
    fn nested(&mut self, part: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(ParseErrorKind::TooDeep, self.span()));
        }
        self.depth += 1;
        let parsed = part(self);
        self.depth -= 1;
        if parsed.is_ok() && self.builder.len() > 4 * MAX_NODES {
            return Err(self.error(ParseErrorKind::TooLarge, self.span()));
        }
        parsed
    }

    /// `a if c else b`, or anything that binds more tightly.
    fn expression(&mut self) -> Parsed {
        let then = self.binary(level::OR)?;
        if !self.accept(&Token::Keyword(Keyword::If)) {
            return Ok(then);
        }
        let start = self.span();
        let condition = self.binary(level::OR)?;
        let condition = self.condition(condition, start)?;
        self.expect(&Token::Keyword(Keyword::Else), "`else`")?;
        let otherwise = self.nested(Self::expression)?;
        let (then, otherwise) = (self.builder.number(then), self.builder.number(otherwise));
        Ok(self.builder.add(Node::Select { condition, then, otherwise }))
    }

    fn condition(&mut self, id: NodeId, start: Span) -> Parsed {
        if self.builder.node(id).is_condition() {
            return Ok(id);
        }
        let end = self.tokens[self.at.saturating_sub(1)].span.end;
        let span = Span { start: start.start, end: end.max(start.start) };
        if *self.peek() == Token::Assign {
            return Err(self.unexpected("a comparison"));
        }
        let written = self.written(span);
        Err(self
            .error(ParseErrorKind::NotACondition, span)
            .suggest(format!("compare it: `{written} != 0`")))
    }

    /// Operators of at least this level, by precedence climbing.
    fn binary(&mut self, min: u8) -> Parsed {
        let start = self.span();
        let mut left = self.prefixed(min)?;
        let mut divided = false;
        loop {
            let (binary, level) = match self.peek() {
                Token::Plus => (Binary::Add, level::SUM),
                Token::Minus => (Binary::Subtract, level::SUM),
                Token::Star => (Binary::Multiply, level::PRODUCT),
                Token::Slash => (Binary::Divide, level::PRODUCT),
                Token::Keyword(Keyword::And) => (Binary::And, level::AND),
                Token::Keyword(Keyword::Or) => (Binary::Or, level::OR),
                Token::Bar if self.bars == 0 && self.follows_condition(left) => {
                    (Binary::Or, level::OR)
                }
                Token::Comparison(_) if level::COMPARISON >= min => {
                    left = self.comparisons(left)?;
                    continue;
                }
                _ if self.multiplies_implicitly() && level::PRODUCT >= min => {
                    self.refuse_ambiguous(divided)?;
                    let right = self.power()?;
                    left = self.arithmetic(Binary::Multiply, left, right);
                    continue;
                }
                _ => return Ok(left),
            };
            if level < min {
                return Ok(left);
            }
            let end = self.span().end;
            let doubled = *self.peek() == Token::Bar && *self.ahead(1) == Token::Bar;
            self.advance();
            if doubled && self.span().start == end {
                self.advance();
            }
            divided = binary == Binary::Divide;
            let right_start = self.span();
            let right = self.binary(level + 1)?;
            left = if matches!(binary, Binary::And | Binary::Or) {
                let left = self.condition(left, start)?;
                let right = self.condition(right, right_start)?;
                self.builder.add(Node::Binary(binary, left, right))
            } else {
                self.arithmetic(binary, left, right)
            };
        }
    }

    fn prefixed(&mut self, min: u8) -> Parsed {
        if level::NOT >= min && self.accept(&Token::Keyword(Keyword::Not)) {
            let start = self.span();
            let operand = self.nested(|parser| parser.binary(level::NOT))?;
            let operand = self.condition(operand, start)?;
            return Ok(self.builder.add(Node::Not(operand)));
        }
        self.unary()
    }

    fn arithmetic(&mut self, binary: Binary, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = (self.builder.number(a), self.builder.number(b));
        if binary == Binary::Power && self.builder.is_e(a) {
            return self.builder.function(Function::Exp, b);
        }
        self.builder.add(Node::Binary(binary, a, b))
    }

    /// `a < b <= c` means `a < b and b <= c`.
    fn comparisons(&mut self, first: NodeId) -> Parsed {
        let mut left = first;
        let mut all = None;
        while let Token::Comparison(binary) = *self.peek() {
            self.advance();
            let right = self.binary(level::SUM)?;
            let link = self.arithmetic(binary, left, right);
            all = Some(match all {
                None => link,
                Some(all) => self.builder.add(Node::Binary(Binary::And, all, link)),
            });
            left = right;
        }
        Ok(all.unwrap_or(first))
    }

    /// Whether the token before closes the parentheses of a condition: `(x < 0) | (x > 1)`.
    fn follows_condition(&self, left: NodeId) -> bool {
        self.at.checked_sub(1).is_some_and(|index| self.tokens[index].token == Token::Close)
            && self.builder.node(left).is_condition()
    }

    /// Whether a product is meant between the token before and this one.
    fn multiplies_implicitly(&self) -> bool {
        let before = &self.tokens[self.at.saturating_sub(1)].token;
        match self.peek() {
            Token::Open => true,
            Token::Name { .. } if self.states_derivative() => false,
            Token::Name { .. } | Token::Root if self.follows_greek() => true,
            Token::Name { .. } | Token::Root => matches!(
                before,
                Token::Number(_) | Token::Close | Token::Superscript(_) | Token::Bar
            ),
            Token::Bar => {
                self.bars == 0
                    && matches!(before, Token::Number(_) | Token::Close | Token::Superscript(_))
            }
            _ => false,
        }
    }

    /// Whether the clause `derivative "…"` begins here.
    fn states_derivative(&self) -> bool {
        matches!(self.peek(), Token::Name { text, .. } if text == "derivative")
            && *self.ahead(1) == Token::Quote
    }

    /// Whether a Greek letter that names no function stands directly before this token: `βx`.
    fn follows_greek(&self) -> bool {
        let Some(before) = self.at.checked_sub(1).map(|index| &self.tokens[index]) else {
            return false;
        };
        let greek = |token: &Token| match token {
            Token::Name { text, greek } => {
                *greek && !matches!(text.as_str(), "sigma" | "phi" | "Phi")
            }
            _ => false,
        };
        greek(&before.token) && before.span.end == self.span().start
    }

    /// `1/2x` and `x^2y` mean different things to different readers.
    fn refuse_ambiguous(&self, divided: bool) -> Result<(), ParseError> {
        let before =
            |distance: usize| self.at.checked_sub(distance).map(|index| &self.tokens[index].token);
        let raised = !matches!(before(1), Some(Token::Close | Token::Superscript(_)))
            && (before(2) == Some(&Token::Caret)
                || (before(2) == Some(&Token::Minus) && before(3) == Some(&Token::Caret)));
        if !divided && !raised {
            return Ok(());
        }
        let previous = self.tokens[self.at - 1].span;
        let span = Span { start: previous.start, end: self.span().end };
        let written = self.written(span);
        let operator = if divided { '/' } else { '^' };
        Err(self
            .error(ParseErrorKind::Ambiguous(written), span)
            .suggest(format!("write `*` and say with parentheses what belongs to `{operator}`")))
    }

    fn unary(&mut self) -> Parsed {
        if self.accept(&Token::Minus) {
            let operand = self.nested(Self::unary)?;
            let operand = self.builder.number(operand);
            return Ok(self.builder.add(Node::Negate(operand)));
        }
        if self.accept(&Token::Plus) {
            return self.nested(Self::unary);
        }
        self.power()
    }

    fn power(&mut self) -> Parsed {
        let base = self.primary()?;
        let exponent = match *self.peek() {
            Token::Superscript(value) => {
                self.advance();
                self.builder.constant(value)
            }
            Token::Caret => {
                self.advance();
                self.nested(Self::unary)?
            }
            _ => return Ok(base),
        };
        Ok(self.arithmetic(Binary::Power, base, exponent))
    }

    fn primary(&mut self) -> Parsed {
        match self.peek().clone() {
            Token::Number(value) => {
                self.advance();
                Ok(self.builder.constant(value))
            }
            Token::Open => {
                self.advance();
                let inner = self.inside(0)?;
                self.expect(&Token::Close, "`)`")?;
                Ok(inner)
            }
            Token::Bar => {
                self.advance();
                let inner = self.inside(self.bars + 1)?;
                self.expect(&Token::Bar, "`|`")?;
                let inner = self.builder.number(inner);
                Ok(self.builder.function(Function::Abs, inner))
            }
            Token::Root => {
                self.advance();
                let operand = self.nested(Self::primary)?;
                let operand = self.builder.number(operand);
                Ok(self.builder.function(Function::Sqrt, operand))
            }
            Token::Name { .. } => self.name(),
            _ => Err(self.unexpected(OPERAND)),
        }
    }

    /// An expression between brackets, of which so many are open bars.
    fn inside(&mut self, bars: usize) -> Parsed {
        let outer = std::mem::replace(&mut self.bars, bars);
        let parsed = self.nested(Self::expression);
        self.bars = outer;
        parsed
    }
}

/// Characters of the source repeated inside a message.
const QUOTED_MAX: usize = 40;

/// What [`Parser::unexpected`] calls the beginning of an expression.
const OPERAND: &str = "a number, a name or `(`";

#[cfg(test)]
mod tests;
