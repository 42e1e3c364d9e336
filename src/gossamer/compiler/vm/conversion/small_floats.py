"""Floats that the VM lacks, f16, bf16 and those of 8 bits: to f32 and back by integer operations.

A value is its bits, in an i32 register. Every conversion rounds to nearest even, keeps infinities where the
type has them, makes NaNs quiet, and depends on no subnormal f32 in a floating-point operation: programs may
run with those flushed to zero.
"""

from __future__ import annotations

import struct

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.integers import select
from gossamer.compiler.vm.conversion.small_float_formats import FORMATS, SmallFormat, Specials, encode
from gossamer.compiler.vm.conversion.types import Scalar

_F32_INFINITY = 0x7F80_0000
_F32_NAN = 0x7FC0_0000
_F32_SIGN = 0x8000_0000
_F32_FRACTION_BITS, _F32_BIAS, _F32_LARGEST_EXPONENT = 23, 127, 255


def widen(builder: Builder, scalar: Scalar, bits: ir.Value) -> ir.Value:
    """A small float as f32, exactly."""
    if scalar.name == "bf16":
        return builder.op("bitcast.i32.f32", builder.op("shl.i32", bits, builder.i32(16)))
    return _widen(builder, FORMATS[scalar.name], bits)


def narrow(builder: Builder, scalar: Scalar, value: ir.Value) -> ir.Value:
    """An f32 or f64 rounded to a small float."""
    if value.type == ir.F64:
        value = _round_to_odd(builder, value)
    bits = builder.op("bitcast.f32.i32", value)
    if scalar.name == "bf16":
        return _narrow_bf16(builder, bits)
    return _narrow(builder, FORMATS[scalar.name], bits)


def small_float_bits(scalar: Scalar, number: float) -> int:
    """The bits of a number that a small float type has exactly."""
    if scalar.name == "bf16":
        return _f32_bits(number) >> 16
    return encode(FORMATS[scalar.name], number)


def _widen(builder: Builder, format: SmallFormat, bits: ir.Value) -> ir.Value:
    rebias = _F32_BIAS - format.bias
    magnitude = builder.op("and.i32", bits, builder.i32(format.sign_bit - 1))
    shift = builder.i32(_F32_FRACTION_BITS - format.fraction_bits)
    aligned = builder.op("shl.i32", magnitude, shift)
    normal = builder.op("add.i32", aligned, builder.i32(rebias << _F32_FRACTION_BITS))
    # Why: a subnormal is the normal number of the next exponent with the same fraction, less its leading one.
    one_up = builder.op("add.i32", normal, builder.i32(1 << _F32_FRACTION_BITS))
    offset = builder.op("const.f32", immediate=format.smallest_normal)
    difference = builder.op("sub.f32", builder.op("bitcast.i32.f32", one_up), offset)
    subnormal = builder.op("bitcast.f32.i32", difference)
    is_subnormal = builder.op("cmp.lt.i32.u", magnitude, builder.i32(1 << format.fraction_bits))
    result = select(builder, is_subnormal, subnormal, normal)
    if format.specials is not Specials.NEGATIVE_ZERO_IS_NAN:
        is_special = builder.op("cmp.lt.i32.u", builder.i32(format.largest_finite), magnitude)
        result = select(builder, is_special, _widened_special(builder, format, normal), result)
    sign = builder.op("and.i32", bits, builder.i32(format.sign_bit))
    sign = builder.op("shl.i32", sign, builder.i32(32 - format.width))
    result = builder.op("or.i32", result, sign)
    if format.specials is Specials.NEGATIVE_ZERO_IS_NAN:
        is_nan = builder.op("cmp.eq.i32", bits, builder.i32(format.nan))
        result = select(builder, is_nan, builder.i32(_F32_NAN), result)
    return builder.op("bitcast.i32.f32", result)


def _widened_special(builder: Builder, format: SmallFormat, normal: ir.Value) -> ir.Value:
    """Bits of the f32 for a code past the largest finite one, which as a number would be `normal`."""
    if format.specials is Specials.ONE_NAN:
        return builder.i32(_F32_NAN)
    exponent = (1 << format.exponent_bits) - 1 + _F32_BIAS - format.bias
    missing = _F32_LARGEST_EXPONENT - exponent
    return builder.op("add.i32", normal, builder.i32(missing << _F32_FRACTION_BITS))


def _narrow(builder: Builder, format: SmallFormat, bits: ir.Value) -> ir.Value:
    sign = builder.op("and.i32", bits, builder.i32(_F32_SIGN))
    magnitude = builder.op("xor.i32", bits, sign)
    finite = _narrow_magnitude(builder, format, magnitude)
    is_overflow = builder.op("cmp.lt.i32.u", builder.i32(format.largest_finite), finite)
    result = select(builder, is_overflow, builder.i32(format.overflow), finite)
    if format.nan != format.overflow:
        is_nan = builder.op("cmp.lt.i32.u", builder.i32(_F32_INFINITY), magnitude)
        result = select(builder, is_nan, builder.i32(format.nan), result)
    sign = builder.op("shr.i32.u", sign, builder.i32(32 - format.width))
    signed = builder.op("or.i32", result, sign)
    if format.specials is Specials.NEGATIVE_ZERO_IS_NAN:
        # Why: a zero must not get a sign: that is the code of NaN.
        return select(builder, builder.op("cmp.nz.i32", finite), signed, result)
    return signed


def _narrow_magnitude(builder: Builder, format: SmallFormat, magnitude: ir.Value) -> ir.Value:
    """Round a positive f32, as bits, to a code; what is too large gives one past the largest finite code."""
    dropped = _F32_FRACTION_BITS - format.fraction_bits
    rebias = (_F32_BIAS - format.bias) << _F32_FRACTION_BITS
    amount = builder.i32(dropped)
    odd = builder.op("and.i32", builder.op("shr.i32.u", magnitude, amount), builder.i32(1))
    rounded = builder.op("add.i32", magnitude, builder.i32((1 << (dropped - 1)) - 1 - rebias))
    normal = builder.op("shr.i32.u", builder.op("add.i32", rounded, odd), amount)
    # Why: the last bit of this f32 is worth the smallest number, to which adding it rounds.
    unit = format.smallest * 2.0**_F32_FRACTION_BITS
    positive = builder.op("bitcast.i32.f32", magnitude)
    sum = builder.op("add.f32", positive, builder.op("const.f32", immediate=unit))
    subnormal = builder.op("sub.i32", builder.op("bitcast.f32.i32", sum), builder.i32(_f32_bits(unit)))
    smallest_normal = builder.i32(_f32_bits(format.smallest_normal))
    is_subnormal = builder.op("cmp.lt.i32.u", magnitude, smallest_normal)
    return select(builder, is_subnormal, subnormal, normal)


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


def _f32_bits(number: float) -> int:
    return int.from_bytes(struct.pack("<f", number), "little")
