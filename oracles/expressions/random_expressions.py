"""Random expressions that cover the grammar of `docs/expressions.md`, as trees and as text.

A tree is a tuple: ("x",), ("number", value), ("parameter", name), ("bound", name) or an operation with
its operands. `text` writes one of the many ways in which a tree can be written.
"""

import math

FUNCTIONS = {
    "exp": ["exp", "exponential", "np.exp", "K.exp"],
    "expm1": ["expm1"],
    "log": ["log", "ln", "tf.math.log"],
    "log1p": ["log1p"],
    "sqrt": ["sqrt", "torch.sqrt"],
    "rsqrt": ["rsqrt"],
    "square": ["square"],
    "abs": ["abs", "absolute", "fabs"],
    "sign": ["sign", "sgn"],
    "floor": ["floor"],
    "ceil": ["ceil"],
    "round": ["round", "rint"],
    "sin": ["sin"],
    "cos": ["cos"],
    "tan": ["tan"],
    "asin": ["asin", "arcsin"],
    "acos": ["acos", "arccos"],
    "atan": ["atan", "arctan"],
    "sinh": ["sinh"],
    "cosh": ["cosh"],
    "tanh": ["tanh", "keras.ops.tanh"],
    "asinh": ["asinh", "arcsinh"],
    "erf": ["erf"],
    "erfc": ["erfc"],
    "sigmoid": ["sigmoid", "logistic", "expit", "σ", "tf.nn.sigmoid"],
    "softplus": ["softplus"],
    "relu": ["relu", "tf.nn.relu"],
    "log2": ["log2"],
    "log10": ["log10"],
    "exp2": ["exp2"],
    "reciprocal": ["reciprocal"],
    "negative": ["negative", "neg"],
    "normal_cdf": ["normal_cdf", "ndtr", "Φ"],
}
STEPS = {"floor", "ceil", "round"}
PAIRS = {
    "add": ["add"],
    "subtract": ["subtract", "sub"],
    "multiply": ["multiply", "mul"],
    "divide": ["divide", "true_divide"],
    "pow": ["pow", "power"],
}
PARAMETERS = {"beta": ["beta", "β", "𝛽"], "alpha": ["alpha", "α"], "a": ["a"]}
COMPARISONS = {
    "<": ["<"], "<=": ["<=", "≤"], ">": [">"], ">=": [">=", "≥"], "==": ["=="], "!=": ["!=", "≠"],
}


