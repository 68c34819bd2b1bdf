"""Frozen layers, and losses and metrics that are expressions, beside what Keras makes of them."""

import keras
import numpy as np
from keras import layers, ops

from agreement import HISTORY, WEIGHTS, assert_histories_agree, assert_tensors_agree
from digits import digits
from networks import weights

BATCH = 50
SAMPLES = 250


def network(loss, frozen=()):
    """A network on the digits with some layers frozen."""
    body = keras.Sequential(
        [keras.Input((24,)), layers.BatchNormalization(), layers.Dense(16, activation="tanh")],
        name="body",
    )
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(24, activation="tanh", name="first"),
            layers.BatchNormalization(name="normalization"),
            body,
            layers.Dense(10, activation="softmax", name="last"),
        ]
    )
    for name in frozen:
        model.get_layer(name).trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    return model


def test_frozen_layers(exchange):
    """A frozen layer, a frozen normalization and a frozen model stay; slots are for the others."""
    x, y = digits(SAMPLES)
    frozen = ("first", "normalization", "body")
    model = network("sparse_categorical_crossentropy", frozen)
    before = weights(model)
    data = exchange.data(x=x, y=y)
    ours, history = exchange.train(
        exchange.save(model), data, "--epochs", 2, "--batch-size", BATCH
    )
    fitted = model.fit(x, y, epochs=2, batch_size=BATCH, shuffle=False, verbose=0)
    assert_histories_agree(fitted.history, history)
    loaded = keras.models.load_model(ours)
    assert_tensors_agree(weights(model), weights(loaded), WEIGHTS)
    for name, value in weights(loaded).items():
        assert np.array_equal(value, before[name]) == (not name.startswith("last")), name
    # Keras reads no `trainable` of a nested Sequential, but of what is inside.
    assert len(loaded.trainable_weights) == 2
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables) == 2 + 2 * 2


def tilted(y_true, y_pred):
    """What the expression of the test says."""
    y_true = ops.cast(y_true, y_pred.dtype)
    off = y_true - y_pred
    return ops.mean(ops.where(off > 0, 0.8 * off, -0.2 * off), axis=-1)


def test_an_expression_is_a_loss_and_a_metric(exchange):
    """An expression trains as the same function in Keras does."""
    x, y = digits(SAMPLES)
    y = np.eye(10, dtype="float32")[y]
    model = network("mse")
    model.get_layer("last").activation = keras.activations.linear
    path = exchange.save(model)
    text = "d = y_true - y_pred; where(d > 0, 0.8 * d, -0.2 * d)"
    data = exchange.data(x=x, y=y)
    ours, history = exchange.train(
        path, data, "--epochs", 2, "--batch-size", BATCH,
        "--loss", text, "--metrics", "mae,max(y_true - y_pred, 0)",
    )
    model.compile(keras.optimizers.Adam(1e-3), tilted, metrics=["mae"])
    fitted = model.fit(x, y, epochs=2, batch_size=BATCH, shuffle=False, verbose=0)
    assert history.pop("max(y_true - y_pred, 0)")[-1] > 0
    for name, values in fitted.history.items():
        np.testing.assert_allclose(history[name], values, atol=HISTORY, err_msg=name)
    loaded = keras.models.load_model(ours, compile=False)
    assert_tensors_agree(weights(model), weights(loaded), WEIGHTS)
    # The file goes on with its loss where nothing is registered.
    _, again = exchange.train(ours, data, "--batch-size", BATCH)
    assert again["loss"][0] < history["loss"][-1]
