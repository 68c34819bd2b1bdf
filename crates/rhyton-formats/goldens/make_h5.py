"""Writes the HDF5 files of this folder that are no member of a `.keras` file, with real Keras.

    TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= TF_USE_LEGACY_KERAS=1 python make_h5.py tf_keras
    TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= KERAS_BACKEND=tensorflow python make_h5.py keras

Needs tf_keras 2.21.0, keras 3.15.1, tensorflow-cpu 2.21, h5py 3.14. Every run gives the same numbers.
"""

import pathlib
import sys

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent


def inputs(*shape):
    return np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype="float32").reshape(shape)


def trained(keras):
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.layers.Input((3,)),
            keras.layers.Dense(4, activation="hard_sigmoid"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(inputs(8, 3), np.arange(8) % 2, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return model


def split_names(source, target):
    """A copy with names in several attributes, and text of a fixed length, as long ago."""

    def texts(values):
        return np.array([value.encode() for value in values], dtype="S")

    with h5py.File(source) as old, h5py.File(target, "w") as new:
        for name in old:
            old.copy(name, new)
        for name, value in old.attrs.items():
            new.attrs[name] = np.bytes_(value.encode())
        names = list(new["model_weights"].attrs["layer_names"])
        del new["model_weights"].attrs["layer_names"]
        for part, few in enumerate([names[:1], names[1:3], names[3:]]):
            new["model_weights"].attrs[f"layer_names{part}"] = texts(few)
        group = new["model_weights/dense"]
        names = list(group.attrs["weight_names"])
        del group.attrs["weight_names"]
        group.attrs["weight_names0"], group.attrs["weight_names1"] = texts(names[:1]), texts(names[1:])


def linked(source):
    """Copies whose kernel stands elsewhere."""

    def layout():
        virtual = h5py.VirtualLayout((3, 4), "f4")
        virtual[:] = h5py.VirtualSource("/tmp/other.h5", "data", (3, 4))
        return virtual

    changes = {
        "soft_link": lambda group: group.__setitem__("kernel:0", h5py.SoftLink("/model_weights")),
        "external_link": lambda group: group.__setitem__(
            "kernel:0", h5py.ExternalLink("/etc/hostname", "/")
        ),
        "external_data": lambda group: group.create_dataset(
            "kernel:0", (3, 4), "f4", external=[("/etc/hostname", 0, 48)]
        ),
        "virtual": lambda group: group.create_virtual_dataset("kernel:0", layout()),
        "shape_bomb": lambda group: group.create_dataset(
            "kernel:0", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip"
        ),
    }
    for name, change in changes.items():
        with h5py.File(source) as old, h5py.File(HERE / f"{name}.h5", "w") as new:
            for member in old:
                old.copy(member, new)
            new.attrs.update(dict(old.attrs))
            group = new["model_weights/dense/dense"]
            del group["kernel:0"]
            change(group)


def main():
    if sys.argv[1] == "tf_keras":
        import tf_keras as keras

        model = trained(keras)
        model.save(HERE / "tf_keras.h5")
        model.save_weights(HERE / "tf_keras_weights.h5")
        split_names(HERE / "tf_keras.h5", HERE / "split_names.h5")
        linked(HERE / "tf_keras.h5")
    else:
        import keras

        model = trained(keras)
        model.save(HERE / "keras.h5")
        model.save_weights(HERE / "keras.weights.h5")
        np.savez(HERE / "keras.npz", **{weight.path.removeprefix("sequential/"): weight.numpy() for weight in model.weights})


main()
