"""`.h5` files of tf_keras and of Keras 3: they predict the same here, go on training in lock step,
and what we write loads in both."""

import json
import pathlib
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from agreement import OUTPUTS, WEIGHTS, assert_tensors_agree
from digits import digits
from networks import OPTIMIZERS, state, weights
from outputs import called, numbered

EPOCHS = 1
BATCH = 64
# 330 samples end in a partial batch of 10.
SAMPLES = 330
TRAINING = ["--epochs", EPOCHS, "--batch-size", BATCH]

# The models of `in_tf_keras.py`; optimizers of old times are in `.h5` files only.
MODELS = ["plain_sgd", "sgd", "rmsprop", "adam", "amsgrad", "adamw", "branches"]
FILES = [f"{name}.{suffix}" for name in MODELS for suffix in ("h5", "keras")]
FILES += ["old_adam.h5", "old_rmsprop.h5"]


def in_tf_keras(action, folder, *names):
    script = pathlib.Path(__file__).parent / "in_tf_keras.py"
    subprocess.run([sys.executable, str(script), action, str(folder), *names], check=True)


def save_data(folder):
    x, y = digits(SAMPLES)
    np.savez(folder / "data.npz", x=x, y=y)


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A folder of tf_keras' files, its outputs, and its numbers after more training."""
    folder = tmp_path_factory.mktemp("tf_keras")
    save_data(folder)
    in_tf_keras("write", folder)
    return folder


def our_numbers(exchange, path):
    """What `in_tf_keras.py` has of a model, from a file that the command wrote."""
    exchange.rhyton("convert", path, "numbers.npz")
    exchange.rhyton("convert", path, "numbers.weights.h5")
    with np.load(exchange.folder / "numbers.npz") as arrays:
        numbers = {name.replace("/", "."): array for name, array in arrays.items()}
    with h5py.File(exchange.folder / "numbers.weights.h5") as file:
        variables = file["optimizer/vars"]
        slots = [variables[str(place)][()] for place in range(len(variables))]
    # Keras 2 has no learning rate among them.
    del slots[1]
    numbers.update({f"state {place}": value for place, value in enumerate(slots)})
    return numbers


def assert_numbers_agree(expected, received, with_state=True):
    chosen = [key for key in sorted(expected) if with_state or not key.startswith("state")]
    received = {key: value for key, value in received.items() if key in chosen}
    assert_tensors_agree(
        {key: expected[key] for key in chosen}, dict(sorted(received.items())), WEIGHTS
    )


@pytest.mark.parametrize("file", FILES)
def test_tf_keras(exchange, old, file):
    path, stem = old / file, old / file.split(".")[0]
    expected = dict(np.load(stem.with_suffix(".y.npz")))
    received = numbered(exchange.predict(path, [digits(SAMPLES)[0]]))
    assert_tensors_agree(expected, received, OUTPUTS)

    trained, _ = exchange.train(path, old / "data.npz", *TRAINING)
    expected = dict(np.load(stem.with_suffix(".numbers.npz")))
    received = our_numbers(exchange, trained)
    # Old optimizers list their slots in another order; the weights tell that they were right.
    with_state = "old" not in file
    if file.startswith("plain_sgd"):
        # It has slots of momentum in Keras 2, which nothing reads.
        expected = {key: value for key, value in expected.items() if key in received}
    assert_numbers_agree(expected, received, with_state)


def test_weights_of_tf_keras_for_a_model(exchange, old, tmp_path):
    for name in ("adam", "branches"):
        target = tmp_path / f"{name}.keras"
        exchange.rhyton("convert", old / f"{name}_weights.h5", target, "--model", old / f"{name}.h5")
        assert "the same" in exchange.rhyton("diff", target, old / f"{name}_weights.h5")


def recogniser(optimizer, activation="hard_sigmoid"):
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(32, activation=activation),
            layers.Dense(16, use_bias=False),
            layers.BatchNormalization(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, x, y):
    model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_3(exchange, name):
    x, y = digits(SAMPLES)
    model = recogniser(OPTIMIZERS[name]())
    fit(model, x, y)
    path = exchange.save(model, "model.h5")
    exchange.assert_file_predicts_the_same(model, path, [x])
    trained, _ = exchange.train(path, exchange.data(x=x, y=y), *TRAINING)
    fit(model, x, y)
    ours = keras.models.load_model(trained)
    assert_tensors_agree(weights(model), weights(ours), WEIGHTS)
    assert_tensors_agree(state(model), state(ours), WEIGHTS)


def test_operations_in_an_h5_of_keras_3(exchange):
    x = keras.Input((6,), name="x")
    hidden = layers.Dense(4, activation="swish", name="shared")
    model = keras.Model(x, layers.Dense(2)(hidden(x) * 2 + 1))
    given = np.random.default_rng(5).normal(size=(20, 6)).astype("float32")
    exchange.assert_file_predicts_the_same(model, exchange.save(model, "model.h5"), [given])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_written_for_keras_3(exchange, optimizer):
    x, y = digits(SAMPLES)
    model = recogniser(OPTIMIZERS[optimizer](), "gelu")
    fit(model, x, y)
    exchange.rhyton("convert", exchange.save(model), "written.h5")
    path = exchange.folder / "written.h5"
    loaded = keras.models.load_model(path)
    assert_tensors_agree(numbered(called(model, [x])), numbered(called(loaded, [x])), OUTPUTS)
    assert_tensors_agree(weights(model), weights(loaded), 0)
    # Keras 3.15.1 trains on from no `.h5`, not from its own either, without `compile`.
    assert type(loaded.optimizer) is type(model.optimizer)


