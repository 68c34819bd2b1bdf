//! Text to tokens, with the notations that people paste.

mod notation;

use crate::error::{ParseError, ParseErrorKind, Span};

pub use notation::ascii_name;
pub(crate) use notation::is_greek_name;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    /// A name in ASCII; `greek` if it was written with a Greek letter.
    Name {
        text: String,
        greek: bool,
    },
    Keyword(Keyword),
    Plus,
    Minus,
    Star,
    Slash,
    Caret,
    /// `²`, `⁻¹`: a power without an operator.
    Superscript(f64),
    Root,
    Bar,
    Open,
    Close,
    Comma,
    Dot,
    Colon,
    /// `;`
    Semicolon,
    /// `"`, around a stated derivative.
    Quote,
    /// A line end that can end a statement.
    Newline,
    Assign,
    Comparison(crate::syntax::Binary),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    If,
    Else,
    And,
    Or,
    Not,
    Lambda,
    Return,
    Def,
    Let,
}

const KEYWORDS: &[(&str, Keyword)] = &[
    ("if", Keyword::If),
    ("else", Keyword::Else),
    ("and", Keyword::And),
    ("or", Keyword::Or),
    ("not", Keyword::Not),
    ("lambda", Keyword::Lambda),
    ("return", Keyword::Return),
    ("def", Keyword::Def),
    ("let", Keyword::Let),
];

#[derive(Clone, Debug)]
pub(crate) struct Spanned {
    pub(crate) token: Token,
    pub(crate) span: Span,
}

impl Token {
    /// Whether an operand can end with this token.
    fn ends_operand(&self) -> bool {
        matches!(
            self,
            Self::Number(_)
                | Self::Name { .. }
                | Self::Superscript(_)
                | Self::Bar
                | Self::Close
                | Self::Quote
        )
    }

    /// Whether a line that begins with this token goes on with the line before.
    fn continues_line(&self) -> bool {
        matches!(
            self,
            Self::Star
                | Self::Slash
                | Self::Caret
                | Self::Superscript(_)
                | Self::Close
                | Self::Comma
                | Self::Dot
                | Self::Comparison(_)
                | Self::Keyword(Keyword::If | Keyword::Else | Keyword::And | Keyword::Or)
        )
    }
}

/// All tokens of the source, ending in [`Token::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<Spanned>, ParseError> {
    let mut lexer = Lexer { source, at: 0, out: Vec::new(), depth: 0 };
    while lexer.at < source.len() {
        lexer.step()?;
    }
    let span = Span { start: source.len(), end: source.len() };
    lexer.out.push(Spanned { token: Token::End, span });
    let follows: Vec<bool> =
        lexer.out.iter().skip(1).map(|next| next.token.continues_line()).collect();
    let mut index = 0;
    lexer.out.retain(|spanned| {
        index += 1;
        spanned.token != Token::Newline || !follows.get(index - 1).copied().unwrap_or(false)
    });
    Ok(lexer.out)
}

