"""Drops changes of width that conversion makes for each operation by itself and that together say nothing."""

from __future__ import annotations

from collections.abc import Callable

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.liveness import uses
from gossamer.compiler.vm.optimize.substitution import Substitution

# Operations that read the low 8 or 16 bits of an operand only, and that operand's index.
_LOW_BIT_READERS: dict[str, tuple[int, int]] = {
    "ext.i8.i32.s": (8, 0),
    "ext.i8.i32.u": (8, 0),
    "trunc.i32.i8": (8, 0),
    "buffer.store.i8": (8, 2),
    "ext.i16.i32.s": (16, 0),
    "ext.i16.i32.u": (16, 0),
    "trunc.i32.i16": (16, 0),
    "buffer.store.i16": (16, 2),
}
# Operations that keep as many low bits of their operand as this.
_LOW_BIT_KEEPERS = {
    "ext.i8.i32.s": 8,
    "ext.i8.i32.u": 8,
    "trunc.i32.i8": 8,
    "ext.i16.i32.s": 16,
    "ext.i16.i32.u": 16,
    "trunc.i32.i16": 16,
}
_SIGNED_LOADS = {
    ("ext.i8.i32.s", "buffer.load.i8.u"): "buffer.load.i8.s",
    ("ext.i16.i32.s", "buffer.load.i16.u"): "buffer.load.i16.s",
}


def _signed(number: int, width: int) -> int:
    half = 1 << (width - 1)
    return (number + half) % (2 * half) - half


_FOLDS: dict[str, Callable[[int], int]] = {
    "ext.i8.i32.s": lambda number: _signed(number, 8),
    "ext.i16.i32.s": lambda number: _signed(number, 16),
    "ext.i8.i32.u": lambda number: number & 0xFF,
    "ext.i16.i32.u": lambda number: number & 0xFFFF,
    "trunc.i32.i8": lambda number: number & 0xFF,
    "trunc.i32.i16": lambda number: number & 0xFFFF,
    "ext.i32.i64.s": lambda number: number,
    "ext.i32.i64.u": lambda number: number & 0xFFFF_FFFF,
    "trunc.i64.i32": lambda number: _signed(number, 32),
}


def simplify_operations(function: ir.Function) -> None:
    """Simplify a function of reachable blocks, in reverse postorder; what becomes dead is left in place."""
    _Simplifier(function).run()


class _Simplifier:
    def __init__(self, function: ir.Function) -> None:
        self._function = function
        self._definitions: dict[ir.Value, ir.Operation] = {}
        self._use_counts: dict[ir.Value, int] = {}
        self._substitution = Substitution()
        for block in function.blocks:
            for operation in block.operations:
                for value in uses(operation):
                    self._use_counts[value] = self._use_counts.get(value, 0) + 1

    def run(self) -> None:
        for block in self._function.blocks:
            for operation in block.operations:
                self._substitution.apply_to(operation)
                self._simplify(operation)
                for result in operation.results:
                    self._definitions[result] = operation
        # Arguments of branches back to a block stand before what they name.
        self._substitution.apply(self._function.blocks)

    def _simplify(self, operation: ir.Operation) -> None:
        if operation.name in _LOW_BIT_READERS:
            self._skip_low_bit_keepers(operation, *_LOW_BIT_READERS[operation.name])
        if operation.name in _FOLDS and not self._fold(operation):
            self._fuse(operation)

    def _skip_low_bit_keepers(self, operation: ir.Operation, width: int, index: int) -> None:
        definition = self._definitions.get(operation.operands[index])
        while definition is not None and _LOW_BIT_KEEPERS.get(definition.name, 0) >= width:
            skipped, kept = operation.operands[index], definition.operands[0]
            self._use_counts[skipped] -= 1
            self._use_counts[kept] += 1
            operation.operands[index] = kept
            definition = self._definitions.get(kept)

    def _fold(self, operation: ir.Operation) -> bool:
        definition = self._definitions.get(operation.operands[0])
        if definition is None or definition.name not in _INTEGER_CONSTANTS:
            return False
        number = definition.immediate or 0
        assert isinstance(number, int)
        folded = _FOLDS[operation.name](number)
        suffix = operation.results[0].type
        operation.name = f"const.{suffix}" if folded else f"const.{suffix}.zero"
        operation.operands = []
        operation.immediate = folded or None
        return True

    def _fuse(self, operation: ir.Operation) -> None:
        definition = self._definitions.get(operation.operands[0])
        if definition is None:
            return
        signed_load = _SIGNED_LOADS.get((operation.name, definition.name))
        if signed_load and self._use_counts[definition.results[0]] == 1:
            definition.name = signed_load
            self._substitution.replace(operation.results[0], definition.results[0])
        elif operation.name == "trunc.i64.i32" and definition.name.startswith("ext.i32.i64."):
            self._substitution.replace(operation.results[0], definition.operands[0])


_INTEGER_CONSTANTS = ("const.i32", "const.i32.zero", "const.i64", "const.i64.zero")
