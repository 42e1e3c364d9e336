"""Values that stand for other values."""

from __future__ import annotations

from collections.abc import Iterable

from gossamer.compiler.vm import ir


class Substitution:
    """Collects replacements; `apply` rewrites uses once, at the end."""

    def __init__(self) -> None:
        self._replacements: dict[ir.Value, ir.Value] = {}

    def replace(self, value: ir.Value, replacement: ir.Value) -> None:
        """Use `replacement` wherever `value` is used."""
        self._replacements[value] = replacement

    def find(self, value: ir.Value) -> ir.Value:
        """What stands for `value` in the end: itself where nothing does."""
        path: list[ir.Value] = []
        while value in self._replacements:
            path.append(value)
            value = self._replacements[value]
        for passed in path:
            self._replacements[passed] = value
        return value

    def apply_to(self, operation: ir.Operation) -> None:
        """Rewrite the operands and branch arguments of an operation."""
        replacements = self._replacements
        if any(operand in replacements for operand in operation.operands):
            operation.operands = [self.find(operand) for operand in operation.operands]
        for successor in operation.successors:
            if any(argument in replacements for argument in successor.arguments):
                successor.arguments = [self.find(argument) for argument in successor.arguments]

    def apply(self, blocks: Iterable[ir.Block]) -> None:
        """Rewrite all uses in some blocks."""
        for block in blocks:
            for operation in block.operations:
                self.apply_to(operation)