fn is_digit(c: char) -> bool {
    notation::digit(c).is_some()
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    out: Vec<Spanned>,
    /// Open parentheses; line ends inside them mean nothing.
    depth: usize,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&accept) {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        &self.source[start..self.at]
    }

    fn push(&mut self, start: usize, token: Token) {
        self.out.push(Spanned { token, span: Span { start, end: self.at } });
    }

    fn step(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        let Some(c) = self.peek() else { return Ok(()) };
        if c == '#' {
            self.take_while(|c| c != '\n');
        } else if c == '\n' {
            self.at += 1;
            let ends = self.out.last().is_some_and(|last| last.token.ends_operand());
            if self.depth == 0 && ends {
                self.push(start, Token::Newline);
            }
        } else if c.is_whitespace() || notation::is_invisible(c) {
            self.at += c.len_utf8();
        } else if notation::digit(c).is_some() || (c == '.' && self.digit_after_dot()) {
            self.number(start)?;
        } else if notation::letter(c).is_some() || c == '_' {
            self.name(start);
        } else if notation::superscript(c).is_some() {
            self.superscript(start)?;
        } else if let Some(value) = notation::fraction(c) {
            self.at += c.len_utf8();
            self.push(start, Token::Number(value));
        } else {
            self.symbol(start, c)?;
        }
        Ok(())
    }

    fn digit_after_dot(&self) -> bool {
        self.source[self.at + 1..].starts_with(|c| notation::digit(c).is_some())
    }

    fn number(&mut self, start: usize) -> Result<(), ParseError> {
        let mut text = self.digits();
        if self.peek() == Some('.') {
            self.at += 1;
            text.push('.');
            text.push_str(&self.digits());
        }
        let rest = &self.source[self.at..];
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let unsigned = exponent.strip_prefix(['+', '-', '−']).unwrap_or(exponent);
            if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
                let negative = exponent.starts_with(['-', '−']);
                self.at = self.source.len() - unsigned.len();
                text.push_str(if negative { "e-" } else { "e" });
                text.push_str(&self.digits());
            }
        }
        let span = Span { start, end: self.at };
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => self.push(start, Token::Number(value)),
            _ => return Err(ParseError::new(ParseErrorKind::NumberTooLarge, self.source, span)),
        }
        Ok(())
    }

    /// Digits, in groups as Python allows them: `1_000`.
    fn digits(&mut self) -> String {
        let mut text = String::new();
        loop {
            let group = self.take_while(|c| notation::digit(c).is_some());
            text.extend(group.chars().filter_map(notation::digit));
            let rest = self.source[self.at..].strip_prefix('_');
            if group.is_empty() || !rest.is_some_and(|rest| rest.starts_with(is_digit)) {
                return text;
            }
            self.at += 1;
        }
    }

    /// A name. A Greek letter ends where a letter follows: `βx` is `β` and `x`.
    fn name(&mut self, start: usize) {
        let first = self.peek().and_then(notation::letter);
        if let (Some(notation::Letter::Greek(_)), Some(c)) = (first, self.peek()) {
            self.at += c.len_utf8();
            self.take_while(|c| notation::name_digit(c).is_some());
        }
        if first.is_none_or(|letter| matches!(letter, notation::Letter::Latin(_)))
            || self.peek() == Some('_')
        {
            self.take_while(|c| {
                c == '_' || notation::letter(c).is_some() || notation::name_digit(c).is_some()
            });
        }
        let written = &self.source[start..self.at];
        let text = ascii_name(written);
        let is_greek = |c| matches!(notation::letter(c), Some(notation::Letter::Greek(_)));
        let greek = written.chars().any(is_greek);
        let keyword = KEYWORDS.iter().find(|(word, _)| *word == text);
        let token = match keyword {
            Some((_, keyword)) => Token::Keyword(*keyword),
            None => Token::Name { text, greek },
        };
        self.push(start, token);
    }

    fn superscript(&mut self, start: usize) -> Result<(), ParseError> {
        let written = self.take_while(|c| notation::superscript(c).is_some());
        let text: String = written.chars().filter_map(notation::superscript).collect();
        let span = Span { start, end: self.at };
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => self.push(start, Token::Superscript(value)),
            _ => {
                return Err(ParseError::new(
                    ParseErrorKind::Expected {
                        expected: "a whole number as exponent".into(),
                        received: format!("`{text}`"),
                    },
                    self.source,
                    span,
                ));
            }
        }
        Ok(())
    }

    fn symbol(&mut self, start: usize, c: char) -> Result<(), ParseError> {
        let rest = &self.source[self.at..];
        let Some((written, token)) = notation::symbol(rest) else {
            let span = Span { start, end: start + c.len_utf8() };
            let error = ParseError::new(ParseErrorKind::Character(c), self.source, span);
            return Err(match c {
                '[' | ']' | '{' | '}' => error.suggest("group with parentheses `( )`"),
                '!' => error.suggest("write `not`, or `!=` for unequal"),
                '\\' => error.suggest("write Greek names as they are: `beta` or `β`"),
                '?' => error.suggest("write the condition as `a if c else b` or `where(c, a, b)`"),
                '%' => error.suggest("write the remainder with `floor`: `a - b * floor(a / b)`"),
                _ => error,
            });
        };
        self.at += written;
        match token {
            Token::Open => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.push(start, token);
        Ok(())
    }
}
