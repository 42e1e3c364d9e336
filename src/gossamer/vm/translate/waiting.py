"""Which functions may wait, and so need a generator form."""

from __future__ import annotations

from typing import Final, cast

from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.decoded import DecodedModule


class Yielded:
    """What a bare `vm.yield` gives its scheduler: nothing to wait for, others may run first."""

    def wait(self) -> None:
        """Return at once."""


YIELD: Final = Yielded()


def waiting_functions(module: DecodedModule) -> frozenset[int]:
    """Ordinals of the functions that yield, or call what may yield."""
    waiting: set[int] = set()
    callees: dict[int, set[int]] = {}
    for function in module.functions:
        called = callees[function.ordinal] = set()
        for instruction in function.instructions:
            name = instruction.opcode.name
            if name == "yield" or name.endswith(".yieldable"):
                waiting.add(function.ordinal)
            if name.startswith("call"):
                ordinal = cast("int", instruction.operands[0])
                if not ordinal & IMPORT_BIT:
                    called.add(ordinal)
    grew = True
    while grew:
        found = {ordinal for ordinal, called in callees.items() if called & waiting} - waiting
        waiting |= found
        grew = bool(found)
    return frozenset(waiting)
