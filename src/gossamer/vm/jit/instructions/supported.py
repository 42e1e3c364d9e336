"""Which operations native code can do."""

from __future__ import annotations

from gossamer.vm.jit.instructions.memory_operations import MEMORY_EMITTERS
from gossamer.vm.jit.instructions.value_operations import is_value_operation
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operation

DIVISIONS = {
    f"{name}.i{bits}.{sign}": (instruction, bits)
    for bits in (32, 64)
    for name, sign, instruction in (
        ("div", "s", "sdiv"),
        ("div", "u", "udiv"),
        ("rem", "s", "srem"),
        ("rem", "u", "urem"),
    )
}
_OTHERS = frozenset(
    {
        *("const.ref.zero", "const.ref.rodata", "assign.ref", "cast.any.ref", "select.ref", "cmp.nz.ref"),
        *("discard.refs", "trace", "print", "call"),
        *("br", "break", "cond_break", "cond_br", "br_table", "return", "fail"),
    }
)


def is_supported(name: str) -> bool:
    """True for the operations that native code can do."""
    return name in _OTHERS or name in MEMORY_EMITTERS or name in DIVISIONS or is_value_operation(name)


def is_pure(operation: Operation) -> bool:
    """True for operations on values alone that cannot fail."""
    if operation.name in DIVISIONS:
        divisor = operation.inputs[1]
        return isinstance(divisor, Literal) and divisor.value not in (0, -1)
    return is_value_operation(operation.name)
