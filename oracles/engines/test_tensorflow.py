"""The same binary on libtensorflow: it trains, evaluates and predicts as the native engine does.

The library is the one in the oracles' TensorFlow wheel; the models are files that Keras wrote.
"""

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from agreement import HISTORY, OUTPUTS, WEIGHTS, assert_histories_agree, assert_tensors_agree
from digits import digits

# 20 steps: 18 of 128 samples in two epochs, and the last partial batch of each.
SAMPLES, BATCH, EPOCHS = 9 * 128 + 48, 128, 2

WRITE_MODELS = '''
import sys
import keras
from keras import layers, ops

def blog(optimizer):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(), layers.Dense(256, activation="swish"),
        layers.Dense(100), layers.BatchNormalization(), layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

folder = sys.argv[1]
blog(keras.optimizers.SGD(0.05)).save(f"{folder}/sgd.keras")
blog(keras.optimizers.SGD(0.05, momentum=0.9)).save(f"{folder}/momentum.keras")
left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
shared = layers.Dense(4, activation="gelu")
joined = ops.concatenate([shared(left * 2 + 1), shared(right)], axis=-1)
outputs = [layers.Dense(3)(joined), ops.mean(joined, axis=1)]
keras.Model([left, right], outputs).save(f"{folder}/functional.keras")
'''


@pytest.fixture(scope="module")
def library():
    """libtensorflow of the wheel, without importing it here."""
    found = importlib.util.find_spec("tensorflow")
    if found is None:
        pytest.skip("the tensorflow wheel is not installed")
    paths = sorted(pathlib.Path(found.origin).parent.glob("libtensorflow_cc*"))
    if not paths:
        pytest.skip("the tensorflow wheel has no libtensorflow_cc")
    return paths[0]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with models that Keras made."""
    folder = tmp_path_factory.mktemp("models")
    variables = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", WRITE_MODELS, folder], env=variables, check=True)
    return folder


@pytest.fixture(scope="module")
def engine(library):
    """The environment in which the command runs on TensorFlow."""
    return {
        "RHYTON_BACKEND": "tensorflow",
        "RHYTON_TENSORFLOW_LIBRARY": str(library),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


@pytest.fixture
def data(tmp_path):
    x, y = digits(SAMPLES)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    return tmp_path / "data.npz"


def weights(path):
    """Every variable of a `.keras` file, the optimizer's too, by its path."""
    found = {}
    with zipfile.ZipFile(path) as file, file.open("model.weights.h5") as member:
        with h5py.File(member) as store:
            store.visititems(
                lambda name, item: found.update({name: item[()]})
                if isinstance(item, h5py.Dataset) else None
            )
    return found


def train(rhyton, folder, model, data, name, environment):
    target, history = folder / f"{name}.keras", folder / f"{name}.json"
    rhyton(
        "train", model, "--data", data, "--epochs", EPOCHS, "--batch-size", BATCH, "--no-shuffle",
        "--output", target, "--history", history, environment=environment,
    )
    return target, json.loads(history.read_text())["history"]


@pytest.mark.parametrize("name", ["sgd", "momentum"])
def test_twenty_steps(rhyton, tmp_path, models, data, engine, name):
    model = models / f"{name}.keras"
    native, expected = train(rhyton, tmp_path, model, data, "native", {"RHYTON_BACKEND": "native"})
    tensorflow, received = train(rhyton, tmp_path, model, data, "tensorflow", engine)
    assert_histories_agree(expected, received)
    stored = weights(native)
    assert int(stored["optimizer/vars/0"]) == 20
    assert_tensors_agree(stored, weights(tensorflow), WEIGHTS)
    # An engine that was never asked would agree to the last bit.
    assert any((stored[key] != value).any() for key, value in weights(tensorflow).items() if value.ndim)


def test_evaluate(rhyton, models, data, engine):
    arguments = ["evaluate", models / "sgd.keras", "--data", data, "--json", "--batch-size", 500]
    native, tensorflow = (
        json.loads(rhyton(*arguments, environment=environment))
        for environment in ({"RHYTON_BACKEND": "native"}, engine)
    )
    assert sorted(native) == ["accuracy", "loss"]
    for key, value in native.items():
        assert abs(tensorflow[key] - value) <= HISTORY


def predicted(rhyton, folder, model, data, environment, name):
    rhyton("predict", model, "--input", data, "--output", folder / name, environment=environment)
    with np.load(folder / name) as outputs:
        return {key: outputs[key] for key in outputs.files}


def test_predict(rhyton, tmp_path, models, data, engine):
    arguments = [rhyton, tmp_path, models / "sgd.keras", data]
    native = predicted(*arguments, {"RHYTON_BACKEND": "native"}, "native.npz")
    tensorflow = predicted(*arguments, engine, "tensorflow.npz")
    assert native["y0"].shape == (SAMPLES, 10)
    assert_tensors_agree(native, tensorflow, OUTPUTS)


