"""What every runner of the benchmarks shares: its arguments, its clock, its answers.

A runner is started as `RUNNER MEASURE NETWORK --activations relu,swish --batch 128 …` and prints JSON,
a line each: first `{"versions": {…}}`, then for each activation either
`{"activation", "seconds": […], "peak_bytes"}`, where seconds are those of one item (an image, a call,
an element) in each repetition, or `{"activation", "absent": reason}`. Measures:

- `train`: epochs of `--images` images inside the framework's own `fit`; the first is not counted.
- `predict`: all of `--images` images, as numbers on the host; the first time is not counted.
- `latency`: one compiled call on one image after another.
- `memory`: two epochs of training; whoever reads takes the data's bytes from the peak.
- `first-train`, `first-predict`: a line as soon as the first step or prediction is done; whoever
  started the process has the clock.
- `forward`, `both`: a single layer or function, NETWORK says which; `both` has its gradients too.
"""

import argparse
import json
import os
import pathlib
import statistics
import time

CLASSES = 10


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("measure")
    parser.add_argument("network")
    parser.add_argument("--activations", type=lambda text: text.split(","), default=["swish"])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="of measuring for each activation")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="of images, labels and model files")
    return parser.parse_args()


def say(**answer):
    print(json.dumps(answer), flush=True)


def versions(*packages):
    """The first line."""
    from importlib.metadata import version

    say(versions={package: version(package) for package in packages})


def images(options, shape):
    """Bytes [n, *shape] and labels [n]; where Fashion-MNIST has not this shape, its bytes in another order."""
    import numpy as np

    count, size = options.images, int(np.prod(shape))
    pixels = np.fromfile(options.folder / "images.u8", np.uint8)
    labels = np.fromfile(options.folder / "labels.u8", np.uint8)[:count].astype(np.int32)
    return np.resize(pixels, count * size).reshape(count, *shape), np.resize(labels, count)


def peak_bytes():
    """The most resident memory that this process has had."""
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this system does not tell the peak of resident memory")


def enough(seconds, budget):
    """Whether no more repetitions are needed."""
    return len(seconds) >= 2 and sum(seconds) >= budget


def repeat(options, call, items):
    """Seconds of an item, one number for each repetition of `call`, after one that does not count."""
    call()
    seconds = []
    while not enough(seconds, options.seconds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return [value / items for value in seconds]


def repeat_short(options, call, items=1, group=20):
    """As `repeat` for calls of microseconds: medians of groups of calls, each by a clock of its own."""
    for _ in range(3):
        call()
    medians, spent = [], 0.0
    while len(medians) < 3 or spent < options.seconds:
        seconds = []
        for _ in range(group):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        spent += sum(seconds)
        medians.append(statistics.median(seconds) / items)
        if len(medians) == 500:
            break
    return medians


def answer(options, measured):
    """Prints what `measured(activation)` gives for each activation; what fails is absent with its reason."""
    for activation in options.activations:
        try:
            seconds = measured(activation)
        except NotImplementedError as error:
            say(activation=activation, absent=str(error))
            continue
        say(activation=activation, seconds=seconds, peak_bytes=peak_bytes())


def use_threads(count):
    """For libraries that read it when they are loaded: call before importing them."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(count)
