"""Writes activations.npz: values and gradients of every activation, float64 rounded to float32.

    KERAS_BACKEND=tensorflow python activations.py CATALOGUE.json

Keys are `ORACLE|ACTIVATION|y` and `…|dy`, where ACTIVATION is as a user writes it. The oracles are
`formula`, the definitions in `formulas/` at 250 digits or in NumPy's float64, for all that the
catalogue lists, and `keras`, real Keras in float64, for what it has.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import inspect

import keras
import numpy as np
import tensorflow as tf

from formulas import elementwise, over_axis
from formulas.dual import Dual

# What Keras has under these names has no such parameters.
ONLY_OURS = {"softplus": {"beta"}, "swish": {"beta"}}
# Keras 3.15.1 sums the running sums.
WRONG_IN_KERAS = {"sparsemax"}


def points():
    """Numbers near the corners of the definitions, small, large and special ones."""
    draw = np.random.default_rng(11)
    both = lambda numbers: np.concatenate([numbers, -np.asarray(numbers)])
    near = np.concatenate([np.arange(-20, 20.01, 0.25), draw.uniform(-8, 8, 120), both([0.3, 2.9])])
    small = [0.0, 0.1, 0.01, 1e-3, 1e-5, 1e-7, 1e-10, 1e-20, 1e-30, 1e-38, 1e-40, 1e-45]
    wide = [25, 30, 50, 80, 88, 90, 100, 104, 200, 1e3, 1e4, 1e6, 1e10, 1e20, 1e30, 3e38]
    special = [np.inf, -np.inf, np.nan]
    return np.concatenate([near, both(small), both(wide), special]).astype("float32")


def table(ties):
    """Rows for functions over an axis: ordinary, large, equal."""
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(6, 12)) * [[3], [1], [0.3], [1], [30], [3]]
    rows[1, :4] = [90, -90, 0, 1]
    rows[3, :4] = [-1e4, 1e4, 0.9e4, 3]
    if ties:
        rows[3, :4] = [-1e4, 1e4, 1e4, 3]
        rows[5] = 0.5
    return rows.astype("float32")


def weights(shape):
    return np.random.default_rng(5).normal(size=shape).astype("float32").astype("float64")


def written(name, parameters):
    inside = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
    return f"{name}({inside})" if inside else name


def as_stored(parameters):
    """Parameters as float32 holds them, which is what is computed with."""
    return {key: float(np.float32(value)) for key, value in parameters.items()}


def defaults(formula):
    """The numbers that a formula has as defaults, as float32 holds them."""
    signature = inspect.signature(formula).parameters.values()
    numbers = {p.name: p.default for p in signature if isinstance(p.default, float)}
    return as_stored(numbers)


def of_one_element(name, parameters, x):
    formula = elementwise.FORMULAS[name]
    given = defaults(formula) | as_stored(parameters)
    y, slope = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    for place, value in enumerate(x):
        if np.isfinite(value):
            found = formula(Dual(float(value), 1), **given)
            y[place], slope[place] = rounded(found.value), rounded(found.slope)
    return y, slope


def rounded(number):
    """The nearest float32, by way of float64; infinite beyond either."""
    if abs(number) > 1e300:
        return np.inf if number > 0 else -np.inf
    return float(number)


def of_keras(name, parameters, x, over):
    function = getattr(keras.activations, name)
    variable = tf.Variable(x.astype("float64"))
    with tf.GradientTape() as tape:
        y = function(variable, **parameters)
        # Over an axis the rows' sums are constant, so the gradient is that of a weighted sum.
        total = y * weights(y.shape) if over else y
    assert y.dtype == "float64", name
    return y.numpy(), tf.convert_to_tensor(tape.gradient(total, variable)).numpy()


def in_keras(name, parameters):
    there = hasattr(keras.activations, name) and name not in WRONG_IN_KERAS
    return there and not ONLY_OURS.get(name, set()) & set(parameters)


def for_keras(parameters):
    exact = {key: value if key == "axis" else float(np.float32(value)) for key, value in parameters.items()}
    return exact | ({"approximate": bool(exact["approximate"])} if "approximate" in exact else {})


def record(found, oracle, name, parameters, results):
    for key, array in zip(["y", "dy"], results):
        with np.errstate(over="ignore"):
            found[f"{oracle}|{written(name, parameters)}|{key}"] = np.asarray(array).astype("float32")


def main(catalogue):
    names = [entry["name"] for entry in json.loads(pathlib.Path(catalogue).read_text())["activations"]]
    x, with_ties, without = points(), table(True), table(False)
    found = {"x": x, "ties": with_ties, "distinct": without}
    for name in names:
        over = name in over_axis.FORMULAS
        kind = over_axis if over else elementwise
        cases = [{}] + kind.CASES.get(name, [])
        cases += [{"axis": 0}] if over else []
        for parameters in cases:
            if over:
                rows = without if name == "group_sort" else with_ties
                results = over_axis.computed(name, parameters, rows.astype("float64"), weights)
            else:
                rows, results = x, of_one_element(name, parameters, x)
            record(found, "formula", name, parameters, results)
            if in_keras(name, parameters):
                given = for_keras(parameters)
                if name == "threshold" and not given:
                    given = {"threshold": 0.0, "default_value": 0.0}
                record(found, "keras", name, parameters, of_keras(name, given, rows, over))
    shapes = {array.shape for key, array in found.items() if "|" in key}
    for shape in shapes - {x.shape}:
        found["weights" + "x".join(map(str, shape))] = weights(shape).astype("float32")
    missing = {n for n in dir(keras.activations) if not n.startswith("_")} - {
        key.split("|")[1].split("(")[0] for key in found if key.startswith("keras|")
    } - WRONG_IN_KERAS - {"deserialize", "get", "serialize", "hard_swish", "silu"}
    assert not missing, missing
    np.savez_compressed(pathlib.Path(__file__).with_name("activations.npz"), **found)


if __name__ == "__main__":
    main(sys.argv[1])
