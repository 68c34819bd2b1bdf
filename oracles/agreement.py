"""When two results agree: per tensor, max|Δ| ≤ tolerance · max(1, max|expected|)."""

import numpy as np

WEIGHTS = 1e-4
HISTORY = 1e-4
OUTPUTS = 1e-5


def disagreement(expected, received):
    """The largest difference of two tensors, as a share of max(1, max|expected|)."""
    expected, received = np.asarray(expected, "float64"), np.asarray(received, "float64")
    assert expected.shape == received.shape, f"{expected.shape} is not {received.shape}"
    if expected.size == 0:
        return 0.0
    if (np.isnan(expected) != np.isnan(received)).any():
        return np.inf
    # Equal infinities agree; their difference is no number.
    with np.errstate(invalid="ignore"):
        difference = np.where(expected == received, 0.0, np.abs(expected - received))
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    return float(np.nan_to_num(difference, nan=0.0, posinf=np.inf).max() / scale)


def assert_tensors_agree(expected, received, tolerance, looser=None):
    """Compares tensors by name; `looser` maps names to bounds of their own.

    All that disagree are named at once, with by how much.
    """
    looser = looser or {}
    assert list(expected) == list(received)
    found = {name: disagreement(expected[name], received[name]) for name in expected}
    bounds = {name: max(tolerance, looser.get(name, 0.0)) for name in expected}
    wrong = {name: (value, bounds[name]) for name, value in found.items() if not value <= bounds[name]}
    assert not wrong, "\n".join(
        f"{name}: {value:.3e} where {bound:.1e} is allowed" for name, (value, bound) in wrong.items()
    )


def assert_histories_agree(expected, received):
    """Compares logs by name and epoch."""
    assert sorted(expected) == sorted(received)
    for name, values in expected.items():
        np.testing.assert_allclose(received[name], values, rtol=0, atol=HISTORY, err_msg=name)