def test_written_for_tf_keras(exchange):
    """tf_keras restores the optimizer too, and trains on in lock step."""
    x, y = digits(SAMPLES)
    folder = exchange.folder / "written"
    folder.mkdir()
    save_data(folder)
    expected = {}
    # Of AdamW tf_keras reads its own configuration only. RMSprop without momentum adds epsilon behind
    # the root in the form of `.h5` that Keras 3 reads too.
    rmsprop = lambda: keras.optimizers.RMSprop(1e-3, momentum=0.5)
    for name, optimizer in {**OPTIMIZERS, "rmsprop": rmsprop}.items():
        if name == "adamw":
            continue
        keras.utils.clear_session()
        model = recogniser(optimizer(), "relu")
        fit(model, x, y)
        exchange.rhyton("convert", exchange.save(model), folder / f"{name}.h5")
        outputs = numbered(called(model, [x]))
        fit(model, x, y)
        expected[name] = (outputs, weights(model), state(model))
    in_tf_keras("read", folder)
    for name, (outputs, trained, slots) in expected.items():
        assert_tensors_agree(outputs, dict(np.load(folder / f"{name}.y.npz")), OUTPUTS)
        numbers = {key.replace("/", "."): value for key, value in trained.items()}
        read = dict(np.load(folder / f"{name}.numbers.npz"))
        assert_numbers_agree(numbers, read)
        # Old optimizers list their slots in another order.
        assert read["state 0"] == slots["0"]
        assert len([key for key in read if key.startswith("state")]) == len(slots) - 1


@pytest.mark.parametrize("reader", ["keras", "tf_keras"])
def test_functional_written(exchange, reader):
    x = keras.Input((28, 28), name="image")
    flat = layers.Flatten()(x)
    shared = layers.Dense(784, activation="tanh", name="shared")
    hidden = shared(layers.Activation("sigmoid")(shared(flat)))
    model = keras.Model(x, layers.Dense(10, activation="softmax", name="last")(hidden))
    model.compile("adam", "sparse_categorical_crossentropy")
    folder = exchange.folder / "written"
    folder.mkdir()
    save_data(folder)
    exchange.rhyton("convert", exchange.save(model), folder / "model.h5")
    given = digits(SAMPLES)[0]
    expected = numbered(called(model, [given]))
    if reader == "keras":
        loaded = keras.models.load_model(folder / "model.h5")
        received = numbered(called(loaded, [given]))
    else:
        in_tf_keras("read", folder)
        received = dict(np.load(folder / "model.y.npz"))
    assert_tensors_agree(expected, received, OUTPUTS)


def test_weights_files(exchange):
    """`.weights.h5` and `.npz` both ways."""
    x, y = digits(SAMPLES)
    model = recogniser(OPTIMIZERS["adam"]())
    fit(model, x, y)
    source = exchange.save(model)
    exchange.rhyton("convert", source, "ours.weights.h5")
    other = recogniser(OPTIMIZERS["adam"]())
    fit(other, x[:64], y[:64])
    other.load_weights(exchange.folder / "ours.weights.h5")
    assert_tensors_agree(placed(model), placed(other), 0)
    assert_tensors_agree(state(model), state(other), 0)

    fit(other, x, y)
    other.save_weights(exchange.folder / "theirs.weights.h5")
    exchange.rhyton("convert", "theirs.weights.h5", "new.keras", "--model", source)
    new = keras.models.load_model(exchange.folder / "new.keras")
    assert_tensors_agree(placed(other), placed(new), 0)
    assert_tensors_agree(state(other), state(new), 0)

    exchange.rhyton("convert", source, "ours.npz")
    with np.load(exchange.folder / "ours.npz") as arrays:
        assert_tensors_agree(weights(model), {key: arrays[key] for key in weights(model)}, 0)
        assert len(arrays.files) == len(weights(model))


def placed(model):
    """Weights by place: layers of two models have different names."""
    return dict(enumerate(model.get_weights()))


def test_safetensors(exchange):
    """As the format's own description reads it: a header in JSON, then the bytes."""
    model = recogniser(OPTIMIZERS["sgd"]())
    exchange.rhyton("convert", exchange.save(model), "ours.safetensors")
    content = (exchange.folder / "ours.safetensors").read_bytes()
    found = safetensors(content)
    assert_tensors_agree(weights(model), {key: found[key] for key in weights(model)}, 0)
    assert len(found) == len(weights(model))


def safetensors(content):
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry["dtype"] == "F32"
    }


def test_weights_of_another_shape_name_the_layer(exchange):
    model = recogniser(OPTIMIZERS["sgd"]())
    wide = keras.Sequential(
        [keras.Input((28, 28)), layers.Flatten(), layers.Dense(33), layers.Dense(16, use_bias=False),
         layers.BatchNormalization(), layers.Dense(10)]
    )
    source = exchange.save(model)
    for name in ("wide.weights.h5", "wide.h5"):
        path = exchange.folder / name
        wide.save_weights(path) if "weights" in name else wide.save(path)
        completed = exchange.rhyton(
            "convert", path, "out.keras", "--model", source, check=False
        )
        assert completed.returncode == 1
        for part in (name, "dense", "784, 32", "784, 33"):
            assert part in completed.stderr, completed.stderr
