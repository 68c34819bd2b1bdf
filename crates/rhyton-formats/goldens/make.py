"""Writes the model files of this folder with real Keras, and what h5py reads in them.

    TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= python make.py

Needs keras 3.15.1, tensorflow-cpu 2.21, h5py 3.14. Every run gives the same weights; dates differ.
"""

import io
import json
import pathlib
import zipfile

import h5py
import keras
import ml_dtypes
import numpy as np

HERE = pathlib.Path(__file__).parent


def inputs(*shape):
    return np.linspace(-1.0, 1.0, int(np.prod(shape)), dtype="float32").reshape(shape)


def sequential():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=1),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(inputs(8, 3), np.arange(8) % 2, batch_size=8, epochs=1, shuffle=False, verbose=0)
    return model


def functional():
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    shared = keras.layers.Dense(4, name="shared")
    merged = keras.layers.Concatenate()([shared(left) * 2 + 1, shared(right)])
    return keras.Model([left, right], keras.layers.Dense(1, name="head")(merged))


class Dtypes(keras.layers.Layer):
    """One variable of every element type; more than ten, so that "10" sorts before "2"."""

    NAMES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64 bool".split()

    def build(self, input_shape):
        for index, name in enumerate(self.NAMES):
            variable = self.add_weight(
                shape=(2, index % 3 + 1), dtype=name, initializer="zeros", name=name, trainable=False
            )
            size = 2 * (index % 3 + 1)
            values = np.arange(size) % 2 if name == "bool" else np.arange(size) * 1.25 + index
            variable.assign(keras.ops.cast(values.reshape(variable.shape), name))

    def call(self, x):
        return x


def dtypes():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            Dtypes(),
            keras.layers.Normalization(),
            keras.layers.Dense(2, dtype="mixed_bfloat16"),
            keras.layers.Dense(2, dtype="bfloat16"),
        ]
    )
    model.layers[1].adapt(inputs(8, 3))
    return model


def vocabulary():
    layer = keras.layers.TextVectorization(vocabulary=["horn", "rhyton", "κέρας"])
    return keras.Sequential([keras.Input((1,), dtype="string"), layer])


def dialect():
    """The smallest file that tf_keras 2.21 and Keras 3.0.5 to 3.15.1 load."""

    def layer(class_name, **config):
        return {
            "module": "keras.layers",
            "class_name": class_name,
            "config": config,
            "registered_name": None,
        }

    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {
            "name": "sequential",
            "layers": [
                layer("InputLayer", batch_input_shape=[None, 3], dtype="float32", name="input"),
                layer("Dense", name="dense", dtype="float32", units=2, activation="relu"),
            ],
        },
        "registered_name": None,
        "build_config": {"input_shape": [None, 3]},
    }
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("vars")
        file.create_group("layers/input_layer/vars")
        dense = file.create_group("layers/dense/vars")
        dense["0"], dense["1"] = inputs(3, 2), inputs(2)
    with zipfile.ZipFile(HERE / "dialect.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [("config.json", json.dumps(config)), ("model.weights.h5", weights.getvalue())]:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def repack(name, change, **options):
    """A copy of `sequential.keras` whose weights file `change` made from the original one."""
    weights = io.BytesIO()
    with zipfile.ZipFile(HERE / "sequential.keras") as archive:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as source:
            with h5py.File(weights, "w", **options) as target:
                change(source, target)
        with zipfile.ZipFile(HERE / f"{name}.keras", "w", zipfile.ZIP_DEFLATED) as copy:
            copy.writestr(zipfile.ZipInfo("config.json"), archive.read("config.json"), zipfile.ZIP_DEFLATED)
            copy.writestr(zipfile.ZipInfo("model.weights.h5"), weights.getvalue(), zipfile.ZIP_DEFLATED)


def copied(store):
    """Copies all groups; `store(group, name, values)` writes each dataset."""

    def change(source, target):
        def visit(name, item):
            if isinstance(item, h5py.Group):
                target.require_group(name).attrs.update(dict(item.attrs))
            else:
                store(target, name, item[()])

        source.visititems(visit)

    return change


def chunked(target, name, values):
    filters = {"chunks": True, "compression": "gzip", "shuffle": True} if values.ndim else {}
    target.create_dataset(name, data=values, **filters)


def hostile():
    """What Keras 3.15.1 refuses too: links, data elsewhere, shapes without data."""

    def dense(add):
        def change(source, target):
            target.create_group("vars")
            group = target.create_group("layers/dense/vars")
            group["0"] = inputs(3, 2)
            add(group)

        return change

    def external_link(group):
        group["1"] = h5py.ExternalLink("/etc/hostname", "/")

    def soft_link(group):
        group["1"] = h5py.SoftLink("/layers/dense/vars/0")

    def external_data(group):
        group.create_dataset("1", (4,), "u1", external=[("/etc/hostname", 0, 4)])

    def virtual(group):
        layout = h5py.VirtualLayout((2,), "f4")
        layout[:] = h5py.VirtualSource("/tmp/other.h5", "data", (2,))
        group.create_virtual_dataset("1", layout)

    def shape_bomb(group):
        group.create_dataset("1", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip")

    for add in [external_link, soft_link, external_data, virtual, shape_bomb]:
        repack(add.__name__, dense(add))


def expected(path):
    """Group path -> name and variables, as h5py sees them."""
    groups = {}

    def visit(name, item):
        if not isinstance(item, h5py.Group) or name.split("/")[-1] != "vars":
            return
        variables = []
        for index in range(len(item)):
            data = item[str(index)]
            values, dtype = data[()], data.attrs.get("dtype", data.dtype.name)
            if dtype == "bfloat16":
                values = np.asarray(values).view(ml_dtypes.bfloat16)
            values = np.asarray(values).astype("float64").ravel().tolist()
            variables.append({"dtype": dtype, "shape": list(data.shape), "values": values})
        groups[name[: -len("vars")].rstrip("/")] = {"name": item.attrs.get("name"), "variables": variables}

    with zipfile.ZipFile(path) as archive:
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
            file.visititems(visit)
        assets = {n: archive.read(n).decode() for n in archive.namelist() if n.startswith("assets/")}
        return {"groups": groups, "assets": assets, "class_name": json.loads(archive.read("config.json"))["class_name"]}


def main():
    models = [sequential, functional, dtypes, vocabulary]
    for make in models:
        keras.utils.set_random_seed(7)
        keras.backend.clear_session()
        make().save(HERE / f"{make.__name__}.keras")
    dialect()
    hostile()
    plain = copied(lambda target, name, values: target.create_dataset(name, data=values))
    repack("chunked", copied(chunked))
    repack("v108", plain, libver=("v108", "v108"))
    repack(
        "big_endian",
        copied(lambda t, name, values: t.create_dataset(name, data=values.astype(values.dtype.newbyteorder(">")))),
    )
    names = [make.__name__ for make in models] + ["dialect"]
    table = {f"{name}.keras": expected(HERE / f"{name}.keras") for name in names}
    (HERE / "expected.json").write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")


main()
