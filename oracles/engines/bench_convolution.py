"""Milliseconds of a convolution and its gradients: Keras on TensorFlow against this engine, in one run.

    cargo build --release --example convolution -p rhyton-native
    RHYTON_CONVOLUTION=target/release/examples/convolution python oracles/engines/bench_convolution.py

x [64, 28, 28, 32], kernel [3, 3, 32, 32], padding `same`: the forward pass, the gradient of x, that of
the kernel, and all three in one program, on the same CPU cores. Rounds alternate between the two, each
in a process of its own; medians over all repetitions of all rounds are compared.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

NAMES = ("forward", "input gradient", "kernel gradient", "whole")
# Multiplications and additions of one forward pass for one sample; the gradients have as many.
OPERATIONS = 2 * 28 * 28 * 3 * 3 * 32 * 32


def run_keras(batch, repetitions, threads):
    """Prints milliseconds of each repetition of each program as JSON."""
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    import keras

    random = np.random.default_rng(1)
    x, g = (tf.constant(random.normal(size=(batch, 28, 28, 32)).astype("float32")) for _ in range(2))
    kernel = tf.constant(random.normal(size=(3, 3, 32, 32)).astype("float32"))

    def call(x, kernel):
        return keras.ops.conv(x, kernel, padding="same")

    def gradients(x, kernel, g, wanted):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = call(x, kernel)
        return y, tape.gradient(y, [{"x": x, "kernel": kernel}[name] for name in wanted], g)

    programs = [
        tf.function(lambda x, kernel, g: call(x, kernel)),
        tf.function(lambda x, kernel, g: gradients(x, kernel, g, ["x"])[1]),
        tf.function(lambda x, kernel, g: gradients(x, kernel, g, ["kernel"])[1]),
        tf.function(lambda x, kernel, g: gradients(x, kernel, g, ["x", "kernel"])),
    ]
    times = [[] for _ in programs]
    for repetition in range(repetitions + 3):
        for program, results in zip(programs, times):
            start = time.perf_counter()
            tf.nest.map_structure(lambda result: result.numpy(), program(x, kernel, g))
            # The first ones trace and choose kernels.
            if repetition >= 3:
                results.append((time.perf_counter() - start) * 1e3)
    print(json.dumps(dict(zip(NAMES, times))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--keras", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.keras:
        return run_keras(options.batch, options.repetitions, options.threads)
    binary = pathlib.Path(os.environ["RHYTON_CONVOLUTION"]).resolve()
    cores = sorted(os.sched_getaffinity(0))[: options.threads]
    os.sched_setaffinity(0, cores)

    keras_command = [sys.executable, __file__, "--keras", "--repetitions", str(options.repetitions),
                     "--threads", str(options.threads), "--batch", str(options.batch)]
    own_command = [binary, str(options.threads), str(options.batch), str(options.repetitions)]
    variables = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

    def times(command):
        done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
        return json.loads(done.stdout.splitlines()[-1])

    rivals, ours = ({name: [] for name in NAMES} for _ in range(2))
    for number in range(options.rounds):
        for command, results in ((keras_command, rivals), (own_command, ours)):
            for name, values in times(command).items():
                results[name] += values
        medians = (statistics.median(results["whole"]) for results in (rivals, ours))
        print("round {}: whole {:.2f} ms with Keras on TensorFlow, {:.2f} ms with rhyton".format(
            number + 1, *medians), flush=True)
    print(f"{'':16} {'Keras/TF ms':>12} {'rhyton ms':>10} {'GFLOP/s':>8} {'time / theirs':>14} {'of minima':>10}")
    for name in NAMES:
        rival, own = statistics.median(rivals[name]), statistics.median(ours[name])
        passes = 3 if name == "whole" else 1
        speed = passes * OPERATIONS * options.batch / own / 1e6
        minima = min(ours[name]) / min(rivals[name])
        print(f"{name:16} {rival:12.2f} {own:10.2f} {speed:8.0f} {own / rival:14.2f} {minima:10.2f}")


if __name__ == "__main__":
    main()
