//! Patterns over layers' names and paths.

/// Whether a name or path fits a pattern, in which `*` is any text and `?` any one letter: how
/// [`Model::set_trainable`](crate::Model::set_trainable) chooses layers.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star was, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some('?') => (p, n) = (p + 1, n + 1),
            Some(&letter) if letter == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (p, n) = (place + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name) in [
            ("*", ""),
            ("dense*", "dense_1"),
            ("d?nse", "dense"),
            ("*_1", "a_1_1"),
            ("a*b*c", "abxbc"),
            ("*", "a/b"),
            ("a/*_1", "a/dense_1"),
            ("*b*d", "abcd"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("dense", "dense_1"),
            ("?", ""),
            ("*_2", "dense_1"),
            ("", "a"),
            ("a/*", "a"),
            ("*b*b", "ab"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
