use super::*;
use crate::SummaryOptions;

fn model(text: &str) -> Result<Model> {
    text.parse::<Description>()?.model(0)
}

fn error(text: &str) -> String {
    match model(text) {
        Ok(model) => format!("a model of {} parameters", model.count_parameters()),
        Err(error) => error.to_string(),
    }
}

const CHAIN: &str = r#"
name = "blog"
input = [28, 28]

[[layers]]
class_name = "Flatten"

[[layers]]
class_name = "Dense"
units = 256
activation = "x * sigmoid(1.5 * x)"
kernel_initializer = { class_name = "HeNormal", seed = 1 }

[[layers]]
class_name = "Dense"
units = 10
activation = "softmax"

[compile]
optimizer = { class_name = "Adam", learning_rate = 1e-3 }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]

[fit]
epochs = 3
batch_size = 64
validation_split = 0.25
shuffle = false
seed = 7
"#;

#[test]
fn a_chain_is_a_sequential_model() {
    let model = model(CHAIN).unwrap();
    assert!(model.is_compiled());
    let summary = model.summary(&SummaryOptions::default()).unwrap();
    assert!(summary.starts_with("Model: \"blog\""), "{summary}");
    let names: Vec<String> = model.layers().iter().map(|layer| layer.label()).collect();
    assert_eq!(names, ["flatten", "dense", "dense_1"]);
    let config = model.to_file().unwrap().config;
    assert_eq!(config["class_name"], "Sequential");
    let rate = &config["compile_config"]["optimizer"]["config"]["learning_rate"];
    assert_eq!(rate.as_f64(), Some(f64::from(1e-3_f32)));
    let kernel = &config["config"]["layers"][2]["config"]["kernel_initializer"];
    assert_eq!((&kernel["class_name"], &kernel["config"]["seed"]), (&"HeNormal".into(), &1.into()));
    let fit = CHAIN.parse::<Description>().unwrap();
    let expected = FitDefaults {
        epochs: Some(3),
        batch_size: Some(64),
        validation_split: Some(0.25),
        shuffle: Some(false),
        seed: Some(7),
    };
    assert_eq!(*fit.fit(), expected);
}

#[test]
fn the_seed_draws_the_weights() {
    let description: Description = CHAIN.parse().unwrap();
    let weights = |seed| description.model(seed).unwrap().weight("dense_1/kernel").unwrap();
    assert_eq!(weights(1), weights(1));
    assert_ne!(weights(1), weights(2));
}

const BRANCHES: &str = r#"
outputs = ["kind", "size"]

[inputs]
numbers = [4]
flags = { shape = [3], dtype = "int32" }

[[layers]]
class_name = "Dense"
name = "left"
inputs = "numbers"
units = 8

[[layers]]
class_name = "Rescaling"
name = "right"
inputs = ["flags"]
scale = 0.5

[[layers]]
class_name = "Concatenate"
name = "both"
inputs = ["left", "right"]

[[layers]]
class_name = "Dense"
name = "kind"
units = 2
activation = "softmax"

[[layers]]
class_name = "Dense"
name = "size"
inputs = ["both"]
units = 1

[compile]
optimizer = "sgd"
loss = { kind = "sparse_categorical_crossentropy", size = { class_name = "Huber", delta = 2.0 } }
loss_weights = { size = 0.3 }
metrics = { kind = ["accuracy"] }
"#;

#[test]
fn names_connect_layers() {
    let model = model(BRANCHES).unwrap();
    let inputs: Vec<String> = model.inputs().into_iter().map(|(name, _)| name).collect();
    assert_eq!(inputs, ["numbers", "flags"]);
    assert_eq!(model.inputs()[1].1.dtype, rhyton_tensor::DType::I32);
    let outputs: Vec<String> = model.outputs().into_iter().map(|(name, _)| name).collect();
    assert_eq!(outputs, ["kind", "size"]);
    assert_eq!(model.count_parameters(), 40 + 24 + 12);
    let compiled = &model.to_file().unwrap().config["compile_config"];
    assert_eq!(compiled["loss"]["size"]["class_name"], "Huber");
    assert_eq!(compiled["loss_weights"]["size"], 0.3);
}

