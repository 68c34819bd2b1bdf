"""Writes layers.json and layers.npz: what real Keras makes of every case of every layer: outputs,
gradients by inputs and weights, and weights after one training step. The cases come from the
catalogue that Rhyton prints; adding a layer does not touch this script.

    cargo run -p rhyton-conformance --example catalogue > catalogue.json
    KERAS_BACKEND=tensorflow python layers.py catalogue.json

A case is Keras' configuration; `sample_shapes` in it gives the inputs' shapes without the batch.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf

ROWS = 3
SAMPLE_SHAPES = [[3, 4]]
LEARNING_RATE = 0.1


def build(name, case, draw):
    """A layer with its inputs, built, its weights moved away from zeros and ones."""
    config = dict(case)
    shapes = config.pop("sample_shapes", SAMPLE_SHAPES)
    inputs = [draw.uniform(-1, 1, size=(ROWS, *shape)).astype("float32") for shape in shapes]
    layer = class_of(name).from_config({"name": "subject", **config})
    symbols = [keras.Input(shape) for shape in shapes]
    model = keras.Model(symbols, layer(symbols[0] if len(symbols) == 1 else symbols))
    for variable in variables(layer):
        value = variable.numpy()
        if value.dtype.kind == "f":
            variable.assign(value + draw.uniform(-0.3, 0.3, size=value.shape).astype("float32"))
    settle(layer)
    return layer, model, inputs


def class_of(name):
    """Keras' class; those of its applications are not among its layers."""
    return getattr(keras.layers, name, None) or getattr(keras.src.applications.convnext, name)


def settle(layer):
    """Some layers (Normalization) compute with copies of their weights until they are told."""
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()


def variables(layer):
    """The weights in the order of files: trainable ones, then the others; no random states."""
    rest = [v for v in layer.non_trainable_variables if "seed_generator" not in v.path]
    return list(layer.trainable_variables) + rest


def is_random(model, inputs):
    """Whether training draws random numbers."""
    first, second = (np.asarray(model(inputs, training=True)) for _ in range(2))
    return not np.array_equal(first, second, equal_nan=True)


def snapshot(layer):
    return [variable.numpy() for variable in variables(layer)]


def restore(layer, values):
    for variable, value in zip(variables(layer), values):
        variable.assign(value)
    settle(layer)


def gradients(layer, model, inputs, cotangent, training):
    """The outputs and the gradients of their sum weighted by the cotangent."""
    tensors = [tf.Variable(x) for x in inputs]
    with tf.GradientTape() as tape:
        y = model([tf.convert_to_tensor(x) for x in tensors], training=training)
        total = tf.reduce_sum(y * cotangent)
    by = tensors + [variable.value for variable in layer.trainable_variables]
    slopes = tape.gradient(total, by, unconnected_gradients="zero")
    return np.asarray(y), [np.asarray(tf.convert_to_tensor(slope)) for slope in slopes]


def training_step(layer, model, inputs, target):
    model.compile(optimizer=keras.optimizers.SGD(LEARNING_RATE), loss="mse")
    loss = model.train_on_batch(inputs, target)
    return np.float32(loss), snapshot(layer)


def record(name, case, draw):
    """The arrays of a case by their names, and whether the layer is random."""
    keras.utils.set_random_seed(1)
    layer, model, inputs = build(name, case, draw)
    start = snapshot(layer)
    random = is_random(model, inputs)
    restore(layer, start)
    arrays = {f"x{place}": x for place, x in enumerate(inputs)}
    arrays.update({f"w{place}": value for place, value in enumerate(start)})
    arrays["y"] = np.asarray(model(inputs, training=False))
    arrays["cotangent"] = draw.uniform(-1, 1, size=arrays["y"].shape).astype("float32")
    outputs, slopes = gradients(layer, model, inputs, arrays["cotangent"], training=not random)
    arrays.update({f"g{place}": value for place, value in enumerate(slopes)})
    if not random:
        arrays["training_y"] = outputs
        restore(layer, start)
        arrays["target"] = draw.uniform(-1, 1, size=arrays["y"].shape).astype("float32")
        arrays["loss"], after = training_step(layer, model, inputs, arrays["target"])
        arrays.update({f"after{place}": value for place, value in enumerate(after)})
    return arrays, random


def main():
    catalogue = json.loads(pathlib.Path(sys.argv[1]).read_text())
    index = {"keras": keras.__version__, "tensorflow": tf.__version__, "cases": []}
    everything = {}
    for entry in catalogue["layers"]:
        for case in entry["cases"]:
            # Seeded by the case itself: adding a case changes no other.
            seed = list(json.dumps([entry["name"], case], sort_keys=True).encode())
            arrays, random = record(entry["name"], case, np.random.default_rng(seed))
            number = len(index["cases"])
            index["cases"].append({"class_name": entry["name"], "case": case, "random": random})
            everything.update({f"{number}/{key}": value for key, value in arrays.items()})
    folder = pathlib.Path(__file__).parent
    lines = json.dumps(index).replace('{"class_name"', '\n{"class_name"')
    (folder / "layers.json").write_text(lines + "\n")
    np.savez_compressed(folder / "layers.npz", **everything)


if __name__ == "__main__":
    main()
