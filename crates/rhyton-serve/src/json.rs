use std::borrow::Cow;

use crate::failure::Failure;
use crate::limits::JSON_DEPTH_MAX;

/// Reads JSON from its start to its end without building a tree, as `RapidJSON` reads it in TensorFlow
/// Serving: `NaN`, `Inf` and `Infinity` are numbers. Recursion ends at a bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// A value that holds no others, or how one begins that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    /// The name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "Null",
            Self::Bool(false) => "False",
            Self::Bool(true) => "True",
            Self::Number => "Number",
            Self::Text => "String",
            Self::List => "Array",
            Self::Object => "Object",
        }
    }
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// What comes next.
    pub(crate) fn kind(&mut self) -> Result<Kind> {
        self.skip_space();
        match self.byte() {
            None if self.text.trim_ascii().is_empty() => self.fail("The document is empty."),
            None => self.fail("Invalid value."),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::List),
            Some(b'"') => Ok(Kind::Text),
            Some(b'n') => self.word("null", Kind::Null),
            Some(b't') => self.word("true", Kind::Bool(true)),
            Some(b'f') => self.word("false", Kind::Bool(false)),
            Some(b'-' | b'N' | b'I' | b'0'..=b'9') => Ok(Kind::Number),
            Some(_) => self.fail("Invalid value."),
        }
    }

    fn word(&self, word: &str, kind: Kind) -> Result<Kind> {
        if self.text[self.at..].starts_with(word) { Ok(kind) } else { self.fail("Invalid value.") }
    }

    /// Passes over a value; its text.
    pub(crate) fn skip(&mut self) -> Result<&'a str> {
        let kind = self.kind()?;
        let start = self.at;
        match kind {
            Kind::Null => self.at += 4,
            Kind::Bool(value) => self.at += if value { 4 } else { 5 },
            Kind::Number => {
                self.number()?;
            }
            Kind::Text => {
                self.text()?;
            }
            Kind::List => self.list(|reader| reader.skip().map(|_| ()))?,
            Kind::Object => self.object(|reader, _| reader.skip().map(|_| ()))?,
        }
        Ok(&self.text[start..self.at])
    }

    /// Hands each element of a list to `each`, which must read it.
    pub(crate) fn list(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.enter()?;
        if self.passes(b']') {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            each(self)?;
            if self.passes(b']') {
                self.depth -= 1;
                return Ok(());
            }
            if !self.passes(b',') {
                return self.fail("Missing a comma or ] after an array element.");
            }
        }
    }

    /// Hands each key of an object to `each`, which must read the value.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<()> {
        self.enter()?;
        if self.passes(b'}') {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            if self.byte() != Some(b'"') {
                return self.fail("Missing a name for object member.");
            }
            let key = self.text()?;
            if !self.passes(b':') {
                return self.fail("Missing a colon after a name of object member.");
            }
            each(self, &key)?;
            if self.passes(b'}') {
                self.depth -= 1;
                return Ok(());
            }
            if !self.passes(b',') {
                return self.fail("Missing a comma or } after an object member.");
            }
        }
    }

    fn enter(&mut self) -> Result<()> {
        self.skip_space();
        if self.depth == JSON_DEPTH_MAX {
            return self.fail("Lists and objects are nested too deeply.");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// The text of a number.
    pub(crate) fn number(&mut self) -> Result<&'a str> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        if let Some(b'N' | b'I') = self.byte() {
            let words = ["NaN", "Infinity", "Inf"];
            let Some(word) = words.iter().find(|word| self.text[self.at..].starts_with(**word))
            else {
                return self.fail("Invalid value.");
            };
            self.at += word.len();
            return Ok(&self.text[start..self.at]);
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.fail("Invalid value."),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if !self.is_digit() {
                return self.fail("Miss fraction part in number.");
            }
            self.digits();
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            if !self.is_digit() {
                return self.fail("Miss exponent in number.");
            }
            self.digits();
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) {
        while self.is_digit() {
            self.at += 1;
        }
    }

    fn is_digit(&self) -> bool {
        self.byte().is_some_and(|byte| byte.is_ascii_digit())
    }

    /// A string without its quotation marks, its escapes resolved.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.byte() {
                None => return self.fail("Missing a closing quotation mark in string."),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 1;
                    // What is escaped is looked at below; a quotation mark must not end the string.
                    if self.byte().is_none() {
                        return self.fail("Missing a closing quotation mark in string.");
                    }
                    self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
                }
                Some(0..=0x1f) => return self.fail("Invalid encoding in string."),
                Some(_) => self.at += 1,
            }
        }
        let quoted = &self.text[start - 1..=self.at];
        self.at += 1;
        if !escaped {
            return Ok(Cow::Borrowed(&quoted[1..quoted.len() - 1]));
        }
        if let Ok(text) = serde_json::from_str(quoted) {
            return Ok(Cow::Owned(text));
        }
        self.at = start;
        self.fail("Invalid escape character in string.")
    }

    /// Nothing but space may be left.
    pub(crate) fn end(mut self) -> Result<()> {
        self.skip_space();
        match self.byte() {
            None => Ok(()),
            Some(_) => self.fail("The document root must not be followed by other values."),
        }
    }

    /// Whether a byte comes next; passes over it if so.
    fn passes(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fail<T>(&self, what: &str) -> Result<T> {
        Err(Failure::invalid(format!("JSON Parse error: {what} at offset: {}", self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(text: &str) -> Result<&str, String> {
        let mut reader = Reader::new(text);
        let found = reader.skip().map_err(|failure| failure.message)?;
        reader.end().map_err(|failure| failure.message)?;
        Ok(found)
    }

    #[test]
    fn values_are_passed_over() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-0.5e+10",
            "NaN",
            "-Infinity",
            "Inf",
            r#""a\"\u00e9b""#,
            "[]",
            "[1, [2], {}]",
            r#"{"a": [1], "b": {"c": null}}"#,
        ] {
            assert_eq!(skipped(&format!(" {text}\n")), Ok(text));
        }
    }

    #[test]
    fn what_is_no_json_is_said_with_its_place() {
        for (text, expected) in [
            ("", "The document is empty. at offset: 0"),
            ("nul", "Invalid value. at offset: 0"),
            ("[1,]", "Invalid value. at offset: 3"),
            ("[1 2]", "Missing a comma or ] after an array element. at offset: 3"),
            ("[01]", "Missing a comma or ] after an array element. at offset: 2"),
            ("{1: 2}", "Missing a name for object member. at offset: 1"),
            ("{\"a\" 2}", "Missing a colon after a name of object member. at offset: 5"),
            ("{\"a\": 2", "Missing a comma or } after an object member. at offset: 7"),
            ("\"a", "Missing a closing quotation mark in string. at offset: 2"),
            ("\"a\\", "Missing a closing quotation mark in string. at offset: 3"),
            (r#""\x""#, "Invalid escape character in string. at offset: 1"),
            ("\"\u{1}\"", "Invalid encoding in string. at offset: 1"),
            ("1.", "Miss fraction part in number. at offset: 2"),
            ("1e", "Miss exponent in number. at offset: 2"),
            ("-", "Invalid value. at offset: 1"),
            ("1 1", "The document root must not be followed by other values. at offset: 2"),
        ] {
            assert_eq!(skipped(text), Err(format!("JSON Parse error: {expected}")), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(skipped(&nested(JSON_DEPTH_MAX)).is_ok());
        for depth in [JSON_DEPTH_MAX + 1, 1_000_000] {
            let error = skipped(&nested(depth)).unwrap_err();
            assert!(error.contains("nested too deeply"), "{error}");
        }
        assert!(skipped(&"{\"a\":".repeat(1_000_000)).is_err());
    }
}
