"""Data larger than memory: arrays that stay in an .npz, and folders of images.

The long forms make 8 GB of samples in the test's folder and hold the command to 1 GiB.
"""

import json
import struct
import zipfile
import zlib

import keras
import numpy as np
import pytest

from digits import digits
from networks import blog

MIB = 1 << 20
# What the command takes for 2,000 digits is the floor: program, threads, the embedded digits.
SHORT_PEAK = 300 * MIB
LONG_PEAK = 1024 * MIB


def write_large(path, samples):
    """Digits again and again, each time a little darker, written piece by piece."""
    x, y = digits(10_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            header = {"descr": "<f4", "fortran_order": False, "shape": (samples, 28, 28)}
            np.lib.format.write_array_header_1_0(member, header)
            for start in range(0, samples, len(x)):
                darker = x * np.float32(0.5 + 0.5 / (1 + start // len(x)))
                member.write(darker[: samples - start].tobytes())
        with archive.open("y.npy", "w") as member:
            np.lib.format.write_array(member, np.resize(y, samples).astype("<i4"))


def train_and_measure(rhyton, tmp_path, samples, memory_mib, peak):
    write_large(tmp_path / "large.npz", samples)
    blog(keras.optimizers.Adam(1e-3)).save(tmp_path / "model.keras")
    memory = ["--memory", memory_mib]
    train = rhyton(
        "train", "model.keras", "--data", "large.npz", "--output", "trained.keras",
        "--batch-size", 128, "--validation-split", 0.1, *memory, measure=True, timeout=3600,
    )
    assert train.returncode == 0, train.stderr
    print(f"train: {samples * 3136 >> 20} MiB of samples, peak {train.memory_bytes_max >> 20} MiB")
    assert train.memory_bytes_max <= peak
    evaluate = rhyton(
        "evaluate", "trained.keras", "--data", "large.npz", "--json", *memory, measure=True,
        timeout=3600,
    )
    assert evaluate.returncode == 0, evaluate.stderr
    assert evaluate.memory_bytes_max <= peak
    predict = rhyton(
        "predict", "trained.keras", "--input", "large.npz", "--output", "y.npy", *memory,
        measure=True, timeout=3600,
    )
    assert predict.returncode == 0, predict.stderr
    # The outputs themselves are in memory.
    assert predict.memory_bytes_max <= peak + samples * 40
    return tmp_path / "trained.keras", np.load(tmp_path / "y.npy", mmap_mode="r")


def test_an_npz_stays_in_its_file(rhyton, tmp_path):
    samples = 200_000
    trained, outputs = train_and_measure(rhyton, tmp_path, samples, 16, SHORT_PEAK)
    model = keras.models.load_model(trained)
    x, _ = digits(10_000)
    # The last 10,000 are the darkest.
    darkest = x * np.float32(0.5 + 0.5 / (1 + samples // 10_000 - 1))
    expected = model.predict(darkest, batch_size=1000, verbose=0)
    np.testing.assert_allclose(outputs[-10_000:], expected, atol=1e-5)


@pytest.mark.long
def test_8_gb_of_an_npz_in_1_gib(rhyton, tmp_path):
    _, outputs = train_and_measure(rhyton, tmp_path, (8 << 30) // 3136, 256, LONG_PEAK)
    assert outputs.shape[0] == (8 << 30) // 3136


def write_png(path, pixels):
    """A PNG of `[height, width]` or `[height, width, 3]` bytes."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width = pixels.shape[:2]
    colour = 2 if pixels.ndim == 3 else 0
    rows = b"".join(b"\0" + pixels[row].tobytes() for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    content = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 1)), chunk(b"IEND", b"")]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(content))


def small_network(size, channels):
    model = keras.Sequential(
        [
            keras.Input((size, size, channels)),
            keras.layers.AveragePooling2D(size // 7),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("colour_mode", ["grayscale", "rgb"])
def test_a_folder_of_images_is_keras_own(exchange, tmp_path, colour_mode):
    """Classes, sizes and colours are those of `image_dataset_from_directory`."""
    random = np.random.default_rng(3)
    channels = {"grayscale": 1, "rgb": 3}[colour_mode]
    for place in range(60):
        size = [(28, 28), (20, 33), (50, 41)][place % 3]
        shape = size if channels == 1 else (*size, 3)
        pixels = (random.uniform(0, 1, shape) ** (1 + place % 4) * 255).astype("u1")
        write_png(tmp_path / "images" / "bac"[place % 4 % 3] / f"{place}.png", pixels)
    model = small_network(28, channels)
    exchange.save(model)
    data = keras.utils.image_dataset_from_directory(
        tmp_path / "images", color_mode=colour_mode, image_size=(28, 28), batch_size=16,
        shuffle=False, verbose=False,
    )
    expected = model.evaluate(data.map(lambda x, y: (x / 255.0, y)), return_dict=True, verbose=0)
    found = json.loads(
        exchange.rhyton("evaluate", "model.keras", "--data", "images", "--batch-size", 16, "--json")
    )
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-6)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)


def train_on_images(rhyton, tmp_path, count, side, peak):
    random = np.random.default_rng(5)
    # Noise does not shrink; a part of it, moved about, is enough.
    noise = random.integers(0, 256, (2 * side, 2 * side, 3), "u1")
    for place in range(count):
        top, left = random.integers(0, side, 2)
        pixels = noise[top : top + side, left : left + side].copy()
        pixels[:, :, place % 3] //= 2
        write_png(tmp_path / "images" / str(place % 3) / f"{place}.png", pixels)
    small_network(side, 3).save(tmp_path / "model.keras")
    train = rhyton(
        "train", "model.keras", "--data", "images", "--output", "trained.keras",
        "--augment", "rotation=10,flip=horizontal", measure=True, timeout=3600,
    )
    assert train.returncode == 0, train.stderr
    decoded = count * side * side * 12
    print(f"train: {decoded >> 20} MiB of images, peak {train.memory_bytes_max >> 20} MiB")
    assert train.memory_bytes_max <= peak


def test_a_folder_of_images_is_decoded_as_needed(rhyton, tmp_path):
    train_on_images(rhyton, tmp_path, 600, 224, SHORT_PEAK)


@pytest.mark.long
def test_8_gb_of_images_in_1_gib(rhyton, tmp_path):
    train_on_images(rhyton, tmp_path, (8 << 30) // (224 * 224 * 12) + 1, 224, LONG_PEAK)
