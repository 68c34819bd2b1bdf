"""Files that can't be read end in one clear error, never in a crash, a hang or a huge allocation."""

import json
import zipfile

import keras
import pytest
from keras import layers

from digits import digits


@keras.saving.register_keras_serializable(package="mine")
class Twice(layers.Layer):
    def call(self, x):
        return 2 * x


@keras.saving.register_keras_serializable(package="mine")
def wobble(x):
    return keras.ops.sin(x) + x


def refused(exchange, *arguments):
    """The one error of a command that must fail, within bounds: its text."""
    completed = exchange.rhyton(*arguments, measure=True, timeout=60)
    assert completed.memory_bytes_max < 1 << 30
    assert completed.returncode == 1, completed
    assert completed.stdout == ""
    errors = [line for line in completed.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == 1, completed.stderr
    assert "panicked" not in completed.stderr
    return completed.stderr


def refused_model(exchange, path):
    source = exchange.data("inputs.npz", x=digits(3)[0])
    return refused(exchange, "predict", path, "--input", source, "--output", "y.npz")


def model(*hidden):
    return keras.Sequential([keras.Input((28, 28)), layers.Flatten(), *hidden, layers.Dense(10)])


def test_unknown_layer(exchange):
    path = exchange.save(model(layers.Dense(4), Twice(name="doubled")))
    message = refused_model(exchange, path)
    assert "doubled" in message and "Twice" in message


def test_layer_that_is_not_there_yet(exchange):
    path = exchange.save(model(layers.Reshape((28, 28)), layers.LSTM(4, name="memory")))
    message = refused_model(exchange, path)
    assert "memory" in message and "`LSTM` is one of Keras' that it has not" in message


def test_unknown_activation(exchange):
    path = exchange.save(model(layers.Dense(4, activation=wobble, name="wobbling")))
    message = refused_model(exchange, path)
    assert "wobbling" in message and "unknown activation `wobble`" in message


def test_lambda(exchange):
    x = keras.Input((28, 28))
    hidden = layers.Dense(4, activation=lambda x: x * 2, name="unsafe")
    path = exchange.save(keras.Model(x, hidden(layers.Flatten()(x))))
    message = refused_model(exchange, path)
    assert "unsafe" in message and "lambda" in message


def test_unknown_operation(exchange):
    x = keras.Input((28, 28))
    path = exchange.save(keras.Model(x, keras.ops.sinc(x)))
    assert "unknown operation `Sinc`" in refused_model(exchange, path)


def test_unknown_optimizer(exchange):
    network = model()
    network.compile(keras.optimizers.ScheduleFreeAdamW(), "mse")
    x, _ = digits(20)
    data = exchange.data(x=x, y=x[:, 0, :10])
    message = refused(
        exchange, "train", exchange.save(network), "--data", data, "--output", "out.keras"
    )
    assert "ScheduleFreeAdamW" in message
    assert not (exchange.folder / "out.keras").exists()


def test_model_that_is_not_compiled(exchange):
    x, y = digits(20)
    message = refused(
        exchange, "train", exchange.save(model()), "--data", exchange.data(x=x, y=y),
        "--output", "out.keras",
    )
    assert "not compiled" in message


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99, 0.9999])
def test_truncated_file(exchange, share):
    content = exchange.save(model()).read_bytes()
    path = exchange.folder / "short.keras"
    path.write_bytes(content[: int(len(content) * share)])
    assert "short.keras" in refused_model(exchange, path)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_truncated_weights(exchange, place):
    source = exchange.save(model())
    path = exchange.folder / "weights.keras"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".h5"):
                content = content[: int(len(content) * place)]
            new.writestr(name, content)
    assert "weights.keras" in refused_model(exchange, path)


def test_no_such_file_and_no_archive(exchange):
    assert "missing.keras" in refused_model(exchange, "missing.keras")
    path = exchange.folder / "text.keras"
    path.write_text("this is no model")
    assert "text.keras" in refused_model(exchange, path)


def changed(exchange, change, members=("metadata.json", "config.json", "model.weights.h5")):
    source = exchange.save(model(layers.Dense(4, name="hidden")))
    path = exchange.folder / "changed.keras"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in members:
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config)
            new.writestr(name, content)
    return path


def entry(config, class_name):
    entries = config["config"]["layers"]
    return next(entry for entry in entries if entry["class_name"] == class_name)


def wide_input(config):
    entry(config, "InputLayer")["config"]["batch_shape"] = [None, 2**40, 2**40]


def long_input(config):
    entry(config, "InputLayer")["config"]["batch_shape"] = [None, 2**31, 16]


def many_units(config):
    entry(config, "Dense")["config"]["units"] = 2**50


def no_units(config):
    entry(config, "Dense")["config"]["units"] = -3


def other_units(config):
    entry(config, "Dense")["config"]["units"] = 5


def no_layers(config):
    config["config"]["layers"] = 3


def text_units(config):
    entry(config, "Dense")["config"]["units"] = "many"


def deep(config):
    value = []
    for _ in range(500):
        value = [value]
    entry(config, "Dense")["config"]["kernel_initializer"] = value


ABSURD = [wide_input, long_input, many_units, no_units, other_units, no_layers, text_units, deep]


@pytest.mark.parametrize("change", ABSURD, ids=lambda change: change.__name__)
def test_absurd_configuration(exchange, change):
    assert len(refused_model(exchange, changed(exchange, change))) < 2000


def test_missing_members(exchange):
    for members in (["config.json"], ["metadata.json", "model.weights.h5"]):
        path = changed(exchange, lambda config: None, members)
        assert "changed.keras" in refused_model(exchange, path)


def test_inputs_of_another_shape(exchange):
    path = exchange.save(model())
    source = exchange.data("other.npz", x=digits(4)[0][:, :20])
    message = refused(exchange, "predict", path, "--input", source, "--output", "y.npz")
    assert "28" in message and "20" in message
