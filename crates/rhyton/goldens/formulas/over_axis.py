"""The activations over an axis in NumPy's float64: `(x, cotangent, axis)` to value and gradient.

The cotangent is asked for by the value's shape.
"""

import numpy as np

from . import elementwise
from .dual import Dual


def along(axis, x):
    return np.moveaxis(x, axis, -1)


def softmax(x, weights, axis=-1, sign=1):
    z = sign * along(axis, x)
    powers = np.exp(z - z.max(-1, keepdims=True))
    y = powers / powers.sum(-1, keepdims=True)
    g = along(axis, weights(x.shape))
    return y, sign * y * (g - (g * y).sum(-1, keepdims=True))


def softmax1(x, weights, axis=-1):
    z = along(axis, x)
    most = np.maximum(z.max(-1, keepdims=True), 0)
    powers = np.exp(z - most)
    y = powers / (powers.sum(-1, keepdims=True) + np.exp(-most))
    g = along(axis, weights(x.shape))
    return y, y * (g - (g * y).sum(-1, keepdims=True))


def log_softmax(x, weights, axis=-1):
    z = along(axis, x)
    z = z - z.max(-1, keepdims=True)
    y = z - np.log(np.exp(z).sum(-1, keepdims=True))
    g = along(axis, weights(x.shape))
    return y, g - np.exp(y) * g.sum(-1, keepdims=True)


def projected(x, weights, axis, power, shape):
    """The threshold by bisection; the derivative weighs by y to the power `shape` (1 or 0)."""
    z = along(axis, x) * (1 / power)
    z = z - z.max(-1, keepdims=True)
    low, high = np.full_like(z[..., :1], -1.0), np.zeros_like(z[..., :1])
    for _ in range(200):
        middle = (low + high) / 2
        above = (np.maximum(z - middle, 0) ** power).sum(-1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    y = np.maximum(z - (low + high) / 2, 0) ** power
    g = along(axis, weights(x.shape))
    s = np.where(y > 1e-14, y**shape, 0)
    return y, s * (g - (g * s).sum(-1, keepdims=True) / s.sum(-1, keepdims=True))


def sparsemax(x, weights, axis=-1):
    return projected(x, weights, axis, 1, 0)


def entmax15(x, weights, axis=-1):
    return projected(x, weights, axis, 2, 0.5)


def poly_norm(x, weights, axis=-1, a1=1 / 3, a2=1 / 3, a3=1 / 3, b=0.0):
    z, g = along(axis, x), along(axis, weights(x.shape))
    y, slope = np.full_like(z, float(np.float32(b))), np.zeros_like(z)
    for power, factor in enumerate([a1, a2, a3], 1):
        u, factor = z**power, float(np.float32(factor))
        r = ((u * u).mean(-1, keepdims=True) + 1e-6) ** -0.5
        y += factor * u * r
        by_u = factor * r * (g - u * (g * u).mean(-1, keepdims=True) * r * r)
        slope += by_u * power * z ** (power - 1)
    return y, slope


def top_k(x, weights, axis=-1, k=1):
    z = along(axis, x)
    stays = z >= np.sort(z, -1)[..., -min(k, z.shape[-1])][..., None]
    return np.where(stays, z, 0), np.where(stays, along(axis, weights(x.shape)), 0)


def each(formula, x):
    """A function of one element in 250 digits: values and derivatives."""
    found = [formula(Dual(value, 1)) for value in x.ravel().tolist()]
    numbers = lambda part: np.array([float(part(one)) for one in found]).reshape(x.shape)
    return numbers(lambda one: one.value), numbers(lambda one: one.slope)


def gated(gate, first="linear"):
    def value(x, weights, axis=-1):
        a, b = np.split(along(axis, x), 2, -1)
        (a, a_slope), (b, b_slope) = (each(elementwise.FORMULAS[first], a),
                                      each(elementwise.FORMULAS[gate], b))
        y = a * b
        g = along(axis, weights(np.moveaxis(y, -1, axis).shape))
        return y, np.concatenate([g * a_slope * b, g * a * b_slope], -1)
    return value


def clamped_swiglu(x, weights, axis=-1, alpha=1.702, limit=7.0):
    alpha = float(np.float32(alpha))
    a, b = np.split(along(axis, x), 2, -1)
    up, gate = np.clip(a, -limit, limit) + 1, np.minimum(b, limit)
    (swish, slope) = each(lambda x: elementwise.FORMULAS["swish"](x, beta=alpha), gate)
    y = up * swish
    g = along(axis, weights(np.moveaxis(y, -1, axis).shape))
    return y, np.concatenate([g * (np.abs(a) <= limit) * swish, g * up * slope * (b <= limit)], -1)


def crelu(x, weights, axis=-1):
    z = along(axis, x)
    y = np.concatenate([np.maximum(z, 0), np.maximum(-z, 0)], -1)
    up, down = np.split(along(axis, weights(np.moveaxis(y, -1, axis).shape)), 2, -1)
    return y, up * (z > 0) - down * (z < 0)


def in_groups(z, size):
    return z.reshape(*z.shape[:-1], -1, size)


def maxout(x, weights, axis=-1, pieces=2):
    groups = in_groups(along(axis, x), pieces)
    y = groups.max(-1)
    largest = groups == y[..., None]
    g = along(axis, weights(np.moveaxis(y, -1, axis).shape))[..., None]
    shares = g * largest / largest.sum(-1, keepdims=True)
    return y, shares.reshape(*shares.shape[:-2], -1)


def group_sort(x, weights, axis=-1, size=2):
    groups = in_groups(along(axis, x), size)
    order = np.argsort(groups, -1, kind="stable")
    g = in_groups(along(axis, weights(x.shape)), size)
    slope = np.zeros_like(groups)
    np.put_along_axis(slope, order, g, -1)
    y = np.take_along_axis(groups, order, -1)
    flat = (*groups.shape[:-2], -1)
    return y.reshape(flat), slope.reshape(flat)


FORMULAS = {
    "bilinear_glu": gated("linear"),
    "clamped_swiglu": clamped_swiglu,
    "crelu": crelu,
    "entmax15": entmax15,
    "geglu": gated("gelu"),
    "glu": gated("sigmoid"),
    "group_sort": group_sort,
    "gtu": gated("sigmoid", first="tanh"),
    "log_softmax": log_softmax,
    "maxout": maxout,
    "poly_norm": poly_norm,
    "reglu": gated("relu"),
    "softmax": softmax,
    "softmax1": softmax1,
    "softmin": lambda x, weights, axis=-1: softmax(x, weights, axis, sign=-1),
    "sparsemax": sparsemax,
    "swiglu": gated("swish"),
    "top_k": top_k,
}
CASES = {
    "clamped_swiglu": [{"alpha": 1.0, "limit": 0.75}],
    "group_sort": [{"size": 3}],
    "maxout": [{"pieces": 3}],
    "poly_norm": [{"a1": 0.5, "a2": -0.25, "a3": 0.25, "b": 1.5}],
    "top_k": [{"k": 3}, {"k": 100}],
}


def computed(name, parameters, x, weights):
    """Value and gradient with the axis where it was."""
    axis = parameters.get("axis", -1)
    y, slope = FORMULAS[name](x, weights, **parameters)
    return np.moveaxis(y, -1, axis), np.moveaxis(slope, -1, axis)
