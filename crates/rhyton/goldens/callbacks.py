"""Writes callbacks.json: what real Keras' callbacks decide, say and write, for given values of epochs.

The callbacks are called as `fit` calls them, on a model whose learning rate they may set; only
SwapEMAWeights is given a training.

    KERAS_BACKEND=tensorflow python callbacks.py
"""

import contextlib
import io
import json
import os
import pathlib
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).resolve().parent

FALLING = [1.0, 0.8, 0.80004, 0.79995, 0.8, 0.8, 0.8, 0.75, 0.9, 0.9, 0.9, 0.9]
RISING = [0.1, 0.3, 0.3, 0.2, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5]
BROKEN = [1.0, float("nan"), 0.5, float("inf"), 0.6, 0.6, 0.6, 0.6]

PLATEAU = [
    ({"monitor": "loss", "patience": 2}, FALLING),
    ({"monitor": "loss", "patience": 1, "factor": 0.5, "cooldown": 2, "verbose": 1}, FALLING),
    ({"monitor": "loss", "patience": 1, "factor": 0.3, "min_lr": 0.005, "verbose": 1}, FALLING),
    ({"monitor": "loss", "patience": 0, "min_delta": 0.0}, FALLING),
    ({"monitor": "accuracy", "patience": 2, "min_delta": 0.1}, RISING),
    ({"monitor": "loss", "patience": 2, "mode": "max"}, RISING),
    ({"monitor": "loss", "patience": 1}, BROKEN),
]

STOPPING = [
    ({"monitor": "loss"}, FALLING),
    ({"monitor": "loss", "patience": 3, "restore_best_weights": True, "verbose": 1}, FALLING),
    ({"monitor": "loss", "patience": 2, "min_delta": 0.1, "verbose": 1}, FALLING),
    ({"monitor": "loss", "patience": 3, "baseline": 0.7}, FALLING),
    ({"monitor": "loss", "patience": 2, "start_from_epoch": 4, "restore_best_weights": True}, FALLING),
    ({"monitor": "accuracy", "patience": 3, "restore_best_weights": True}, RISING),
    ({"monitor": "accuracy", "patience": 1, "mode": "min"}, RISING),
    ({"monitor": "loss", "patience": 2, "restore_best_weights": True}, BROKEN),
    ({"monitor": "val_loss", "patience": 1}, FALLING),
]

SAVING = [
    ({"monitor": "loss"}, FALLING),
    ({"monitor": "loss", "save_best_only": True, "verbose": 1}, FALLING),
    ({"monitor": "accuracy", "save_best_only": True}, RISING),
    ({"monitor": "loss", "save_best_only": True, "initial_value_threshold": 0.78}, FALLING),
    ({"monitor": "val_loss", "save_best_only": True}, FALLING[:3]),
    ({"monitor": "loss", "save_best_only": True, "mode": "max"}, BROKEN),
]

TABLES = [
    ({}, [{"loss": 0.6931471824645996, "accuracy": 0.5}, {"loss": 1e-05, "accuracy": 1.0}]),
    ({"separator": ";"}, [{"loss": 1.0, "val_loss": 1e16}, {"loss": float("nan"), "val_loss": 3.0}]),
    ({"append": True}, [{"loss": 0.25, "learning_rate": 0.009999999776482582}, {"loss": float("inf")}]),
    ({"append": True}, [{"loss": 1.0, "b": 2.0}]),
    ({}, [{"loss": 1.0, "a,b": 2.0}]),
]

SCHEDULES = {"halved": lambda epoch, rate: rate * 0.5, "stepped": lambda epoch, rate: 0.1 / (epoch + 1)}


def fresh():
    """A model with known metrics, whose one weight says which epoch it is from."""
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["accuracy"])
    model.evaluate(np.zeros((1, 1)), np.zeros((1, 1)), verbose=0)
    return model


def attached(callback, model, epochs):
    callback.set_model(model)
    callback.set_params({"epochs": epochs, "steps": 1, "verbose": 0})
    return callback


def rate(model):
    return float(model.optimizer.learning_rate.numpy())


def weight(model):
    return float(model.get_weights()[0][0, 0])


def logs_of(config, value):
    name = config["monitor"] if config["monitor"] != "val_loss" else "loss"
    return {name: float(np.float32(value))}


