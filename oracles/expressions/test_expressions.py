"""Random expressions against JAX in float64, and mutated texts: parsed or refused, quickly."""

import os
import pathlib
import random
import statistics
import subprocess

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import erf, erfc

from random_expressions import Expressions

jax.config.update("jax_enable_x64", True)

SEED = 20_191_709
POINTS = 8
PARAMETERS = {"beta": 1.3, "alpha": 0.7, "a": 2.1}
RELATIVE = 1e-9
# What JAX's kernels lose below: it may flush subnormal numbers.
ABSOLUTE = 1e-290
NEAR = 1e-6
# Each operation is moved by so much to see how far an expression magnifies rounding.
NUDGE = 2.0**-50


@pytest.fixture(scope="module")
def evaluate_lines(rhyton_binary):
    """Runs the example that evaluates one expression a line, built beside the command."""
    root = pathlib.Path(__file__).resolve().parents[2]
    release = [] if rhyton_binary.parent.name == "debug" else ["--release"]
    build = ["cargo", "build", "-p", "rhyton-expression", "--example", "evaluate_lines", *release]
    subprocess.run(build, cwd=root, check=True)
    program = rhyton_binary.parent / "examples" / f"evaluate_lines{rhyton_binary.suffix}"

    def run(lines):
        text = "".join(line + "\n" for line in lines)
        done = subprocess.run([program], input=text.encode(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        answers = done.stdout.decode().splitlines()
        assert len(answers) == len(lines)
        return [answer.split("\t") for answer in answers]

    return run


class Evaluation:
    """A tree's value with JAX's functions, or with NumPy's and a note of every decision."""

    def __init__(self, numpy, bindings, parameters, nudges=None, decisions=None):
        self.numpy = numpy
        self.parameters = parameters
        self.nudges = nudges
        self.decisions = decisions
        self.bindings = bindings

    def __call__(self, x, value):
        self.x = x
        self.bound = {}
        for name, tree in self.bindings:
            self.bound[name] = self.of(tree)
        return self.of(value) + 0.0 * jnp.zeros_like(x)

    def of(self, tree):
        kind, *operands = tree
        if kind == "x":
            return self.x
        if kind == "number":
            return operands[0]
        if kind == "parameter":
            return self.parameters[operands[0]]
        if kind == "bound":
            return self.bound[operands[0]]
        values = [self.of(operand) if isinstance(operand, tuple) else operand for operand in operands]
        if self.nudges is None or kind in CONDITIONS:
            return self.apply(kind, values)
        values = [self.sloped(value) for value in values]
        return self.apply(kind, values) * (1.0 + self.nudge())

    def nudge(self):
        return NUDGE * self.nudges.choice([-1.0, 0.0, 1.0])

    def sloped(self, value):
        """The same value with a nudged slope, as rounding inside a rule of differentiation makes it."""
        if isinstance(value, str) or getattr(value, "dtype", None) == bool:
            return value
        rest = value - jax.lax.stop_gradient(value)
        return value + jnp.where(jnp.isfinite(value), rest, 0.0) * self.nudge()

    def apply(self, kind, v):
        result = OPERATIONS[kind](self.numpy, *v)
        if self.decisions is not None:
            for fact in facts(kind, v, result):
                self.decisions.append(np.broadcast_to(np.asarray(fact, dtype=float), self.x.shape))
        return result


def facts(kind, v, result):
    """What an operation decides, as numbers that stay the same until it decides otherwise."""
    if kind in ("max", "min"):
        return [sign_of(v[i] - v[j]) for i in range(len(v)) for j in range(i)]
    if kind == "clip":
        return [sign_of(v[0] - v[1]), sign_of(v[0] - v[2])]
    # A power's slope by a base of nought has conventions.
    if kind in ("abs", "sign", "relu", "^", "pow"):
        return [sign_of(v[0])]
    if kind in ("floor", "ceil", "round", "chain") or kind in COMPARE:
        return [result]
    return []


def sign_of(value):
    return np.sign(np.asarray(value, dtype=float))


COMPARE = {
    "<": lambda n, a, b: n.less(a, b),
    "<=": lambda n, a, b: n.less_equal(a, b),
    ">": lambda n, a, b: n.greater(a, b),
    ">=": lambda n, a, b: n.greater_equal(a, b),
    "==": lambda n, a, b: n.equal(a, b),
    "!=": lambda n, a, b: n.not_equal(a, b),
}
CONDITIONS = {*COMPARE, "chain", "and", "or", "not"}


def folded(function):
    def apply(n, first, *rest):
        for value in rest:
            first = function(n)(first, value)
        return first

    return apply


def power(n, a, b):
    if isinstance(a, float) and isinstance(b, float):
        a = np.float64(a)
    return n.power(n.asarray(a, dtype=float), n.asarray(b, dtype=float))


def one_of(jax_name, numpy_function):
    return lambda n, a: jax_name(a) if n is jnp else numpy_function(n, a)


def scipy(name):
    def apply(n, a):
        import scipy.special

        return getattr(scipy.special, name)(a)

    return apply


def divided(n, a, b):
    return n.divide(n.asarray(a, dtype=float), n.asarray(b, dtype=float))


sigmoid = one_of(jax.nn.sigmoid, scipy("expit"))
OPERATIONS = {
    **COMPARE,
    "+": lambda n, a, b: a + b,
    "-": lambda n, a, b: a - b,
    "*": lambda n, a, b: a * b,
    "/": divided,
    "^": power,
    "negate": lambda n, a: -a,
    "add": lambda n, a, b: a + b,
    "subtract": lambda n, a, b: a - b,
    "multiply": lambda n, a, b: a * b,
    "divide": divided,
    "pow": power,
    "max": folded(lambda n: n.maximum),
    "min": folded(lambda n: n.minimum),
    "clip": lambda n, a, low, high: n.minimum(n.maximum(a, low), high),
    "where": lambda n, c, a, b: n.where(c, a, b),
    "counted": lambda n, c: n.where(c, 1.0, 0.0),
    "chain": lambda n, first, a, second, b, c: n.logical_and(
        COMPARE[first](n, a, b), COMPARE[second](n, b, c)
    ),
    "and": lambda n, a, b: n.logical_and(a, b),
    "or": lambda n, a, b: n.logical_or(a, b),
    "not": lambda n, a: n.logical_not(a),
    "asin": lambda n, a: n.arcsin(a),
    "acos": lambda n, a: n.arccos(a),
    "atan": lambda n, a: n.arctan(a),
    "asinh": lambda n, a: n.arcsinh(a),
    "rsqrt": lambda n, a: 1.0 / n.sqrt(a),
    "reciprocal": lambda n, a: divided(n, 1.0, a),
    "negative": lambda n, a: -a,
    "sigmoid": sigmoid,
    "softplus": lambda n, a: n.logaddexp(n.asarray(a, dtype=float), 0.0),
    "relu": lambda n, a: n.maximum(a, 0.0),
    "erf": one_of(erf, scipy("erf")),
    "erfc": one_of(erfc, scipy("erfc")),
    "normal_cdf": lambda n, a: 0.5 * OPERATIONS["erfc"](n, -a * 0.7071067811865476),
    **{
        name: (lambda name: lambda n, a: getattr(n, name)(a))(name)
        for name in "exp expm1 log log1p sqrt square abs sign floor ceil round sin cos tan sinh cosh "
        "tanh log2 log10 exp2".split()
    },
}


def slopes(bindings, value, x, wrt, nudges=None):
    """Value and derivative by `x` or by a parameter, from JAX."""

    def function(moved):
        parameters = {**PARAMETERS, wrt: moved} if wrt in PARAMETERS else PARAMETERS
        point = x if wrt in PARAMETERS else moved
        return Evaluation(jnp, bindings, parameters, nudges)(point, value)

    primal = PARAMETERS[wrt] if wrt in PARAMETERS else x
    return [np.asarray(result) for result in jax.jvp(function, (primal,), (np.ones_like(primal),))]


def kinks(bindings, value, x):
    """Where a decision differs within NEAR of a point or of a parameter's value."""

    def decided(moved, parameters):
        decisions = []
        with np.errstate(all="ignore"):
            Evaluation(np, bindings, parameters, decisions=decisions)(moved, value)
        return np.array(decisions, dtype=float).reshape(len(decisions), len(x))

    here = decided(x, PARAMETERS)
    places = [decided(x + offset, PARAMETERS) for offset in (-NEAR, NEAR)]
    places += [decided(x, {**PARAMETERS, "beta": PARAMETERS["beta"] + step}) for step in (-NEAR, NEAR)]
    same = np.ones(len(x), dtype=bool)
    for there in places:
        same &= (np.equal(here, there) | (np.isnan(here) & np.isnan(there))).all(axis=0)
    return ~same


def spread(bindings, value, x, wrt, results):
    """How far two runs with nudged operations lie from the results."""
    far = [np.zeros(len(x)), np.zeros(len(x))]
    for seed in (1, 2):
        moved = slopes(bindings, value, x, wrt, random.Random(seed))
        for place in range(2):
            with np.errstate(all="ignore"):
                distance = np.abs(moved[place] - results[place])
            unlike = np.isfinite(moved[place]) != np.isfinite(results[place])
            distance = np.where(np.isfinite(distance), distance, np.where(unlike, np.inf, 0.0))
            far[place] = np.maximum(far[place], distance)
    return far


def floor(x, values):
    """What rounding leaves of a slope that cancels to nought: of 1 - tanh(x)², say."""
    with np.errstate(all="ignore"):
        return 256 * 2.0**-52 * (np.abs(values) + 1.0) / np.minimum(np.abs(x), 1.0)


def agrees(own, oracle, noise):
    """Where results are equal, both NaN, or as near as the noise of an expression allows."""
    with np.errstate(all="ignore"):
        near = np.abs(own - oracle) <= RELATIVE * np.abs(oracle) + 64 * noise + ABSOLUTE
    return near | (own == oracle) | (np.isnan(own) & np.isnan(oracle)) | np.isinf(noise)


def numbers(field):
    return np.array([float(number) for number in field.split(",")])


def drawn(count):
    source = random.Random(SEED)
    expressions = Expressions(source)
    for _ in range(count):
        bindings, value = expressions.draw()
        x = [source.choice([source.uniform(-3, 3), source.uniform(-20, 20)]) for _ in range(POINTS)]
        yield bindings, value, np.array(x), expressions.text(bindings, value)


def line(x, text):
    points = ",".join(repr(float(number)) for number in x)
    parameters = ",".join(f"{name}={value}" for name, value in PARAMETERS.items())
    escaped = text.replace("\n", "\\n")
    return f"{points}\t{parameters}\t{escaped}"


def test_random_expressions_agree_with_jax(evaluate_lines, short, capsys):
    cases = list(drawn(500 if short else 10_000))
    answers = evaluate_lines([line(x, text) for *_, x, text in cases])
    excluded = points = noisy = undefined = finite = 0
    failures = []
    for (bindings, value, x, text), (kind, *fields, _) in zip(cases, answers):
        if kind != "parsed":
            failures.append(f"refused: {text!r}: {fields}")
            continue
        own_value, own_slope, own_beta = map(numbers, fields[:3])
        kinked = kinks(bindings, value, x)
        points += len(x)
        excluded += int(kinked.sum())
        finite += int(np.isfinite(own_value).sum())
        for wrt, own in (("x", own_slope), ("beta", own_beta)):
            results = slopes(bindings, value, x, wrt)
            wrong = [~agrees(o, r, 0.0) & ~kinked for o, r in zip((own_value, own), results)]
            with np.errstate(all="ignore"):
                wrong[1] &= ~(np.abs(own - results[1]) <= floor(x, results[0]))
            # What has no finite value has no slope, whatever either says.
            wrong[1] &= np.isfinite(results[0])
            # JAX multiplies an infinite slope by nought where a branch is flat, or where its 1 - tanh²
            # rounds to nought (ours is tiny there, and infinity stays): its NaN is no slope. Nor is
            # infinity times the rounding error of nought, in asin(x / x).
            flat = np.isnan(results[1]) & ~np.isnan(own) | np.isinf(results[1]) & np.isnan(own)
            undefined += int((wrong[1] & flat).sum())
            wrong[1] &= ~flat
            if not (wrong[0].any() or wrong[1].any()):
                continue
            noise = spread(bindings, value, x, wrt, results)
            for name, o, r, w, far in zip(("value", f"d{wrt}"), (own_value, own), results, wrong, noise):
                bad = w & ~agrees(o, r, far)
                noisy += int((w & ~bad).sum())
                for place in np.flatnonzero(bad):
                    failures.append(
                        f"{name} at {x[place]!r}: own {o[place]!r}, JAX {r[place]!r}: {text!r}"
                    )
    with capsys.disabled():
        print(
            f"\n{len(cases)} expressions, {points} points, {finite / points:.1%} with a finite value: {excluded / points:.3%} near kinks left out, "
            f"{noisy / points:.3%} agree within the rounding that they magnify, "
            f"{undefined / points:.3%} slopes are NaN in one and not finite, or flat, in the other, {len(failures)} differ"
        )
        for failure in failures[:40]:
            print(failure)
    assert not failures
    assert excluded <= 0.01 * points


PARTS = [
    "x", "beta", "𝛽", "σ", "e", "exp", "max", "where", "clip", "np.", "foo", "(", ")", "|", ",", ";",
    "\n", "=", "==", "<", ":", ".", "1", ".5", "1e", "1e999", "²", "⁻", "√", "½", "-", "+", "*", "**",
    "/", "^", " if ", " else ", " and ", " not ", "lambda ", "def ", "return ", "let ", "#", "∞", "\0",
    "é", "𝕏", "f(x) = ", "[", "((((((((", "x" * 300,
]


def mutated(source, text):
    """The text with a few parts taken out, put in, doubled or swapped."""
    letters = list(text)
    for _ in range(source.randint(1, 2)):
        at = source.randrange(len(letters) + 1)
        end = min(len(letters), at + source.randint(0, 12))
        kind = source.randrange(4)
        if kind == 0:
            del letters[at:end]
        elif kind == 1:
            letters[at:at] = source.choice(PARTS)
        elif kind == 2:
            letters[at:at] = letters[at:end] * source.randint(1, 20)
        else:
            other = source.randrange(len(letters) + 1)
            letters[at:end] = letters[other : other + end - at]
    return "".join(letters).replace("\t", " ").replace("\r", " ")


def test_mutated_texts_are_parsed_or_refused(evaluate_lines, short, capsys):
    source = random.Random(SEED + 1)
    texts = [mutated(source, text) for *_, text in drawn(500 if short else 10_000)]
    answers = evaluate_lines([line([0.5], text) for text in texts])
    refused = [(text, fields) for text, (kind, *fields) in zip(texts, answers) if kind == "refused"]
    for text, (position, length, *_) in refused:
        assert int(position) + int(length) <= len(text.encode()), text
    micros = sorted(int(answer[-1]) for answer in answers)
    with capsys.disabled():
        print(
            f"\n{len(texts)} mutated texts: {len(refused)} refused; parsing took {statistics.median(micros)} µs "
            f"in the middle, {micros[-1]} µs at most"
        )
    assert refused and len(refused) < len(texts)
    assert micros[-1] < 1000 or "debug" in str(os.environ.get("RHYTON_BINARY"))
