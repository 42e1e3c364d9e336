"""Which registers each operation of a function reads and writes, for text: IREE's `annotated-mlir-text`.

    // operands ["R0", "i2+3"], results ["r1"]

`i2` is a cell for 32 bits, `i2+3` two cells for 64, `r1` a reference, `R0` one that is given away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.emit.allocate_registers import Allocation, allocate_registers, is_ref, width
from gossamer.compiler.vm.emit.ref_lifetimes import place_moves_and_discards


def register_notes(function: ir.Function) -> Callable[[ir.Operation], str]:
    """What is to be written beside each operation of a function."""
    allocation = allocate_registers(function)
    moved = place_moves_and_discards(allocation).moved

    def note(operation: ir.Operation) -> str:
        moves = moved.get(operation, ())
        operands = _names(allocation, operation.operands, moves)
        results = _names(allocation, operation.results, ())
        parts = [
            f"{kind} [{names}]" for kind, names in (("operands", operands), ("results", results)) if names
        ]
        return f"  // {', '.join(parts)}" if parts else ""

    return note


def _names(allocation: Allocation, values: Iterable[ir.Value], moves: Iterable[int]) -> str:
    return ", ".join(
        f'"{_name(allocation, value, is_moved=index in moves)}"' for index, value in enumerate(values)
    )


def _name(allocation: Allocation, value: ir.Value, *, is_moved: bool) -> str:
    register = allocation.registers.get(value)
    if register is None:
        # Why: what nothing reads and no instruction writes has none.
        return "-"
    if is_ref(value):
        return f"{'R' if is_moved else 'r'}{register}"
    return f"i{register}+{register + 1}" if width(value) == 2 else f"i{register}"
