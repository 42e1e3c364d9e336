"""Bytes of constant tensors as the device stores them: little endian, dense, row major."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gossamer.abi.extra_dtypes import extra_dtype
from gossamer.abi.mlir_element_type import element_bits
from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.resources import Resources, is_resource
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_SMALL_FLOATS = {
    "bf16": "bfloat16",
    "f8E5M2": "float8_e5m2",
    "f8E4M3FN": "float8_e4m3fn",
    "f8E5M2FNUZ": "float8_e5m2fnuz",
    "f8E4M3FNUZ": "float8_e4m3fnuz",
    "f8E8M0FNU": "float8_e8m0fnu",
}
_HEX = re.compile(r'"0x([0-9A-Fa-f]*)"')


def constant_bytes(op: ir.Operation, resources: Resources) -> bytes | memoryview:
    """Contents of the tensor that an `arith.constant` is.

    Raises: CompileError where the compiler cannot read the attribute.
    """
    type = ir.RankedTensorType(op.result.type)
    count = 1
    for extent in type.shape:
        count *= extent
    element = str(type.element_type)
    return dense_bytes(op.attributes["value"], element, count, op, resources)


def dense_bytes(
    attr: ir.Attribute, element: str, count: int, op: ir.Operation, resources: Resources
) -> bytes | memoryview:
    """Contents of a dense attribute.

    Args:
        element: type of its elements.
        count: of them.
        op: is blamed by errors.
        resources: hold the bytes that attributes name.
    """
    if is_resource(attr):
        data = resources.data_of(attr, op)
        return data if (element_bits(element) or 0) % 8 == 0 else pack_elements(list(data), element)
    if not isinstance(attr, ir.DenseElementsAttr):
        kind = str(attr).partition("<")[0]
        message = f"a constant of kind '{kind}' is not supported"
        raise CompileError([Diagnostic(message, source_location(op.location))])
    if attr.is_splat:
        return _splat_bytes(attr, element, count)
    if (element_bits(element) or 0) % 8 == 0 and element not in _SMALL_FLOATS:
        return bytes(memoryview(attr))
    return _literal_bytes(str(attr), element)


def _literal_bytes(text: str, element: str) -> bytes:
    # The bindings read neither small floats nor integers of less than a byte; their text says all.
    match = _HEX.search(text)
    if match and element in _SMALL_FLOATS:
        return bytes.fromhex(match[1])
    if match:
        # MLIR keeps a byte for each element.
        return pack_elements(list(bytes.fromhex(match[1])), element)
    literal = text[text.index("<") + 1 : text.rindex(">", 0, text.rindex(":"))]
    tokens = literal.replace("[", " ").replace("]", " ").replace(",", " ").split()
    bits = [int(token, 16) if token.startswith("0x") else None for token in tokens]
    if element not in _SMALL_FLOATS:
        return pack_elements([int(token, 0) for token in tokens], element)
    return b"".join(
        pack_elements([float(token)], element)
        if pattern is None
        else pattern.to_bytes((element_bits(element) or 0) // 8, "little")
        for token, pattern in zip(tokens, bits, strict=True)
    )


def splat_pattern(attr: ir.Attribute, element: str) -> bytes | None:
    """The one element that a dense attribute repeats, where a fill can repeat it too; else None."""
    if element_bits(element) not in (8, 16, 32, 64):
        return None
    if not isinstance(attr, ir.DenseElementsAttr) or not attr.is_splat:
        return None
    number = attr.get_splat_value()
    if not isinstance(number, ir.IntegerAttr | ir.FloatAttr | ir.BoolAttr):
        return None
    return pack_elements([number.value], element)


def _splat_bytes(attr: ir.DenseElementsAttr, element: str, count: int) -> bytes:
    value = attr.get_splat_value()
    if not isinstance(value, ir.IntegerAttr | ir.FloatAttr | ir.BoolAttr):
        raise TypeError(f"splat of {value}")
    if (element_bits(element) or 8) < 8:
        return pack_elements([value.value] * count, element)
    return pack_elements([value.value], element) * count


def pack_elements(numbers: Sequence[int | float | bool], element: str) -> bytes:
    """Bytes of numbers as elements of a type; elements of less than a byte fill it from the low bits."""
    if element in _SMALL_FLOATS:
        return np.array(numbers, dtype=np.float64).astype(extra_dtype(_SMALL_FLOATS[element])).tobytes()
    if element in ("f16", "f32", "f64"):
        with np.errstate(over="ignore"):
            return (
                np.array(numbers, dtype=np.float64).astype(np.dtype(element.replace("f", "float"))).tobytes()
            )
    bits = element_bits(element) or 8
    masked = [int(number) & ((1 << bits) - 1) for number in numbers]
    if bits >= 8:
        return b"".join(number.to_bytes(bits // 8, "little") for number in masked)
    whole = sum(number << (index * bits) for index, number in enumerate(masked))
    return whole.to_bytes(-(-len(masked) * bits // 8), "little")
