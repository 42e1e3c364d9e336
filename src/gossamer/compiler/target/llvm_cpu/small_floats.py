"""Floats of 8 bits by integer arithmetic: LLVM has no such types.

Elements in memory and values are bytes; only conversions to and from f32 know what they mean. As in the VM
(`compiler/vm/conversion/small_floats.py`), these round to nearest even and need no subnormal f32.
"""

from __future__ import annotations

import struct

from gossamer.compiler.mlir import ir
from gossamer.compiler.vm.conversion.small_float_formats import FORMATS, SmallFormat, Specials, encode
from gossamer.compiler.walk import find, walk

_F32_INFINITY, _F32_NAN, _F32_SIGN = 0x7F80_0000, 0x7FC0_0000, 0x8000_0000
_F32_FRACTION_BITS, _F32_BIAS, _F32_LARGEST_EXPONENT = 23, 127, 255
_UNSIGNED_LESS, _EQUAL = 6, 0
_ORDERED_LESS, _NOT_EQUAL_OR_NAN = 4, 13


def lower_small_floats(module: ir.Module) -> None:
    """Leave no float of 8 bits in a kernel, whose arithmetic is in wider floats already."""
    for op in find(module.operation, "arith.extf", "arith.truncf"):
        narrow, wide = op.operands[0].type, op.result.type
        if op.name == "arith.truncf":
            narrow, wide = wide, narrow
        format = _format(narrow)
        if format is None:
            continue
        build = _Builder(op)
        if op.name == "arith.extf":
            converted = build.widen(op.operands[0], format, wide)
        else:
            converted = build.narrow(op.operands[0], format)
        op.result.replace_all_uses_with(converted)
        op.erase()
    _make_bytes(module)


def _format(type: ir.Type) -> SmallFormat | None:
    format = FORMATS.get(str(type))
    return format if format is not None and format.width == 8 else None


def _make_bytes(module: ir.Module) -> None:
    byte = ir.IntegerType.get_signless(8, module.context)
    for op in list(walk(module.operation)):
        for region in op.regions:
            for block in region.blocks:
                for argument in block.arguments:
                    _make_byte(argument, byte)
        if op.name == "arith.constant" and (format := _format(op.result.type)) is not None:
            number = ir.FloatAttr(op.attributes["value"]).value
            op.attributes["value"] = ir.IntegerAttr.get(byte, _signed(encode(format, number)))
        for result in op.results:
            _make_byte(result, byte)
    for op in find(module.operation, "arith.bitcast"):
        if op.operands[0].type == op.result.type:
            op.result.replace_all_uses_with(op.operands[0])
            op.erase()


def _make_byte(value: ir.Value, byte: ir.Type) -> None:
    type = value.type
    if _format(type) is not None:
        value.set_type(byte)
    elif isinstance(type, ir.MemRefType) and _format(type.element_type) is not None:
        value.set_type(ir.MemRefType.get(type.shape, byte, loc=ir.Location.unknown(byte.context)))


def _signed(code: int) -> int:
    return code - 256 if code > 127 else code


