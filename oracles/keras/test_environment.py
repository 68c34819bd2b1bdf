"""The oracle is the one that the goldens and the tolerances name."""

import importlib
import importlib.metadata
import pathlib

import numpy as np
import pytest

REQUIREMENTS = pathlib.Path(__file__).parent.parent / "requirements.txt"


def pins():
    lines = REQUIREMENTS.read_text().splitlines()
    return [tuple(line.split("==")) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("package", "version"), pins())
def test_installed_version_is_the_pinned_one(package, version):
    assert importlib.metadata.version(package) == version


def test_keras_is_the_installed_package_and_not_this_folder():
    keras = importlib.import_module("keras")
    assert keras.__version__ == dict(pins())["keras"]
    assert "site-packages" in keras.__file__


def test_keras_computes_on_tensorflow():
    keras = importlib.import_module("keras")
    assert keras.backend.backend() == "tensorflow"
    silu = keras.ops.convert_to_numpy(keras.activations.silu(np.array([1.0], "float32")))
    np.testing.assert_allclose(silu, [0.7310586], rtol=1e-6)


def test_the_command_runs(rhyton):
    assert rhyton("--version").startswith("rhyton ")
