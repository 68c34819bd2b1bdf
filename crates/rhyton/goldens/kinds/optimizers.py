"""An optimizer: ten steps of two variables, its own variables after them, its configuration."""

import keras
import numpy as np
import tensorflow as tf
from kinds.records import tensor

STEPS = 10


def case(name, config):
    draw = np.random.default_rng(11)
    start = [draw.normal(size=shape).astype("float32") for shape in [(3, 2), (2,)]]
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = keras.optimizers.schedules.deserialize(config["learning_rate"])
    if "inner_optimizer" in config:
        config["inner_optimizer"] = keras.optimizers.get(config["inner_optimizer"])
    optimizer = getattr(keras.optimizers, name)(**config)
    variables = [keras.Variable(value) for value in start]
    record = {"start": [tensor(value) for value in start], "gradients": [], "steps": []}
    for _ in range(STEPS):
        gradients = [draw.normal(size=value.shape).astype("float32") for value in start]
        gradients[1][0] = 0
        optimizer.apply([tf.constant(gradient) for gradient in gradients], variables)
        record["gradients"].append([tensor(gradient) for gradient in gradients])
        record["steps"].append([tensor(variable.numpy()) for variable in variables])
    record["variables"] = [
        {"name": variable.path.split("/")[-1], **tensor(variable.numpy())}
        for variable in optimizer.variables
    ]
    record["config"] = optimizer.get_config()
    return record