class _Builder:
    """Appends operations on i32 and f32 in front of one."""

    def __init__(self, op: ir.Operation) -> None:
        self._at, self._location = ir.InsertionPoint(op), op.location
        context = op.context
        self._i1, self._i8, self._i32, self._i64 = (
            ir.IntegerType.get_signless(width, context) for width in (1, 8, 32, 64)
        )
        self._f32 = ir.F32Type.get(context)

    def widen(self, value: ir.Value, format: SmallFormat, wide: ir.Type) -> ir.Value:
        """A small float as a wider one, exactly."""
        code = self._op("arith.extui", self._i32, self._op("arith.bitcast", self._i8, value))
        magnitude = self._integer("andi", code, format.sign_bit - 1)
        aligned = self._integer("shli", magnitude, _F32_FRACTION_BITS - format.fraction_bits)
        normal = self._integer("addi", aligned, (_F32_BIAS - format.bias) << _F32_FRACTION_BITS)
        # Why: a subnormal is the normal number of the next exponent with its fraction, less its leading one.
        one_up = self._float(self._integer("addi", normal, 1 << _F32_FRACTION_BITS))
        difference = self._op("arith.subf", self._f32, one_up, self._number(format.smallest_normal))
        is_subnormal = self._less(magnitude, 1 << format.fraction_bits)
        result = self._select(is_subnormal, self._bits(difference), normal)
        if format.specials is not Specials.NEGATIVE_ZERO_IS_NAN:
            is_special = self._less(format.largest_finite, magnitude)
            result = self._select(is_special, self._special(format, normal), result)
        sign = self._integer("shli", self._integer("andi", code, format.sign_bit), 32 - format.width)
        result = self._integer("ori", result, sign)
        if format.specials is Specials.NEGATIVE_ZERO_IS_NAN:
            is_nan = self._compare(_EQUAL, code, self._constant(format.nan))
            result = self._select(is_nan, self._constant(_F32_NAN), result)
        number = self._float(result)
        if wide == self._f32:
            return number
        return self._op("arith.extf" if isinstance(wide, ir.F64Type) else "arith.truncf", wide, number)

    def narrow(self, value: ir.Value, format: SmallFormat) -> ir.Value:
        """A float rounded to a small one."""
        bits = self._bits(self._to_f32(value))
        sign = self._integer("andi", bits, _F32_SIGN)
        magnitude = self._integer("xori", bits, sign)
        finite = self._narrow_magnitude(magnitude, format)
        is_overflow = self._less(format.largest_finite, finite)
        result = self._select(is_overflow, self._constant(format.overflow), finite)
        if format.nan != format.overflow:
            is_nan = self._less(_F32_INFINITY, magnitude)
            result = self._select(is_nan, self._constant(format.nan), result)
        signed = self._integer("ori", result, self._integer("shrui", sign, 32 - format.width))
        if format.specials is Specials.NEGATIVE_ZERO_IS_NAN:
            # Why: a zero must not get a sign: that is the code of NaN.
            signed = self._select(self._compare(_EQUAL, finite, self._constant(0)), result, signed)
        return self._op("arith.trunci", self._i8, signed)

    def _narrow_magnitude(self, magnitude: ir.Value, format: SmallFormat) -> ir.Value:
        dropped = _F32_FRACTION_BITS - format.fraction_bits
        rebias = (_F32_BIAS - format.bias) << _F32_FRACTION_BITS
        odd = self._integer("andi", self._integer("shrui", magnitude, dropped), 1)
        rounded = self._integer("addi", magnitude, (1 << (dropped - 1)) - 1 - rebias)
        normal = self._integer("shrui", self._integer("addi", rounded, odd), dropped)
        # Why: the last bit of this f32 is worth the smallest number, to which adding it rounds.
        unit = format.smallest * 2.0**_F32_FRACTION_BITS
        total = self._op("arith.addf", self._f32, self._float(magnitude), self._number(unit))
        subnormal = self._integer("subi", self._bits(total), self._constant(_f32_bits(unit)))
        return self._select(self._less(magnitude, _f32_bits(format.smallest_normal)), subnormal, normal)

    def _special(self, format: SmallFormat, normal: ir.Value) -> ir.Value:
        if format.specials is Specials.ONE_NAN:
            return self._constant(_F32_NAN)
        exponent = (1 << format.exponent_bits) - 1 + _F32_BIAS - format.bias
        return self._integer("addi", normal, (_F32_LARGEST_EXPONENT - exponent) << _F32_FRACTION_BITS)

    def _to_f32(self, value: ir.Value) -> ir.Value:
        if value.type == self._f32:
            return value
        if not isinstance(value.type, ir.F64Type):
            return self._op("arith.extf", self._f32, value)
        # Why: rounding to nearest twice can differ from once; a set last bit keeps "just over half" apart.
        nearest = self._op("arith.truncf", self._f32, value)
        back = self._op("arith.extf", value.type, nearest)
        is_inexact = self._compare_floats(_NOT_EQUAL_OR_NAN, back, value)
        sizes = [self._op("math.absf", value.type, each) for each in (value, back)]
        is_too_large = self._compare_floats(_ORDERED_LESS, *sizes)
        toward_zero = self._integer(
            "subi", self._bits(nearest), self._op("arith.extui", self._i32, is_too_large)
        )
        odd = self._integer("ori", toward_zero, self._op("arith.extui", self._i32, is_inexact))
        return self._float(odd)

    def _op(self, name: str, type: ir.Type, *operands: ir.Value, **attributes: ir.Attribute) -> ir.Value:
        return ir.Operation.create(
            name, [type], list(operands), attributes, loc=self._location, ip=self._at
        ).result

    def _integer(self, name: str, left: ir.Value, right: ir.Value | int) -> ir.Value:
        other = self._constant(right) if isinstance(right, int) else right
        return self._op(f"arith.{name}", self._i32, left, other)

    def _constant(self, value: int) -> ir.Value:
        signed = (value + (1 << 31)) % (1 << 32) - (1 << 31)
        return self._op("arith.constant", self._i32, value=ir.IntegerAttr.get(self._i32, signed))

    def _number(self, value: float) -> ir.Value:
        attribute = ir.FloatAttr.get(self._f32, value, loc=self._location)
        return self._op("arith.constant", self._f32, value=attribute)

    def _less(self, left: ir.Value | int, right: ir.Value | int) -> ir.Value:
        values = [self._constant(each) if isinstance(each, int) else each for each in (left, right)]
        return self._compare(_UNSIGNED_LESS, *values)

    def _compare(self, predicate: int, left: ir.Value, right: ir.Value) -> ir.Value:
        return self._op(
            "arith.cmpi", self._i1, left, right, predicate=ir.IntegerAttr.get(self._i64, predicate)
        )

    def _compare_floats(self, predicate: int, left: ir.Value, right: ir.Value) -> ir.Value:
        return self._op(
            "arith.cmpf", self._i1, left, right, predicate=ir.IntegerAttr.get(self._i64, predicate)
        )

    def _select(self, condition: ir.Value, left: ir.Value, right: ir.Value) -> ir.Value:
        return self._op("arith.select", self._i32, condition, left, right)

    def _bits(self, number: ir.Value) -> ir.Value:
        return self._op("arith.bitcast", self._i32, number)

    def _float(self, bits: ir.Value) -> ir.Value:
        return self._op("arith.bitcast", self._f32, bits)


def _f32_bits(number: float) -> int:
    return int.from_bytes(struct.pack("<f", number), "little")