def test_predict_of_a_functional_model(rhyton, tmp_path, models, engine):
    random = np.random.default_rng(5)
    x0, x1 = (random.normal(size=(130, 6)).astype("float32") for _ in range(2))
    np.savez(tmp_path / "inputs.npz", left=x0, right=x1)
    arguments = [rhyton, tmp_path, models / "functional.keras", tmp_path / "inputs.npz"]
    native = predicted(*arguments, {"RHYTON_BACKEND": "native"}, "native.npz")
    tensorflow = predicted(*arguments, engine, "tensorflow.npz")
    assert list(native) == ["y0", "y1"]
    assert_tensors_agree(native, tensorflow, OUTPUTS)


def test_configuration_file(rhyton, tmp_path, models, data, engine):
    arguments = [rhyton, tmp_path, models / "sgd.keras", data]
    expected = predicted(*arguments, engine, "environment.npz")
    (tmp_path / "rhyton.toml").write_text('backend = "tensorflow"\n')
    library = {name: value for name, value in engine.items() if name != "RHYTON_BACKEND"}
    received = predicted(*arguments, library, "file.npz")
    assert_tensors_agree(expected, received, 0.0)
    # The flag is stronger than the file.
    rhyton(
        "predict", models / "sgd.keras", "--input", data, "--output", "flag.npz",
        "--backend", "native", environment={"RHYTON_TENSORFLOW_LIBRARY": "/nonexistent"},
    )


def test_project_file_names_no_library(rhyton, tmp_path, models, data, library):
    (tmp_path / "rhyton.toml").write_text(
        f'backend = "tensorflow"\n[tensorflow]\nlibrary = "{library}"\n'
    )
    arguments = ["predict", models / "sgd.keras", "--input", data, "--output", "y.npz"]
    completed = rhyton(*arguments, check=False)
    assert completed.returncode == 1
    assert "library" in completed.stderr and "RHYTON_TENSORFLOW_LIBRARY" in completed.stderr


def test_users_own_file_names_the_library(rhyton, tmp_path, models, data, library, engine):
    home = tmp_path / "rhyton-home"
    home.mkdir()
    (home / "rhyton.toml").write_text(
        f'backend = "tensorflow"\n[tensorflow]\nlibrary = "{library}"\n'
    )
    arguments = [rhyton, tmp_path, models / "sgd.keras", data]
    expected = predicted(*arguments, engine, "environment.npz")
    assert_tensors_agree(expected, predicted(*arguments, {}, "home.npz"), 0.0)


def test_list_of_backends(rhyton, engine):
    listed = json.loads(rhyton("backends", "--json", environment=engine))
    by_name = {entry["name"]: entry for entry in listed}
    for entry in listed:
        assert set(entry) == {"name", "available", "version", "devices", "reason", "enable"}
    assert by_name["native"]["available"] and by_name["tensorflow"]["available"]
    version = importlib.metadata.version("tensorflow-cpu")
    assert by_name["tensorflow"]["version"] == version


ABSENT = {"RHYTON_BACKEND": "tensorflow", "RHYTON_TENSORFLOW_LIBRARY": "/nonexistent"}


def test_absent_library(rhyton, models, data):
    arguments = ["predict", models / "sgd.keras", "--input", data, "--output", "y.npz"]
    completed = rhyton(*arguments, environment=ABSENT, check=False)
    assert completed.returncode == 1
    assert completed.stdout == "" and "panicked" not in completed.stderr
    assert "/nonexistent" in completed.stderr and "native" in completed.stderr
    listed = json.loads(rhyton("backends", "--json", environment=ABSENT))
    entry = next(entry for entry in listed if entry["name"] == "tensorflow")
    assert not entry["available"] and entry["reason"] and entry["enable"]


def test_library_that_is_none(rhyton, tmp_path, models, data):
    path = tmp_path / "libtensorflow_cc.so.2"
    path.write_bytes(b"no library at all")
    arguments = ["predict", models / "sgd.keras", "--input", data, "--output", "y.npz"]
    environment = {"RHYTON_BACKEND": "tensorflow", "RHYTON_TENSORFLOW_LIBRARY": str(path)}
    completed = rhyton(*arguments, environment=environment, check=False)
    assert completed.returncode == 1
    assert str(path) in completed.stderr


def test_unknown_backend(rhyton, models, data):
    arguments = ["predict", models / "sgd.keras", "--input", data, "--output", "y.npz"]
    completed = rhyton(*arguments, environment={"RHYTON_BACKEND": "theano"}, check=False)
    assert completed.returncode == 1
    assert "theano" in completed.stderr
    assert "native" in completed.stderr and "tensorflow" in completed.stderr
