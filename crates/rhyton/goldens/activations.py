"""Writes activations.json: values and gradients of Keras' activations on a grid of points.

    KERAS_BACKEND=tensorflow python activations.py
"""

import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf

# Parameters beside the defaults; `None` stands for infinity, as in Keras.
CASES = {
    "relu": [{}, {"negative_slope": 0.25}, {"max_value": 2.0}, {"threshold": 1.0},
             {"negative_slope": 0.1, "max_value": 3.0, "threshold": -0.5}],
    "leaky_relu": [{}, {"negative_slope": 0.01}],
    "relu6": [{}],
    "softmax": [{}, {"axis": 0}],
    "celu": [{}, {"alpha": 2.0}],
    "elu": [{}, {"alpha": 0.3}],
    "selu": [{}],
    "softplus": [{}],
    "softsign": [{}],
    "squareplus": [{}, {"b": 0.5}],
    "soft_shrink": [{}, {"threshold": 1.5}],
    "sparse_plus": [{}],
    "silu": [{}],
    "gelu": [{}, {"approximate": True}],
    "glu": [{}, {"axis": 0}],
    "tanh": [{}],
    "tanh_shrink": [{}],
    "threshold": [{"threshold": 1.0, "default_value": -2.0}, {"threshold": 0.0, "default_value": 0.0}],
    "sigmoid": [{}],
    "sparse_sigmoid": [{}],
    "exponential": [{}],
    "hard_sigmoid": [{}],
    "hard_silu": [{}],
    "hard_tanh": [{}],
    "hard_shrink": [{}, {"threshold": 1.5}],
    "linear": [{}],
    "mish": [{}],
    "log_softmax": [{}, {"axis": 0}],
    "log_sigmoid": [{}],
}
ALIASES = ["swish", "hard_swish"]


def points():
    """Numbers near the corners of the definitions, small, large and special ones."""
    near = np.concatenate([np.arange(-12, 12.25, 0.5), [-0.3, 0.3, 2.9, -2.9, 3.1, -3.1]])
    wide = [1e-30, -1e-30, 1e-38, -1e-38, 1e-7, -1e-7, 1e-3, -1e-3, 20, -20, 50, -50, 80, -80,
            88, -88, 100, -100, 200, -200, 1e4, -1e4, 1e10, -1e10, 1e30, -1e30, 3e38, -3e38]
    special = [-0.0, np.inf, -np.inf, np.nan]
    return np.concatenate([near, wide, special]).astype("float32")


def table():
    """Rows for functions over an axis: ordinary, large, equal."""
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(6, 4)).astype("float32") * 3
    rows[1] = [90, -90, 0, 1]
    rows[2] = [1e30, 1e30, 0, -1e30]
    rows[3] = 0.5
    rows[4] = [-1e4, 1e4, 1e4, 3]
    return rows


def numbers(array):
    """A float32 array as numbers, with the three specials as text."""
    def one(value):
        if np.isnan(value):
            return "nan"
        if np.isinf(value):
            return "inf" if value > 0 else "-inf"
        return float(np.format_float_scientific(np.float32(value)))
    return [one(value) for value in np.asarray(array, dtype="float32").ravel()]


def record(name, parameters):
    over_axis = name in ("softmax", "log_softmax", "glu")
    x = table() if over_axis else points()
    weight = np.random.default_rng(5).normal(size=x.shape).astype("float32") if over_axis else None
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = getattr(keras.activations, name)(variable, **parameters)
        # Over an axis the rows' sums are constant, so the gradient is that of a weighted sum.
        total = y * weight[: y.shape[0], : y.shape[1]] if over_axis else y
    found = {"name": name, "parameters": parameters, "y": numbers(y)}
    found["dy"] = numbers(tf.convert_to_tensor(tape.gradient(total, variable)))
    if over_axis:
        found["shape"] = list(y.shape)
    return found


def main():
    covered = set(CASES) | set(ALIASES) | {"sparsemax", "deserialize", "get", "serialize"}
    covered |= {"hard_swish"}
    missing = {n for n in dir(keras.activations) if not n.startswith("_")} - covered
    assert not missing, missing
    rows = table()
    found = {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "x": numbers(points()),
        "rows": {"shape": list(rows.shape), "values": numbers(rows),
                 "weight": numbers(np.random.default_rng(5).normal(size=rows.shape))},
        "activations": [record(name, case) for name, cases in CASES.items() for case in cases],
    }
    text = json.dumps(found, separators=(",", ":")).replace('{"name"', '\n{"name"')
    pathlib.Path(__file__).with_name("activations.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
