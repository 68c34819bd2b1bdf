"""Activations that Keras does not have, or has as layers, in files of both."""

import json
import zipfile

import keras
import numpy as np
import pytest
from keras import layers, ops

from agreement import OUTPUTS, WEIGHTS, assert_histories_agree, assert_tensors_agree
from digits import digits
from networks import weights
from outputs import called, numbered


@keras.saving.register_keras_serializable(package="rhyton", name="Swish")
class Swish:
    """What a user of real Keras registers to load a file with `swish(beta=…)`."""

    def __init__(self, beta=1.0):
        self.beta = beta

    def __call__(self, x):
        return x * ops.sigmoid(self.beta * x)

    def get_config(self):
        return {"beta": self.beta}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def samples(*shape, seed=11):
    return (np.random.default_rng(seed).normal(size=shape) * 2).astype("float32")


def network(activation, optimizer="adam"):
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(24, activation=activation, name="hidden"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def rewritten(path, target, change):
    """The file with a changed `config.json`."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config)
            new.writestr(name, content)
    return target


def stored_config(path, layer):
    with zipfile.ZipFile(path) as file:
        config = json.loads(file.read("config.json"))
    found = [entry for entry in config["config"]["layers"] if entry["config"]["name"] == layer]
    return found[0]["config"]


def test_object_of_keras(exchange):
    exchange.assert_predicts_the_same(network(Swish(1.7)), [digits(60)[0]])


def test_object_trains_alike_and_goes_back(exchange):
    x, y = digits(200)
    model = network(Swish(1.7), keras.optimizers.SGD(0.1))
    path, history = exchange.train(
        exchange.save(model), exchange.data(x=x, y=y), "--epochs", 2, "--batch-size", 64
    )
    fitted = model.fit(x, y, epochs=2, batch_size=64, shuffle=False, verbose=0)
    loaded = keras.models.load_model(path)
    assert loaded.get_layer("hidden").activation.beta == 1.7
    assert_histories_agree(fitted.history, history)
    assert_tensors_agree(weights(model), weights(loaded), WEIGHTS)
    given = [x]
    assert_tensors_agree(
        numbered(called(loaded, given)), numbered(exchange.predict(path, given)), OUTPUTS
    )


def test_name_with_a_parameter_becomes_an_object(exchange, tmp_path):
    x, y = digits(100)

    def bind(config):
        for entry in config["config"]["layers"]:
            if entry["config"]["name"] == "hidden":
                entry["config"]["activation"] = "swish(beta=1.7)"

    source = rewritten(exchange.save(network("silu")), tmp_path / "bound.keras", bind)
    path, _ = exchange.train(source, exchange.data(x=x, y=y))
    written = stored_config(path, "hidden")["activation"]
    assert written["registered_name"] == "rhyton>Swish"
    assert written["config"] == {"beta": 1.7}
    loaded = keras.models.load_model(path)
    assert_tensors_agree(
        numbered(called(loaded, [x])), numbered(exchange.predict(path, [x])), OUTPUTS
    )


def test_expression_is_loaded_by_a_class_of_the_user(exchange, tmp_path):
    """A formula of the user's own: real Keras needs only a class for it."""
    x, y = digits(100)
    formula = "where(x < 0, 0.3 * (exp(x) - 1), x)"

    def replace(config):
        for entry in config["config"]["layers"]:
            if entry["config"]["name"] == "hidden":
                entry["config"]["activation"] = formula

    source = rewritten(exchange.save(network("silu")), tmp_path / "formula.keras", replace)
    path, _ = exchange.train(source, exchange.data(x=x, y=y))

    class Expression:
        def __init__(self, expression):
            self.expression = expression

        def __call__(self, x):
            return ops.where(x < 0, 0.3 * (ops.exp(x) - 1), x)

        def get_config(self):
            return {"expression": self.expression}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    registered = stored_config(path, "hidden")["activation"]["registered_name"]
    loaded = keras.models.load_model(path, custom_objects={registered: Expression})
    assert_tensors_agree(
        numbered(called(loaded, [x])), numbered(exchange.predict(path, [x])), OUTPUTS
    )


OBJECTS = {
    "LeakyReLU": lambda: layers.LeakyReLU(negative_slope=0.11),
    "ELU": lambda: layers.ELU(alpha=0.4),
    "ReLU": lambda: layers.ReLU(max_value=2.0, negative_slope=0.05, threshold=0.1),
    "Activation": lambda: layers.Activation("mish"),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_layers_as_activations_train_and_go_back(exchange, name):
    x, y = digits(200)
    model = network(OBJECTS[name](), keras.optimizers.SGD(0.1))
    path, _ = exchange.train(exchange.save(model), exchange.data(x=x, y=y), "--batch-size", 64)
    model.fit(x, y, batch_size=64, shuffle=False, verbose=0)
    loaded = keras.models.load_model(path)
    assert_tensors_agree(weights(model), weights(loaded), WEIGHTS)
    assert_tensors_agree(
        numbered(called(loaded, [x])), numbered(exchange.predict(path, [x])), OUTPUTS
    )


def test_layers_of_activations_stand_alone(exchange):
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8),
            layers.LeakyReLU(negative_slope=0.2, name="leaky"),
            layers.Dense(8),
            layers.ReLU(max_value=6.0),
            layers.Dense(8),
            layers.ELU(),
            layers.Dense(4),
            layers.Softmax(),
        ]
    )
    exchange.assert_predicts_the_same(model, [samples(40, 6)])


def test_exact_is_the_plain_function_in_keras(exchange):
    description = exchange.folder / "model.toml"
    description.write_text(
        """
        input = [28, 28]
        [[layers]]
        class_name = "Flatten"
        [[layers]]
        class_name = "Dense"
        name = "hidden"
        units = 24
        activation = "exact(gelu)"
        [[layers]]
        class_name = "Dense"
        units = 10
        activation = "softmax"
        [compile]
        loss = "sparse_categorical_crossentropy"
        """
    )
    x, y = digits(60)
    path, _ = exchange.train(description, exchange.data(x=x, y=y), "--epochs", 1)
    assert stored_config(path, "hidden")["activation"] == "gelu"
    again = exchange.folder / "again.keras"
    exchange.rhyton("convert", path, again)
    for file in (path, again):
        with zipfile.ZipFile(file) as members:
            exact = json.loads(members.read("rhyton.json"))["exact"]
        assert len(exact) == 1 and exact[0].endswith("/config/activation")
    exchange.assert_file_predicts_the_same(keras.models.load_model(path), path, [x])
