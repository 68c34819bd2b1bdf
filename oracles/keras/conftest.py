"""Keras as the oracle: on TensorFlow's CPU kernels, whatever the user has configured."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json

import numpy as np
import pytest

from agreement import OUTPUTS, assert_tensors_agree
from outputs import called, numbered


class Exchange:
    """Hands models and arrays to the command and takes its results back, in a test's folder."""

    def __init__(self, rhyton, folder):
        self.rhyton = rhyton
        self.folder = folder

    def save(self, model, name="model.keras"):
        path = self.folder / name
        model.save(path)
        return path

    def data(self, name="data.npz", **arrays):
        path = self.folder / name
        np.savez(path, **arrays)
        return path

    def predict(self, model, inputs, **options):
        """What the command predicts for a list of inputs: a list of outputs."""
        names = ["x"] if len(inputs) == 1 else [f"x{place}" for place in range(len(inputs))]
        source = self.data("inputs.npz", **dict(zip(names, inputs)))
        target = self.folder / "outputs.npz"
        self.rhyton("predict", model, "--input", source, "--output", target, **options)
        with np.load(target) as outputs:
            return [outputs[f"y{place}"] for place in range(len(outputs.files))]

    def train(self, model, data, *arguments, **options):
        """Trains without shuffling; the trained file and the history."""
        target, history = self.folder / "trained.keras", self.folder / "history.json"
        self.rhyton(
            "train", model, "--data", data, "--output", target, "--history", history,
            "--no-shuffle", *arguments, **options,
        )
        return target, json.loads(history.read_text())["history"]

    def assert_predicts_the_same(self, model, inputs, name="model.keras"):
        """Keras and the command agree on what a model that Keras saves makes of inputs."""
        path = self.save(model, name)
        self.assert_file_predicts_the_same(model, path, inputs)
        return path

    def assert_file_predicts_the_same(self, model, path, inputs):
        assert_tensors_agree(
            numbered(called(model, inputs)), numbered(self.predict(path, inputs)), OUTPUTS
        )


@pytest.fixture
def exchange(rhyton, tmp_path):
    """Models and arrays between Keras and the command."""
    return Exchange(rhyton, tmp_path)


@pytest.fixture(autouse=True)
def keras_starts_anew():
    """Names of layers count from the beginning in every test, and seeds are fixed."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
