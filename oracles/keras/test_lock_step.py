"""Training step by step with Keras: the same file, data and order give the same weights."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from agreement import WEIGHTS, assert_histories_agree, assert_tensors_agree, disagreement
from digits import digits
from networks import OPTIMIZERS, blog, state, weights

EPOCHS = 2
# 1,000 samples end in a partial batch of 104.
BATCH = 128
SAMPLES = 1000

# A bias before BatchNormalization has no gradient but rounding errors, which RMSprop and Adam blow
# up to whole steps; the moving mean follows it.
WITHOUT_GRADIENT = ["second/bias", "normalization/moving_mean"]


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """A folder with the blog's network for each optimizer, as Keras writes it, and the data."""
    folder = tmp_path_factory.mktemp("untrained")
    for name, optimizer in OPTIMIZERS.items():
        blog(optimizer()).save(folder / f"{name}.keras")
    x, y = digits(SAMPLES)
    np.savez(folder / "data.npz", x=x, y=y)
    return folder


@pytest.fixture(scope="module")
def other_kernels(untrained):
    """What Keras makes of the models with TensorFlow's kernels of the other kind."""
    script = pathlib.Path(__file__).parent / "train_in_keras.py"
    variables = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0"}
    arguments = [sys.executable, script, untrained, untrained / "data.npz", EPOCHS, BATCH]
    subprocess.run(list(map(str, arguments)), env=variables, check=True)
    return {name: dict(np.load(untrained / f"{name}.trained.npz")) for name in OPTIMIZERS}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_blog_network(exchange, untrained, other_kernels, name):
    x, y = digits(SAMPLES)
    ours, history = exchange.train(
        untrained / f"{name}.keras", untrained / "data.npz",
        "--epochs", EPOCHS, "--batch-size", BATCH,
    )
    ours = keras.models.load_model(ours)
    theirs = keras.models.load_model(untrained / f"{name}.keras")
    fitted = theirs.fit(x, y, epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=0)

    assert_histories_agree(fitted.history, history)
    expected = weights(theirs)
    other = other_kernels[name]
    looser = {key: 5 * disagreement(expected[key], other[key]) for key in WITHOUT_GRADIENT}
    assert_tensors_agree(expected, weights(ours), WEIGHTS, looser)
    slots = state(theirs)
    looser = {key: 5 * disagreement(value, other[f"optimizer {key}"]) for key, value in slots.items()}
    assert_tensors_agree(slots, state(ours), WEIGHTS, looser)


