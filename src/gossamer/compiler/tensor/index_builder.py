"""Arithmetic on indices that folds what is known: an index is a Python number or an MLIR value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from gossamer.compiler.mlir import ir

Index: TypeAlias = "int | ir.Value"


class IndexBuilder:
    """Appends operations at an insertion point.

    Attributes:
        at: where the next operation goes; assign it to move on.
        location: location of what is appended.
    """

    def __init__(self, at: ir.InsertionPoint, location: ir.Location) -> None:
        self.at = at
        self.location = location
        self.index_type = ir.IndexType.get(location.context)
        self.i1_type = ir.IntegerType.get_signless(1, location.context)

    def op(
        self,
        name: str,
        operands: Sequence[ir.Value],
        results: Sequence[ir.Type],
        attributes: dict[str, ir.Attribute] | None = None,
        regions: int = 0,
    ) -> ir.Operation:
        """Append any operation.

        Args:
            name: dialect and name, for example "arith.addi".
            operands: in the operation's order.
            results: types, one for each result.
            attributes: by name.
            regions: how many regions, which are empty.
        """
        return ir.Operation.create(
            name,
            results=results,
            operands=operands,
            attributes=attributes,
            regions=regions,
            loc=self.location,
            ip=self.at,
        )

    def constant(self, attribute: ir.Attribute, type: ir.Type) -> ir.Value:
        """Append an `arith.constant`."""
        return self.op("arith.constant", [], [type], {"value": attribute}).result

    def value(self, index: Index) -> ir.Value:
        """An index as an MLIR value."""
        if isinstance(index, int):
            return self.constant(ir.IntegerAttr.get(self.index_type, index), self.index_type)
        return index

    def values(self, indices: Iterable[Index]) -> list[ir.Value]:
        """Indices as MLIR values."""
        return [self.value(index) for index in indices]

    def add(self, lhs: Index, rhs: Index) -> Index:
        """The sum."""
        if isinstance(lhs, int) and isinstance(rhs, int):
            return lhs + rhs
        if lhs == 0:
            return rhs
        return lhs if rhs == 0 else self._binary("arith.addi", lhs, rhs)

    def sub(self, lhs: Index, rhs: Index) -> Index:
        """The difference."""
        if isinstance(lhs, int) and isinstance(rhs, int):
            return lhs - rhs
        return lhs if rhs == 0 else self._binary("arith.subi", lhs, rhs)

    def mul(self, lhs: Index, rhs: Index) -> Index:
        """The product."""
        if isinstance(lhs, int) and isinstance(rhs, int):
            return lhs * rhs
        if lhs == 1 or rhs == 1:
            return rhs if lhs == 1 else lhs
        return 0 if lhs == 0 or rhs == 0 else self._binary("arith.muli", lhs, rhs)

    def product(self, factors: Iterable[Index]) -> Index:
        """The product of any number of factors."""
        result: Index = 1
        for factor in factors:
            result = self.mul(result, factor)
        return result

    def div(self, lhs: Index, rhs: Index) -> Index:
        """The quotient of numbers that are not negative, rounded down."""
        if isinstance(lhs, int) and isinstance(rhs, int) and rhs:
            return lhs // rhs
        return lhs if rhs == 1 else self._binary("arith.divui", lhs, rhs)

    def rem(self, lhs: Index, rhs: Index) -> Index:
        """The remainder of numbers that are not negative."""
        if isinstance(lhs, int) and isinstance(rhs, int) and rhs:
            return lhs % rhs
        return 0 if rhs == 1 else self._binary("arith.remui", lhs, rhs)

    def floor_div(self, lhs: Index, rhs: Index) -> Index:
        """The quotient of any numbers, rounded towards minus infinity."""
        if isinstance(lhs, int) and isinstance(rhs, int) and rhs:
            return lhs // rhs
        return lhs if rhs == 1 else self._binary("arith.floordivsi", lhs, rhs)

    def ceil_div(self, lhs: Index, rhs: Index) -> Index:
        """The quotient of any numbers, rounded towards plus infinity."""
        if isinstance(lhs, int) and isinstance(rhs, int) and rhs:
            return -(-lhs // rhs)
        return lhs if rhs == 1 else self._binary("arith.ceildivsi", lhs, rhs)

    def minimum(self, lhs: Index, rhs: Index) -> Index:
        """The lesser of two indices, as signed numbers."""
        if isinstance(lhs, int) and isinstance(rhs, int):
            return min(lhs, rhs)
        return self._binary("arith.minsi", lhs, rhs)

    def _binary(self, name: str, lhs: Index, rhs: Index) -> ir.Value:
        return self.op(name, [self.value(lhs), self.value(rhs)], [self.index_type]).result
