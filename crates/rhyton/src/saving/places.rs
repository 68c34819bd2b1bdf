//! Places in a configuration, as JSON pointers: where `rhyton.json` says more than Keras' form holds.

use serde_json::Value;

/// Shows every value with its place, the outer ones first; what is put in a value's stead is gone
/// through too.
pub(super) fn visit(value: &mut Value, place: &str, see: &mut dyn FnMut(&mut Value, &str)) {
    see(value, place);
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                visit(value, &format!("{place}/{key}"), see);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter_mut().enumerate() {
                visit(value, &format!("{place}/{index}"), see);
            }
        }
        _ => {}
    }
}
