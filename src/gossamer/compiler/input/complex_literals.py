"""Takes literals of complex numbers out of MLIR, whose Python bindings have no class for them.

One number, repeated, becomes a `tensor.splat`; others become resources, which everything after the input
phase reads as it reads those of the source.
"""

from __future__ import annotations

import re
import struct

from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources
from gossamer.compiler.walk import find

_OWNERS = {
    "arith.constant": "value",
    "check.expect_almost_eq_const": "value",
    "check.expect_eq_const": "value",
    "flow.tensor.constant": "value",
    "ml_program.global": "value",
    "util.global": "initial_value",
    "util.unfoldable_constant": "value",
}
"""Operations with constants, and the attribute that holds them."""

_LITERAL = re.compile(r"dense<([^>]*)> : (tensor<[^<>]*complex<(f\d+)>>)")
_NUMBER = re.compile(r"\(([^,()]+),([^,()]+)\)")
_HEX = re.compile(r'"0x([0-9A-Fa-f]*)"')
_FORMATS = {"f32": ("<f", 4), "f64": ("<d", 8)}


def remove_complex_literals(module: ir.Module, resources: Resources) -> None:
    """Replace the literals of complex numbers of all operations that hold constants.

    Args:
        module: changed.
        resources: get the numbers.
    """
    for op in find(module.operation, *_OWNERS):
        attribute = _OWNERS[op.name]
        if not _is_unreadable(op, attribute):
            continue
        match = _LITERAL.search(op.get_asm(print_generic_op_form=True))
        assert match is not None, f"{op.name} with a literal that is not dense"
        literal, type = match[1], ir.RankedTensorType(ir.Type.parse(match[2]))
        data = _bytes(literal, match[3])
        count = len(data) // (2 * _FORMATS[match[3]][1])
        if op.name == "arith.constant" and count == 1:
            _replace_by_splat(op, data, match[3])
            continue
        repeated = data * (_element_count(type) // count) if count else data
        op.attributes[attribute] = resources.create("complex", type, repeated)


def _is_unreadable(op: ir.Operation, attribute: str) -> bool:
    try:
        op.attributes.get(attribute)
    except TypeError:  # the bindings cannot tell the attribute's class
        return True
    return False


def _element_count(type: ir.RankedTensorType) -> int:
    count = 1
    for extent in type.shape:
        count *= extent
    return count


def _bytes(literal: str, part: str) -> bytes:
    """Numbers of a literal, real part first, little endian; one where all are the same."""
    digits = _HEX.search(literal)
    if digits:
        return bytes.fromhex(digits[1])
    parts = (text.strip() for pair in _NUMBER.findall(literal) for text in pair)
    return b"".join(_part_bytes(text, part) for text in parts)


def _part_bytes(text: str, part: str) -> bytes:
    format, size = _FORMATS[part]
    if text.startswith("0x"):
        return int(text, 16).to_bytes(size, "little")
    return struct.pack(format, float(text))


def _replace_by_splat(op: ir.Operation, data: bytes, part: str) -> None:
    format, _ = _FORMATS[part]
    type = ir.RankedTensorType(op.result.type).element_type
    with op.location, ir.InsertionPoint(op):
        parts = [
            ir.FloatAttr.get(ir.Type.parse(part), *number) for number in struct.iter_unpack(format, data)
        ]
        number = ir.Operation.create("complex.constant", [type], [], {"value": ir.ArrayAttr.get(parts)})
        splat = ir.Operation.create("tensor.splat", [op.result.type], [number.result])
    op.result.replace_all_uses_with(splat.result)
    op.erase()
