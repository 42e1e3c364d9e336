"""Copies the body of a tensor operation into a kernel, with elements in place of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.tensor_op import is_tensor

if TYPE_CHECKING:
    from gossamer.compiler.codegen.elements import Elements


class RegionCopy:
    """One copy of a region.

    Attributes:
        values: what the region's block arguments, and the results of what was copied, became.
        loops: what `linalg.index` gives.
    """

    def __init__(self, elements: Elements, values: dict[ir.Value, ir.Value], loops: list[Index]) -> None:
        self._elements = elements
        self._build = elements.build
        self.values = values
        self.loops = loops

    def copy(self, block: ir.Block) -> list[ir.Value]:
        """Copy a block's operations but the terminator; its operands are returned."""
        *operations, terminator = (view.operation for view in block.operations)
        for op in operations:
            self.copy_operation(op)
        return self._operands(terminator)

    def _operands(self, op: ir.Operation) -> list[ir.Value]:
        captured = self._elements.captured
        return [self.values.get(operand) or captured.get(operand, operand) for operand in op.operands]

    def copy_operation(self, op: ir.Operation) -> None:
        """Copy one operation."""
        if op.name == "linalg.index":
            loop = ir.IntegerAttr(op.attributes["dim"]).value
            self.values[op.result] = self._build.value(self.loops[loop])
        elif op.name == "tensor.extract":
            tensor, *indices = self._operands(op)
            self.values[op.result] = self._elements.element(tensor, tuple(indices))
        elif op.name == "tensor.dim":
            self.values[op.result] = self._dim(op)
        else:
            self._copy_plain(op)

    def _dim(self, op: ir.Operation) -> ir.Value:
        tensor, dim = op.operands
        owner = dim.owner
        assert isinstance(owner, ir.OpView | ir.Operation)
        number = ir.IntegerAttr(owner.attributes["value"]).value
        return self._build.value(self._elements.kernel.shapes.dims(tensor)[number])

    def _copy_plain(self, op: ir.Operation) -> None:
        attributes = {name: op.attributes[name] for name in op.attributes}
        types = [result.type for result in op.results]
        copy = self._build.op(op.name, self._operands(op), types, attributes, len(op.regions))
        for old, new in zip(op.regions, copy.regions, strict=True):
            for block in old.blocks:
                self._copy_block(block, new)
        self.values.update(zip(op.results, copy.results, strict=True))

    def _copy_block(self, block: ir.Block, region: ir.Region) -> None:
        types = [argument.type for argument in block.arguments]
        copy = ir.Block.create_at_start(region, types, [self._build.location] * len(types))
        self.values.update(zip(block.arguments, copy.arguments, strict=True))
        *_, terminator = (view.operation for view in block.operations)
        with self._build.inside(copy):
            operands = self.copy(block)
            attributes = {name: terminator.attributes[name] for name in terminator.attributes}
            self._build.op(terminator.name, operands, [], attributes)


def apply_region(elements: Elements, block: ir.Block, scalars: Sequence[ir.Value]) -> list[ir.Value]:
    """What a region makes of scalars, appended to the kernel; it may work on tensors of rank zero.

    Args:
        elements: of the kernel.
        block: the region's one block.
        scalars: one for each of its arguments.
    Returns: the operands of its terminator.
    """
    *operations, terminator = (view.operation for view in block.operations)
    copy = RegionCopy(elements, {}, [])
    for argument, scalar in zip(block.arguments, scalars, strict=True):
        copy.values[argument] = scalar
        elements.stored[argument] = lambda indices, scalar=scalar: scalar
    with elements.build.forgetting():
        for inner in operations:
            if not any(is_tensor(result) for result in inner.results):
                copy.copy_operation(inner)
        elements.captured = copy.values
        results = [
            elements.element(operand, ()) if is_tensor(operand) else copy.values.get(operand, operand)
            for operand in terminator.operands
        ]
    elements.captured = {}
    return results
