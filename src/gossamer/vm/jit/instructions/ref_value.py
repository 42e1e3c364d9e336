"""How refs look in native code.

A buffer is three values: address, length in bytes, and state: 0 null, 1 there, 3 there and mutable. A list
of bindings is the address of the dispatch state that has them, or null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gossamer.vm.jit.instructions.text import LLVM_TYPES

PRESENT_BIT = 1
MUTABLE_BIT = 2
MUTABLE_STATE = PRESENT_BIT | MUTABLE_BIT


@dataclass(frozen=True, slots=True)
class BufferNames:
    """Names of the values of a buffer."""

    pointer: str
    length: str
    state: str


@dataclass(frozen=True, slots=True)
class ListNames:
    """Name of the dispatch state that a list of bindings belongs to."""

    dispatch_state: str


Names: TypeAlias = str | BufferNames | ListNames
"""Names of a value: of a number just one."""

NULL_BUFFER = BufferNames("null", "0", "0")
NULL_LIST = ListNames("null")


def component_types(kind: str, names: Names) -> tuple[tuple[str, str], ...]:
    """(LLVM type, name) of each component of a value."""
    if isinstance(names, BufferNames):
        return (("ptr", names.pointer), ("i64", names.length), ("i32", names.state))
    if isinstance(names, ListNames):
        return (("ptr", names.dispatch_state),)
    return ((LLVM_TYPES[kind], names),)


def byte_shift(element_bytes: int) -> int:
    """Shift that divides a length in bytes by an element's size."""
    return element_bytes.bit_length() - 1
