"""Functions of floats that the VM has no opcode for, out of those it has."""

from __future__ import annotations

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.floats import copy_sign, native_constant
from gossamer.compiler.vm.conversion.integers import select

_LN_2 = 0.6931471805599453
# Above these, 1 + x rounds to x, and x * x is still finite.
_LARGE = {"f32": 2.0**26, "f64": 2.0**54}
# Above these exp(-x) no longer matters beside exp(x), which is still finite.
_EXP_LARGE = {"f32": 80.0, "f64": 700.0}


class _Calculator:
    """Infix-like arithmetic on VM values of one float type."""

    def __init__(self, builder: Builder, suffix: str) -> None:
        self.builder = builder
        self.suffix = suffix

    def __call__(self, name: str, *operands: ir.Value | float) -> ir.Value:
        """An opcode on values and numbers; its name has a space where the type stands: "cmp.lt o"."""
        values = [
            operand if isinstance(operand, ir.Value) else native_constant(self.builder, self.suffix, operand)
            for operand in operands
        ]
        first, _, rest = name.partition(" ")
        return self.builder.op(f"{first}.{self.suffix}" + (f".{rest}" if rest else ""), *values)

    def copy_sign(self, magnitude: ir.Value, sign: ir.Value) -> ir.Value:
        return copy_sign(self.builder, self.suffix, magnitude, sign)

    def select(self, condition: ir.Value, if_true: ir.Value, if_false: ir.Value) -> ir.Value:
        return select(self.builder, condition, if_true, if_false)

    def polynomial(self, x: ir.Value, *coefficients: float) -> ir.Value:
        """Value of a polynomial, highest coefficient first."""
        total = self("mul", x, coefficients[0])
        for coefficient in coefficients[1:-1]:
            total = self("mul", self("add", total, coefficient), x)
        return self("add", total, coefficients[-1])


