"""What the records of all kinds share: arrays as JSON, inputs that suit an object, batch sizes."""

import numpy as np
import tensorflow as tf

SAMPLES, CLASSES = 6, 4


def tensor(values):
    """An array as JSON: shape and float32 values (or whole numbers) in row-major order."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        array = array.astype("float32")
    return {"shape": list(array.shape), "dtype": array.dtype.name, "values": array.ravel().tolist()}


LABELS = np.array([1, 0, 3, 2, 1, 0], dtype="int32")


def inputs(name, config):
    """Targets and predictions that suit an object, by the words in its name."""
    draw = np.random.default_rng(7)
    scores = draw.normal(size=(SAMPLES, CLASSES)).astype("float32") * 2
    scores[0] = [90, -90, 0, 1]
    probabilities = np.asarray(tf.nn.softmax(scores))
    one_hot = np.eye(CLASSES, dtype="float32")[LABELS]
    from_logits = config.get("from_logits", False)

    def is_any(*words):
        return any(word in name for word in words)

    if is_any("IoU"):
        return classes(name, config, scores, one_hot)
    if name == "Circle":
        return LABELS, scores / np.linalg.norm(scores, axis=-1, keepdims=True)
    if config.get("from_sorted_ids"):
        return LABELS, np.argsort(-scores, axis=-1).astype("float32")
    if is_any("Generalized"):
        return LABELS, np.asarray(tf.nn.softmax(scores / 8))
    if is_any("Sparse"):
        return LABELS, scores if from_logits else probabilities
    if name == "CategoricalHinge" or is_any("TopK"):
        return one_hot, scores
    if name.startswith("Categorical") or is_any("KLDivergence"):
        soft = 0.7 * one_hot + 0.3 * np.asarray(tf.nn.softmax(scores[::-1]))
        return soft.astype("float32"), scores if from_logits else probabilities
    truth = (one_hot + one_hot[::-1] > 0).astype("float32")
    if name != "R2Score" and is_any(
        "Binary", "AUC", "Dice", "Tversky", "Precision", "Recall", "Score", "ives", "ivity"
    ):
        return truth, scores if from_logits else np.asarray(tf.sigmoid(scores / 2))
    if name == "Hinge":
        return 2 * truth - 1, scores
    if is_any("Hinge"):
        return truth, scores
    if is_any("Percentage", "Logarithmic", "Poisson"):
        positive = draw.gamma(2.0, size=(2, SAMPLES, CLASSES)).astype("float32")
        return (np.round(positive[0]) if name == "Poisson" else positive[0]), positive[1]
    if name == "Accuracy":
        return np.round(scores), np.round(scores * np.array([1, 1.5, 1, 1], dtype="float32"))
    return draw.normal(size=(SAMPLES, CLASSES)).astype("float32"), scores


def classes(name, config, scores, one_hot):
    """Targets and predictions that are classes, as numbers or as rows; a few are no class."""
    if name == "BinaryIoU":
        return (LABELS > 0).astype("float32"), np.asarray(tf.sigmoid(scores[:, 2]))
    rows = name.startswith("OneHot")
    target = one_hot if rows else np.array([1, 0, 3, -1, 1, 2], dtype="int32")
    if config.get("sparse_y_pred", not rows):
        return target, np.array([1, 2, 3, 2, 0, 7], dtype="int32")
    return target, scores


def weights():
    return np.array([1, 0, 2.5, 0.5, 1, 3], dtype="float32")
