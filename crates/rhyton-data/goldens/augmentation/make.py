"""Writes what Keras' layers make of small images. Run: python make.py (in this folder).

Every factor is a pair of equal numbers, so that nothing is left to chance: a case holds the layers'
serialized configurations, and the array of its name what they give, one after the other.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent
L = keras.layers

images = np.random.default_rng(7).uniform(0, 255, (2, 6, 5, 3)).astype("float32").round(2)

CASES = {
    "no_flip": [],
    "contrast_up": [L.RandomContrast((0.0, 0.0))],
    "brightness_up": [L.RandomBrightness((0.2, 0.2))],
    "brightness_down": [L.RandomBrightness((-0.5, -0.5), value_range=(0, 200))],
}
for fill in ("reflect", "constant", "nearest", "wrap"):
    for interpolation in ("bilinear", "nearest"):
        border = dict(fill_mode=fill, interpolation=interpolation, fill_value=9.0)
        name = f"{fill}_{interpolation}"
        CASES[f"rotation_{name}"] = [L.RandomRotation((0.13, 0.13), **border)]
        CASES[f"rotation_back_{name}"] = [L.RandomRotation((-0.37, -0.37), **border)]
        CASES[f"zoom_out_{name}"] = [L.RandomZoom((0.61, 0.61), (0.93, 0.93), **border)]
        CASES[f"zoom_in_{name}"] = [L.RandomZoom((-0.43, -0.43), **border)]
        CASES[f"shift_{name}"] = [L.RandomTranslation((0.27, 0.27), (-0.41, -0.41), **border)]
        CASES[f"shift_far_{name}"] = [L.RandomTranslation((-0.93, -0.93), (0.97, 0.97), **border)]

arrays, configurations = {"images": images}, {}
for name, layers in CASES.items():
    result = images
    for layer in layers:
        result = np.asarray(layer(result, training=True))
    arrays[name] = result
    configurations[name] = [keras.layers.serialize(layer) for layer in layers]

np.savez_compressed(HERE / "cases.npz", **arrays)
with open(HERE / "cases.json", "w") as file:
    json.dump(configurations, file, indent=1)
    file.write("\n")

sequential = keras.Sequential([keras.Input((6, 5, 3)), L.RandomFlip("horizontal"), L.RandomRotation(0.1),
                               L.RandomCrop(4, 4), L.RandomContrast(0.3), L.RandomZoom(0.2)])
with open(HERE / "sequential.json", "w") as file:
    json.dump(keras.saving.serialize_keras_object(sequential), file, indent=1)
    file.write("\n")
