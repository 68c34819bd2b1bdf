"""Models in tf_keras (Keras 2), in a process of its own, since it and Keras 3 share TensorFlow.

`in_tf_keras.py write FOLDER NAME...`: trains the named models below (all, if none is named) for an
epoch on FOLDER/data.npz, saves FOLDER/NAME.h5 (and NAME.keras), its outputs, then trains one more
epoch and saves all numbers.
`in_tf_keras.py read FOLDER`: for every FOLDER/*.h5 saves outputs, trains an epoch and saves all
numbers. Outputs are in NAME.y.npz, numbers in NAME.numbers.npz.
"""

import os
import pathlib
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tf_keras
from tf_keras import layers, optimizers

EPOCHS = 1
BATCH = 64


def recogniser(optimizer):
    """Without dropout, whose numbers differ; the bias before BatchNormalization has no gradient."""
    model = tf_keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(32, activation="hard_sigmoid"),
            layers.Dense(16, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("swish"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def branches():
    """Branches of unequal depth, a shared layer, operations of TensorFlow, a name with a slash."""
    image = layers.Input((28, 28), name="image")
    flat = layers.Flatten()(image)
    shared = layers.Dense(12, activation="tanh", name="shared")
    long = layers.Dense(12, name="third")(shared(layers.Dense(784, name="first/one")(flat)))
    short = shared(flat) * 2 + 1
    y = layers.Dense(10, activation="softmax", name="last")(long - short)
    model = tf_keras.Model(image, y)
    model.compile(
        optimizers.Adam(1e-3),
        tf_keras.losses.SparseCategoricalCrossentropy(),
        metrics=[tf_keras.metrics.SparseCategoricalAccuracy(name="right")],
    )
    return model


MODELS = {
    "plain_sgd": lambda: recogniser(optimizers.SGD(0.05)),
    "sgd": lambda: recogniser(optimizers.SGD(0.05, momentum=0.9)),
    "rmsprop": lambda: recogniser(optimizers.RMSprop(1e-3, momentum=0.5, centered=True)),
    "adam": lambda: recogniser(optimizers.Adam(1e-3)),
    "amsgrad": lambda: recogniser(optimizers.Adam(1e-3, amsgrad=True)),
    "adamw": lambda: recogniser(optimizers.AdamW(1e-3)),
    "old_adam": lambda: recogniser(optimizers.legacy.Adam(1e-3)),
    "old_rmsprop": lambda: recogniser(optimizers.legacy.RMSprop(1e-3, momentum=0.5)),
    "branches": branches,
}


def outputs(path, model, x):
    np.savez(path, y0=model.predict(x, verbose=0))


def numbers(path, model):
    """Weights by path, as Keras 3 would name them, and the optimizer's variables by place."""
    state = model.optimizer.variables()
    arrays = {f"state {place}": value.numpy() for place, value in enumerate(state)}
    for layer in model.layers:
        for weight in layer.weights:
            name = weight.name.rsplit("/")[-1].split(":")[0]
            arrays[f"{layer.name.replace('/', '_')}/{name}"] = weight.numpy()
    np.savez(path, **{key.replace("/", "."): value for key, value in arrays.items()})


def go_on(stem, model, x, y):
    outputs(stem.with_suffix(".y.npz"), model, x)
    model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=0)
    numbers(stem.with_suffix(".numbers.npz"), model)


def write(folder, x, y, names):
    for name in names or MODELS:
        tf_keras.utils.set_random_seed(7)
        tf_keras.backend.clear_session()
        model = MODELS[name]()
        model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=0)
        stem = folder / name
        model.save(stem.with_suffix(".h5"))
        model.save_weights(folder / f"{name}_weights.h5")
        if "old" not in name:
            model.save(stem.with_suffix(".keras"))
        go_on(stem, model, x, y)


def read(folder, x, y, _):
    for path in sorted(folder.glob("*.h5")):
        go_on(path, tf_keras.models.load_model(path), x, y)


def main():
    action, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    with np.load(folder / "data.npz") as arrays:
        x, y = arrays["x"], arrays["y"]
    {"write": write, "read": read}[action](folder, x, y, sys.argv[3:])


if __name__ == "__main__":
    main()
