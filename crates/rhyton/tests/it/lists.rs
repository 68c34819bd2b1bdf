use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rhyton::activations::{ACTIVATIONS, BuiltIn, BuiltInParameter, Definition};
use rhyton::constraints::CONSTRAINTS;
use rhyton::initializers::INITIALIZERS;
use rhyton::layers::LAYERS;
use rhyton::losses::LOSSES;
use rhyton::metrics::METRICS;
use rhyton::objects::ObjectList;
use rhyton::optimizers::OPTIMIZERS;
use rhyton::optimizers::schedules::SCHEDULES;
use rhyton::regularizers::REGULARIZERS;
use rhyton::{Activation, Array};
use rhyton_expression::Expression;

/// The files of a folder of the sources that define a `SPEC` or `DEFINITION`.
fn files(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            let only_for_others = text.contains("macro_rules! ")
                && !text.lines().any(|line| line.starts_with("pub(super) static SPEC: "));
            let marks = [
                "static SPEC: ",
                " DEFINITION: ",
                "variance_preset! ",
                "variance_preset!(",
                "merging_layer!(",
                "plain_loss! {",
                "mean_of_loss! {",
                "confusion_count! {",
                "best_under_constraint! {",
            ];
            !only_for_others && marks.iter().any(|mark| text.contains(mark))
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// Files are named after their classes, names are unique, and every case reads.
fn check<T: ?Sized>(folder: &str, list: &ObjectList<T>) {
    let mut names = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for spec in list.specs {
        let class = spec.class_name;
        let file = if folder == "optimizers" || class.chars().all(|c| !c.is_lowercase()) {
            class.to_lowercase()
        } else {
            rhyton_formats::snake_case(class)
        };
        listed.insert(file);
        for name in std::iter::once(&class).chain(spec.aliases) {
            assert!(names.insert((*name).to_owned()), "{folder}: {name} twice");
        }
        let module = spec.module;
        assert!(module.starts_with("keras.") || module.starts_with("rhyton."), "{class}: {module}");
        assert!(!spec.cases.is_empty(), "{folder}: {class} has no cases");
        for case in spec.cases {
            let mut config: serde_json::Value = serde_json::from_str(case).unwrap();
            config.as_object_mut().map(|config| config.shift_remove("sample_shapes"));
            let read = (spec.from_config)(config);
            assert!(read.is_ok(), "{class} {case}: {:?}", read.err());
        }
    }
    assert_eq!(listed, files(folder), "{folder}");
}

#[test]
fn every_object_is_listed_under_its_file() {
    check("layers", &LAYERS);
    check("constraints", &CONSTRAINTS);
    check("initializers", &INITIALIZERS);
    check("losses", &LOSSES);
    check("metrics", &METRICS);
    check("optimizers", &OPTIMIZERS);
    check("optimizers/schedules", &SCHEDULES);
    check("regularizers", &REGULARIZERS);
}

#[test]
fn every_activation_is_listed_under_its_file() {
    let listed: BTreeSet<String> = ACTIVATIONS.iter().map(|b| b.name.to_owned()).collect();
    assert_eq!(listed, files("activations/catalogue"));
    let mut names = BTreeSet::new();
    for builtin in ACTIVATIONS {
        for name in std::iter::once(&builtin.name).chain(builtin.aliases) {
            assert!(names.insert(*name), "{name} twice");
            assert_eq!(BuiltIn::find(name).unwrap().name, builtin.name);
            let activation = Activation::parse(name).unwrap();
            assert_eq!(activation.definition().unwrap().name, builtin.name);
            assert_eq!(activation.parameters().unwrap().len(), builtin.parameters.len());
            Activation::parse(&format!("rhyton>{name}")).unwrap();
        }
        assert!(!builtin.text().is_empty() && !builtin.source.is_empty(), "{}", builtin.name);
    }
}

/// Points of an even grid, and corners.
fn grid() -> Array {
    let mut points: Vec<f32> = (-400_i16..=400).map(|i| f32::from(i) / 40.0).collect();
    points.extend([1e-30, -1e-30, 88.0, -88.0, 1e4, -1e4]);
    Array::from_slice(&[points.len()], &points).unwrap()
}

/// A special case is the general formula with its numbers put in; a definition without a name is
/// never taken for the built-in, so it computes the general one.
#[test]
fn special_cases_agree_with_the_formulas() {
    let x = grid();
    let mut seen = 0;
    for builtin in ACTIVATIONS {
        for (values, _) in builtin.special_cases {
            let mut text = String::new();
            let mut named = Activation::parse(builtin.name).unwrap();
            for BuiltInParameter { name, default, .. } in builtin.parameters {
                let value = values.iter().find(|(n, _)| n == name).map_or(*default, |(_, v)| *v);
                let number =
                    if value.is_infinite() { "inf".to_owned() } else { format!("{value:?}") };
                text.push_str(&format!("{name} = {number}; "));
                named = named.with(name, value).unwrap();
            }
            let general = Expression::parse(&format!("{text}{}", builtin.text())).unwrap();
            let general = Activation::from(Definition::expression("", general));
            let [named, general] =
                [named, general].map(|form| form.exact().unwrap().evaluate(&x).unwrap());
            for (special, general) in named.iter().zip(general) {
                let pairs = special.view::<f32>().iter().zip(general.view::<f32>());
                for ((a, b), x) in pairs.zip(x.view::<f32>()) {
                    let close = (a - b).abs() <= 2e-6 * b.abs().max(1e-6);
                    assert!(close, "{} {values:?} at {x}: {a}, {b}", builtin.name);
                }
            }
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}
