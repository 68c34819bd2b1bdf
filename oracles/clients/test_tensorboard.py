"""TensorBoard's own reader finds in our event files what it finds in Keras' of the same training."""

import json

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.graph import keras_util
from tensorboard.plugins.histogram.metadata import parse_plugin_metadata
from tensorboard.util import tensor_util

EPOCHS = 3


def network():
    model = keras.Sequential(
        [
            keras.Input((4,), name="x"),
            keras.layers.Dense(5, activation="tanh", name="first"),
            keras.layers.BatchNormalization(name="normal"),
            keras.layers.Dense(3, activation="softmax", name="second"),
        ],
        name="network",
    )
    optimizer = keras.optimizers.Adam(0.05)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data():
    draw = np.random.default_rng(3)
    x = draw.normal(size=(60, 4)).astype("float32")
    return x, np.argmax(x[:, :3] + 0.3 * draw.normal(size=(60, 3)), axis=1).astype("int32")


def read(folder):
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    return multiplexer


def plugin(multiplexer, run, tag):
    return multiplexer.SummaryMetadata(run, tag).plugin_data.plugin_name


def values(multiplexer, run, name):
    """The values of a plugin by tag: steps and arrays."""
    tags = multiplexer.Runs()[run]["tensors"]
    points = lambda tag: [
        (event.step, tensor_util.make_ndarray(event.tensor_proto))
        for event in multiplexer.Tensors(run, tag)
    ]
    return {tag: points(tag) for tag in tags if plugin(multiplexer, run, tag) == name}


@pytest.fixture
def runs(rhyton, tmp_path):
    """Event files of one training by Keras and by us, and our history of it."""
    model, (x, y) = network(), data()
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=x, y=y)
    keras_folder, folder = tmp_path / "keras-events", tmp_path / "events"
    board = keras.callbacks.TensorBoard(keras_folder, histogram_freq=1)
    model.fit(
        x, y, epochs=EPOCHS, batch_size=15, shuffle=False, verbose=0, validation_split=0.25,
        callbacks=[board],
    )
    rhyton(
        "train", "model.keras", "--data", "data.npz", "--output", "out.keras", "--no-shuffle",
        "--epochs", EPOCHS, "--batch-size", 15, "--validation-split", 0.25,
        "--tensorboard", folder, "--history", "history.json",
    )
    history = json.loads((tmp_path / "history.json").read_text())["history"]
    return read(keras_folder), read(folder), history


def test_scalars_are_those_of_keras(runs):
    theirs, ours, history = runs
    assert sorted(ours.Runs()) == sorted(theirs.Runs()) == ["train", "validation"]
    for run, prefix in [("train", ""), ("validation", "val_")]:
        expected, found = values(theirs, run, "scalars"), values(ours, run, "scalars")
        assert sorted(found) == sorted(expected)
        for tag, points in found.items():
            for (step, value), (their_step, theirs_now) in zip(points, expected[tag], strict=True):
                assert step == their_step and value.dtype == np.float32 and value.shape == ()
                np.testing.assert_allclose(value, theirs_now, rtol=2e-4, atol=1e-6, err_msg=tag)
        for name in ["loss", "accuracy"]:
            written = [value for _, value in found[f"epoch_{name}"]]
            np.testing.assert_array_equal(written, np.float32(history[prefix + name]))


def test_histograms_are_those_of_keras(runs, tmp_path):
    theirs, ours, _ = runs
    expected, found = values(theirs, "train", "histograms"), values(ours, "train", "histograms")
    assert sorted(found) == sorted(expected) and len(found) == 8
    for tag, points in found.items():
        for (step, buckets), (their_step, theirs_now) in zip(points, expected[tag], strict=True):
            assert step == their_step and buckets.shape == theirs_now.shape == (30, 3)
            np.testing.assert_allclose(buckets[:, :2], theirs_now[:, :2], rtol=2e-3, atol=1e-4)
            assert buckets[:, 2].sum() == theirs_now[:, 2].sum()
        metadata = ours.SummaryMetadata("train", tag)
        parse_plugin_metadata(metadata.plugin_data.content)
        assert metadata.data_class == theirs.SummaryMetadata("train", tag).data_class
    # The last histogram is that of the weights that were saved.
    trained = keras.models.load_model(tmp_path / "out.keras")
    kernel = trained.get_layer("first").kernel.numpy().astype("float64")
    counts, edges = np.histogram(kernel, bins=30)
    last = found["network/first/kernel/histogram"][-1][1]
    np.testing.assert_allclose(last[:, 0], edges[:-1], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(last[:, 1], edges[1:], rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(last[:, 2], counts)


def test_the_graph_shows_the_layers(runs):
    _, ours, _ = runs
    (event,) = ours.Tensors("train", "keras")
    assert plugin(ours, "train", "keras") == "graph_keras_model"
    config = json.loads(tensor_util.make_ndarray(event.tensor_proto).item())
    graph = keras_util.keras_model_to_graph_def(config)
    assert [node.name.split("/")[-1] for node in graph.node] == ["x", "first", "normal", "second"]
