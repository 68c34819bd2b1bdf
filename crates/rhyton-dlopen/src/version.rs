use std::fmt;
use std::path::Path;

use crate::{Error, Result};

/// A version's first two numbers, which decide whether an engine is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl Version {
    /// A version.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// The version in text such as `2.21.0` or `2.4.0-rc1`; `None` if it does not begin with two
    /// numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().trim_start_matches('v').split('.');
        let number = |part: &str| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().ok()
        };
        Some(Self { major: number(parts.next()?)?, minor: number(parts.next()?)? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The versions of an engine that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supported {
    /// The oldest that works.
    pub from: Version,
    /// The first that isn't known to work.
    pub below: Version,
}

impl Supported {
    /// Fails unless the version that a library says it is lies inside.
    ///
    /// # Errors
    /// [`Error::WrongVersion`], also for text that is no version.
    pub fn check(&self, engine: &str, path: &Path, found: &str, enable: &str) -> Result<()> {
        if Version::parse(found).is_some_and(|v| v >= self.from && v < self.below) {
            return Ok(());
        }
        Err(Error::WrongVersion {
            engine: engine.to_owned(),
            path: path.to_owned(),
            found: format!("`{found}`"),
            supported: *self,
            enable: enable.to_owned(),
        })
    }
}

impl fmt::Display for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or newer, below {}", self.from, self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        assert_eq!(Version::parse("2.21.0"), Some(Version::new(2, 21)));
        assert_eq!(Version::parse("v2.4rc1\n"), Some(Version::new(2, 4)));
        assert_eq!(Version::parse("nightly"), None);
        assert_eq!(Version::parse("2"), None);
        assert!(Version::new(2, 9) < Version::new(2, 10));
    }

    #[test]
    fn old_new_and_unreadable_versions_are_errors() {
        let supported = Supported { from: Version::new(2, 10), below: Version::new(3, 0) };
        let check = |found: &str| supported.check("Engine", Path::new("libe.so"), found, "install");
        assert!(check("2.10.0").is_ok() && check("2.99").is_ok());
        insta::assert_snapshot!(check("1.15.0").unwrap_err(), @"Engine: expected version 2.10 or newer, below 3.0, received `1.15.0` from `libe.so`; install");
        assert!(check("3.0.0").is_err() && check("").is_err());
    }
}