def watched(make, cases):
    """A callback that watches a value, over the epochs until it stops the training."""
    for config, values in cases:
        model = fresh()
        callback = attached(make(**config), model, len(values))
        epochs, said = [], io.StringIO()
        with contextlib.redirect_stdout(said):
            model.stop_training = False
            callback.on_train_begin()
            for epoch, value in enumerate(values):
                callback.on_epoch_begin(epoch)
                model.set_weights([np.full((1, 1), epoch, "float32")])
                logs = logs_of(config, value)
                callback.on_epoch_end(epoch, logs)
                epochs.append({"rate": rate(model), "logged": logs.get("learning_rate")})
                if model.stop_training:
                    break
            callback.on_train_end()
        yield {
            "config": config,
            "values": [repr(float(np.float32(value))) for value in values],
            "epochs": epochs,
            "weight": weight(model),
            "said": said.getvalue(),
        }


def saved():
    for config, values in SAVING:
        with tempfile.TemporaryDirectory() as folder:
            make = lambda **config: keras.callbacks.ModelCheckpoint(
                os.path.join(folder, "{epoch:02d}.keras"), **config
            )
            (record,) = watched(make, [(config, values)])
            record["said"] = record["said"].replace(folder, "FOLDER")
            yield {**record, "files": sorted(os.listdir(folder))}


def tables():
    """All in one file, so that appending shows."""
    model = fresh()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        for config, epochs in TABLES:
            callback = attached(keras.callbacks.CSVLogger(path, **config), model, len(epochs))
            callback.on_train_begin()
            for epoch, logs in enumerate(epochs):
                callback.on_epoch_end(epoch, dict(logs))
            callback.on_train_end()
            epochs = [{name: repr(value) for name, value in logs.items()} for logs in epochs]
            yield {"config": config, "epochs": epochs, "text": open(path, newline="").read()}


def scheduled():
    for name, schedule in SCHEDULES.items():
        model = fresh()
        callback = attached(keras.callbacks.LearningRateScheduler(schedule, verbose=1), model, 6)
        epochs, said = [], io.StringIO()
        with contextlib.redirect_stdout(said):
            for epoch in range(6):
                callback.on_epoch_begin(epoch)
                logs = {"loss": 1.0}
                callback.on_epoch_end(epoch, logs)
                epochs.append({"rate": rate(model), "logged": logs["learning_rate"]})
        yield {"schedule": name, "epochs": epochs, "said": said.getvalue()}


def averaged():
    """Trainings of y = w x with averages: losses of validations, and the weight at the end."""
    x = np.arange(1, 9, dtype="float32").reshape(8, 1) / 8
    for swap_on_epoch, overwrite in [(False, None), (True, None), (False, 3)]:
        dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        model = keras.Sequential([keras.Input((1,)), dense])
        optimizer = keras.optimizers.SGD(
            0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=overwrite
        )
        model.compile(optimizer, "mse")
        callback = keras.callbacks.SwapEMAWeights(swap_on_epoch=swap_on_epoch)
        weights = []
        seen = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: weights.append(weight(model))
        )
        history = model.fit(
            x, 2 * x, batch_size=2, epochs=3, shuffle=False, verbose=0,
            validation_data=(x, 2 * x), callbacks=[callback, seen],
        )
        yield {
            "swap_on_epoch": swap_on_epoch,
            "overwrite": overwrite,
            "val_loss": history.history["val_loss"],
            "weights": weights,
            "weight": weight(model),
        }


def backed_up():
    """The steps, counted over all epochs, after which a training is kept."""
    for frequency, steps, epochs in [(1, 2, 2), (3, 4, 4), (5, 2, 6), (7, 7, 2)]:
        with tempfile.TemporaryDirectory() as folder:
            callback = keras.callbacks.BackupAndRestore(folder, save_freq=frequency)
            callback, kept = attached(callback, fresh(), epochs), []
            callback._save_model = lambda: kept.append(count)
            count = 0
            for epoch in range(epochs):
                for batch in range(steps):
                    count += 1
                    callback.on_train_batch_end(batch)
                callback.on_epoch_end(epoch)
        yield {"frequency": frequency, "steps": steps, "epochs": epochs, "kept": kept}


def main():
    keras.utils.enable_interactive_logging()
    found = {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "reduce_lr_on_plateau": list(watched(keras.callbacks.ReduceLROnPlateau, PLATEAU)),
        "early_stopping": list(watched(keras.callbacks.EarlyStopping, STOPPING)),
        "model_checkpoint": list(saved()),
        "csv_logger": list(tables()),
        "learning_rate_scheduler": list(scheduled()),
        "swap_ema_weights": list(averaged()),
        "backup_and_restore": list(backed_up()),
    }
    text = json.dumps(found, separators=(",", ":"), allow_nan=False)
    (HERE / "callbacks.json").write_text(text.replace('{"config"', '\n{"config"') + "\n")


if __name__ == "__main__":
    main()
