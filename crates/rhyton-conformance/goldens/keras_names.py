"""Writes keras_names.json: every public name of Keras in the modules that Rhyton has something of,
each with the name of the object behind it, so that aliases can be told from things of their own.

    KERAS_BACKEND=tensorflow python keras_names.py
"""

import inspect
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras

MODULES = {
    "layers": keras.layers,
    "activations": keras.activations,
    "initializers": keras.initializers,
    "regularizers": keras.regularizers,
    "constraints": keras.constraints,
    "losses": keras.losses,
    "metrics": keras.metrics,
    "optimizers": keras.optimizers,
    "schedules": keras.optimizers.schedules,
    "callbacks": keras.callbacks,
    "ops": keras.ops,
}
# What only reads and writes configurations has a place of its own in Rhyton.
LEFT_OUT = {"deserialize", "get", "serialize"}


def names(module):
    """Public names with the canonical name of what they stand for."""
    found = {}
    for name in dir(module):
        thing = getattr(module, name)
        if name.startswith("_") or name in LEFT_OUT or inspect.ismodule(thing):
            continue
        if callable(thing):
            found[name] = thing.__name__
    return found


def main():
    found = {"keras": keras.__version__}
    found.update({kind: names(module) for kind, module in MODULES.items()})
    target = pathlib.Path(__file__).with_name("keras_names.json")
    target.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