def tangent(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """Sine over cosine."""
    f = _Calculator(builder, suffix)
    return f("div", f("sin", x), f("cos", x))


def sinh(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """(t + t / (t + 1)) / 2 with t = exp(|x|) - 1; for large |x|, exp(|x| / 2) squared over 2."""
    f = _Calculator(builder, suffix)
    magnitude = f("abs", x)
    t = f("expm1", magnitude)
    small = f("mul", f("add", t, f("div", t, f("add", t, 1.0))), 0.5)
    is_large = f("cmp.lt o", _EXP_LARGE[suffix], magnitude)
    return f.copy_sign(f.select(is_large, _half_exp(f, magnitude), small), x)


def cosh(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """(e + 1 / e) / 2 with e = exp(|x|); for large |x|, exp(|x| / 2) squared over 2."""
    f = _Calculator(builder, suffix)
    magnitude = f("abs", x)
    e = f("exp", magnitude)
    small = f("mul", f("add", e, f("div", 1.0, e)), 0.5)
    is_large = f("cmp.lt o", _EXP_LARGE[suffix], magnitude)
    return f.select(is_large, _half_exp(f, magnitude), small)


def _half_exp(f: _Calculator, x: ir.Value) -> ir.Value:
    root = f("exp", f("mul", x, 0.5))
    return f("mul", f("mul", root, 0.5), root)


def arcsine(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """Angle whose sine is x, from both sides of the triangle."""
    f = _Calculator(builder, suffix)
    return f("atan2", x, _other_side(f, x))


def arccosine(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """Angle whose cosine is x, from both sides of the triangle."""
    f = _Calculator(builder, suffix)
    return f("atan2", _other_side(f, x), x)


def _other_side(f: _Calculator, x: ir.Value) -> ir.Value:
    return f("sqrt", f("mul", f("sub", 1.0, x), f("add", 1.0, x)))


def asinh(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """log(|x| + sqrt(x * x + 1)), by log1p where x is small; log(|x|) + log(2) where it is large."""
    f = _Calculator(builder, suffix)
    magnitude = f("abs", x)
    square = f("mul", magnitude, magnitude)
    root = f("sqrt", f("add", square, 1.0))
    small = f("log1p", f("add", magnitude, f("div", square, f("add", root, 1.0))))
    return f.copy_sign(_unless_large(f, magnitude, small), x)


def acosh(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """log(x + sqrt(x * x - 1)), by log1p of t = x - 1; log(x) + log(2) where x is large."""
    f = _Calculator(builder, suffix)
    t = f("sub", x, 1.0)
    # Why: two roots, not the root of the product, which two negative factors would make positive.
    root = f("mul", f("sqrt", t), f("sqrt", f("add", t, 2.0)))
    small = f("log1p", f("add", t, root))
    return _unless_large(f, x, small)


def _unless_large(f: _Calculator, x: ir.Value, small: ir.Value) -> ir.Value:
    is_large = f("cmp.lt o", _LARGE[f.suffix], x)
    return f.select(is_large, f("add", f("log", x), _LN_2), small)


def atanh(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """log1p(2|x| / (1 - |x|)) / 2."""
    f = _Calculator(builder, suffix)
    magnitude = f("abs", x)
    quotient = f("div", f("add", magnitude, magnitude), f("sub", 1.0, magnitude))
    return f.copy_sign(f("mul", f("log1p", quotient), 0.5), x)


def cube_root(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """A power, then one step of Newton's method where that is a finite number other than zero."""
    f = _Calculator(builder, suffix)
    magnitude = f("abs", x)
    root = f("pow", magnitude, 1 / 3)
    square = f("mul", root, root)
    error = f("div", f("sub", root, f("div", magnitude, square)), 3.0)
    better = f("sub", root, error)
    is_nan = f("cmp.nan", better)
    return f.copy_sign(f.select(is_nan, root, better), x)


def clamp(builder: Builder, suffix: str, x: ir.Value, low: ir.Value, high: ir.Value) -> ir.Value:
    """x, but at least `low` and at most `high`; NaN stays."""
    f = _Calculator(builder, suffix)
    return f("min", f("max", x, low), high)


# Chebyshev fit of log(erfc(x) / t) + x * x over t = 1 / (1 + x / 2); fractional error below 1.2e-7.
# Spec: Press et al., Numerical Recipes, section 6.2.
_ERFC_COEFFICIENTS = (
    *(0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807),
    *(-0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223),
)
_HIGH_SCALE = 16.0
_ERFC_FRACTION_DEPTH = 60
_ERFC_FRACTION_FROM = 2.0
_INVERSE_SQRT_PI = 0.5641895835477563


def complementary_error_function(builder: Builder, suffix: str, x: ir.Value) -> ir.Value:
    """1 - erf(x) without the loss of digits where erf(x) is near 1."""
    f = _Calculator(builder, suffix)
    magnitude = f("abs", x)
    positive = _erfc_f32(f, magnitude) if suffix == "f32" else _erfc_f64(f, magnitude)
    is_negative = f("cmp.lt o", x, 0.0)
    return f.select(is_negative, f("sub", 2.0, positive), positive)


def _erfc_f32(f: _Calculator, x: ir.Value) -> ir.Value:
    t = f("div", 1.0, f("add", f("mul", x, 0.5), 1.0))
    return f("mul", t, _exp_minus_square(f, x, f.polynomial(t, *_ERFC_COEFFICIENTS)))


def _exp_minus_square(f: _Calculator, x: ir.Value, addend: ir.Value) -> ir.Value:
    """exp(addend - x * x), by a part of x whose square is exact, and the rest of the square."""
    high = f("mul", f("floor", f("mul", x, _HIGH_SCALE)), 1 / _HIGH_SCALE)
    rest = f("mul", f("sub", high, x), f("add", high, x))
    large = f("exp", f("neg", f("mul", high, high)))
    # Why: the rest of infinity is NaN.
    is_nothing = f("cmp.eq o", large, 0.0)
    return f.select(is_nothing, large, f("mul", large, f("exp", f("add", rest, addend))))


def _erfc_f64(f: _Calculator, x: ir.Value) -> ir.Value:
    """Laplace's continued fraction where it converges quickly, else the difference."""
    fraction = x
    for numerator in range(_ERFC_FRACTION_DEPTH, 0, -1):
        fraction = f("add", x, f("div", numerator / 2, fraction))
    scale = f("mul", _exp_minus_square(f, x, native_constant(f.builder, f.suffix, 0.0)), _INVERSE_SQRT_PI)
    is_small = f("cmp.lt o", x, _ERFC_FRACTION_FROM)
    return f.select(is_small, f("sub", 1.0, f("erf", x)), f("div", scale, fraction))
