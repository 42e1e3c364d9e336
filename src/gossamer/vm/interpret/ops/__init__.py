"""How the interpreter carries out each operation, one file for each family.

In: an execution, its innermost frame, an instruction's operand values. Out: changed registers.
Next: `interpreter` picks handlers from `HANDLERS`. Mirrors `iree/vm/bytecode/dispatch.c` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.isa.opcodes import OPCODES_BY_NAME
from gossamer.vm.interpret.execution import Handlers
from gossamer.vm.interpret.ops.calls import CALL_HANDLERS
from gossamer.vm.interpret.ops.control import CONTROL_HANDLERS
from gossamer.vm.interpret.ops.global_access import GLOBAL_HANDLERS
from gossamer.vm.interpret.ops.references import REFERENCE_HANDLERS
from gossamer.vm.interpret.ops.simple import SIMPLE_HANDLERS

HANDLERS: Handlers = {
    OPCODES_BY_NAME[name]: handler
    for name, handler in {
        **SIMPLE_HANDLERS,
        **GLOBAL_HANDLERS,
        **REFERENCE_HANDLERS,
        **CONTROL_HANDLERS,
        **CALL_HANDLERS,
    }.items()
}
"""Handlers of all operations but `block`, which nothing executes."""

__all__ = ["HANDLERS"]
