"""f16 and bf16, which the VM lacks: their bits in i32 registers, to f32 and back by integer operations.

Every conversion rounds to nearest even, keeps infinities, makes NaNs quiet, and takes no subnormal f32
through a floating-point operation, so that it does not depend on the processor's denormal mode.
"""

from __future__ import annotations

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.integers import select
from gossamer.compiler.vm.conversion.types import Scalar

_F32_INFINITY = 0x7F80_0000
_F32_SIGN = 0x8000_0000
# f16 has 5 exponent bits (bias 15) and 10 fraction bits, f32 has 8 (bias 127) and 23.
_REBIAS = (127 - 15) << 23
_F16_EXPONENT_AS_F32 = 0x1F << 23
_F16_SMALLEST_NORMAL = 113 << 23
_F16_OVERFLOW = (127 + 16) << 23
_F16_INFINITY, _F16_NAN = 0x7C00, 0x7E00
# Adding 0.5 to a number below the smallest normal f16 leaves the f16 fraction in the lowest bits.
_HALF_BITS = 126 << 23


def widen(builder: Builder, scalar: Scalar, bits: ir.Value) -> ir.Value:
    """An f16 or bf16 as f32, exactly."""
    if scalar.name == "bf16":
        shifted = builder.op("shl.i32", bits, builder.i32(16))
        return builder.op("bitcast.i32.f32", shifted)
    return _widen_f16(builder, bits)


def narrow(builder: Builder, scalar: Scalar, value: ir.Value) -> ir.Value:
    """An f32 or f64 rounded to f16 or bf16."""
    if value.type == ir.F64:
        value = _round_to_odd(builder, value)
    bits = builder.op("bitcast.f32.i32", value)
    return _narrow_bf16(builder, bits) if scalar.name == "bf16" else _narrow_f16(builder, bits)


def _widen_f16(builder: Builder, bits: ir.Value) -> ir.Value:
    magnitude = builder.op("and.i32", bits, builder.i32(0x7FFF))
    shifted = builder.op("shl.i32", magnitude, builder.i32(13))
    exponent = builder.op("and.i32", shifted, builder.i32(_F16_EXPONENT_AS_F32))
    normal = builder.op("add.i32", shifted, builder.i32(_REBIAS))
    special = builder.op("add.i32", normal, builder.i32(_REBIAS))
    # Why: a subnormal times 2^-24 is (1 + fraction) * 2^-14 - 2^-14, all of them normal as f32.
    one_up = builder.op("bitcast.i32.f32", builder.op("add.i32", normal, builder.i32(1 << 23)))
    offset = builder.op("const.f32", immediate=2.0**-14)
    subnormal = builder.op("bitcast.f32.i32", builder.op("sub.f32", one_up, offset))
    is_special = builder.op("cmp.eq.i32", exponent, builder.i32(_F16_EXPONENT_AS_F32))
    is_subnormal = builder.op("cmp.eq.i32", exponent, builder.i32(0))
    result = select(builder, is_special, special, select(builder, is_subnormal, subnormal, normal))
    sign = builder.op("shl.i32", builder.op("and.i32", bits, builder.i32(0x8000)), builder.i32(16))
    return builder.op("bitcast.i32.f32", builder.op("or.i32", result, sign))


def _narrow_f16(builder: Builder, bits: ir.Value) -> ir.Value:
    sign = builder.op("and.i32", bits, builder.i32(_F32_SIGN))
    magnitude = builder.op("xor.i32", bits, sign)
    odd = builder.op("and.i32", builder.op("shr.i32.u", magnitude, builder.i32(13)), builder.i32(1))
    rounded = builder.op("add.i32", magnitude, builder.i32(0xFFF - _REBIAS))
    normal = builder.op("shr.i32.u", builder.op("add.i32", rounded, odd), builder.i32(13))
    half = builder.op("const.f32", immediate=0.5)
    aligned = builder.op("add.f32", builder.op("bitcast.i32.f32", magnitude), half)
    subnormal = builder.op("sub.i32", builder.op("bitcast.f32.i32", aligned), builder.i32(_HALF_BITS))
    is_subnormal = builder.op("cmp.lt.i32.u", magnitude, builder.i32(_F16_SMALLEST_NORMAL))
    finite = select(builder, is_subnormal, subnormal, normal)
    is_nan = builder.op("cmp.lt.i32.u", builder.i32(_F32_INFINITY), magnitude)
    overflow = select(builder, is_nan, builder.i32(_F16_NAN), builder.i32(_F16_INFINITY))
    is_finite = builder.op("cmp.lt.i32.u", magnitude, builder.i32(_F16_OVERFLOW))
    result = select(builder, is_finite, finite, overflow)
    return builder.op("or.i32", result, builder.op("shr.i32.u", sign, builder.i32(16)))


def _narrow_bf16(builder: Builder, bits: ir.Value) -> ir.Value:
    sixteen = builder.i32(16)
    odd = builder.op("and.i32", builder.op("shr.i32.u", bits, sixteen), builder.i32(1))
    rounded = builder.op("add.i32", builder.op("add.i32", bits, builder.i32(0x7FFF)), odd)
    magnitude = builder.op("and.i32", bits, builder.i32(0x7FFF_FFFF))
    is_nan = builder.op("cmp.lt.i32.u", builder.i32(_F32_INFINITY), magnitude)
    quiet = builder.op("or.i32", bits, builder.i32(0x40_0000))
    return builder.op("shr.i32.u", select(builder, is_nan, quiet, rounded), sixteen)


def _round_to_odd(builder: Builder, value: ir.Value) -> ir.Value:
    """An f64 as the f32 next to it whose last bit is set where it is not exact.

    Why: rounding to nearest twice can differ from once; a set last bit keeps "just over half" apart.
    """
    nearest = builder.op("trunc.f64.f32", value)
    back = builder.op("ext.f32.f64", nearest)
    bits = builder.op("bitcast.f32.i32", nearest)
    is_inexact = builder.op("cmp.ne.f64.u", back, value)
    is_too_large = builder.op("cmp.lt.f64.o", builder.op("abs.f64", value), builder.op("abs.f64", back))
    toward_zero = builder.op("sub.i32", bits, is_too_large)
    return builder.op("bitcast.i32.f32", builder.op("or.i32", toward_zero, is_inexact))
