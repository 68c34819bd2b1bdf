"""Initial weights that suit their activation, in files: real Keras loads what they come to."""

import json
import zipfile

import keras
import numpy as np
import pytest

from agreement import OUTPUTS, assert_tensors_agree
from outputs import called, numbered

INPUTS, UNITS = 300, 400
# The rule of trapezoids, which for such functions is exact to the last digits.
POINTS = np.linspace(-12, 12, 4001)
POINT_WEIGHTS = np.exp(-(POINTS**2) / 2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Values and derivatives of the activations.
FUNCTIONS = {
    "swish": (
        lambda x: x * sigmoid(x),
        lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    ),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
}


def expectation(function, q):
    """E[function(√q z)²] of a standard normal z."""
    values = function(np.sqrt(q) * POINTS) ** 2
    return np.sum(POINT_WEIGHTS * values) / np.sum(POINT_WEIGHTS)


def edge_of_chaos(activation, q):
    """σw and σb that keep a variance of q and the size of gradients."""
    function, derivative = FUNCTIONS[activation]
    weights = 1 / expectation(derivative, q)
    return np.sqrt(weights), np.sqrt(q - weights * expectation(function, q))


def gain(activation, q):
    return 1 / np.sqrt(expectation(FUNCTIONS[activation][0], q)), 0.0


def description(activation, initializer):
    return f"""
input = [{INPUTS}]

[[layers]]
class_name = "Dense"
name = "hidden"
units = {UNITS}
activation = "{activation}"
kernel_initializer = "{initializer}"

[[layers]]
class_name = "Dense"
units = 3
activation = "softmax"

[compile]
optimizer = {{ class_name = "SGD", learning_rate = 1e-12 }}
loss = "sparse_categorical_crossentropy"
"""


def initialised(exchange, activation, initializer):
    """A file with the first weights: a step with next to no learning rate leaves them."""
    model = exchange.folder / "model.toml"
    model.write_text(description(activation, initializer))
    x = np.random.default_rng(3).normal(size=(8, INPUTS)).astype("float32")
    data = exchange.data(x=x, y=np.arange(8, dtype="int32") % 3)
    path, _ = exchange.train(model, data, "--epochs", 1)
    return path, x


def hidden_config(path):
    with zipfile.ZipFile(path) as file:
        layers = json.loads(file.read("config.json"))["config"]["layers"]
    return next(layer["config"] for layer in layers if layer["config"].get("name") == "hidden")


def assert_deviations(layer, sigma_w, sigma_b):
    kernel, bias = layer.get_weights()
    assert np.std(kernel) == pytest.approx(sigma_w / np.sqrt(INPUTS), rel=0.02)
    # 400 numbers tell a deviation to 3.5 %.
    assert np.std(bias) == pytest.approx(sigma_b, rel=0.15)


@pytest.mark.parametrize("activation", list(FUNCTIONS))
@pytest.mark.parametrize(
    "initializer, rule, q",
    [("auto", edge_of_chaos, 4), ("auto(q=1)", edge_of_chaos, 1), ("he_auto", gain, 1)],
)
def test_keras_loads_what_suits(exchange, activation, initializer, rule, q):
    sigma_w, sigma_b = rule(activation, q)
    path, x = initialised(exchange, activation, initializer)

    config = hidden_config(path)
    kernel = config["kernel_initializer"]
    assert (kernel["module"], kernel["class_name"]) == ("keras.initializers", "VarianceScaling")
    assert kernel["config"]["scale"] == pytest.approx(sigma_w**2, rel=1e-6)
    assert kernel["config"].get("mode", "fan_in") == "fan_in"
    assert kernel["config"]["distribution"] == "untruncated_normal"
    if sigma_b > 0:
        bias = config["bias_initializer"]
        assert (bias["module"], bias["class_name"]) == ("keras.initializers", "RandomNormal")
        assert bias["config"].get("mean", 0) == 0
        assert bias["config"]["stddev"] == pytest.approx(sigma_b, rel=1e-6)
    else:
        # What is left out is Keras' default, zeros.
        assert "bias_initializer" not in config

    loaded = keras.models.load_model(path)
    assert_deviations(loaded.get_layer("hidden"), sigma_w, sigma_b)
    # Keras draws new weights by the same rule.
    assert_deviations(keras.models.clone_model(loaded).get_layer("hidden"), sigma_w, sigma_b)

    again = exchange.save(loaded, "again.keras")
    expected = numbered(called(loaded, [x]))
    for file in (path, again):
        assert_tensors_agree(expected, numbered(exchange.predict(file, [x])), OUTPUTS)
    with zipfile.ZipFile(path) as file:
        assert f'"{initializer.rstrip(")")}' in file.read("rhyton.json").decode()
