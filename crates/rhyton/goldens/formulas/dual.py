"""Numbers of 250 digits with a derivative, for formulas as papers write them."""

import mpmath
from mpmath import mp

mp.dps = 250


class Dual:
    """A value and its derivative by x."""

    def __init__(self, value, slope=0):
        self.value, self.slope = mpmath.mpf(value), mpmath.mpf(slope)

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __add__(self, other):
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other):
        return self + -dual(other)

    def __mul__(self, other):
        other = dual(other)
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other):
        other = dual(other)
        slope = self.slope / other.value - self.value * other.slope / other.value**2
        return Dual(self.value / other.value, slope)

    def __pow__(self, whole):
        return Dual(self.value**whole, whole * self.value ** (whole - 1) * self.slope)

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return dual(other) - self

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return dual(other) / self

    def __abs__(self):
        return Dual(abs(self.value), mpmath.sign(self.value) * self.slope)

    def __lt__(self, other):
        return self.value < dual(other).value

    def __le__(self, other):
        return self.value <= dual(other).value

    def __gt__(self, other):
        return self.value > dual(other).value

    def __ge__(self, other):
        return self.value >= dual(other).value


def dual(number):
    return number if isinstance(number, Dual) else Dual(number)


def function(value, slope):
    """A function of one argument from those of numbers."""
    return lambda a: Dual(value(a.value), slope(a.value) * a.slope)


def _sech_squared(a):
    return 0 if abs(a) > 1e4 else 1 / mpmath.cosh(a) ** 2


def _tanh(a):
    return mpmath.sign(a) if abs(a) > 1e4 else mpmath.tanh(a)


def _erfc(a):
    return (2 if a < 0 else 0) if abs(a) > 1e4 else mpmath.erfc(a)


def _bell(a):
    return 0 if abs(a) > 1e4 else 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-a * a)


exp = function(mpmath.exp, mpmath.exp)
expm1 = function(mpmath.expm1, mpmath.exp)
log1p = function(mpmath.log1p, lambda a: 1 / (1 + a))
sqrt = function(mpmath.sqrt, lambda a: 1 / (2 * mpmath.sqrt(a)))
sin = function(mpmath.sin, mpmath.cos)
cos = function(mpmath.cos, lambda a: -mpmath.sin(a))
atan = function(mpmath.atan, lambda a: 1 / (1 + a * a))
asinh = function(mpmath.asinh, lambda a: 1 / mpmath.sqrt(1 + a * a))
tanh = function(_tanh, _sech_squared)
erfc = function(_erfc, lambda a: -_bell(a))
erf = function(lambda a: 1 - _erfc(a) if a > 1 else mpmath.erf(max(a, -100)), _bell)
