"""Lock step over the grid: optimizers by losses by dense and convolutional networks, 1,000 samples
for two epochs, with weights of samples and classes, weighted metrics and two outputs."""

import keras
import numpy as np
import pytest
from keras import layers, losses, metrics, optimizers

from agreement import WEIGHTS, assert_histories_agree, assert_tensors_agree
from digits import digits
from networks import state, weights

EPOCHS = 2
BATCH = 128
SAMPLES = 1000


def dense(units, last):
    """A network of two layers."""
    inputs = keras.Input((28, 28))
    x = layers.Dense(24, activation="tanh")(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(units, activation=last, name="out")(x))


def convolutional(units, last):
    """A convolution with strides, a pooling, a layer."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(4, 3, strides=2, activation="relu")(inputs)
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    return keras.Model(inputs, layers.Dense(units, activation=last, name="out")(x))


def labels(y):
    return y


def rows(y):
    return np.eye(10, dtype="float32")[y]


def signs(y):
    return 2 * rows(y) - 1


def even(y):
    return (y % 2 == 0).astype("float32")[:, None]


def size(y):
    return ((y + 1) / 10).astype("float32")[:, None]


# Loss, units and activation at the end, targets, metrics, weighted metrics.
LOSSES = {
    "sparse": ("sparse_categorical_crossentropy", 10, "softmax", labels, ["accuracy"], []),
    "sparse, ignoring a class": (
        lambda: losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=3), 10, None, labels,
        [lambda: metrics.SparseTopKCategoricalAccuracy(k=3)], ["accuracy"],
    ),
    "categorical": (
        "categorical_crossentropy", 10, "softmax", rows,
        ["accuracy", lambda: metrics.F1Score(), lambda: metrics.TopKCategoricalAccuracy(k=2)], ["mse"],
    ),
    "focal": (
        lambda: losses.CategoricalFocalCrossentropy(alpha=0.5), 10, "softmax", rows,
        [lambda: metrics.F1Score(average="macro", name="f1")], [],
    ),
    "generalized": (
        lambda: losses.CategoricalGeneralizedCrossEntropy(q=0.6), 10, "softmax", labels, ["accuracy"], [],
    ),
    "binary": (
        "binary_crossentropy", 1, "sigmoid", even,
        ["accuracy", lambda: metrics.AUC(name="auc"), lambda: metrics.Precision(name="p", thresholds=[0.3, 0.6])],
        [lambda: metrics.Recall(name="r")],
    ),
    "binary focal": (
        lambda: losses.BinaryFocalCrossentropy(apply_class_balancing=True, label_smoothing=0.1), 1, "sigmoid",
        even, [lambda: metrics.AUC(curve="PR", name="pr")], ["binary_accuracy"],
    ),
    "mse": ("mse", 1, None, size, ["mae", lambda: metrics.RootMeanSquaredError(), lambda: metrics.R2Score()], ["mse"]),
    "mae": ("mae", 1, None, size, ["mse"], []),
    "mape": ("mape", 1, None, size, ["mape"], []),
    "msle": ("msle", 1, "softplus", size, ["msle"], []),
    "log cosh": (lambda: losses.LogCosh(), 1, None, size, [lambda: metrics.LogCoshError()], []),
    # Keras' files lose Huber's delta.
    "huber": (lambda: losses.Huber(), 1, None, size, ["mse"], ["mae"]),
    "cosine": ("cosine_similarity", 10, None, rows, [lambda: metrics.CosineSimilarity()], []),
    "hinge": ("hinge", 10, "tanh", signs, ["hinge"], []),
    "squared hinge": ("squared_hinge", 10, "tanh", rows, ["squared_hinge"], []),
    "categorical hinge": ("categorical_hinge", 10, None, rows, ["categorical_hinge"], []),
    "kl": ("kld", 10, "softmax", rows, ["kl_divergence"], []),
    "poisson": ("poisson", 1, "softplus", size, ["poisson"], []),
    "dice": (lambda: losses.Dice(axis=-1), 10, "softmax", rows, [lambda: metrics.TruePositives(name="tp")], []),
    "tversky": (lambda: losses.Tversky(alpha=0.3, beta=0.7), 10, "sigmoid", rows, [], []),
}

# Optimizer, loss, network, and what weighs samples. Those of a short run stand first.
CASES = [
    (lambda: optimizers.SGD(0.05, momentum=0.9), "sparse", dense, None),
    (lambda: optimizers.Adam(1e-3), "binary", convolutional, "samples"),
    (lambda: optimizers.RMSprop(1e-3), "mse", dense, None),
    (lambda: optimizers.AdamW(1e-3), "categorical", dense, "samples"),
    (lambda: optimizers.SGD(0.05), "sparse", convolutional, "classes"),
    (lambda: optimizers.SGD(0.1, nesterov=True, momentum=0.5), "sparse, ignoring a class", dense, "samples"),
    (lambda: optimizers.Adagrad(0.01), "focal", dense, None),
    (lambda: optimizers.Adadelta(1.0), "sparse", dense, None),
    (lambda: optimizers.Adamax(2e-3), "generalized", dense, None),
    (lambda: optimizers.Nadam(1e-3), "binary", dense, "classes"),
    (lambda: optimizers.Ftrl(0.05), "binary focal", dense, None),
    (lambda: optimizers.Lion(1e-4), "mse", dense, "samples"),
    (lambda: optimizers.SGD(0.05), "mae", dense, None),
    (lambda: optimizers.SGD(1e-4), "mape", dense, None),
    (lambda: optimizers.Adam(1e-3, amsgrad=True), "msle", dense, None),
    (lambda: optimizers.SGD(0.05), "log cosh", dense, None),
    (lambda: optimizers.RMSprop(1e-3, centered=True), "huber", dense, "samples"),
    (lambda: optimizers.SGD(0.1), "cosine", dense, None),
    (lambda: optimizers.SGD(0.05), "hinge", dense, None),
    (lambda: optimizers.Adagrad(0.01), "squared hinge", dense, None),
    (lambda: optimizers.SGD(0.02), "categorical hinge", dense, None),
    (lambda: optimizers.SGD(0.05), "kl", dense, None),
    (lambda: optimizers.SGD(0.05), "poisson", dense, None),
    (lambda: optimizers.SGD(0.1), "dice", dense, None),
    (lambda: optimizers.SGD(0.5), "tversky", dense, None),
    (lambda: optimizers.Adam(1e-3), "mse", convolutional, None),
    (lambda: optimizers.RMSprop(1e-3), "categorical", convolutional, None),
    (lambda: optimizers.Adagrad(0.01), "binary", convolutional, None),
]
SHORT = 5


def named(case):
    optimizer, loss, network, weighing = case
    words = [type(optimizer()).__name__, loss, network.__name__, weighing]
    return " - ".join(word for word in words if word)


def made(things):
    return [thing if isinstance(thing, str) else thing() for thing in things]


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=named(case), marks=[pytest.mark.long] if place >= SHORT else [])
     for place, case in enumerate(CASES)],
)
def test_grid(exchange, case):
    make_optimizer, loss, network, weighing = case
    loss, units, last, target, plain, weighted = LOSSES[loss]
    model = network(units, last)
    model.compile(
        make_optimizer(), loss if isinstance(loss, str) else loss(), metrics=made(plain),
        weighted_metrics=made(weighted) or None,
    )
    x, y = digits(SAMPLES)
    if network is convolutional:
        x = x[..., None]
    arrays, options, fit = {}, [], {}
    if weighing == "samples":
        fit["sample_weight"] = (0.5 + np.arange(SAMPLES) % 3).astype("float32")
        arrays["sample_weight"] = fit["sample_weight"]
    if weighing == "classes":
        fit["class_weight"] = {0: 0.5, 1: 2.0, 7: 3.0}
        options = ["--class-weight", "0=0.5,1=2,7=3"]
    data = exchange.data(x=x, y=target(y), **arrays)
    path, history = exchange.train(
        exchange.save(model), data, "--epochs", EPOCHS, "--batch-size", BATCH, *options
    )
    fitted = model.fit(
        x, target(y), epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=0, **fit
    )
    assert_trained_alike(model, fitted, path, history)


def assert_trained_alike(model, fitted, path, history):
    ours = keras.models.load_model(path)
    # A list of results is an array in Keras' history.
    expected = {name: np.asarray(values).tolist() for name, values in fitted.history.items()}
    assert_histories_agree(expected, history)
    assert_tensors_agree(weights(model), weights(ours), WEIGHTS)
    assert_tensors_agree(state(model), state(ours), WEIGHTS)


FORMS = {
    "by name": dict(
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.3},
        metrics={"kind": ["accuracy"], "size": ["mae", "mae"]},
        weighted_metrics={"kind": ["accuracy"]},
    ),
    "lists": dict(
        loss=["sparse_categorical_crossentropy", "huber"],
        loss_weights=[0.5, 2.0],
        metrics=[["accuracy"], ["mse"]],
        weighted_metrics=[[], ["mse"]],
    ),
    "one without a loss": dict(loss=["sparse_categorical_crossentropy", None], metrics=[["accuracy"], None]),
    "the same loss": dict(loss="mse", metrics=["mae", "mse"]),
}


@pytest.mark.parametrize("name", FORMS)
def test_two_outputs(exchange, name):
    inputs = keras.Input((28, 28))
    x = layers.Dense(16, activation="swish")(layers.Flatten()(inputs))
    kind = layers.Dense(1 if name == "the same loss" else 10, activation="softmax", name="kind")(x)
    model = keras.Model(inputs, [kind, layers.Dense(1, name="size")(x)])
    model.compile(optimizers.SGD(0.05, momentum=0.9), **FORMS[name])
    x, y = digits(SAMPLES)
    first = size(y) if name == "the same loss" else y
    weight = (0.5 + np.arange(SAMPLES) % 3).astype("float32")
    data = exchange.data(x=x, y0=first, y1=size(y), sample_weight=weight)
    path, history = exchange.train(
        exchange.save(model), data, "--epochs", EPOCHS, "--batch-size", BATCH
    )
    fitted = model.fit(
        x, [first, size(y)], sample_weight=weight, epochs=EPOCHS, batch_size=BATCH, shuffle=False,
        verbose=0,
    )
    assert_trained_alike(model, fitted, path, history)
    # Keras reads what we wrote: the loaded model goes on as the original would.
    ours = keras.models.load_model(path)
    expected = model.evaluate(x, [first, size(y)], batch_size=BATCH, verbose=0, return_dict=True)
    received = ours.evaluate(x, [first, size(y)], batch_size=BATCH, verbose=0, return_dict=True)
    assert_histories_agree(expected, received)
