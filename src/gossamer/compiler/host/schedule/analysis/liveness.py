"""How long each tensor of a function is needed."""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.compiler.mlir import ir


@dataclass(slots=True)
class Liveness:
    """Uses of values: the last one in the block that defines them, and whether other blocks have any."""

    _last_use: dict[ir.Value, int] = field(default_factory=dict["ir.Value", int])
    _use_counts: dict[ir.Value, int] = field(default_factory=dict["ir.Value", int])
    _elsewhere: set[ir.Value] = field(default_factory=set["ir.Value"])

    def add_use(self, value: ir.Value, position: int | None) -> None:
        """Record a use by operation number `position` of the defining block, or by another block."""
        self._use_counts[value] = self._use_counts.get(value, 0) + 1
        if position is None:
            self._elsewhere.add(value)
        else:
            self._last_use[value] = max(position, self._last_use.get(value, -1))

    def use_count(self, value: ir.Value) -> int:
        """How many operands a value is."""
        return self._use_counts.get(value, 0)

    def is_used_elsewhere(self, value: ir.Value) -> bool:
        """Whether a block other than the defining one uses a value."""
        return value in self._elsewhere

    def is_live(self, value: ir.Value, position: int) -> bool:
        """Whether operation number `position` of the defining block, or any later one, uses a value."""
        return value in self._elsewhere or self._last_use.get(value, -1) >= position


def analyze_liveness(op: ir.Operation) -> Liveness:
    """Find the uses of all values of a function."""
    liveness = Liveness()
    home: dict[ir.Value, ir.Block] = {}
    blocks = list(op.regions[0].blocks)
    for block in blocks:
        for argument in block.arguments:
            home[argument] = block
        for operation in block.operations:
            for result in operation.operation.results:
                home[result] = block
    for block in blocks:
        for position, operation in enumerate(block.operations):
            for operand in operation.operation.operands:
                liveness.add_use(operand, position if home[operand] == block else None)
    return liveness
