"""A constraint: what becomes of a weight, its configuration."""

import keras
import numpy as np
from kinds.records import tensor


def case(name, config):
    constraint = getattr(keras.constraints, name)(**config)
    weight = np.random.default_rng(6).normal(size=(2, 4, 3)).astype("float32") * 1.5
    weight[:, :, 1] *= 0.1
    weight[:, 2] = 0
    return {
        "weight": tensor(weight),
        "result": tensor(np.asarray(constraint(weight))),
        "config": constraint.get_config(),
    }
