"""Integers of two and four bits: several to a byte in memory, the first in its lowest bits.

A store reads its byte, changes the integer's bits and writes it back: one workgroup computes whole results of
such elements (`plan`), so that no two write to a byte at once.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.walk import find

PACKED = ("i2", "i4")


def unpack_integers(module: ir.Module) -> None:
    """Have a kernel load and store bytes where its memory is of packed integers."""
    (view,) = module.body.operations
    function = view.operation
    entry = function.regions[0].blocks[0]
    byte = ir.IntegerType.get_signless(8, module.context)
    packed = [argument for argument in entry.arguments if _is_packed(argument.type)]
    if not packed:
        return
    for argument in packed:
        argument.set_type(ir.MemRefType.get(ir.MemRefType(argument.type).shape, byte, loc=function.location))
    types = [argument.type for argument in entry.arguments]
    function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(types, []))
    for op in find(module.operation, "memref.load"):
        if op.operands[0] in packed:
            _unpack_load(op, byte)
    for op in find(module.operation, "memref.store"):
        if op.operands[1] in packed:
            _unpack_store(op, byte)


def _is_packed(type: ir.Type) -> bool:
    return isinstance(type, ir.MemRefType) and str(type.element_type) in PACKED


class _Place:
    """Where an element is: a byte, and how far it is shifted in it."""

    def __init__(self, build: IndexBuilder, index: ir.Value, width: int, byte: ir.Type) -> None:
        self.build, self.byte = build, byte
        count = 8 // width
        self.index = build.value(build.div(index, count))
        within = build.value(build.mul(build.rem(index, count), width))
        self.shift = build.op("arith.index_cast", [within], [byte]).result

    def op(self, name: str, *operands: ir.Value) -> ir.Value:
        """Append an operation on bytes."""
        return self.build.op(name, operands, [self.byte]).result


def _unpack_load(op: ir.Operation, byte: ir.Type) -> None:
    memory, index = op.operands
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    place = _Place(build, index, ir.IntegerType(op.result.type).width, byte)
    whole = place.op("memref.load", memory, place.index)
    low = place.op("arith.shrui", whole, place.shift)
    op.result.replace_all_uses_with(build.op("arith.trunci", [low], [op.result.type]).result)
    op.erase()


def _unpack_store(op: ir.Operation, byte: ir.Type) -> None:
    value, memory, index = op.operands
    width = ir.IntegerType(value.type).width
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    place = _Place(build, index, width, byte)
    ones = build.constant(ir.IntegerAttr.get(byte, (1 << width) - 1), byte)
    kept = place.op("arith.xori", place.op("arith.shli", ones, place.shift), _all_ones(build, byte))
    old = place.op("arith.andi", place.op("memref.load", memory, place.index), kept)
    new = place.op("arith.shli", place.op("arith.extui", value), place.shift)
    build.op("memref.store", [place.op("arith.ori", old, new), memory, place.index], [])
    op.erase()


def _all_ones(build: IndexBuilder, byte: ir.Type) -> ir.Value:
    return build.constant(ir.IntegerAttr.get(byte, -1), byte)
