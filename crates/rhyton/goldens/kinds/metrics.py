"""A metric: results and states after each of two batches, plain and weighted."""

import keras
import numpy as np
from kinds.records import SAMPLES, inputs, tensor, weights


def case(name, config):
    y_true, y_pred = inputs(name, config)
    record = {"y_true": tensor(y_true), "y_pred": tensor(y_pred), "sample_weight": tensor(weights())}
    for key, weighted in [("plain", False), ("weighted", True)]:
        metric = getattr(keras.metrics, name).from_config(dict(config))
        results = []
        for start, end in [(0, 4), (4, SAMPLES)]:
            # Mean and Sum take values only.
            given = [y_pred] if name in ("Mean", "Sum") else [y_true, y_pred]
            weight = weights()[start:end] if weighted else None
            metric.update_state(*(array[start:end] for array in given), sample_weight=weight)
            results.append(np.asarray(metric.result(), dtype="float32").tolist())
        states = np.concatenate([np.ravel(variable.numpy()) for variable in metric.variables])
        record[key] = {"results": results, "states": states.astype("float32").tolist()}
    record["name"] = metric.name
    return record