#[test]
fn what_is_wrong_is_said_with_line_and_column() {
    let one = |layer: &str| format!("input = [4]\n[[layers]]\n{layer}\n");
    let dense = one("class_name = \"Dense\"\nunits = 2");
    let compiled = |compile: &str| format!("{dense}[compile]\n{compile}");
    let two = "[inputs]\na = [2]\nb = [2]\n[[layers]]\nclass_name = \"Add\"\n";
    let texts = [
        "input = [4".to_owned(),
        "input = [4]\ninput = [5]".to_owned(),
        "nme = \"a\"".to_owned(),
        "input = [4]".to_owned(),
        "layers = []".to_owned(),
        "input = [4]\nlayers = []".to_owned(),
        "input = [4]\nlayers = 3".to_owned(),
        "input = [4, -1]\nlayers = [{}]".to_owned(),
        "input = 4\nlayers = [{}]".to_owned(),
        "inputs = [4]\nlayers = [{}]".to_owned(),
        "input = [9223372036854775807, 9]\nlayers = [{}]".to_owned(),
        "inputs = {a = {shape = [1], dtype = \"float\"}}\nlayers = [{}]".to_owned(),
        "input = [4]\nlayers = [{}]".to_owned(),
        "input = [4]\ninputs = {a = [1]}\nlayers = [{}]".to_owned(),
        "input = [4]\nname = 1979-05-27\n".to_owned(),
        one("class_name = \"Dence\"\nunits = 2"),
        one("class_name = \"Lambda\"\nunits = 2"),
        one("class_name = \"Dense\"\nunitz = 2"),
        one("class_name = \"Dense\"\nunits = 0"),
        one("class_name = \"Dense\"\n  units = \"two\""),
        one("class_name = \"Dense\"\nunits = nan"),
        one("class_name = \"Dense\"\nunits = 1000000000000"),
        one("class_name = \"Dense\"\nunits = 2\nactivation = \"reluu\""),
        one("class_name = \"Dense\"\nunits = 2\nactivation = \"x * sigmoid(1.5 *\""),
        one("class_name = \"Conv2D\"\nfilters = 2\nkernel_size = 3"),
        one("class_name = \"Dense\"\nunits = 2\nname = \"a/b\""),
        one("class_name = \"Dense\"\nunits = 2\ninputs = [\"dence\"]"),
        one("class_name = \"Dense\"\nunits = 2\ninputs = []"),
        two.to_owned(),
        format!("{two}inputs = [\"a\", \"c\"]"),
        format!("{two}inputs = [\"a\", \"b\"]\nname = \"a\""),
        format!("outputs = [\"x\"]\n{dense}"),
        format!(
            "{two}inputs = [\"a\", \"b\"]\n[[layers]]\nclass_name = \"Flatten\"\ninputs = \"a\""
        ),
        compiled("optimiser = \"adam\""),
        compiled("optimizer = \"adm\""),
        compiled("optimizer = { class_name = \"Adam\", learning_rte = 1 }"),
        compiled("loss = \"mze\""),
        compiled("loss = \"mse\"\nmetrics = [\"acuracy\"]"),
        compiled("loss = { other = \"mse\" }"),
        format!("{dense}[fit]\nepochs = 0"),
        format!("{dense}[fit]\nvalidation_split = 1.0"),
        format!("{dense}[fit]\nseed = -1"),
        format!("{dense}[fit]\nbatchsize = 1"),
    ];
    let lines: Vec<String> = texts.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn depth_is_bounded() {
    let deep = format!("input = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(error(&deep).starts_with("1:"), "{}", error(&deep));
    let tables = format!("input = {}1{}", "{a = ".repeat(100_000), "}".repeat(100_000));
    assert!(error(&tables).starts_with("1:"));
}
