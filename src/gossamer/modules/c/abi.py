"""Layout of `include/gossamer/module.h`: its structs and types of functions, for a 64-bit process.

The header is the reference; a test compiles it and compares every size and offset given here.
"""

from __future__ import annotations

import ctypes
from functools import cache
from struct import Struct

from gossamer.errors import InvalidArgumentError

MAX_RANK = 32
SLOT_BYTES = 8
"""Every argument and result takes one slot."""

# gossamer_module_t: versions, name, version; dependencies, imports and exports, each as count and address;
# create, destroy, create_state, fork_state, destroy_state, save_state, load_state.
MODULE = Struct("<IIQQ 6Q 7Q")
MODULE_WITHOUT_SAVING = Struct("<IIQQ 6Q 5Q")
"""What modules have that were built before states could be saved."""
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

SLOT_FORMATS = {"i": "i4x", "I": "q", "f": "f4x", "F": "d", "r": "Q", "C": "Q"}
"""How `struct` spells a slot, by calling convention character; `C` stands for a span."""

_POINTER = ctypes.c_void_p
QUERY_TYPE = ctypes.CFUNCTYPE(_POINTER, ctypes.c_uint32, _POINTER)
CREATE_TYPE = ctypes.CFUNCTYPE(_POINTER, ctypes.c_size_t, _POINTER, _POINTER)
DESTROY_TYPE = ctypes.CFUNCTYPE(None, _POINTER)
CREATE_STATE_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER)
FORK_STATE_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER, _POINTER)
SAVE_STATE_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER)
LOAD_STATE_TYPE = ctypes.CFUNCTYPE(_POINTER, _POINTER, _POINTER, _POINTER, ctypes.c_size_t, _POINTER)
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
    ctypes.memmove(_not_null(address), data, len(data))


def write_slot(address: int | None, value: int) -> None:
    """Store an address, a size or a handle where C wants one.

    Raises: InvalidArgumentError when the address is null.
    """
    ctypes.c_uint64.from_address(_not_null(address)).value = value


def _not_null(address: int | None) -> int:
    if not address:
        raise InvalidArgumentError("the pointer to where the result goes is null")
    return address


@cache
def _tensor_layout(rank: int) -> tuple[Struct, type[ctypes.Array[ctypes.c_char]]]:
    layout = Struct(f"{MEMORY.format}II{rank}q")
    return layout, ctypes.c_char * layout.size


def write_tensor(
    address: int | None, data: int, length: int, is_writable: bool, element_type: int, shape: list[int]
) -> None:
    """Store a `gossamer_buffer_view_t`, as much of its shape as there is.

    Raises: InvalidArgumentError when the address is null.
    """
    rank = len(shape)
    layout, memory = _tensor_layout(rank)
    place = memory.from_address(_not_null(address))
    layout.pack_into(place, 0, data, length, is_writable, element_type, rank, *shape)
