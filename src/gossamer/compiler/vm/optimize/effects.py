"""What executing an operation can do besides computing its results, by its name."""

from __future__ import annotations

from gossamer.isa.opcodes import OPCODES_BY_NAME

_READING = (
    "global.load.",
    "list.get.",
    "list.size",
    "buffer.load.",
    "buffer.length",
    "buffer.compare",
    "buffer.hash",
)
_ALLOCATING = ("list.alloc", "buffer.alloc", "buffer.clone")
_MAY_FAIL = ("cast.any.ref", "select.ref", "switch.ref", "import.resolved")


def _is_removable(name: str) -> bool:
    opcode = OPCODES_BY_NAME[name]
    return bool(opcode.results) and not opcode.is_terminator and not name.startswith("call")


REMOVABLE = frozenset(name for name in OPCODES_BY_NAME if _is_removable(name))
"""Operations nobody misses where their results are not read: those that only compute, read or allocate."""

PURE = frozenset(
    name
    for name in REMOVABLE
    if not name.startswith((*_READING, *_ALLOCATING, *_MAY_FAIL)) and name != "assign.ref"
)
"""Operations that give the same results for the same operands, wherever they are."""

CONSTANTS = frozenset(name for name in PURE if name.startswith("const.") and not name.startswith("const.ref"))
"""Value constants."""
