use crate::{Error, Result};

const FOLDER: &str = "assets/";

/// The member's name of an asset.
pub(super) fn member(path: &str) -> String {
    format!("{FOLDER}{path}")
}

/// The asset's path of a member's name, if it is one.
pub(super) fn path(member: &str) -> Option<&str> {
    member.strip_prefix(FOLDER).filter(|path| !path.is_empty() && !path.ends_with('/'))
}

/// Refuses a path that leaves its folder on any system, or that only some systems can hold.
pub(super) fn check(path: &str) -> Result<()> {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    if path.split('/').all(plain) {
        return Ok(());
    }
    Err(Error::MemberName { name: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths_pass() {
        for path in ["vocabulary.txt", "layers/text_vectorization/κέρας.txt", "a..b/...c"] {
            check(path).unwrap();
        }
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "c:x", "a\\..\\x", "."] {
            assert!(check(path).is_err(), "{path}");
        }
    }
}
