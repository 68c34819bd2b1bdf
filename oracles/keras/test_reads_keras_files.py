"""Files that Keras writes predict the same in the command, for every way of writing one."""

import zipfile

import keras
import numpy as np
import pytest
from keras import layers, ops

from digits import digits

ACTIVATIONS = sorted(
    name
    for name, value in vars(keras.activations).items()
    if callable(value) and name == getattr(value, "__name__", "") and name not in
    ("get", "serialize", "deserialize")
)
# Keras 3.15.1 computes sparsemax wrongly (keras#23425); threshold has no default for its arguments.
LEFT_OUT = ["sparsemax", "threshold"]
# These functions of Keras 3.15.1 refuse symbolic tensors.
OF_TENSORS = {"hard_silu": "hard_sigmoid", "mish": "softplus"}


def samples(*shape, seed=11, scale=2.0):
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype("float32")


def disturb(model, seed=3):
    """Gives every weight a value of its own: zeros and ones hide exchanged tensors."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        value = random.normal(size=variable.shape) * 0.5
        variance = variable.name == "moving_variance"
        variable.assign(np.abs(value) + 0.5 if variance else value)
    return model


def test_all_activations_are_listed():
    assert len(ACTIVATIONS) >= 30


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in LEFT_OUT])
def test_activation_by_name(exchange, name):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation=name)])
    exchange.assert_predicts_the_same(disturb(model), [samples(50, 6)])


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in LEFT_OUT])
def test_activation_layer_and_operation(exchange, name):
    x = keras.Input((8,))
    y = layers.Activation(name)(x)
    z = getattr(keras.activations, OF_TENSORS.get(name, name))(x)
    model = keras.Model(x, [y, z])
    exchange.assert_predicts_the_same(model, [samples(50, 8, scale=4.0)])


OPERATIONS_WITH_ARGUMENTS = {
    "relu": lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=1.5, threshold=0.2),
    "relu, capped": lambda x: keras.activations.relu(x, max_value=1.0),
    "leaky_relu": lambda x: keras.activations.leaky_relu(x, negative_slope=0.05),
    "elu": lambda x: keras.activations.elu(x, alpha=0.7),
    "celu": lambda x: keras.activations.celu(x, alpha=1.3),
    "gelu, approximate": lambda x: keras.activations.gelu(x, approximate=True),
    "ops.gelu": lambda x: ops.gelu(x),
    "ops.gelu, exact": lambda x: ops.gelu(x, approximate=False),
    "squareplus": lambda x: keras.activations.squareplus(x, b=2),
    "hard_shrink": lambda x: keras.activations.hard_shrink(x, threshold=0.8),
    "soft_shrink": lambda x: keras.activations.soft_shrink(x, threshold=0.8),
    "threshold": lambda x: keras.activations.threshold(x, threshold=0.3, default_value=-1.0),
    "softmax over an axis": lambda x: keras.activations.softmax(x, axis=1),
    "log_softmax over an axis": lambda x: keras.activations.log_softmax(x, axis=1),
    "glu over an axis": lambda x: keras.activations.glu(x, axis=1),
    "softmax": lambda x: ops.softmax(x),
    "silu": lambda x: ops.silu(x),
}


@pytest.mark.parametrize("name", OPERATIONS_WITH_ARGUMENTS)
def test_operation_with_arguments(exchange, name):
    x = keras.Input((4, 6))
    model = keras.Model(x, OPERATIONS_WITH_ARGUMENTS[name](x))
    exchange.assert_predicts_the_same(model, [samples(9, 4, 6)])


LAYER_OBJECTS = {
    "LeakyReLU": lambda: layers.LeakyReLU(negative_slope=0.07),
    "LeakyReLU, default": lambda: layers.LeakyReLU(),
    "ELU": lambda: layers.ELU(alpha=0.6),
    "ReLU": lambda: layers.ReLU(max_value=1.2, negative_slope=0.1, threshold=0.1),
    "ReLU, default": lambda: layers.ReLU(),
    "Softmax": lambda: layers.Softmax(),
}


@pytest.mark.parametrize("name", LAYER_OBJECTS)
def test_layer_as_activation(exchange, name):
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, activation=LAYER_OBJECTS[name]()), layers.Dense(3)]
    )
    exchange.assert_predicts_the_same(disturb(model), [samples(50, 6)])


def blog_layers():
    return [
        layers.Flatten(),
        layers.Dense(16, activation="swish"),
        layers.Dropout(0.5),
        layers.Dense(12),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Dense(10, activation="softmax"),
    ]


def test_sequential_with_input(exchange):
    model = keras.Sequential([keras.Input((28, 28), name="image"), *blog_layers()], name="recogniser")
    exchange.assert_predicts_the_same(disturb(model), [digits(333)[0]])


def test_sequential_without_input(exchange):
    model = keras.Sequential(blog_layers())
    x, y = digits(333)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=1, verbose=0)
    exchange.assert_predicts_the_same(model, [x])


def test_compiled_and_trained(exchange):
    model = keras.Sequential([keras.Input((28, 28)), *blog_layers()])
    x, y = digits(333)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["acc"])
    model.fit(x, y, epochs=2, verbose=0)
    exchange.assert_predicts_the_same(model, [x])


def test_more_than_ten_layers_of_a_class(exchange):
    model = keras.Sequential([keras.Input((5,)), *(layers.Dense(5, "tanh") for _ in range(12))])
    exchange.assert_predicts_the_same(disturb(model), [samples(20, 5)])


NORMALIZATIONS = {
    "options": {"momentum": 0.5, "epsilon": 0.1},
    "no center": {"center": False},
    "no scale": {"scale": False},
    "neither": {"center": False, "scale": False},
    "axis 1": {"axis": 1},
    "initializers": {"beta_initializer": "ones", "moving_mean_initializer": "random_normal"},
}


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_batch_normalization(exchange, name):
    model = keras.Sequential(
        [keras.Input((4, 3)), layers.BatchNormalization(**NORMALIZATIONS[name]), layers.Dense(2)]
    )
    exchange.assert_predicts_the_same(disturb(model), [samples(20, 4, 3)])


def test_dense_on_more_axes(exchange):
    model = keras.Sequential([keras.Input((3, 4, 5)), layers.Dense(2, use_bias=False, name="odd-name.1")])
    exchange.assert_predicts_the_same(disturb(model), [samples(7, 3, 4, 5)])


def test_functional_of_two_inputs(exchange):
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    shared = layers.Dense(4, activation="swish", name="shared")
    y = layers.Dense(3)(shared(left * 2 + 1) - shared(right))
    model = keras.Model([left, right], y)
    exchange.assert_predicts_the_same(disturb(model), [samples(20, 6), samples(20, 6, seed=12)])


def test_a_layer_used_before_its_second_input_exists(exchange):
    x = keras.Input((4,))
    shared = layers.Dense(4, activation="tanh")
    model = keras.Model(x, shared(layers.Dense(4)(shared(x))))
    exchange.assert_predicts_the_same(disturb(model), [samples(20, 4)])



OPERATIONS = {
    "x * 2 + 1": lambda a, b: a * 2 + 1,
    "2 * x": lambda a, b: 2 * a,
    "1 - x": lambda a, b: 1 - a,
    "1 / (x + 20)": lambda a, b: 1 / (a + 20),
    "x / 3": lambda a, b: a / 3,
    "x ** 2": lambda a, b: a**2,
    "-x": lambda a, b: -a,
    "abs": lambda a, b: abs(a),
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / (ops.abs(b) + 1),
    "add": lambda a, b: ops.add(a, b),
    "subtract": lambda a, b: ops.subtract(a, 0.5),
    "multiply": lambda a, b: ops.multiply(0.5, b),
    "divide": lambda a, b: ops.divide(a, 7),
    "true_divide": lambda a, b: ops.true_divide(a, 7),
    "maximum": lambda a, b: ops.maximum(a, b),
    "minimum": lambda a, b: ops.minimum(a, 0.25),
    "power": lambda a, b: ops.power(ops.abs(a) + 0.1, 1.5),
    "concatenate": lambda a, b: ops.concatenate([a, b], axis=1),
    "concatenate, last": lambda a, b: ops.concatenate([a, b, a]),
    "mean": lambda a, b: ops.mean(a, axis=1),
    "mean over two": lambda a, b: ops.mean(a, axis=[1, 2]),
    "mean, kept": lambda a, b: ops.mean(a, axis=-1, keepdims=True) + b,
    "max": lambda a, b: ops.max(a, axis=2),
    "min": lambda a, b: ops.min(a, axis=-2),
    "sum": lambda a, b: ops.sum(a, axis=1),
    "sum over two": lambda a, b: ops.sum(a, axis=(1, 2), keepdims=True),
    "var": lambda a, b: ops.var(a, axis=1),
    "reshape": lambda a, b: ops.reshape(a, (-1, 6, 4)),
    "reshape, flat": lambda a, b: ops.reshape(a, (-1, 24)),
    "transpose": lambda a, b: ops.transpose(a, (0, 2, 1)),
    "transpose, axes": lambda a, b: ops.transpose(a, axes=[0, 2, 1]) * 1.5,
    "expand_dims": lambda a, b: ops.expand_dims(a, 1),
    "squeeze": lambda a, b: ops.squeeze(ops.expand_dims(a, axis=-1), axis=-1),
    "matmul": lambda a, b: ops.matmul(a, ops.transpose(b, (0, 2, 1))),
    "@": lambda a, b: a @ ops.transpose(b, (0, 2, 1)),
    "exp": lambda a, b: ops.exp(a),
    "log": lambda a, b: ops.log(ops.abs(a) + 1),
    "sqrt": lambda a, b: ops.sqrt(ops.abs(a)),
    "square": lambda a, b: ops.square(a),
    "sin and cos": lambda a, b: ops.sin(a) + ops.cos(b),
    "tanh": lambda a, b: ops.tanh(a),
    "sign and floor": lambda a, b: ops.sign(a) + ops.floor(b),
    "where": lambda a, b: ops.where(a > b, a, b * 2),
    "comparison": lambda a, b: ops.cast(a > 0.5, "float32"),
    "stop_gradient": lambda a, b: ops.stop_gradient(a) * b,
    "one of an axis": lambda a, b: a[:, 1] + b[:, -1],
    "a slice": lambda a, b: a[:, 1:3, ::-2],
    "an ellipsis and a new axis": lambda a, b: a[..., -1, None],
    "split": lambda a, b: ops.split(a, 2, axis=1)[1] * ops.split(b, [2], axis=1)[0],
    "unstack": lambda a, b: ops.unstack(a, axis=1)[2],
    "take": lambda a, b: ops.take(a, [2, -1], axis=1),
    "one_hot": lambda a, b: ops.one_hot(ops.argmax(a, axis=-1), 6) * b,
    "moments": lambda a, b: ops.add(*ops.moments(a, axes=[1, 2], keepdims=True)),
    "top_k": lambda a, b: ops.top_k(a, 2)[0],
    "logic": lambda a, b: ops.cast((a >= b) & (a < 1) | ~(b != 0), "float32"),
    "filled": lambda a, b: ops.zeros_like(a) + ops.ones_like(b) + ops.full_like(a, 2.5),
    "round": lambda a, b: ops.round(a, decimals=1) + ops.round(b),
    "max of a number too": lambda a, b: ops.max(a, axis=1, initial=0.3),
    "expand_dims of two": lambda a, b: ops.expand_dims(a, (1, -1)),
    "triangles": lambda a, b: ops.tril(a) + ops.triu(b, k=1),
    "average": lambda a, b: ops.average(a, axis=1) + ops.amax(b, axis=1),
    "an array": lambda a, b: a * np.arange(6, dtype="float32") + ops.convert_to_tensor([1.0] * 6),
    "dot with an array": lambda a, b: ops.dot(a, np.ones((6, 2), "float32")),
    "an array @": lambda a, b: ops.matmul(np.ones((3, 4), "float32"), a),
    "conv with an array": lambda a, b: ops.conv(a, np.full((2, 6, 3), 0.1, "float32"), 1, padding="same"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(exchange, name):
    a, b = keras.Input((4, 6), name="a"), keras.Input((4, 6), name="b")
    # Both inputs are used, whatever the operation takes.
    model = keras.Model([a, b], [OPERATIONS[name](a, b), a + b])
    exchange.assert_predicts_the_same(model, [samples(8, 4, 6), samples(8, 4, 6, seed=12)])


def test_operations_with_names(exchange):
    x = keras.Input((4,))
    y = keras.src.ops.numpy.Multiply(name="twice")(x, 2)
    model = keras.Model(x, layers.Activation("silu", name="the_end")(y + x))
    exchange.assert_predicts_the_same(model, [samples(8, 4)])


def nested_models():
    """A functional model whose outputs are calls of functional models, one of them twice."""
    x = keras.Input((4,))
    inner = keras.Model(x, layers.Dense(4, activation="tanh")(x), name="inner")
    inner(keras.Input((4,)))  # A call that no file holds.
    x = keras.Input((4,))
    middle = keras.Model(x, [inner(inner(x)), inner(x)[:, :2]], name="middle")
    x = keras.Input((4,))
    first, second = middle(x)
    return keras.Model(x, [*middle(first), second])


def test_nested_models_as_outputs(exchange):
    exchange.assert_predicts_the_same(disturb(nested_models()), [samples(20, 4)])


def test_outputs_by_name_are_sorted(exchange):
    x = keras.Input((5,), name="x")
    outputs = {"z": layers.Dense(2, name="z")(x), "a": layers.Dense(3, name="a")(x)}
    model = disturb(keras.Model({"x": x}, outputs))
    given = samples(20, 5)
    expected = model.predict({"x": given}, verbose=0)
    received = exchange.predict(exchange.save(model), [given])
    np.testing.assert_allclose(received[0], expected["a"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(received[1], expected["z"], atol=1e-5, rtol=0)


def test_layer_with_weights_as_activation(exchange):
    prelu = [layers.PReLU(shared_axes=[1, 2]), layers.PReLU(alpha_initializer="ones")]
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(3, 3, activation=prelu[0]),
            layers.Flatten(),
            layers.Dense(4, activation=prelu[1]),
        ]
    )
    given = samples(9, 6, 6, 2)
    # Until the model runs, Keras has no weights of these layers and its file holds none.
    exchange.assert_predicts_the_same(model, [given])
    assert len(model.weights) == 6
    exchange.assert_predicts_the_same(disturb(model), [given])


def test_several_outputs(exchange):
    x = keras.Input((5,), name="x")
    hidden = layers.Dense(4, activation="relu")(x)
    outputs = [layers.Dense(2, name="b")(hidden), layers.Dense(3, name="a")(hidden), hidden]
    model = keras.Model(x, outputs)
    exchange.assert_predicts_the_same(disturb(model), [samples(20, 5)])


def test_outputs_by_name(exchange):
    x = keras.Input((5,), name="x")
    outputs = {"one": layers.Dense(2, name="one")(x), "two": layers.Dense(3, name="two")(x)}
    model = disturb(keras.Model({"x": x}, outputs))
    path = exchange.save(model)
    given = samples(20, 5)
    expected = model.predict({"x": given}, verbose=0)
    received = exchange.predict(path, [given])
    np.testing.assert_allclose(received[0], expected["one"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(received[1], expected["two"], atol=1e-5, rtol=0)


def test_compressed_members(exchange, tmp_path):
    model = disturb(keras.Sequential([keras.Input((28, 28)), *blog_layers()]))
    stored = exchange.save(model, "stored.keras")
    path = tmp_path / "deflated.keras"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    exchange.assert_file_predicts_the_same(model, path, [digits(50)[0]])


def test_folder(exchange, tmp_path):
    model = disturb(keras.Sequential([keras.Input((28, 28)), *blog_layers()]))
    path = tmp_path / "folder"
    keras.saving.save_model(model, path, zipped=False)
    exchange.assert_file_predicts_the_same(model, path, [digits(50)[0]])


def test_without_metadata(exchange, tmp_path):
    model = disturb(keras.Sequential([keras.Input((28, 28)), *blog_layers()]))
    stored = exchange.save(model, "stored.keras")
    path = tmp_path / "bare.keras"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(path, "w") as new:
        for name in ("config.json", "model.weights.h5"):
            new.writestr(name, old.read(name))
    exchange.assert_file_predicts_the_same(model, path, [digits(50)[0]])


def test_inputs_by_name_in_any_order(exchange, tmp_path):
    first, second = keras.Input((3,), name="b"), keras.Input((3,), name="a")
    model = keras.Model([first, second], first - 2 * second)
    path = exchange.save(model)
    x, y = samples(6, 3), samples(6, 3, seed=12)
    source = exchange.data("named.npz", a=y, b=x)
    exchange.rhyton("predict", path, "--input", source, "--output", tmp_path / "y.npy")
    expected = model.predict([x, y], verbose=0)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("count", [1, 7, 128, 129])
def test_any_number_of_samples(exchange, count):
    model = disturb(keras.Sequential([keras.Input((28, 28)), *blog_layers()]))
    exchange.assert_predicts_the_same(model, [digits(count)[0]])
