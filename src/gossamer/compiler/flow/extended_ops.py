"""Brings scans, scatters and sorts into the form that dispatches have them in."""

from __future__ import annotations

from gossamer.compiler.flow.dispatches import host_shapes
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT
from gossamer.compiler.tensor.operations import OPERATIONS
from gossamer.compiler.walk import find


def adopt_extended_ops(module: ir.Module) -> None:
    """Convert the operations of a module, those of `tm_tensor` too, to the form used from here on.

    An operation of an unknown dialect that has exactly one region may be a symbol table for all that MLIR
    knows, and the inliner gives up on it; a second region, an empty one, says that it is none.
    """
    for row in OPERATIONS.values():
        if not row.is_whole:
            continue
        for op in find(module.operation, row.name, *row.synonyms):
            attributes = {name: op.attributes[name] for name in op.attributes}
            adopted = ir.Operation.create(
                row.name,
                [result.type for result in op.results],
                list(op.operands),
                attributes,
                regions=2,
                loc=op.location,
                ip=ir.InsertionPoint(op),
            )
            _replace(op, adopted)


def add_sort_scratch(module: ir.Module) -> None:
    """Give each sort the memory it merges in: as many results again as it sorts tensors, read by nothing."""
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
        _replace(op, shapes.builder.op(op.name, inits, types * 2, attributes, regions=2))


def _replace(op: ir.Operation, replacement: ir.Operation) -> None:
    """Put an operation without a body in another one's place; its first results are the other's."""
    block = op.regions[0].blocks[0]
    block.append_to(replacement.regions[0])
    *_, old = (view.operation for view in block.operations)
    ir.Operation.create(
        f"{DIALECT}.yield", [], list(old.operands), loc=old.location, ip=ir.InsertionPoint(old)
    )
    old.erase()
    for result, new in zip(op.results, replacement.results, strict=False):
        result.replace_all_uses_with(new)
    op.erase()
