"""Writes the .npy and .npz goldens with NumPy itself. Run: python make.py (in this folder)."""

import pathlib
import zipfile

import ml_dtypes
import numpy as np

HERE = pathlib.Path(__file__).parent

ARRAYS = {
    "bool": np.array([[True, False, True]]),
    "uint8": np.array([0, 255], "u1"),
    "uint16_big": np.array([1, 65535], ">u2"),
    "uint32": np.array([1, 2**32 - 1], "<u4"),
    "uint64_big": np.array([1, 2**64 - 1], ">u8"),
    "int8": np.array([-128, 127], "i1"),
    "int16": np.array([-32768, 300], "<i2"),
    "int32_big_fortran": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
    "int64": np.array([-(2**63), 2**63 - 1], "<i8"),
    "float16": np.array([0.5, -65504.0, 6e-8], "<f2"),
    "bfloat16": np.array([0.5, -3.0], ml_dtypes.bfloat16),
    "float32": np.array([[1.5, -2.25], [0.0, np.inf]], "<f4"),
    "float32_fortran": np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)),
    "float64_big": np.array([np.pi], ">f8"),
    "scalar": np.array(7.5, "<f4"),
    "empty": np.zeros((0, 3), "<f4"),
    "string": np.array(["a", "bc"]),
    "complex64": np.array([1j], "c8"),
    "object": np.array([None], dtype=object),
    "record": np.zeros(2, [("a", "<f4"), ("b", "<i4")]),
}

for name, array in ARRAYS.items():
    np.save(HERE / f"{name}.npy", array, allow_pickle=name == "object")

with open(HERE / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, np.arange(3, dtype="<i4"), version=(2, 0))

SET = {"x": np.arange(8, dtype="<f4").reshape(4, 2), "y": np.array([0, 1, 0, 1], "<i8")}
np.savez(HERE / "stored.npz", **SET)
np.savez_compressed(HERE / "deflated.npz", **SET)

# Two inputs under the names `x0` and `x1`, written out of order, with weights and validation data.
np.savez(
    HERE / "several.npz",
    x1=np.zeros((4, 3), "<f4"),
    x0=np.ones((4, 2), "<f4"),
    y=np.array([0, 1, 0, 1], "<i4"),
    sample_weight=np.array([1, 0, 1, 0.5], "<f4"),
    x0_val=np.ones((2, 2), "<f4"),
    x1_val=np.zeros((2, 3), "<f4"),
    y_val=np.array([1, 0], "<i4"),
)

with zipfile.ZipFile(HERE / "bzip2.npz", "w", zipfile.ZIP_BZIP2) as archive:
    archive.write(HERE / "uint8.npy", "x.npy")
