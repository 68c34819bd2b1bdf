"""Keras on JAX or TensorFlow; the environment's `KERAS_BACKEND` says which, `BENCH_XLA` whether XLA compiles."""

import os
import sys
import time

import protocol

options = protocol.arguments()
protocol.use_threads(options.threads)
BACKEND = os.environ["KERAS_BACKEND"]
if BACKEND == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)

else:

    class Absent:
        """As where only JAX is installed: Keras would load TensorFlow too, and start later and larger."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "tensorflow":
                raise ModuleNotFoundError(name)

    sys.meta_path.insert(0, Absent)

import keras
import numpy as np

from keras_networks import SHAPES, network

XLA = os.environ.get("BENCH_XLA", "1") == "1"


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch after the first; ends the training when there are enough."""

    def __init__(self, budget):
        super().__init__()
        self.budget, self.seconds, self.start = budget, [], None

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        if self.start is not None:
            self.seconds.append(now - self.start)
        self.start = time.perf_counter()
        if protocol.enough(self.seconds, self.budget):
            self.model.stop_training = True


class First(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        protocol.say(first=True)
        os._exit(0)


def compiled(activation):
    model = network(options.network, activation)
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=XLA,
    )
    return model


def train(activation):
    x, y = protocol.images(options, SHAPES[options.network])
    clock = Clock(options.seconds)
    compiled(activation).fit(x, y, batch_size=options.batch, epochs=1000, verbose=0, callbacks=[clock])
    return [seconds / len(x) for seconds in clock.seconds]


def predict(activation):
    x, _ = protocol.images(options, SHAPES[options.network])
    model = compiled(activation)
    return protocol.repeat(options, lambda: model.predict(x, batch_size=options.batch, verbose=0), len(x))


def latency(activation):
    """A function compiled by the backend over the model's own `__call__`, as one would serve it."""
    x, _ = protocol.images(options, SHAPES[options.network])
    x, model = x[:1], compiled(activation)
    model.build((None, *SHAPES[options.network]))
    if BACKEND == "jax":
        import jax

        state = [[v.value for v in variables] for variables in (model.trainable_variables, model.non_trainable_variables)]
        call = jax.jit(lambda x: model.stateless_call(*state, x, training=False)[0])
        return protocol.repeat_short(options, lambda: np.asarray(call(x)))
    call = tf.function(lambda x: model(x, training=False), jit_compile=XLA)
    call = call.get_concrete_function(tf.TensorSpec(x.shape, tf.uint8))
    return protocol.repeat_short(options, lambda: call(tf.constant(x)).numpy())


def memory(activation):
    x, y = protocol.images(options, SHAPES[options.network])
    compiled(activation).fit(x, y, batch_size=options.batch, epochs=2, verbose=0)
    return []


def first_train(activation):
    x, y = protocol.images(options, SHAPES[options.network])
    compiled(activation).fit(x, y, batch_size=options.batch, verbose=0, callbacks=[First()])


def first_predict(activation):
    x, _ = protocol.images(options, SHAPES[options.network])
    network(options.network, activation).predict(x[: options.batch], batch_size=options.batch, verbose=0)
    protocol.say(first=True)
    os._exit(0)


def write(activation):
    """Not a measure: the model as a file, which others load."""
    compiled(activation).save(options.folder / f"{options.network}-{activation}.keras")
    raise SystemExit


measures = {
    "train": train,
    "predict": predict,
    "latency": latency,
    "memory": memory,
    "first-train": first_train,
    "first-predict": first_predict,
    "write": write,
}
protocol.versions("keras", *(["jax", "jaxlib"] if BACKEND == "jax" else ["tensorflow-cpu"]))
protocol.answer(options, measures[options.measure])
