"""Activations of recurrent layers, on scalars, as ONNX defines them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gossamer.compiler.input.onnx.function_text import FunctionText


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation with its parameters; a clip bounds its operand."""

    name: str
    alpha: float
    beta: float
    clip: float = 0.0

    def apply(self, text: FunctionText, x: str, type: str) -> str:
        """Write the activation of a scalar and return its result."""
        scalar = _Scalars(text, type)
        if self.clip:
            x = scalar.binary("arith.maximumf", x, scalar.number(-self.clip))
            x = scalar.binary("arith.minimumf", x, scalar.number(self.clip))
        return _ACTIVATIONS[self.name](scalar, x, self)


@dataclass(frozen=True, slots=True)
class _Scalars:
    text: FunctionText
    type: str

    def number(self, value: float) -> str:
        return self.text.value(f"arith.constant {value!r} : {self.type}")

    def unary(self, name: str, x: str) -> str:
        return self.text.value(f"{name} {x} : {self.type}")

    def binary(self, name: str, x: str, y: str) -> str:
        return self.text.value(f"{name} {x}, {y} : {self.type}")

    def scaled(self, x: str, alpha: float, beta: float) -> str:
        """`alpha * x + beta`"""
        return self.binary("arith.addf", self.binary("arith.mulf", x, self.number(alpha)), self.number(beta))

    def where_positive(
        self, x: str, positive: str, other: str, bound: float = 0.0, *, strict: bool = True
    ) -> str:
        order = "ogt" if strict else "oge"
        is_above = self.text.value(f"arith.cmpf {order}, {x}, {self.number(bound)} : {self.type}")
        return self.text.value(f"arith.select {is_above}, {positive}, {other} : {self.type}")


def _sigmoid(s: _Scalars, x: str, a: Activation) -> str:
    exponential = s.unary("math.exp", s.unary("arith.negf", x))
    return s.binary("arith.divf", s.number(1.0), s.scaled(exponential, 1.0, 1.0))


def _hard_sigmoid(s: _Scalars, x: str, a: Activation) -> str:
    bounded = s.binary("arith.maximumf", s.scaled(x, a.alpha, a.beta), s.number(0.0))
    return s.binary("arith.minimumf", bounded, s.number(1.0))


def _elu(s: _Scalars, x: str, a: Activation) -> str:
    return s.where_positive(x, x, s.scaled(s.unary("math.expm1", x), a.alpha, 0.0))


def _softsign(s: _Scalars, x: str, a: Activation) -> str:
    return s.binary("arith.divf", x, s.scaled(s.unary("math.absf", x), 1.0, 1.0))


def _softplus(s: _Scalars, x: str, a: Activation) -> str:
    """`log(1 + exp(x))`, without what overflows: the larger of x and 0, and the logarithm of what is left."""
    small = s.unary("math.log1p", s.unary("math.exp", s.unary("arith.negf", s.unary("math.absf", x))))
    return s.binary("arith.addf", s.binary("arith.maximumf", x, s.number(0.0)), small)


_ACTIVATIONS: dict[str, Callable[[_Scalars, str, Activation], str]] = {
    "affine": lambda s, x, a: s.scaled(x, a.alpha, a.beta),
    "elu": _elu,
    "hardsigmoid": _hard_sigmoid,
    "leakyrelu": lambda s, x, a: s.where_positive(x, x, s.scaled(x, a.alpha, 0.0), strict=False),
    "relu": lambda s, x, a: s.binary("arith.maximumf", x, s.number(0.0)),
    "scaledtanh": lambda s, x, a: s.scaled(s.unary("math.tanh", s.scaled(x, a.beta, 0.0)), a.alpha, 0.0),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "softsign": _softsign,
    "tanh": lambda s, x, a: s.unary("math.tanh", x),
    "thresholdedrelu": lambda s, x, a: s.where_positive(x, x, s.number(0.0), a.alpha, strict=False),
}
_DEFAULTS = {
    "affine": (1.0, 0.0),
    "elu": (1.0, 0.0),
    "hardsigmoid": (0.2, 0.5),
    "leakyrelu": (0.01, 0.0),
    "scaledtanh": (1.0, 1.0),
    "thresholdedrelu": (1.0, 0.0),
}
_WITH_BETA = ("affine", "hardsigmoid", "scaledtanh")


def activations_of(
    names: list[str], alphas: list[float], betas: list[float], clip: float
) -> list[Activation]:
    """Activations by ONNX's names, in whatever case.

    Args:
        names: one for each function of the layer.
        alphas: for those that take one, in order; where too few, defaults follow.
        betas: likewise.
        clip: bound of their operands, 0 for none.
    Raises: KeyError with the name of one that ONNX does not have.
    """
    found: list[Activation] = []
    for name in (each.lower() for each in names):
        if name not in _ACTIVATIONS:
            raise KeyError(name)
        alpha, beta = _DEFAULTS.get(name, (0.0, 0.0))
        if name in _DEFAULTS and alphas:
            alpha = alphas.pop(0)
        if name in _WITH_BETA and betas:
            beta = betas.pop(0)
        found.append(Activation(name, alpha, beta, clip))
    return found
