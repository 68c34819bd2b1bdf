"""The handwritten digits that the tests of all groups train on: those embedded in the command."""

import gzip
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "crates" / "rhyton-data" / "data"


def idx(path):
    """An IDX file, compressed or not, as an array."""
    read = gzip.open if path.suffix == ".gz" else open
    with read(path, "rb") as file:
        content = file.read()
    sizes = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, "u1", offset=4 + 4 * len(sizes)).reshape(sizes)


def digits(count, start=0):
    """Images `[count, 28, 28]` as float32 from 0 to 1, and labels `[count]`."""
    images = idx(FOLDER / "digits-10k-images-idx3-ubyte.gz")[start : start + count]
    labels = idx(FOLDER / "digits-10k-labels-idx1-ubyte.gz")[start : start + count]
    assert len(images) == len(labels) == count
    return (images / np.float32(255)).astype("float32"), labels.astype("int64")
