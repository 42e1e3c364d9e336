"""Gives sorts the memory they merge in: further results that nothing reads."""

from __future__ import annotations

from gossamer.compiler.flow.dispatches import host_shapes
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT, move_body
from gossamer.compiler.tensor.walk import find


def add_sort_scratch(module: ir.Module) -> None:
    """Give each sort as many results again as it sorts tensors."""
    for op in find(module.operation, f"{DIALECT}.sort"):
        shapes = host_shapes(op)
        empties = [
            shapes.builder.op("tensor.empty", shapes.dynamic_dims(result), [result.type]).result
            for result in op.results
        ]
        types = [result.type for result in op.results]
        inits = [*op.operands, *empties]
        attributes = {name: op.attributes[name] for name in op.attributes if name != "operandSegmentSizes"}
        attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get([0, len(inits)], op.context)
        sort = shapes.builder.op(op.name, inits, types * 2, attributes, regions=2)
        move_body(op, sort)
        for old, new in zip(op.results, sort.results, strict=False):
            old.replace_all_uses_with(new)
        op.erase()
