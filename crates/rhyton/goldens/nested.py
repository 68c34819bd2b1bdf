"""Writes nested.keras and nested.npz: a model of real Keras with models inside, nested twice, called
twice, with several inputs and outputs, frozen, with `training` given; inputs, and what it predicts.

    KERAS_BACKEND=tensorflow python nested.py
"""

import os
import pathlib
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from keras import layers


def model():
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    twice = keras.Sequential(
        [layers.Input((3,)), layers.Dense(3, activation="relu"), layers.BatchNormalization()],
        name="twice",
    )
    both = layers.Add()([twice(a), twice(b)])
    parts = [layers.Dense(2, activation="tanh")(both), layers.Dense(4)(both)]
    inner = keras.Model([a, b], parts, name="inner")
    x, y = layers.Input((3,), name="x"), layers.Input((3,), name="y")
    p, q = inner([x, y])
    r, s = inner([y, x])
    last = keras.Sequential([layers.Input((2,)), layers.Dense(2)])
    frozen = keras.Sequential(
        [layers.Input((4,)), layers.Dense(2, activation="silu"), layers.BatchNormalization()],
        name="frozen",
    )
    frozen.trainable = False
    sums = layers.Add()([last(p), r])
    joined = layers.Concatenate()([q, s])
    dropped = layers.Dropout(0.5)(frozen(keras.activations.silu(q), training=False), training=True)
    twice_activated = keras.activations.silu(keras.activations.silu(joined))
    return keras.Model([x, y], [sums, twice_activated, dropped], name="outer")


def main():
    keras.utils.set_random_seed(3)
    draw = np.random.default_rng(3)
    outer = model()
    for variable in outer.variables:
        if "seed_generator" not in variable.path:
            shift = draw.uniform(-0.3, 0.3, size=variable.shape).astype("float32")
            variable.assign(variable.numpy() + shift)
    folder = pathlib.Path(__file__).parent
    outer.save(folder / "nested.keras")
    arrays = {name: draw.uniform(-1, 1, size=(5, 3)).astype("float32") for name in ("x", "y")}
    outputs = outer.predict([arrays["x"], arrays["y"]], verbose=0)
    arrays.update({f"output{place}": value for place, value in enumerate(outputs)})
    np.savez(folder / "nested.npz", **arrays)
    assert zipfile.is_zipfile(folder / "nested.keras")


if __name__ == "__main__":
    main()
