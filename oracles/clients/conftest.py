"""Keras as the oracle: on TensorFlow's CPU kernels, whatever the user has configured."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest


@pytest.fixture(autouse=True)
def keras_starts_anew():
    """Names of layers count from the beginning in every test, and seeds are fixed."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
