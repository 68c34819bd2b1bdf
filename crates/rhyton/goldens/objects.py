"""Writes objects.json: what real Keras makes of every case in the lists of losses, metrics and
optimizers. The cases stand in the Rust files' `SPEC`s; adding an object does not touch this script.

    KERAS_BACKEND=tensorflow python objects.py
"""

import json
import os
import pathlib
import re

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "src"
STEPS = 10
SAMPLES, CLASSES = 6, 4


def cases(kind):
    """(class, configuration) of every case of a kind, in the order of files."""
    for path in sorted((SOURCES / kind).glob("*.rs")):
        text = path.read_text()
        name = re.search(r'class_name: "(\w+)"', text)
        listed = re.search(r"cases: &\[(.*?)\n?\s*\],?\n", text, re.S)
        if name is None or listed is None:
            continue
        for raw, plain in re.findall(r'r#"(.*?)"#|"([^"]*)"', listed.group(1), re.S):
            yield name.group(1), json.loads(raw or plain)


def tensor(values):
    """An array as JSON: shape and float32 values (or whole numbers) in row-major order."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        array = array.astype("float32")
    return {"shape": list(array.shape), "dtype": array.dtype.name, "values": array.ravel().tolist()}


def inputs(name, config):
    """Targets and predictions that suit an object, by the words in its name."""
    draw = np.random.default_rng(7)
    scores = draw.normal(size=(SAMPLES, CLASSES)).astype("float32") * 2
    scores[0] = [90, -90, 0, 1]
    probabilities = np.asarray(tf.nn.softmax(scores))
    one_hot = np.eye(CLASSES, dtype="float32")[[1, 0, 3, 2, 1, 0]]
    from_logits = config.get("from_logits", False)
    if name.startswith("Sparse"):
        labels = np.array([1, 0, 3, 2, 1, 0], dtype="int32")
        return labels, scores if from_logits else probabilities
    if name.startswith("Categorical"):
        soft = 0.7 * one_hot + 0.3 * np.asarray(tf.nn.softmax(scores[::-1]))
        return soft.astype("float32"), scores if from_logits else probabilities
    if name.startswith("Binary"):
        truth = (one_hot + one_hot[::-1] > 0).astype("float32")
        chances = np.asarray(tf.sigmoid(scores))
        return truth, scores if from_logits else chances
    if name == "Accuracy":
        return np.round(scores), np.round(scores * np.array([1, 1.5, 1, 1], dtype="float32"))
    return one_hot, scores


def weights():
    return np.array([1, 0, 2.5, 0.5, 1, 3], dtype="float32")


def loss_case(name, config):
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


def metric_case(name, config):
    y_true, y_pred = inputs(name, config)
    record = {"y_true": tensor(y_true), "y_pred": tensor(y_pred), "sample_weight": tensor(weights())}
    for key, weighted in [("plain", False), ("weighted", True)]:
        metric = getattr(keras.metrics, name)(**config)
        results = []
        for start, end in [(0, 4), (4, SAMPLES)]:
            weight = weights()[start:end] if weighted else None
            metric.update_state(y_true[start:end], y_pred[start:end], sample_weight=weight)
            results.append(float(metric.result()))
        record[key] = {"results": results, "states": [float(v) for v in metric.variables]}
    record["name"] = metric.name
    return record


def optimizer_case(name, config):
    draw = np.random.default_rng(11)
    start = [draw.normal(size=shape).astype("float32") for shape in [(3, 2), (2,)]]
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


def main():
    kinds = {"losses": loss_case, "metrics": metric_case, "optimizers": optimizer_case}
    found = {"keras": keras.__version__, "tensorflow": tf.__version__}
    for kind, make in kinds.items():
        found[kind] = [
            {"class_name": name, "case": config, **make(name, config)} for name, config in cases(kind)
        ]
    target = pathlib.Path(__file__).with_name("objects.json")
    lines = json.dumps(found, indent=None, separators=(",", ":"))
    target.write_text(lines.replace('{"class_name"', '\n{"class_name"') + "\n")


if __name__ == "__main__":
    main()
