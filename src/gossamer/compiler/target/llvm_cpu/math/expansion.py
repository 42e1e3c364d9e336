"""Puts arithmetic in the place of mathematical functions, so that kernels call nothing."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from gossamer.compiler.mlir import ir
from gossamer.compiler.target.llvm_cpu.math import (
    error_functions,
    exponentials,
    logarithms,
    powers,
    trigonometry,
)
from gossamer.compiler.target.llvm_cpu.math.calculator import Calculator, Real
from gossamer.compiler.target.llvm_cpu.math.integer_powers import integer_power
from gossamer.compiler.walk import walk

_FUNCTIONS: dict[str, Callable[..., Real]] = {
    "acos": trigonometry.acos,
    "acosh": logarithms.acosh,
    "asin": trigonometry.asin,
    "asinh": logarithms.asinh,
    "atan": trigonometry.atan,
    "atan2": trigonometry.atan2,
    "atanh": logarithms.atanh,
    "cbrt": logarithms.cbrt,
    "cos": trigonometry.cos,
    "cosh": exponentials.cosh,
    "erf": error_functions.erf,
    "erfc": error_functions.erfc,
    "exp": exponentials.exp,
    "exp2": exponentials.exp2,
    "expm1": exponentials.expm1,
    "log": logarithms.log,
    "log10": logarithms.log10,
    "log1p": logarithms.log1p,
    "log2": logarithms.log2,
    "powf": powers.power,
    "sin": trigonometry.sin,
    "sinh": exponentials.sinh,
    "tan": trigonometry.tan_,
    "tanh": exponentials.tanh,
}
_SMALLEST_NORMAL = {"f32": 2.0**-126, "f64": 2.0**-1022}


def expand_math(module: ir.Module) -> None:
    """Expand the functions on f32 and f64 that processors have no instruction for."""
    for op in list(walk(module.operation)):
        if op.name.startswith("math."):
            _expand(op, op.name.removeprefix("math."))


def _expand(op: ir.Operation, name: str) -> None:
    type_ = op.operands[0].type
    f = Calculator(op, is_wide=isinstance(type_, ir.F64Type))
    if name in _FUNCTIONS:
        operands = [f.widen(operand) for operand in op.operands]
        results = [f.narrow(_FUNCTIONS[name](f, *operands), type_)]
    elif name == "sincos":
        angle = f.widen(op.operands[0])
        results = [f.narrow(function(f, angle), type_) for function in (trigonometry.sin, trigonometry.cos)]
    elif name in ("isinf", "isnormal", "isfinite"):
        magnitude = abs(f.widen(op.operands[0]))
        is_finite = magnitude < inf
        is_normal = is_finite & (magnitude >= _SMALLEST_NORMAL[str(type_)])
        results = [{"isinf": magnitude.equals(inf), "isnormal": is_normal, "isfinite": is_finite}[name].value]
    elif name == "ipowi":
        base, exponent = (f.sign_extend(operand) for operand in op.operands)
        power = integer_power(f, base, exponent, ir.IntegerType(type_).width)
        results = [f.narrow_bits(power, type_)]
    elif name == "fma":
        lhs, rhs, addend = op.operands
        results = [f.fused(lhs, rhs, addend)]
    else:
        return
    for old, new in zip(op.results, results, strict=True):
        old.replace_all_uses_with(new)
    op.erase()
