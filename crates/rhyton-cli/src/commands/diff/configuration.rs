use serde_json::Value;

/// A value that differs.
pub(super) struct ConfigDifference {
    /// Where: `config.layers[1].config.units`.
    pub(super) path: String,
    /// The value on either side; `None` where the key or place is absent.
    pub(super) a: Option<Value>,
    pub(super) b: Option<Value>,
}

/// All values in which two configurations differ, in the order of the first.
pub(super) fn differences(a: &Value, b: &Value) -> Vec<ConfigDifference> {
    let mut found = Vec::new();
    visit(String::new(), Some(a), Some(b), &mut found);
    found
}

fn visit(path: String, a: Option<&Value>, b: Option<&Value>, found: &mut Vec<ConfigDifference>) {
    match (a, b) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let only_b = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(only_b) {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                visit(inner, a.get(key), b.get(key), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for place in 0..a.len().max(b.len()) {
                visit(format!("{path}[{place}]"), a.get(place), b.get(place), found);
            }
        }
        (a, b) => found.push(ConfigDifference { path, a: a.cloned(), b: b.cloned() }),
    }
}

/// A value on one line of bounded length.
pub(super) fn shortened(value: &Value) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differing_values_have_their_paths() {
        let a = json!({"layers": [{"units": 1, "name": "a"}, 2], "x": null, "same": [1]});
        let b = json!({"layers": [{"units": 3, "name": "a"}], "y": [], "same": [1]});
        let found = differences(&a, &b);
        let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["layers[0].units", "layers[1]", "x", "y"]);
        assert_eq!((&found[0].a, &found[0].b), (&Some(json!(1)), &Some(json!(3))));
        assert_eq!((&found[2].a, &found[2].b), (&Some(Value::Null), &None));
        assert!(differences(&a, &a).is_empty());
    }
}
