"""Files that the command writes: Keras loads them, predicts the same and trains on."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from agreement import OUTPUTS, WEIGHTS, assert_histories_agree, assert_tensors_agree
from digits import digits
from networks import OPTIMIZERS, blog, state, weights
from outputs import called, numbered

OPTIONS = ["--epochs", 1, "--batch-size", 128]


def assert_trained_file_loads(exchange, path, inputs):
    """Keras loads a file of the command and predicts as the command does."""
    model = keras.models.load_model(path)
    received = exchange.predict(path, inputs)
    assert_tensors_agree(numbered(called(model, inputs)), numbered(received), OUTPUTS)
    return model


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_trained_blog_network(exchange, name):
    x, y = digits(500)
    data = exchange.data(x=x, y=y)
    source = exchange.save(blog(OPTIMIZERS[name](), activation="mish"))
    path, _ = exchange.train(source, data, *OPTIONS)
    model = assert_trained_file_loads(exchange, path, [digits(100, start=500)[0]])
    assert type(model.optimizer).__name__.lower() == name
    assert int(model.optimizer.iterations) == 4
    received = json.loads(exchange.rhyton("evaluate", path, "--data", data, "--json"))
    expected = model.evaluate(x, y, batch_size=128, verbose=0, return_dict=True)
    assert_histories_agree(expected, received)


def test_trained_functional_model(exchange):
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    shared = layers.Dense(4, activation="swish", name="shared")
    joined = keras.ops.concatenate([shared(left * 2 + 1), 1 - shared(right)], axis=-1)
    mixed = keras.ops.reshape(keras.ops.transpose(keras.ops.reshape(joined, (-1, 2, 4)), (0, 2, 1)), (-1, 8))
    shrunk = keras.activations.gelu(mixed / 2) - keras.ops.mean(mixed, axis=1, keepdims=True)
    outputs = [layers.Dense(3, name="b")(shrunk), layers.Dense(2, name="a")(keras.ops.maximum(mixed, 0))]
    model = keras.Model([left, right], outputs)
    model.compile("adam", ["mse", "mse"])
    random = np.random.default_rng(5)
    x0, x1 = (random.normal(size=(50, 6)).astype("float32") for _ in range(2))
    y0, y1 = (random.normal(size=(50, width)).astype("float32") for width in (3, 2))
    data = exchange.data(x0=x0, x1=x1, y0=y0, y1=y1)
    path, _ = exchange.train(exchange.save(model), data, *OPTIONS)
    loaded = assert_trained_file_loads(exchange, path, [x0, x1])
    assert [tensor.name for tensor in loaded.inputs] == ["left", "right"]
    assert loaded.output_names == model.output_names
    loaded.fit([x0, x1], [y0, y1], epochs=1, verbose=0)


def test_nested_models_and_arrays(exchange):
    """Outputs that are calls of a functional model, parts and constants: Keras reads them back."""
    x = keras.Input((4,))
    inner = keras.Model(x, layers.Dense(4, activation="tanh")(x), name="inner")
    x = keras.Input((4,), name="x")
    once = inner(x)
    scaled = inner(once) * np.arange(4, dtype="float32")
    model = keras.Model(x, [once, inner(scaled[:, ::-1]), keras.ops.split(scaled, 2, axis=1)[1]])
    model.compile("sgd", "mse")
    random = np.random.default_rng(5)
    given = random.normal(size=(50, 4)).astype("float32")
    targets = {f"y{place}": random.normal(size=(50, 4 if place < 2 else 2)) for place in range(3)}
    data = exchange.data(x=given, **{name: y.astype("float32") for name, y in targets.items()})
    path, _ = exchange.train(exchange.save(model), data, *OPTIONS)
    assert_trained_file_loads(exchange, path, [given])


LAYERS = {
    "BatchNormalization without scale": lambda: [
        layers.Dense(8), layers.BatchNormalization(scale=False, momentum=0.9, epsilon=1e-2),
    ],
    "Dropout": lambda: [layers.Dense(8, activation="relu"), layers.Dropout(0.3, seed=5)],
    "an activation of its own": lambda: [layers.Dense(8), layers.Activation("softsign")],
    "a layer as activation": lambda: [layers.Dense(8, activation=layers.LeakyReLU(negative_slope=0.1))],
    "without bias": lambda: [layers.Dense(8, use_bias=False, kernel_initializer="orthogonal")],
    "not trainable": lambda: [layers.Dense(8, trainable=False)],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(exchange, name):
    x, y = digits(200)
    model = keras.Sequential(
        [keras.Input((28, 28)), layers.Flatten(), *LAYERS[name](), layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    path, _ = exchange.train(exchange.save(model), exchange.data(x=x, y=y), *OPTIONS)
    loaded = assert_trained_file_loads(exchange, path, [x])
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    for mine, theirs in zip(loaded.layers, model.layers):
        assert nameless(mine.get_config()) == nameless(theirs.get_config())


def nameless(config):
    """A configuration without the generated name of a layer that serves as activation."""
    activation = config.get("activation")
    if isinstance(activation, dict):
        activation["config"].pop("name")
    return config


def test_form_of_the_file(exchange):
    x, y = digits(50)
    path, _ = exchange.train(exchange.save(blog("adam")), exchange.data(x=x, y=y), *OPTIONS)
    with zipfile.ZipFile(path) as file:
        assert file.namelist()[:3] == ["metadata.json", "config.json", "model.weights.h5"]
        assert {member.compress_type for member in file.infolist()} == {zipfile.ZIP_STORED}
        with file.open("model.weights.h5") as member, h5py.File(member) as store:
            assert store["layers/dense/vars/0"].shape == (784, 256)
            assert store["optimizer/vars/0"].dtype == np.int64


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_begins_and_the_command_goes_on(exchange, name):
    x, y = digits(300)
    model = blog(OPTIMIZERS[name]())
    model.fit(x, y, epochs=1, batch_size=64, shuffle=False, verbose=0)
    path, history = exchange.train(
        exchange.save(model), exchange.data(x=x, y=y), "--epochs", 1, "--batch-size", 64
    )
    fitted = model.fit(x, y, epochs=1, batch_size=64, shuffle=False, verbose=0)
    assert_histories_agree(fitted.history, history)
    assert_agree_but_for_idle_bias(model, keras.models.load_model(path))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_command_begins_and_keras_goes_on(exchange, name):
    x, y = digits(300)
    model = blog(OPTIMIZERS[name]())
    path, _ = exchange.train(
        exchange.save(model), exchange.data(x=x, y=y), "--epochs", 1, "--batch-size", 64
    )
    begun = keras.models.load_model(path)
    assert int(begun.optimizer.iterations) == 5
    begun.fit(x, y, epochs=1, batch_size=64, shuffle=False, verbose=0)
    model.fit(x, y, epochs=2, batch_size=64, shuffle=False, verbose=0)
    assert_agree_but_for_idle_bias(model, begun)


def assert_agree_but_for_idle_bias(expected, received):
    """The bias before BatchNormalization has no gradient; what it does is judged in lock step."""
    # One step of 1e-3 in either direction for each of the ten batches, at most.
    looser = {"second/bias": 0.03, "normalization/moving_mean": 0.03}
    assert_tensors_agree(weights(expected), weights(received), WEIGHTS, looser)
    iterations = int(expected.optimizer.iterations)
    assert int(received.optimizer.iterations) == iterations
    slots, found = state(expected), state(received)
    biases = [place for place, value in slots.items() if value.shape == (100,)]
    assert_tensors_agree(slots, found, WEIGHTS, dict.fromkeys(biases, 1e-3))
