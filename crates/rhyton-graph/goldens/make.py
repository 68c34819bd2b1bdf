"""An LSTM over time in Keras: outputs and the gradients of its input and weights, as text.

Run with Keras 3.15.1 on TensorFlow 2.21.0: KERAS_BACKEND=tensorflow python make.py
"""

import pathlib

import numpy
import tensorflow
import keras

STEPS, BATCH, FEATURES, UNITS = 5, 3, 4, 6
MASK = numpy.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)


def wave(shape, seed, scale):
    count = int(numpy.prod(shape))
    return (numpy.sin(numpy.arange(count) * 0.9 + seed) * scale).reshape(shape).astype("float32")


def case(mask):
    x = tensorflow.constant(wave((BATCH, STEPS, FEATURES), 1, 1.0))
    weights = [
        wave((FEATURES, 4 * UNITS), 2, 0.5),
        wave((UNITS, 4 * UNITS), 3, 0.5),
        wave((4 * UNITS,), 4, 0.3),
    ]
    layer = keras.layers.LSTM(UNITS, return_sequences=True)
    layer.build(x.shape)
    layer.set_weights(weights)
    cotangent = wave((BATCH, STEPS, UNITS), 5, 1.0)
    with tensorflow.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, mask=mask)
        loss = tensorflow.reduce_sum(y * cotangent)
    sources = [x] + [weight.value for weight in layer.weights]
    values = {"x": x, "kernel": weights[0], "recurrent_kernel": weights[1], "bias": weights[2]}
    values |= {"cotangent": cotangent, "y": y}
    names = ["dx", "dkernel", "drecurrent_kernel", "dbias"]
    return values | dict(zip(names, tape.gradient(loss, sources)))


def write(path, values):
    lines = []
    for name, value in values.items():
        value = numpy.asarray(value, "float32")
        numbers = " ".join(str(number) for number in value.ravel())
        lines.append(f"{name} {' '.join(map(str, value.shape))}\n{numbers}\n")
    path.write_text("".join(lines))


folder = pathlib.Path(__file__).parent
write(folder / "lstm.txt", case(None))
write(folder / "lstm_masked.txt", case(MASK))