def small(loss, last, metrics=("accuracy",), units=10, optimizer=None, middle=()):
    """A network of two layers on the digits."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="tanh"),
            *middle,
            keras.layers.Dense(units, activation=last),
        ]
    )
    model.compile(optimizer or keras.optimizers.SGD(0.1), loss, metrics=list(metrics))
    return model


def assert_lock_step(exchange, model, x, y, *arguments, epochs=EPOCHS, batch=50, arrays=None, **fit):
    """Trains the model here and there and compares weights, optimizer and history."""
    data = exchange.data(x=x, y=y, **(arrays or {}))
    source = exchange.save(model)
    path, history = exchange.train(
        source, data, "--epochs", epochs, "--batch-size", batch, *arguments
    )
    fitted = model.fit(x, y, epochs=epochs, batch_size=batch, shuffle=False, verbose=0, **fit)
    ours = keras.models.load_model(path)
    assert_histories_agree(fitted.history, history)
    assert_tensors_agree(weights(model), weights(ours), WEIGHTS)
    assert_tensors_agree(state(model), state(ours), WEIGHTS)
    return path


def one_hot(y, width=10):
    return np.eye(width, dtype="float32")[y]


def is_even(y):
    return (y % 2 == 0).astype("float32")[:, None]


LOSSES = {
    "binary_crossentropy": (lambda: small("binary_crossentropy", "sigmoid", units=1), is_even),
    "binary_crossentropy of several": (
        lambda: small("binary_crossentropy", "sigmoid", metrics=["binary_accuracy"]), one_hot,
    ),
    "binary_crossentropy of logits": (
        lambda: small(
            keras.losses.BinaryCrossentropy(from_logits=True), None, metrics=["mse"], units=1
        ),
        is_even,
    ),
    "categorical_crossentropy": (lambda: small("categorical_crossentropy", "softmax"), one_hot),
    "categorical_crossentropy, smoothed": (
        lambda: small(keras.losses.CategoricalCrossentropy(label_smoothing=0.1), "softmax"), one_hot,
    ),
    "mse": (lambda: small("mse", "linear", metrics=["mae"]), one_hot),
    "mean_squared_error, rank of labels": (
        lambda: small(
            "mean_squared_error", None, metrics=["mse", "mae"], units=1,
            optimizer=keras.optimizers.SGD(0.01),
        ),
        lambda y: (y / 10).astype("float32"),
    ),
    "sparse_categorical_crossentropy of logits": (
        lambda: small(
            keras.losses.SparseCategoricalCrossentropy(from_logits=True), None,
            metrics=["accuracy"],
        ),
        lambda y: y,
    ),
    # Not sigmoid: Keras on TensorFlow takes what enters it for what would have entered a softmax.
    "probabilities that come from no softmax": (
        lambda: small("sparse_categorical_crossentropy", "hard_sigmoid"), lambda y: y,
    ),
    "no metrics": (lambda: small("sparse_categorical_crossentropy", "softmax", metrics=[]), lambda y: y),
    "labels as int32 columns": (
        lambda: small("sparse_categorical_crossentropy", "softmax"),
        lambda y: y.astype("int32")[:, None],
    ),
    "metrics by class": (
        lambda: small(
            "sparse_categorical_crossentropy", "softmax",
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="right")],
        ),
        lambda y: y,
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(exchange, name):
    build, target = LOSSES[name]
    x, y = digits(330)
    assert_lock_step(exchange, build(), x, target(y))


CUSTOM = {
    "plain SGD": lambda: keras.optimizers.SGD(0.1),
    "Nesterov": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "SGD, clipnorm": lambda: keras.optimizers.SGD(0.1, momentum=0.5, clipnorm=0.3),
    "SGD, global_clipnorm": lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.5),
    "SGD, clipvalue": lambda: keras.optimizers.SGD(0.1, clipvalue=0.01),
    "SGD, weight_decay": lambda: keras.optimizers.SGD(0.1, weight_decay=0.01),
    "centered RMSprop with momentum": lambda: keras.optimizers.RMSprop(
        1e-3, rho=0.8, momentum=0.5, centered=True, epsilon=1e-3
    ),
    "AMSGrad": lambda: keras.optimizers.Adam(1e-3, beta_1=0.8, beta_2=0.99, amsgrad=True),
    "Adam, clipnorm": lambda: keras.optimizers.Adam(1e-3, clipnorm=0.1),
    "AdamW, weight_decay": lambda: keras.optimizers.AdamW(1e-3, weight_decay=0.1, epsilon=1e-5),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.05, initial_accumulator_value=0.2),
    "Adadelta": lambda: keras.optimizers.Adadelta(1.0, epsilon=1e-3),
    "Adamax": lambda: keras.optimizers.Adamax(1e-3, epsilon=1e-4),
    "Nadam": lambda: keras.optimizers.Nadam(1e-3, epsilon=1e-4),
    "Ftrl": lambda: keras.optimizers.Ftrl(0.1, l2_regularization_strength=0.01, beta=0.1),
    "Lamb": lambda: keras.optimizers.Lamb(1e-3, epsilon=1e-4),
    "Adafactor": lambda: keras.optimizers.Adafactor(0.01, epsilon_1=1e-6),
    "averages": lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8),
    "averages that overwrite": lambda: keras.optimizers.SGD(
        0.1, momentum=0.9, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3
    ),
    "accumulated gradients": lambda: keras.optimizers.Adam(
        1e-3, epsilon=1e-4, gradient_accumulation_steps=4
    ),
    "accumulated gradients and averages": lambda: keras.optimizers.SGD(
        0.1, momentum=0.5, gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=2,
        clipnorm=0.5, weight_decay=0.01, loss_scale_factor=64.0,
    ),
    "a schedule": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(0.0, 10, warmup_target=1e-3, warmup_steps=4),
        epsilon=1e-4,
    ),
    "a schedule in pieces": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.PiecewiseConstantDecay([3, 9], [0.2, 0.1, 0.01]), momentum=0.5
    ),
}


@pytest.mark.parametrize("name", CUSTOM)
def test_options_of_optimizers(exchange, name):
    x, y = digits(330)
    model = small("sparse_categorical_crossentropy", "softmax", optimizer=CUSTOM[name]())
    assert_lock_step(exchange, model, x, y)


MIDDLE = {
    "regularizers and constraints": lambda: [
        keras.layers.Dense(
            16, activation="relu", kernel_regularizer="l2", bias_regularizer=keras.regularizers.L1(0.1),
            activity_regularizer=keras.regularizers.L1L2(0.001, 0.002), kernel_constraint="max_norm",
        ),
        keras.layers.BatchNormalization(gamma_regularizer="l1", beta_constraint="non_neg"),
        keras.layers.Dense(
            16, kernel_constraint=keras.constraints.UnitNorm(axis=0),
            kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1),
        ),
    ],
    "a dropout of nothing": lambda: [keras.layers.Dropout(0.0)],
    "layers that do not train": lambda: [
        keras.layers.Dense(16, trainable=False),
        keras.layers.BatchNormalization(trainable=False),
    ],
    "BatchNormalization with options": lambda: [
        keras.layers.BatchNormalization(momentum=0.8, epsilon=1e-2, scale=False, center=False),
    ],
    "no bias, zeros and ones": lambda: [
        keras.layers.Dense(8, use_bias=False, kernel_initializer="he_normal"),
        keras.layers.Activation("selu"),
    ],
}


@pytest.mark.parametrize("name", MIDDLE)
def test_layers(exchange, name):
    x, y = digits(330)
    model = small("sparse_categorical_crossentropy", "softmax", middle=MIDDLE[name]())
    assert_lock_step(exchange, model, x, y)


def test_validation_split(exchange):
    x, y = digits(333)
    model = small("sparse_categorical_crossentropy", "softmax")
    assert_lock_step(exchange, model, x, y, "--validation-split", 0.15, validation_split=0.15)


def test_validation_data(exchange):
    x, y = digits(200)
    held, labels = digits(70, start=200)
    model = small("sparse_categorical_crossentropy", "softmax")
    validation = {"x_val": held, "y_val": labels}
    assert_lock_step(exchange, model, x, y, arrays=validation, validation_data=(held, labels))


def test_sample_weight(exchange):
    x, y = digits(330)
    weight = (1 + np.arange(330) % 3).astype("float32")
    model = small("sparse_categorical_crossentropy", "softmax")
    assert_lock_step(
        exchange, model, x, y, arrays={"sample_weight": weight}, sample_weight=weight
    )


@pytest.mark.parametrize("activation", ["relu", "gelu", "mish", "softplus", "elu", "selu", "leaky_relu"])
def test_activations_train_alike(exchange, activation):
    x, y = digits(330)
    model = small("sparse_categorical_crossentropy", "softmax", middle=[
        keras.layers.Dense(16, activation=activation)
    ])
    assert_lock_step(exchange, model, x, y)


def test_functional_model_with_two_outputs(exchange):
    first, second = keras.Input((6,), name="left"), keras.Input((4,), name="right")
    shared = keras.layers.Dense(5, activation="swish")
    joined = keras.ops.concatenate([shared(first), first * 2 + 1, second], axis=-1)
    y = keras.layers.Dense(3, activation="softmax", name="kind")(joined)
    z = keras.layers.Dense(2, name="size")(joined)
    model = keras.Model([first, second], [y, z])
    model.compile(
        keras.optimizers.Adam(1e-2), ["sparse_categorical_crossentropy", "mse"], loss_weights=[1.0, 0.3]
    )
    random = np.random.default_rng(5)
    # No partial batch: Keras on TensorFlow does not weigh it in the losses of single outputs.
    x0, x1 = (random.normal(size=(96, width)).astype("float32") for width in (6, 4))
    y0, y1 = random.integers(0, 3, 96), random.normal(size=(96, 2)).astype("float32")
    data = exchange.data(x0=x0, x1=x1, y0=y0, y1=y1)
    path, history = exchange.train(
        exchange.save(model), data, "--epochs", EPOCHS, "--batch-size", 16
    )
    fitted = model.fit(
        [x0, x1], [y0, y1], epochs=EPOCHS, batch_size=16, shuffle=False, verbose=0
    )
    ours = keras.models.load_model(path)
    assert_histories_agree(fitted.history, history)
    assert_tensors_agree(weights(model), weights(ours), WEIGHTS)


def test_evaluate(exchange):
    x, y = digits(333)
    model = blog("sgd")
    path = exchange.save(model)
    data = exchange.data(x=x, y=y)
    expected = model.evaluate(x, y, batch_size=100, verbose=0, return_dict=True)
    received = json.loads(
        exchange.rhyton("evaluate", path, "--data", data, "--json", "--batch-size", 100)
    )
    assert_histories_agree(expected, received)
