"""Seconds an epoch of Fashion-MNIST: Keras on JAX against the command, in one run.

    RHYTON_BINARY=target/release/rhyton python oracles/engines/bench_blog.py [--rounds 3 --threads 2]

The blog's network, swish, Adam 1e-3, batches of 128, 60,000 images (Debian's package
`dataset-fashion-mnist`), shuffled, on the same CPU cores. Rounds alternate between the two, and the
medians are compared. An epoch is half of what three epochs take longer than one, so that start,
compilation, reading and saving do not count for either side.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ORACLES = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
BATCH = 128


def write_inputs(folder):
    """The data and the untrained model as files, made by Keras."""
    sys.path.insert(0, str(ORACLES))
    from digits import idx

    import keras
    import numpy as np
    from keras import layers

    images = idx(FOLDER / "train-images-idx3-ubyte.gz")
    labels = idx(FOLDER / "train-labels-idx1-ubyte.gz")
    np.savez(folder / "data.npz", x=(images / np.float32(255)).astype("float32"), y=labels.astype("int64"))
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(256, activation="swish"),
            layers.Dense(100),
            layers.BatchNormalization(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=True
    )
    model.save(folder / "model.keras")


def run_keras(folder):
    """Prints seconds of one and of three epochs, after one that compiles, and the last accuracy."""
    import keras
    import numpy as np

    model = keras.models.load_model(folder / "model.keras")
    with np.load(folder / "data.npz") as arrays:
        x, y = arrays["x"], arrays["y"]
    model.fit(x, y, epochs=1, batch_size=BATCH, verbose=0)
    seconds = []
    for epochs in (1, 3):
        start = time.perf_counter()
        history = model.fit(x, y, epochs=epochs, batch_size=BATCH, verbose=0)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "accuracy": history.history["accuracy"][-1]}))


def run_rhyton(folder, binary, threads):
    """Seconds of one and of three epochs, and the accuracy after three."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("RHYTON_")}
    variables |= {"RHYTON_HOME": str(folder), "RHYTON_THREADS": str(threads)}
    seconds = []
    for epochs in (1, 3):
        start = time.perf_counter()
        subprocess.run(
            [binary, "train", "model.keras", "--data", "data.npz", "--epochs", str(epochs),
             "--batch-size", str(BATCH), "--output", "out.keras", "--history", "h.json", "--quiet"],
            cwd=folder, env=variables, check=True,
        )
        seconds.append(time.perf_counter() - start)
    history = json.loads((folder / "h.json").read_text())["history"]
    return {"seconds": seconds, "accuracy": history["accuracy"][-1]}


def epoch(result):
    one, three = result["seconds"]
    return (three - one) / 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keras", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.keras:
        return run_keras(options.keras)
    if options.write:
        return write_inputs(options.write)
    binary = pathlib.Path(os.environ["RHYTON_BINARY"]).resolve()
    assert FOLDER.is_dir(), f"{FOLDER} is missing: apt-get install dataset-fashion-mnist"
    cores = sorted(os.sched_getaffinity(0))[: options.threads]
    os.sched_setaffinity(0, cores)

    variables = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}

    def python(*arguments):
        command = [sys.executable, __file__, *map(str, arguments)]
        done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        python("--write", folder)
        rivals, ours = [], []
        for number in range(options.rounds):
            rivals.append(json.loads(python("--keras", folder)[-1]))
            ours.append(run_rhyton(folder, binary, options.threads))
            print(
                f"round {number + 1}: Keras on JAX {epoch(rivals[-1]):.2f} s/epoch"
                f" (accuracy {rivals[-1]['accuracy']:.4f}), rhyton {epoch(ours[-1]):.2f} s/epoch"
                f" (accuracy {ours[-1]['accuracy']:.4f})",
                flush=True,
            )
    rival, own = (statistics.median(map(epoch, results)) for results in (rivals, ours))
    print("accuracies are those of training, after 5 epochs of Keras and 3 of rhyton")
    print(f"medians of {options.rounds}: Keras on JAX {rival:.2f} s, rhyton {own:.2f} s")
    print(f"ratio (Keras on JAX / rhyton): {rival / own:.2f}")


if __name__ == "__main__":
    main()
