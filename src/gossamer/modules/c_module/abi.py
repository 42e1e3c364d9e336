"""Layout of `include/gossamer/module.h`: its structs and types of functions, for a 64-bit process.

The header is the reference; a test compiles it and compares every size and offset given here.
"""

from __future__ import annotations

import ctypes
from struct import Struct

from gossamer.errors import InvalidArgumentError

ABI_VERSION = 1
MAX_RANK = 32
SLOT_BYTES = 8
"""Every argument and result takes one slot."""

# gossamer_module_t: versions, name, version; dependencies, imports and exports, each as count and address;
# create, destroy, create_state, fork_state, destroy_state.
MODULE = Struct("<IIQQ 6Q 5Q")
# Name, calling convention, function, count and address of attributes.
EXPORT = Struct("<QQQQQ")
# Full name, calling convention, is optional, count and address of attributes.
IMPORT = Struct("<QQQQQ")
# Name, minimum version, is optional.
DEPENDENCY = Struct("<QII")
# Key, value.
PAIR = Struct("<QQ")
# Context, arguments, results.
CALL = Struct("<QQQ")
# Count of groups, address of values.
SPAN = Struct("<QQ")
# Type; the value follows.
VARIANT_TYPE = Struct("<i4x")
# Address, length, is writable.
MEMORY = Struct("<QQi4x")
# Element type, rank; memory comes before and the shape after.
TENSOR = Struct("<II")

SLOT_FORMATS = {"i": "i4x", "I": "q", "f": "f4x", "F": "d", "r": "Q", "C": "Q"}
"""How `struct` spells a slot, by calling convention character; `C` stands for a span."""

_POINTER = ctypes.c_void_p
QUERY_TYPE = ctypes.CFUNCTYPE(_POINTER, ctypes.c_uint32, _POINTER)
CREATE_TYPE = ctypes.CFUNCTYPE(_POINTER, ctypes.c_size_t, _POINTER, _POINTER)
DESTROY_TYPE = ctypes.CFUNCTYPE(None, _POINTER)
CREATE_STATE_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER)
FORK_STATE_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER, _POINTER)
DESTROY_STATE_TYPE = ctypes.CFUNCTYPE(None, _POINTER, _POINTER)
FUNCTION_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER)


def read_struct(layout: Struct, address: int) -> tuple[int, ...]:
    """Fields of a struct of C."""
    # Safety: the caller got the address from a module, which is trusted code.
    return layout.unpack(ctypes.string_at(address, layout.size))


def write_bytes(address: int | None, data: bytes) -> None:
    """Store to memory of C.

    Raises: InvalidArgumentError when the address is null.
    """
    if not address:
        raise InvalidArgumentError("the pointer to where the result goes is null")
    ctypes.memmove(address, data, len(data))


def write_slot(address: int | None, value: int) -> None:
    """Store an address, a size or a handle where C wants one; see `write_bytes`."""
    write_bytes(address, value.to_bytes(SLOT_BYTES, "little"))
