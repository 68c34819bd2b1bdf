"""The activations of one element, as their papers define them, at 250 digits: `(x, parameters)`."""

import inspect

import numpy
from mpmath import mpf, pi

from .dual import Dual, asinh, atan, cos, dual, erf, erfc, exp, expm1, log1p, sin, sqrt, tanh


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softplus(x, beta=1.0):
    return log1p(exp(beta * x)) / beta


def relu(x, negative_slope=0.0, max_value=float("inf"), threshold=0.0):
    if x > threshold:
        return x if max_value == float("inf") or x < max_value else dual(max_value)
    return negative_slope * (x - threshold)


def elu(x, alpha=1.0):
    return x if x >= 0 else alpha * expm1(x)


def clip(x, low, high):
    return x if low < x.value < high else dual(low if x <= low else high)


def gelu(x, approximate=0.0):
    if approximate:
        inner = sqrt(dual(2 / pi)) * (x + mpf("0.044715") * x**3)
        return x * (1 + tanh(inner)) / 2 if inner > -1000 else dual(0)
    return x * erfc(-x / sqrt(dual(2))) / 2


def swish(x, beta=1.0):
    return x / (1 + exp(-beta * x))


def leaky(x, slope):
    return x if x > 0 else slope * x


def prelu(x, alpha=0.25):
    return leaky(x, alpha)


def leaky_relu(x, negative_slope=0.2):
    return leaky(x, negative_slope)


def celu(x, alpha=1.0):
    return x if x >= 0 else alpha * expm1(x / alpha)


def selu(x):
    return mpf("1.05070098735548049342") * elu(x, mpf("1.67326324235437728482"))


def straight_through(x, value):
    """A step, whose derivative is taken for that of x from -1 to 1."""
    return Dual(value, 1 if abs(x.value) <= 1 else 0)


def step(x):
    return straight_through(x, 1 if x > 0 else 0)


def sign(x):
    return straight_through(x, (x > 0) - (x < 0))


