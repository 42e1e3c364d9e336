"""LLVM instructions of operations on floats.

Transcendental functions are calls of the C library, under names of our own: LLVM knows nothing about them
and so never replaces one by something that rounds differently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.vm.jit.instructions.text import FunctionText

Emitter: TypeAlias = Callable[[FunctionText, Sequence[str]], str]

LIBM_PREFIX = "gossamer_libm_"
LIBM_UNARY = (
    *("atan", "cos", "sin", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2"),
    *("tanh", "erf"),
)
LIBM_BINARY = {"atan2": "atan2", "pow": "pow", "rem": "remainder"}

_TWO_31 = "0x41E0000000000000"
_TWO_63 = "0x43E0000000000000"
_TWO_64 = "0x43F0000000000000"
_HALF = "0x3FE0000000000000"
_MINUS_HALF = "0xBFE0000000000000"
_ONE = "0x3FF0000000000000"
_I64_MIN = str(-(1 << 63))


def _templates(f: str, type_: str) -> dict[str, str]:
    return {
        f"add.{f}": f"fadd {type_} {{0}}, {{1}}",
        f"sub.{f}": f"fsub {type_} {{0}}, {{1}}",
        f"mul.{f}": f"fmul {type_} {{0}}, {{1}}",
        f"div.{f}": f"fdiv {type_} {{0}}, {{1}}",
        f"neg.{f}": f"fneg {type_} {{0}}",
        f"cast.si32.{f}": f"sitofp i32 {{0}} to {type_}",
        f"cast.ui32.{f}": f"uitofp i32 {{0}} to {type_}",
        f"cast.si64.{f}": f"sitofp i64 {{0}} to {type_}",
        f"cast.ui64.{f}": f"uitofp i64 {{0}} to {type_}",
    }


FLOAT_TEMPLATES: dict[str, str] = {
    **_templates("f32", "float"),
    **_templates("f64", "double"),
    "bitcast.i32.f32": "bitcast i32 {0} to float",
    "bitcast.f32.i32": "bitcast float {0} to i32",
    "bitcast.i64.f64": "bitcast i64 {0} to double",
    "bitcast.f64.i64": "bitcast double {0} to i64",
    "trunc.f64.f32": "fptrunc double {0} to float",
    "ext.f32.f64": "fpext float {0} to double",
}
"""By opcode name; `{0}` and so on are operands without types."""


def _suffix(type_: str) -> str:
    return "f32" if type_ == "float" else "f64"


def _unary_intrinsic(text: FunctionText, name: str, type_: str, operand: str) -> str:
    return text.intrinsic(f"{name}.{_suffix(type_)}", f"{type_} ({type_})", f"{type_} {operand}")


def _intrinsic(name: str, type_: str) -> Emitter:
    return lambda text, operands: _unary_intrinsic(text, name, type_, operands[0])


def _libm(name: str, arity: int, type_: str) -> Emitter:
    symbol = LIBM_PREFIX + name + ("f" if type_ == "float" else "")

    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        signature = f"{type_} ({', '.join([type_] * arity)})"
        callee = text.module.declare(symbol, signature, "nounwind willreturn memory(none)")
        arguments = [f"{type_} {_flushed(text, type_, value)}" for value in operands]
        return text.value(f"call {type_} {callee}({', '.join(arguments)})")

    return emit


def _flushed(text: FunctionText, type_: str, value: str) -> str:
    """Zero in place of what is equal to it: of subnormal numbers where the processor flushes them.

    Why: the C library takes their bits apart, and scales them by multiplications that flush them.
    """
    zero = text.intrinsic(
        f"copysign.{_suffix(type_)}", f"{type_} ({type_}, {type_})", f"{type_} 0.0", f"{type_} {value}"
    )
    is_zero = text.value(f"fcmp oeq {type_} {value}, 0.0")
    return text.value(f"select i1 {is_zero}, {type_} {zero}, {type_} {value}")


def _fma(type_: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        product = text.value(f"fmul {type_} {operands[0]}, {operands[1]}")
        return text.value(f"fadd {type_} {product}, {operands[2]}")

    return emit


def _rsqrt(type_: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        root = _unary_intrinsic(text, "sqrt", type_, operands[0])
        return text.value(f"fdiv {type_} {_ONE}, {root}")

    return emit


def _round_even(type_: str) -> Emitter:
    """Why not the intrinsic alone: -0.5 gives +0 here."""

    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        rounded = _unary_intrinsic(text, "roundeven", type_, operands[0])
        is_tie = text.value(f"fcmp oeq {type_} {operands[0]}, {_MINUS_HALF}")
        return text.value(f"select i1 {is_tie}, {type_} 0.0, {type_} {rounded}")

    return emit


def _choose(type_: str, order: tuple[int, int]) -> Emitter:
    """The right operand where it is strictly past the left one."""

    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        lesser, greater = operands[order[0]], operands[order[1]]
        is_less = text.value(f"fcmp olt {type_} {lesser}, {greater}")
        return text.value(f"select i1 {is_less}, {type_} {operands[1]}, {type_} {operands[0]}")

    return emit


def _compare(code: str, type_: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        flag = text.value(f"fcmp {code} {type_} {operands[0]}, {operands[-1]}")
        return text.value(f"zext i1 {flag} to i32")

    return emit


def _to_signed(text: FunctionText, type_: str, rounded: str) -> str:
    """A rounded float as i64; the lowest i64 where it does not fit or is NaN."""
    magnitude = _unary_intrinsic(text, "fabs", type_, rounded)
    fits = text.value(f"fcmp olt {type_} {magnitude}, {_TWO_63}")
    safe = text.value(f"select i1 {fits}, {type_} {rounded}, {type_} 0.0")
    integer = text.value(f"fptosi {type_} {safe} to i64")
    return text.value(f"select i1 {fits}, i64 {integer}, i64 {_I64_MIN}")


def _cast_i64(type_: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        return _to_signed(text, type_, _unary_intrinsic(text, "round", type_, operands[0]))

    return emit


def _cast_f32_u64(text: FunctionText, operands: Sequence[str]) -> str:
    rounded = _unary_intrinsic(text, "round", "float", operands[0])
    signed = _to_signed(text, "float", rounded)
    is_low = text.value(f"fcmp oge float {rounded}, 0.0")
    is_high = text.value(f"fcmp olt float {rounded}, {_TWO_64}")
    fits = text.value(f"and i1 {is_low}, {is_high}")
    safe = text.value(f"select i1 {fits}, float {rounded}, float 0.0")
    unsigned = text.value(f"fptoui float {safe} to i64")
    return text.value(f"select i1 {fits}, i64 {unsigned}, i64 {signed}")


def _cast_f32_i32(text: FunctionText, operands: Sequence[str]) -> str:
    """The low half of the rounded value as i64, all in 32-bit lanes so that it vectorises."""
    rounded = _unary_intrinsic(text, "round", "float", operands[0])
    magnitude = _unary_intrinsic(text, "fabs", "float", rounded)
    is_small = text.value(f"fcmp olt float {magnitude}, {_TWO_31}")
    safe = text.value(f"select i1 {is_small}, float {rounded}, float 0.0")
    small = text.value(f"fptosi float {safe} to i32")
    # Of larger ones, NaN and infinity included: the mantissa shifted up, which leaves 0 from 2^55 on.
    bits = text.value(f"bitcast float {rounded} to i32")
    mantissa = text.value(f"or i32 {text.value(f'and i32 {bits}, 8388607')}, 8388608")
    exponent = text.value(f"and i32 {text.value(f'lshr i32 {bits}, 23')}, 255")
    shift = text.value(f"sub i32 {exponent}, 150")
    is_in = text.value(f"icmp ult i32 {shift}, 32")
    amount = text.value(f"and i32 {shift}, 31")
    shifted = text.value(f"shl i32 {mantissa}, {amount}")
    large = text.value(f"select i1 {is_in}, i32 {shifted}, i32 0")
    negated = text.value(f"sub i32 0, {large}")
    is_negative = text.value(f"icmp slt i32 {bits}, 0")
    signed = text.value(f"select i1 {is_negative}, i32 {negated}, i32 {large}")
    return text.value(f"select i1 {is_small}, i32 {small}, i32 {signed}")


def _cast_f64_i32(text: FunctionText, operands: Sequence[str]) -> str:
    return _cast_f32_i32(text, [text.value(f"fptrunc double {operands[0]} to float")])


def _emitters(f: str, type_: str) -> dict[str, Emitter]:
    return {
        **{f"{name}.{f}": _libm(name, 1, type_) for name in LIBM_UNARY},
        **{f"{name}.{f}": _libm(c_name, 2, type_) for name, c_name in LIBM_BINARY.items()},
        f"fma.{f}": _fma(type_),
        f"abs.{f}": _intrinsic("fabs", type_),
        f"ceil.{f}": _intrinsic("ceil", type_),
        f"floor.{f}": _intrinsic("floor", type_),
        f"round.{f}": _intrinsic("round", type_),
        f"sqrt.{f}": _intrinsic("sqrt", type_),
        f"rsqrt.{f}": _rsqrt(type_),
        f"round.{f}.even": _round_even(type_),
        f"min.{f}": _choose(type_, (1, 0)),
        f"max.{f}": _choose(type_, (0, 1)),
        f"cmp.eq.{f}.o": _compare("oeq", type_),
        f"cmp.eq.{f}.u": _compare("ueq", type_),
        f"cmp.ne.{f}.o": _compare("une", type_),
        f"cmp.ne.{f}.u": _compare("une", type_),
        f"cmp.lt.{f}.o": _compare("olt", type_),
        f"cmp.lt.{f}.u": _compare("ult", type_),
        f"cmp.lte.{f}.o": _compare("ole", type_),
        f"cmp.lte.{f}.u": _compare("ule", type_),
        f"cmp.nan.{f}": _compare("uno", type_),
        f"cast.{f}.si64": _cast_i64(type_),
    }


FLOAT_EMITTERS: dict[str, Emitter] = {
    **_emitters("f32", "float"),
    **_emitters("f64", "double"),
    "cast.f32.si32": _cast_f32_i32,
    "cast.f32.ui32": _cast_f32_i32,
    "cast.f32.ui64": _cast_f32_u64,
    "cast.f64.si32": _cast_f64_i32,
    "cast.f64.ui32": _cast_f64_i32,
    "cast.f64.ui64": _cast_i64("double"),
}
"""By opcode name."""