class Expressions:
    """Draws trees and texts from a generator of random numbers."""

    def __init__(self, random):
        self.random = random
        self.bound = []

    def draw(self):
        """Bindings (name and tree, in order), the value's tree."""
        random = self.random
        self.bound = []
        bindings = []
        for name in ["u", "half_x", "t2"][: random.choice([0, 0, 0, 1, 1, 2, 3])]:
            bindings.append((name, self.number(random.randint(1, 3))))
            self.bound.append(name)
        return bindings, self.number(random.randint(2, 5))

    def leaf(self):
        kind = self.random.random()
        if kind < 0.5 or (kind < 0.6 and not self.bound):
            return ("x",)
        if kind < 0.6:
            return ("bound", self.random.choice(self.bound))
        if kind < 0.72:
            return ("parameter", self.random.choice(list(PARAMETERS)))
        if kind < 0.76:
            return ("number", self.random.choice([math.pi, math.e]))
        return ("number", self.random.choice([
            float(self.random.randint(0, 12)),
            round(self.random.uniform(0, 5), self.random.randint(1, 4)),
            0.5, 0.25, 0.75, 0.1, 1.702, 0.044715, 2e-3, 1.5e1,
        ]))

    def number(self, depth):
        random = self.random
        if depth <= 0:
            return self.leaf()
        one = lambda: self.number(depth - random.choice([1, 1, 2]))
        kind = random.random()
        if kind < 0.36:
            return (random.choice(["+", "-", "*", "*", "/"]), one(), one())
        if kind < 0.42:
            exponent = ("number", float(random.choice([2, 2, 3, 4, -1, -2, 0.5, 1.5])))
            return ("^", one(), exponent if random.random() < 0.7 else one())
        if kind < 0.47:
            return ("negate", one())
        if kind < 0.74:
            name = random.choice(list(FUNCTIONS))
            # Steps of what is steep have kinks everywhere.
            inner = self.number(min(depth - 1, 1)) if name in STEPS else one()
            return (name, inner)
        if kind < 0.82:
            return (random.choice(["max", "min"]), *[one() for _ in range(random.choice([2, 2, 3]))])
        if kind < 0.85:
            return ("clip", one(), ("number", -1.0), ("number", float(random.randint(1, 6))))
        if kind < 0.88:
            return (random.choice(list(PAIRS)), one(), one())
        if kind < 0.98:
            return ("where", self.condition(depth - 1), one(), one())
        return ("counted", self.condition(depth - 1))

    def condition(self, depth):
        random = self.random
        kind = random.random()
        part = lambda: self.number(min(depth - 1, 2))
        if depth <= 0 or kind < 0.7:
            return (random.choice(list(COMPARISONS)), part(), part())
        if kind < 0.8:
            return ("chain", random.choice(["<", "<="]), part(), random.choice(["<", "<="]), part(), part())
        if kind < 0.87:
            return ("not", self.condition(depth - 1))
        return (random.choice(["and", "or"]), self.condition(depth - 1), self.condition(depth - 1))

    # Text. Each writer gives the text and how tightly it binds, as the grammar's levels.

    def text(self, bindings, value):
        random = self.random
        parts = [
            f"{random.choice(['', '', 'let '])}{name}{random.choice([' = ', '='])}{self.write(tree, 0)}"
            for name, tree in bindings
        ]
        final = self.write(value, 0)
        style = random.random()
        separator = random.choice(["; ", "\n", ";\n"])
        if style < 0.08:
            parts.append(f"return {final}")
        elif style < 0.14:
            parts.append(f"y = {final}")
        else:
            parts.append(final)
        body = separator.join(parts)
        style = random.random()
        signature = "x, beta=1, alpha=1, a=1"
        if style < 0.06:
            return f"f({signature}) = {body}" if not bindings else body
        if style < 0.1:
            return f"def f({signature}):\n{body}"
        if style < 0.14 and not bindings and "return" not in body and "y = " not in body:
            return f"lambda {signature}: {body}"
        if style < 0.17:
            return f"{body}  # a remark"
        return body

    def write(self, tree, needed):
        text, level = self.piece(tree)
        if level < needed or self.random.random() < 0.06:
            return f"({text})"
        return text

    def piece(self, tree):
        random = self.random
        kind, *operands = tree
        space = random.choice([" ", " ", ""])
        operator = lambda symbol: f"{space}{symbol}{space}"
        if kind == "x":
            return random.choice(["x"] * 9 + ["𝑥"]), 9
        if kind == "number":
            return self.literal(operands[0])
        if kind == "parameter":
            return random.choice(PARAMETERS[operands[0]]), 9
        if kind == "bound":
            return operands[0], 9
        if kind in "+-":
            left, right = self.write(operands[0], 5), self.write(operands[1], 6)
            symbol = kind if kind == "+" else random.choice(["-", "-", "−"])
            return left + operator(symbol) + right, 5
        if kind == "*":
            return self.product(operands)
        if kind == "/":
            return self.write(operands[0], 6) + operator(random.choice("//÷")) + self.write(operands[1], 7), 6
        if kind == "negate":
            return "-" + self.write(operands[0], 7), 7
        if kind == "^":
            return self.power(*operands)
        if kind == "abs" and random.random() < 0.4:
            return f"|{self.write(operands[0], 5)}|" if "|" not in self.write(operands[0], 5) else (
                f"abs({self.write(operands[0], 0)})"), 9
        if kind == "sqrt" and random.random() < 0.3:
            return f"√({self.write(operands[0], 0)})", 9
        if kind in FUNCTIONS:
            return f"{random.choice(FUNCTIONS[kind])}({self.write(operands[0], 0)})", 9
        if kind in PAIRS:
            return self.call(random.choice(PAIRS[kind]), operands), 9
        if kind in ("max", "min"):
            return self.call(random.choice([kind, f"{kind}imum", f"np.{kind}imum"]), operands), 9
        if kind == "clip":
            return self.call(random.choice(["clip", "clamp", "clip_by_value"]), operands), 9
        if kind == "where":
            return self.conditional(*operands)
        if kind == "counted":
            return f"({self.write(operands[0], 0)})", 9
        return self.write_condition(kind, operands, operator)

    def call(self, name, operands):
        return f"{name}({', '.join(self.write(operand, 0) for operand in operands)})"

    def literal(self, value):
        random = self.random
        if value == math.pi:
            return random.choice(["pi", "π"]), 9
        if value == math.e:
            return "e", 9
        if value < 0:
            return f"-{self.literal(-value)[0]}", 7
        fraction = {0.5: "½", 0.25: "¼", 0.75: "¾"}.get(value)
        if fraction and random.random() < 0.3:
            return fraction, 9
        written = repr(value)
        if value == int(value):
            written = random.choice([str(int(value)), written])
        elif random.random() < 0.2:
            written = f"{value:e}"
        if written.startswith("0.") and random.random() < 0.3:
            written = written[1:]
        return written, 9

    def product(self, operands):
        left, right = operands
        if self.random.random() < 0.25:
            if left[0] == "number" and left[1] >= 0 and left[1] not in (math.pi, math.e):
                if right[0] == "x":
                    return f"{repr(left[1])}{'x'}", 6
                return f"{repr(left[1])}({self.write(right, 0)})", 6
            return f"({self.write(left, 0)})({self.write(right, 0)})", 6
        symbol = self.random.choice(["*", "*", "*", "·", "×"])
        space = self.random.choice([" ", ""])
        return self.write(left, 6) + f"{space}{symbol}{space}" + self.write(right, 7), 6

    def power(self, base, exponent):
        written = self.write(base, 9)
        marks = {2.0: "²", 3.0: "³", 4.0: "⁴", -1.0: "⁻¹", -2.0: "⁻²"}
        mark = marks.get(exponent[1]) if exponent[0] == "number" else None
        # `2²` and `x²` are powers; a number before a mark must not end in a fraction sign.
        if mark and self.random.random() < 0.5 and base[0] != "number":
            return written + mark, 8
        return written + self.random.choice(["^", "**", " ** ", " ^ "]) + self.write(exponent, 7), 8

    def conditional(self, condition, then, otherwise):
        if self.random.random() < 0.4:
            return (
                f"{self.write(then, 1)} if {self.write(condition, 1)} else {self.write(otherwise, 0)}",
                0,
            )
        return self.call(self.random.choice(["where", "select", "tf.where"]), (condition, then, otherwise)), 9

    def write_condition(self, kind, operands, operator):
        random = self.random
        if kind in COMPARISONS:
            symbol = random.choice(COMPARISONS[kind])
            return f"{self.write(operands[0], 5)} {symbol} {self.write(operands[1], 5)}", 4
        if kind == "chain":
            first, a, second, b, c = operands
            return f"{self.write(a, 5)} {first} {self.write(b, 5)} {second} {self.write(c, 5)}", 4
        if kind == "not":
            return f"not {self.write(operands[0], 3)}", 3
        level = 2 if kind == "and" else 1
        words = {"and": ["and", "and", "&&"], "or": ["or"]}[kind]
        return f"{self.write(operands[0], level)} {random.choice(words)} {self.write(operands[1], level + 1)}", level