def acon_c(x, p1=1.0, p2=0.0, beta=1.0):
    return (p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x


def apl(x, a=0.25, b=0.0):
    return relu(x) + a * relu(b - x)


def aria2(x, alpha=1.5, beta=2.0):
    base = 1 + exp(-beta * x)
    power = base.value ** mpf(-alpha)
    return x * Dual(power, -alpha * power / base.value * base.slope)


def bent_identity(x):
    return (sqrt(x**2 + 1) - 1) / 2 + x


def cloglog(x):
    return dual(1) if x > 100 else -expm1(-exp(x))


def dsilu(x):
    return sigmoid(x) + x * sigmoid(x) * sigmoid(-x)


def dynamic_tanh(x, alpha=0.5, gamma=1.0, beta=0.0):
    return gamma * tanh(alpha * x) + beta


def e_swish(x, beta=1.375):
    return beta * x * sigmoid(x)


def elish(x):
    return (x if x >= 0 else expm1(x)) / (1 + exp(-x))


def elliott(x):
    return x / (2 * (1 + abs(x))) + mpf(0.5)


def frelu(x, b=-1.0):
    return relu(x) + b


def gaussian(x):
    return exp(-(x**2))


def hard_shrink(x, threshold=0.5):
    return x if abs(x) > threshold else dual(0)


def hard_sigmoid(x):
    return clip(x / 6 + mpf(1) / 2, 0, 1)


def hard_mish(x):
    return dual(0) if x <= -2 else x if x >= 0 else x * (x + 2) / 2


def hard_silu(x):
    return dual(0) if x <= -3 else x if x >= 3 else x * (x + 3) / 6


def isru(x, alpha=1.0):
    return x / sqrt(1 + alpha * x**2)


def isrlu(x, alpha=1.0):
    return x if x >= 0 else isru(x, alpha)


def laplace(x, mu=0.7071067811865476, sigma=0.28209479177387814):
    return erfc((mu - x) / (sigma * sqrt(dual(2)))) / 2


def lecun_tanh(x):
    return mpf("1.7159") * tanh(x * 2 / 3)


def mish(x):
    return x * tanh(softplus(x)) if x < 1e4 else x


PAU = {"a0": 0.02996348, "a1": 0.61690165, "a2": 2.37539147, "a3": 3.06608078, "a4": 1.52474449,
       "a5": 0.25281987, "b1": 1.19160814, "b2": 4.40811795, "b3": 0.91111034, "b4": 0.34885983}


def pau(x, **given):
    value = lambda name: mpf(float(given.get(name, numpy.float32(PAU[name]))))
    above = sum((value(f"a{power}") * x**power for power in range(1, 6)), dual(value("a0")))
    below = sum((value(f"b{power}") * x**power for power in range(1, 5)), dual(0))
    return above / (1 + abs(below))


def pelu(x, a=1.0, b=1.0):
    return x * a / b if x >= 0 else a * expm1(x / b)


def penalised_tanh(x, a=0.25):
    return tanh(x) if x > 0 else a * tanh(x)


def poly_relu(x, a0=0.0, a1=1 / 3, a2=1 / 3, a3=1 / 3):
    above = relu(x)
    return a0 + a1 * above + a2 * above**2 + a3 * above**3


def quick_gelu(x):
    return swish(x, mpf("1.702"))


def serf(x):
    return x * erf(softplus(x)) if x < 1e4 else x


def shifted_relu(x, shift=1.0):
    return x if x > -shift else dual(-shift)


def sinc(x):
    return dual(1) if x.value == 0 else sin(x) / x


def smish(x):
    return x * tanh(log1p(sigmoid(x)))


def smu(x, alpha=0.25, mu=1e6):
    return ((1 + alpha) * x + (1 - alpha) * x * erf(mu * (1 - alpha) * x)) / 2


def snake(x, a=1.0):
    return x + sin(a * x) ** 2 / a


def soft_cap(x, cap=30.0):
    return cap * tanh(x / cap)


def soft_shrink(x, threshold=0.5):
    return x - threshold if x > threshold else x + threshold if x < -threshold else dual(0)


def sparse_plus(x):
    return dual(0) if x <= -1 else x if x >= 1 else (x + 1) ** 2 / 4


def squareplus(x, b=4.0):
    return (x + sqrt(x**2 + b)) / 2


def srelu(x, t_left=0.0, a_left=0.2, t_right=1.0, a_right=1.0):
    if x <= t_left:
        return t_left + a_left * (x - t_left)
    return x if x < t_right else t_right + a_right * (x - t_right)


def symlog(x):
    return log1p(x) if x >= 0 else -log1p(-x)


def tanhexp(x):
    return x if x > 100 else x * tanh(exp(x))


def threshold(x, threshold=0.0, default_value=0.0):
    return x if x > threshold else dual(default_value)


def thresholded_relu(x, theta=1.0):
    return x if x > theta else dual(0)


def xielu(x, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    bent = alpha_p * x**2 if x > 0 else alpha_n * (expm1(x) - x)
    return bent + beta * x


FORMULAS = {
    name: formula for name, formula in list(globals().items())
    if inspect.isfunction(formula) and formula.__module__ == __name__
    and name not in ("clip", "leaky", "straight_through")
} | {
    "arctan": atan,
    "asinh": asinh,
    "exponential": exp,
    "gcu": lambda x: x * cos(x),
    "hard_sigmoid_keras2": lambda x: clip(x / 5 + mpf(1) / 2, 0, 1),
    "hard_tanh": lambda x: clip(x, -1, 1),
    "linear": lambda x: x,
    "lisht": lambda x: x * tanh(x),
    "log_sigmoid": lambda x: -log1p(exp(-x)),
    "logish": lambda x: x * log1p(sigmoid(x)),
    "relu6": lambda x: clip(x, 0, 6),
    "relu_squared": lambda x: relu(x) ** 2,
    "sine": lambda x, omega=30.0: sin(omega * x),
    "softsign": lambda x: x / (1 + abs(x)),
    "sparse_sigmoid": lambda x: clip((x + 1) / 2, 0, 1),
    "tanh": tanh,
    "tanh_shrink": lambda x: x - tanh(x),
}

# Parameters beside the defaults.
CASES = {
    "acon_c": [{"p1": 1.5, "p2": 0.25, "beta": 2.0}],
    "apl": [{"a": -0.5, "b": 1.0}],
    "aria2": [{"alpha": 0.5, "beta": 1.0}],
    "celu": [{"alpha": 2.0}, {"alpha": 0.7}],
    "dynamic_tanh": [{"alpha": 1.0, "gamma": 2.0, "beta": 0.25}],
    "e_swish": [{"beta": 1.8}],
    "elu": [{"alpha": 0.3}],
    "frelu": [{"b": 0.3}],
    "gelu": [{"approximate": 1.0}],
    "hard_shrink": [{"threshold": 1.5}],
    "isrlu": [{"alpha": 3.0}],
    "isru": [{"alpha": 0.3}],
    "laplace": [{"mu": 0.0, "sigma": 1.0}],
    "leaky_relu": [{"negative_slope": 0.01}],
    "pelu": [{"a": 0.5, "b": 1.5}],
    "penalised_tanh": [{"a": 0.1}],
    "prelu": [{"alpha": -0.5}],
    "relu": [{"negative_slope": 0.25}, {"max_value": 2.0}, {"threshold": 1.0},
             {"negative_slope": 0.1, "max_value": 3.0, "threshold": 0.5}],
    "shifted_relu": [{"shift": 0.25}],
    "sine": [{"omega": 1.0}],
    "smu": [{"alpha": 0.1, "mu": 2.0}],
    "snake": [{"a": 2.0}, {"a": -0.5}],
    "soft_cap": [{"cap": 5.0}],
    "soft_shrink": [{"threshold": 1.5}],
    "softplus": [{"beta": 1.5}],
    "squareplus": [{"b": 0.5}],
    "srelu": [{"t_left": -1.0, "a_left": 0.1, "t_right": 2.0, "a_right": 0.5}],
    "swish": [{"beta": 1.7}, {"beta": -0.5}],
    "threshold": [{"threshold": 1.0, "default_value": -2.0}],
    "thresholded_relu": [{"theta": 0.3}],
    "xielu": [{"alpha_p": 2.0, "alpha_n": 0.5, "beta": 0.25}],
}
