"""A loss: values, gradients, weighted, and from the logits before its activation."""

import keras
import tensorflow as tf
from kinds.records import inputs, tensor, weights


def case(name, config):
    loss = getattr(keras.losses, name)(**config)
    y_true, y_pred = inputs(name, config)
    record = {"y_true": tensor(y_true), "y_pred": tensor(y_pred), "sample_weight": tensor(weights())}
    variable = tf.Variable(y_pred)
    with tf.GradientTape() as tape:
        value = loss(y_true, variable)
    record["values"] = tensor(loss.call(tf.cast(y_true, "float32"), tf.constant(y_pred)))
    record["loss"] = float(value)
    record["gradient"] = tensor(tape.gradient(value, variable))
    record["weighted"] = float(loss(y_true, y_pred, sample_weight=weights()))
    activation = keras.activations.sigmoid if name.startswith("Binary") else keras.activations.softmax
    if "Crossentropy" in name and not config.get("from_logits", False):
        _, logits = inputs(name, {**config, "from_logits": True})
        logits = tf.Variable(logits)
        with tf.GradientTape() as tape:
            value = loss(y_true, activation(logits))
        record["logits"] = tensor(logits.numpy())
        record["loss_of_logits"] = float(value)
        record["gradient_of_logits"] = tensor(tape.gradient(value, logits))
    return record
