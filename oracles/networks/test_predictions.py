"""Well-known networks predict the same in the command, at their end and on the way."""

import zipfile

import h5py
import numpy as np
import pytest

from built import BUILDERS, draw, inputs, with_intermediates

TOLERANCE = 1e-4
LONG = pytest.mark.long


def predicted(rhyton, folder, path, x):
    """What the command makes of the inputs: a list of outputs."""
    np.save(folder / "x.npy", x)
    target = folder / "y.npz"
    rhyton("predict", path, "--input", folder / "x.npy", "--output", target)
    with np.load(target) as outputs:
        return [outputs[f"y{place}"] for place in range(len(outputs.files))]


def errors(expected, received):
    """For each output, max|Δ| ÷ max|y|."""
    assert [y.shape for y in expected] == [y.shape for y in received]
    return [float(np.abs(y - z).max() / np.abs(y).max()) for y, z in zip(expected, received)]


def save(name, size, folder):
    """A network with its intermediate outputs as a file, with what Keras makes of the inputs."""
    x = inputs(name, size)
    model = with_intermediates(draw(BUILDERS[name](size), x))
    path = folder / "network.keras"
    model.save(path)
    expected = [np.asarray(y) for y in model(x, training=False)]
    deviation = expected[0].std(axis=0).min()
    assert deviation >= 0.1, f"{name}: an output's deviation across inputs is {deviation}"
    return path, x, expected


def exchange_two(path, target):
    """Copies a file with the kernels of two equally shaped convolutions exchanged; their paths."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = target.with_suffix(".h5")
    weights.write_bytes(members["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        first, second = equal_kernels(file)
        values = file[first][()], file[second][()]
        file[second][()], file[first][()] = values
    members["model.weights.h5"] = weights.read_bytes()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return first, second


def equal_kernels(file):
    """The first two convolutions whose kernels have the same shape."""
    seen = {}
    for group in sorted(file["layers"]):
        kernel = f"layers/{group}/vars/0"
        if group.startswith("conv2d") and "transpose" not in group:
            shape = file[kernel].shape
            if shape in seen:
                return seen[shape], kernel
            seen[shape] = kernel
    raise AssertionError("no two convolutions have kernels of one shape")


CASES = [
    pytest.param("MobileNetV2", 96, id="MobileNetV2, 96"),
    pytest.param("U-Net", 64, id="U-Net, 64"),
    *(
        pytest.param(name, size, id=f"{name}, {size}", marks=LONG)
        for name in ["ResNet50", "DenseNet121", "EfficientNetB0"]
        for size in [96, 224]
    ),
    pytest.param("MobileNetV2", 224, id="MobileNetV2, 224", marks=LONG),
    pytest.param("U-Net", 224, id="U-Net, 224", marks=LONG),
]


@pytest.mark.parametrize(("name", "size"), CASES)
def test_predicts_what_keras_predicts(rhyton, tmp_path, name, size):
    path, x, expected = save(name, size, tmp_path)
    found = errors(expected, predicted(rhyton, tmp_path, path, x))
    print(f"\n{name}, {size}: " + " ".join(f"{error:.1e}" for error in found))
    assert max(found) <= TOLERANCE


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("U-Net", 64, id="U-Net"),
        *(
            pytest.param(name, 96, id=name, marks=LONG)
            for name in ["MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0"]
        ),
    ],
)
def test_exchanged_weights_are_noticed(rhyton, tmp_path, name, size):
    """The comparison above would see two layers' weights in each other's place."""
    path, x, expected = save(name, size, tmp_path)
    exchanged = tmp_path / "exchanged.keras"
    places = exchange_two(path, exchanged)
    found = errors(expected, predicted(rhyton, tmp_path, exchanged, x))
    print(f"\n{name}, {' and '.join(places)} exchanged: {found[0]:.1e}")
    assert found[0] > 10 * TOLERANCE
