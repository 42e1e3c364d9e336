"""Lowerings of `math`: what the VM has an opcode for, and expansions of the rest.

Expansions work in the operation's own precision and keep it within a few units in the last place.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import float_expansions as expansions
from gossamer.compiler.vm.conversion import small_floats
from gossamer.compiler.vm.conversion.bits import count_leading, count_ones, count_trailing
from gossamer.compiler.vm.conversion.floats import (
    FloatExpansion,
    apply_native,
    copy_sign,
    native_constant,
    on_native,
    opcode,
    round_half_even,
    truncate,
)
from gossamer.compiler.vm.conversion.integer_power import integer_power
from gossamer.compiler.vm.conversion.integers import sign_extend, wrap
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope
from gossamer.compiler.vm.conversion.small_float_formats import FORMATS
from gossamer.compiler.vm.conversion.types import F32

_OPCODES = {
    "absf": "abs",
    "powf": "pow",
    **{
        name: name
        for name in (
            *("ceil", "floor", "round", "fma", "sqrt", "rsqrt", "exp", "exp2", "expm1", "log", "log10"),
            *("log1p", "log2", "sin", "cos", "tanh", "erf", "atan", "atan2"),
        )
    },
}
_EXPANSIONS: dict[str, FloatExpansion] = {
    "roundeven": round_half_even,
    "trunc": truncate,
    "copysign": copy_sign,
    "tan": expansions.tangent,
    "sinh": expansions.sinh,
    "cosh": expansions.cosh,
    "asin": expansions.arcsine,
    "acos": expansions.arccosine,
    "asinh": expansions.asinh,
    "acosh": expansions.acosh,
    "atanh": expansions.atanh,
    "cbrt": expansions.cube_root,
    "erfc": expansions.complementary_error_function,
    "clampf": expansions.clamp,
}
_LARGEST = {"f32": float.fromhex("0x1.fffffep127"), "f64": float.fromhex("0x1.fffffffffffffp1023")}
_SMALLEST_NORMAL = {
    "bf16": 2.0**-126,
    "f32": 2.0**-126,
    "f64": 2.0**-1022,
    **{name: format.smallest_normal for name, format in FORMATS.items()},
}


def _sine_and_cosine(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scalar, (angle,) = scope.operand(op), scope.operands(op)
    return [apply_native(scope.builder, scalar, opcode(name), angle) for name in ("sin", "cos")]


def _power_of_integer(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scalar, exponent_scalar = scope.result(op), scope.operand(op, 1)
    builder = scope.builder
    base, exponent = scope.operands(op)
    exponent = sign_extend(builder, exponent_scalar, exponent)

    def expand(builder: Builder, suffix: str, base: ir.Value) -> ir.Value:
        power = builder.op(f"cast.s{exponent_scalar.suffix}.{suffix}", exponent)
        return builder.op(f"pow.{suffix}", base, power)

    return [apply_native(builder, scalar, expand, base)]


def _classify(name: str) -> Lowering:
    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        builder, scalar, (value,) = scope.builder, scope.operand(op), scope.operands(op)
        smallest_normal = _SMALLEST_NORMAL[scalar.name]
        if not scalar.is_native_float:
            scalar, value = F32, small_floats.widen(builder, scalar, value)
        suffix = scalar.name
        if name == "isnan":
            return [builder.op(f"cmp.nan.{suffix}", value)]
        magnitude = builder.op(f"abs.{suffix}", value)
        largest = native_constant(builder, suffix, _LARGEST[suffix])
        if name == "isinf":
            return [builder.op(f"cmp.lt.{suffix}.o", largest, magnitude)]
        is_finite = builder.op(f"cmp.lte.{suffix}.o", magnitude, largest)
        if name == "isfinite":
            return [is_finite]
        smallest = native_constant(builder, suffix, smallest_normal)
        is_large = builder.op(f"cmp.lte.{suffix}.o", smallest, magnitude)
        return [builder.op("and.i32", is_large, is_finite)]

    return lower


def _absolute(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    builder, scalar, (value,) = scope.builder, scope.result(op), scope.operands(op)
    magnitude = builder.op(f"abs.{scalar.suffix}", sign_extend(builder, scalar, value))
    return [wrap(builder, scalar, magnitude)]


LOWERINGS: dict[str, Lowering] = {
    **{f"math.{name}": on_native(opcode(template)) for name, template in _OPCODES.items()},
    **{f"math.{name}": on_native(expansion) for name, expansion in _EXPANSIONS.items()},
    **{f"math.{name}": _classify(name) for name in ("isnan", "isinf", "isfinite", "isnormal")},
    "math.sincos": _sine_and_cosine,
    "math.fpowi": _power_of_integer,
    "math.absi": _absolute,
    "math.ctlz": count_leading,
    "math.cttz": count_trailing,
    "math.ctpop": count_ones,
    "math.ipowi": integer_power,
}
