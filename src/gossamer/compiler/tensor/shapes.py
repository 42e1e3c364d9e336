"""Sizes of tensors' dimensions, found by walking from a value to where its shape was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.operations import operation_of
from gossamer.compiler.tensor.tensor_op import shape_of

Leaf: TypeAlias = Callable[[ir.Value, int], Index]


class Shapes:
    """Answers how large tensors are.

    Attributes:
        builder: appends the arithmetic that an answer needs.
        leaf: gives a dynamic dimension of a value no rule knows: an argument, a call's result.
    """

    def __init__(self, builder: IndexBuilder, leaf: Leaf) -> None:
        self.builder = builder
        self.leaf = leaf

    def dims(self, tensor: ir.Value) -> list[Index]:
        """Sizes of all dimensions."""
        static = shape_of(tensor)
        if None not in static:
            return [size for size in static if size is not None]
        found = self._decided_elsewhere(tensor)
        if found is None:
            found = [self.leaf(tensor, dim) if size is None else size for dim, size in enumerate(static)]
        return [known if size is None else size for known, size in zip(found, static, strict=True)]

    def dynamic_dims(self, tensor: ir.Value) -> list[ir.Value]:
        """Sizes of the dimensions that the type does not state, as values."""
        static = shape_of(tensor)
        if None not in static:
            return []
        dims = self.dims(tensor)
        return [self.builder.value(dim) for dim, size in zip(dims, static, strict=True) if size is None]

    def _decided_elsewhere(self, tensor: ir.Value) -> list[Index] | None:
        if not isinstance(tensor, ir.OpResult):
            return None
        row = operation_of(tensor.owner.operation)
        return row.shape(self, tensor) if row and row.shape else None
