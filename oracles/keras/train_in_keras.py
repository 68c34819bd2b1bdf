"""Trains saved models in Keras, in a process of its own: `train_in_keras.py FOLDER DATA EPOCHS BATCH`.

Every FOLDER/*.keras is trained without shuffling and saved as FOLDER/*.trained.npz: its weights,
then its optimizer's variables. The environment decides on TensorFlow's kernels.
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from networks import state, weights


def main():
    folder, data, epochs, batch = sys.argv[1:]
    with np.load(data) as arrays:
        x, y = arrays["x"], arrays["y"]
    for path in sorted(pathlib.Path(folder).glob("*.keras")):
        model = keras.models.load_model(path)
        model.fit(x, y, epochs=int(epochs), batch_size=int(batch), shuffle=False, verbose=0)
        slots = {f"optimizer {name}": value for name, value in state(model).items()}
        np.savez(path.with_suffix(".trained.npz"), **weights(model), **slots)


main()
