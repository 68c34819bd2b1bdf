//! Activations that are computed exactly, in files: the configuration holds them as Keras knows them;
//! `rhyton.json` lists their places.

use serde_json::{Value, json};

use super::places::visit;
use crate::activations::{exact_form, without_exact};

/// Takes the mark of exact activations out of a configuration; their places.
pub(super) fn take(config: &mut Value) -> Vec<Value> {
    let mut places = Vec::new();
    visit(config, "", &mut |value, place| {
        if let Some(inner) = without_exact(value) {
            *value = inner;
            places.push(json!(place));
        }
    });
    places
}

/// Marks the activations at a file's places again; places that lead nowhere are dropped.
pub(super) fn put(config: &mut Value, places: &Value) {
    for place in places.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let is_activation = |value: &&mut Value| value.is_string() || value.is_object();
        if let Some(value) = config.pointer_mut(place).filter(is_activation)
            && without_exact(value).is_none()
        {
            *value = exact_form(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Activation, Array, Dense, LoadOptions, Model, Sequential};

    #[test]
    fn files_keep_what_is_exact_beside_the_form_of_keras() {
        let model = Sequential::new()
            .input(&[3])
            .add(Dense::new(4).activation("exact(gelu)"))
            .add(Dense::new(4).activation("exact(x * sigmoid(beta * x))"))
            .add(Dense::new(4).activation("exact(swish(beta=trainable(1.5)))"))
            .add(Dense::new(2).activation("softmax"))
            .build()
            .unwrap();
        let file = model.to_file().unwrap();
        assert_eq!(file.config["config"]["layers"][1]["config"]["activation"], "gelu");
        let own = &file.config["config"]["layers"][2]["config"]["activation"];
        assert_eq!(own["class_name"], "Expression");
        let places = [1, 2, 3].map(|place| format!("/config/layers/{place}/config/activation"));
        let rhyton = file.rhyton.as_ref().unwrap();
        assert_eq!(rhyton["exact"], serde_json::json!(places));
        let mut again = Model::from_file(&file, &LoadOptions::default()).unwrap();
        assert_eq!(&again.to_file().unwrap().rhyton.unwrap()["exact"], &rhyton["exact"]);
        again.set_trainable("*", false).unwrap();
        assert_eq!(&again.to_file().unwrap().rhyton.unwrap()["exact"], &rhyton["exact"]);
    }

    #[test]
    fn places_that_lead_nowhere_are_dropped() {
        let model = Sequential::new().input(&[3]).add(Dense::new(4).activation("gelu"));
        let mut file = model.build().unwrap().to_file().unwrap();
        let places = ["/config/layers/9", "", "x", "/config/name", "/config/layers/1/config/units"];
        file.rhyton.as_mut().unwrap()["exact"] = serde_json::json!(places[..1]);
        assert!(Model::from_file(&file, &LoadOptions::default()).is_ok());
        // A file that is wrong is refused or read; it does not panic.
        for place in places {
            file.rhyton.as_mut().unwrap()["exact"] = serde_json::json!([place, 3]);
            let _read = Model::from_file(&file, &LoadOptions::default());
        }
    }

    #[test]
    fn exact_has_the_last_digits() {
        let points = Array::from_slice(&[3], &[-40.3_f32, -35.7, 0.3]).unwrap();
        let values = |text: &str| {
            let activation = Activation::parse(text).unwrap();
            [activation.evaluate(&points), activation.evaluate_exactly(&points)]
                .map(|found| found.unwrap().map(|array| array.view::<f32>().to_vec()))
        };
        let [fast, expected] = values("x * sigmoid(2 * x)");
        assert_ne!(fast, expected);
        assert_eq!(values("exact(x * sigmoid(2 * x))"), [expected.clone(), expected]);
        let parsed = Activation::parse("exact( swish(beta=2) )").unwrap();
        assert_eq!(parsed.parameters().unwrap()[0].1, 2.0.into());
        let twice = Activation::parse("exact(exact(swish))").unwrap_err().to_string();
        insta::assert_snapshot!(twice, @"exact: argument expected a function, once, received exact(swish)");
        assert!(Activation::parse("exact(x) + tanh(x)").is_err());
    }
}
