"""Dtype policies and the scaled loss: files of both, and training side by side."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from digits import digits
from networks import weights

BATCH = 50
SAMPLES = 250


def network(policy, optimizer):
    """A network whose hidden layers have a policy, as a global one would give it."""
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential(
            [
                keras.Input((28, 28)),
                layers.Flatten(),
                layers.Dense(24, activation="relu"),
                layers.BatchNormalization(),
                layers.LayerNormalization(),
                layers.Dense(10, activation="softmax", dtype="float32"),
            ]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def state(path):
    """The optimizer's variables in a file, by path."""
    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as member:
        with h5py.File(member) as file:
            found = {}
            file["optimizer"].visititems(
                lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None
            )
            return found


@pytest.mark.parametrize(
    ("policy", "tolerance"),
    [("mixed_float16", 5e-3), ("mixed_bfloat16", 4e-2), ("float64", 1e-5), ("float16", 2e-2)],
)
def test_losses_agree_within_half_precision(exchange, policy, tolerance):
    x, y = digits(SAMPLES)
    model = network(policy, keras.optimizers.SGD(0.05))
    path = exchange.save(model)
    data = exchange.data(x=x, y=y)
    _, history = exchange.train(path, data, "--epochs", 3, "--batch-size", BATCH)
    fitted = model.fit(x, y, epochs=3, batch_size=BATCH, shuffle=False, verbose=0)
    np.testing.assert_allclose(history["loss"], fitted.history["loss"], rtol=tolerance)


def test_files_have_the_same_variables(exchange):
    """Counter, scale and inner optimizer stand where Keras has them, and Keras reads them."""
    x, y = digits(SAMPLES)
    model = network("mixed_float16", keras.optimizers.Adam(1e-3))
    ours, _ = exchange.train(exchange.save(model), exchange.data(x=x, y=y), "--batch-size", BATCH)
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
    theirs = exchange.save(model, "theirs.keras")
    expected, received = state(theirs), state(ours)
    assert sorted(expected) == sorted(received)
    for name, value in expected.items():
        assert value.dtype == received[name].dtype, name
        np.testing.assert_allclose(received[name], value, atol=2e-3, err_msg=name)
    with zipfile.ZipFile(ours) as archive:
        config = json.loads(archive.read("config.json"))
    assert config["compile_config"]["optimizer"]["class_name"] == "Adam"
    loaded = keras.models.load_model(ours)
    assert [layer.dtype_policy.name for layer in loaded.layers] == ["mixed_float16"] * 4 + ["float32"]
    # A file of Keras goes on from its counter.
    again, _ = exchange.train(theirs, exchange.data(x=x, y=y), "--batch-size", BATCH)
    assert state(again)["vars/2"] == expected["vars/2"] + SAMPLES // BATCH


def test_a_step_that_is_not_finite_is_skipped(exchange):
    """The second of three batches overflows float16; both skip it and halve the scale."""
    x, y = digits(150)
    x[50:100] = 1e6
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=1024.0)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        stack = [keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")]
        model = keras.Sequential(stack)
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(scaled, "sparse_categorical_crossentropy")
    ours, _ = exchange.train(exchange.save(model), exchange.data(x=x, y=y), "--batch-size", 50)
    model.fit(x, y, batch_size=50, shuffle=False, verbose=0)
    found = state(ours)
    assert [found[f"vars/{place}"] for place in (2, 3)] == [1, 512.0]
    assert found["inner_optimizer/vars/0"] == 2
    assert int(model.optimizer.step_counter) == 1 and float(model.optimizer.dynamic_scale) == 512.0
    loaded = keras.models.load_model(ours)
    for name, value in weights(model).items():
        np.testing.assert_allclose(weights(loaded)[name], value, atol=2e-3, err_msg=name)
