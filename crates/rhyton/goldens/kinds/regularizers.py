"""A regularizer: the penalty of a matrix, its gradient, its configuration."""

import keras
import numpy as np
import tensorflow as tf
from kinds.records import tensor


def case(name, config):
    regularizer = getattr(keras.regularizers, name)(**config)
    weight = np.random.default_rng(5).normal(size=(4, 3)).astype("float32")
    weight[1] = 0
    variable = tf.Variable(weight)
    with tf.GradientTape() as tape:
        penalty = tf.convert_to_tensor(regularizer(variable.value()))
    gradient = tape.gradient(penalty, variable, unconnected_gradients="zero")
    return {
        "weight": tensor(weight),
        "penalty": float(penalty),
        "gradient": tensor(gradient),
        "config": regularizer.get_config(),
    }
