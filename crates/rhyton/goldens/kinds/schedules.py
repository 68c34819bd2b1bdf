"""A schedule: the learning rate at some steps, its configuration."""

import keras
import tensorflow as tf

STEPS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 19, 20, 21, 25, 29, 31, 40, 77, 1000]


def case(name, config):
    schedule = getattr(keras.optimizers.schedules, name)(**config)
    rates = [[step, float(schedule(tf.constant(step, dtype="int64")))] for step in STEPS]
    return {"rates": rates, "config": schedule.get_config()}
