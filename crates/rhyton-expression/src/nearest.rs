//! Known names that resemble a mistyped one.

/// At most this many suggestions.
const SUGGESTIONS_MAX: usize = 3;
/// Longer names are not compared: the cost is quadratic.
const COMPARED_MAX: usize = 64;

/// The known names nearest to `name`, nearest first, at most three.
///
/// Near means: edit distance (insert, delete, replace, swap neighbours; case ignored)
/// of at most a third of the length, and at least 1; or one is the beginning of the other.
pub fn nearest_names<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    if wanted.is_empty() || wanted.len() > COMPARED_MAX {
        return Vec::new();
    }
    let limit = (wanted.len() / 3).max(1);
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            if letters.len() > COMPARED_MAX {
                return None;
            }
            let distance = edit_distance(&wanted, &letters);
            // One letter has nothing in common with another.
            let near = distance <= limit && distance < wanted.len().min(letters.len());
            let begins = letters.len() >= 3 && wanted.len() >= 3 && letters.starts_with(&wanted);
            (near || begins).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(SUGGESTIONS_MAX).map(|(_, name)| name.to_owned()).collect()
}

/// Optimal string alignment distance.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut older = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut current = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            current[j] = replace.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                current[j] = current[j].min(older[j - 2] + 1);
            }
        }
        older = std::mem::replace(&mut previous, current);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_and_nothing_else() {
        let known = ["sigmoid", "softplus", "tanh", "sinh", "x", "swish"];
        assert_eq!(nearest_names("sigmod", known), ["sigmoid"]);
        assert_eq!(nearest_names("tahn", known), ["tanh"]);
        assert_eq!(nearest_names("Swish", known), ["swish"]);
        assert_eq!(nearest_names("soft", known), ["softplus"]);
        assert!(nearest_names("y", known).is_empty());
        assert!(nearest_names("gaussian", known).is_empty());
    }
}
