//! What files hold, as text.

use rhyton::{
    Array, BatchNormalization, Compile, Dense, Flatten, LoadOptions, Model, Predict, Registry,
    Sequential, Tensor, custom_object_scope,
};
use serde_json::Value;

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn the_blog_network_is_written_for_every_keras() {
    let mut model = Sequential::new()
        .name("digits")
        .input(&[28, 28])
        .add(Flatten::new())
        .add(Dense::new(256).activation("swish"))
        .add(Dense::new(100).activation("swish(beta=1.5)"))
        .add(BatchNormalization::new())
        .add(Dense::new(10).activation("softmax"))
        .build()
        .unwrap();
    let compile = Compile::new()
        .optimizer("adam")
        .loss("sparse_categorical_crossentropy")
        .metrics(["accuracy"]);
    model.compile(compile).unwrap();
    let file = model.to_file().unwrap();
    insta::assert_snapshot!(pretty(&file.config), @r#"
    {
      "module": "keras",
      "class_name": "Sequential",
      "config": {
        "name": "digits",
        "layers": [
          {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {
              "batch_input_shape": [
                null,
                28,
                28
              ],
              "dtype": "float32",
              "name": "input_layer"
            },
            "registered_name": null
          },
          {
            "module": "keras.layers",
            "class_name": "Flatten",
            "config": {
              "name": "flatten",
              "dtype": "float32",
              "data_format": "channels_last"
            },
            "registered_name": null
          },
          {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {
              "name": "dense",
              "dtype": "float32",
              "units": 256,
              "activation": "silu"
            },
            "registered_name": null
          },
          {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {
              "name": "dense_1",
              "dtype": "float32",
              "units": 100,
              "activation": {
                "module": null,
                "class_name": "Swish",
                "config": {
                  "beta": 1.5
                },
                "registered_name": "rhyton>Swish"
              }
            },
            "registered_name": null
          },
          {
            "module": "keras.layers",
            "class_name": "BatchNormalization",
            "config": {
              "name": "batch_normalization",
              "dtype": "float32"
            },
            "registered_name": null
          },
          {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {
              "name": "dense_2",
              "dtype": "float32",
              "units": 10,
              "activation": "softmax"
            },
            "registered_name": null
          }
        ],
        "build_input_shape": [
          null,
          28,
          28
        ]
      },
      "registered_name": null,
      "build_config": {
        "input_shape": [
          null,
          28,
          28
        ]
      },
      "compile_config": {
        "optimizer": {
          "module": "keras.optimizers",
          "class_name": "Adam",
          "config": {
            "learning_rate": 0.0010000000474974513
          },
          "registered_name": null
        },
        "loss": "sparse_categorical_crossentropy",
        "loss_weights": null,
        "metrics": [
          "accuracy"
        ],
        "weighted_metrics": null,
        "run_eagerly": false,
        "steps_per_execution": 1,
        "jit_compile": false
      }
    }
    "#);
    let groups: Vec<String> = file
        .weights
        .groups
        .iter()
        .map(|(path, group)| format!("{path}: {}", group.variables.len()))
        .collect();
    insta::assert_snapshot!(groups.join("\n"), @r#"
    : 0
    layers/batch_normalization: 4
    layers/dense: 2
    layers/dense_1: 2
    layers/dense_2: 2
    layers/flatten: 0
    layers/input_layer: 0
    optimizer: 18
    "#);
}

fn peaked(x: &Tensor, beta: &Tensor) -> Tensor {
    x * rhyton::ops::softmax(&(x * beta), -1)
}

fn with_own_activations() -> Model {
    let registry = Registry::new();
    registry.activation("peaked", peaked, [("beta", 2.0)]).unwrap();
    registry.activation_from("lab>bent", "x + tanh(gamma * x) / 2").unwrap();
    custom_object_scope(&registry, || {
        Sequential::new()
            .input(&[4])
            .add(Dense::new(3).activation("peaked"))
            .add(Dense::new(3).activation("peaked(beta=3)"))
            .add(Dense::new(3).activation("lab>bent(gamma=trainable(0.5))"))
            .add(Dense::new(3).activation("0.1x + max(x, 0)"))
            .add(Dense::new(2).activation("-x"))
            .build()
            .unwrap()
    })
}

#[test]
fn definitions_are_written_beside_the_model() {
    let model = with_own_activations();
    let file = model.to_file().unwrap();
    insta::assert_snapshot!(pretty(file.rhyton.as_ref().unwrap()), @r#"
    {
      "version": 1,
      "language": 1,
      "definitions": {
        "lab>Bent": {
          "name": "bent",
          "package": "lab",
          "parameters": [
            [
              "gamma",
              1.0
            ]
          ],
          "expression": "x + tanh(gamma * x) / 2"
        },
        "rhyton>Peaked": {
          "name": "peaked",
          "parameters": [
            [
              "beta",
              2.0
            ]
          ],
          "programs": [
            "rhyton-graph 1\n%0 = input{name=\"x\", spec=float32[N, 3]} : float32[N, 3]\n%1 = input{name=\"beta\", spec=float32[]} : float32[]\n%2 = broadcast{shape=[N, 3], axes=[]} %1 : float32[N, 3]\n%3 = multiply %0, %2 : float32[N, 3]\n%4 = reduce_maximum{axes=[1]} %3 : float32[N]\n%5 = reshape{shape=[N, 1]} %4 : float32[N, 1]\n%6 = stop_gradient %5 : float32[N, 1]\n%7 = broadcast{shape=[N, 3], axes=[0, 1]} %6 : float32[N, 3]\n%8 = subtract %3, %7 : float32[N, 3]\n%9 = exp %8 : float32[N, 3]\n%10 = reduce_sum{axes=[1]} %9 : float32[N]\n%11 = reshape{shape=[N, 1]} %10 : float32[N, 1]\n%12 = broadcast{shape=[N, 3], axes=[0, 1]} %11 : float32[N, 3]\n%13 = divide %9, %12 : float32[N, 3]\n%14 = multiply %0, %13 : float32[N, 3]\noutput \"y\" %14\n"
          ]
        }
      }
    }
    "#);
    let layers = file.config["config"]["layers"].as_array().unwrap();
    let written: Vec<String> =
        layers[1..].iter().map(|layer| layer["config"]["activation"].to_string()).collect();
    insta::assert_snapshot!(written.join("\n"), @r#"
    {"module":null,"class_name":"Peaked","config":{"beta":2.0},"registered_name":"rhyton>Peaked"}
    {"module":null,"class_name":"Peaked","config":{"beta":3.0},"registered_name":"rhyton>Peaked"}
    {"module":null,"class_name":"Bent","config":{"gamma":{"trainable":true,"initial":0.5,"axis":null}},"registered_name":"lab>Bent"}
    {"module":null,"class_name":"Expression","config":{"expression":"0.1 * x + max(x, 0)"},"registered_name":"rhyton>Expression"}
    {"module":null,"class_name":"Expression","config":{"expression":"-x"},"registered_name":"rhyton>Expression"}
    "#);
}

/// A loaded model holds the functions as programs; they must be written again.
#[test]
fn a_loaded_model_is_saved_again_without_loss() {
    let model = with_own_activations();
    let file = model.to_file().unwrap();
    let once = Model::from_file(&file, &LoadOptions::default()).unwrap();
    let again = once.to_file().unwrap();
    assert_eq!(again.config, file.config);
    assert_eq!(again.weights, file.weights);
    assert_eq!(again.rhyton, file.rhyton);
    let twice = Model::from_file(&again, &LoadOptions::default()).unwrap();
    let x = Array::from_slice(&[2, 4], &[0.1_f32, -0.4, 2.0, 1.0, 0.0, 3.0, -2.0, 0.5]).unwrap();
    let predict = |model: &Model| model.predict(&x, Predict::new()).unwrap();
    assert_eq!(predict(&model), predict(&twice));
}

/// Names that files spell alike must not overwrite each other.
#[test]
fn names_that_files_spell_alike_are_refused() {
    let registry = Registry::new();
    registry.activation_from("two_words", "2 * x").unwrap();
    registry.activation_from("TwoWords", "3 * x").unwrap();
    let model = custom_object_scope(&registry, || {
        let chain = Sequential::new().input(&[4]).add(Dense::new(3).activation("two_words"));
        chain.add(Dense::new(3).activation("TwoWords")).build().unwrap()
    });
    insta::assert_snapshot!(model.to_file().unwrap_err(), @"sequential: activation expected one definition for each name in a model, received TwoWords");
}
