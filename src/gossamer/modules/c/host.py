"""The table of functions that modules in C get: `gossamer_host_t`, one for the process."""

from __future__ import annotations

import ctypes
from functools import cache
from struct import pack

from gossamer.errors import UnimplementedError
from gossamer.machine_code.libc import find_function
from gossamer.modules.c import host_calls, host_objects, host_refs
from gossamer.modules.c.abi import SLOT_BYTES
from gossamer.modules.c.host_function import HostFunction
from gossamer.modules.hal.refs import register_hal_ref_types
from gossamer.versions import C_ABI_VERSION

_HEADER_BYTES = 8

FUNCTIONS: dict[str, HostFunction | str] = {
    "status_make": host_calls.status_make,
    "status_code": host_calls.status_code,
    "status_message": host_calls.status_message,
    "status_release": host_calls.status_release,
    "allocate": "malloc",
    "deallocate": "free",
    "retain": host_refs.retain,
    "release": host_refs.release,
    "kind": host_refs.kind,
    "buffer_view_read": host_refs.buffer_view_read,
    "buffer_view_allocate": host_refs.buffer_view_allocate,
    "buffer_view_create": host_refs.buffer_view_create,
    "buffer_view_buffer": host_refs.buffer_view_buffer,
    "buffer_read": host_refs.buffer_read,
    "buffer_allocate": host_refs.buffer_allocate,
    "list_create": host_refs.list_create,
    "list_size": host_refs.list_size,
    "list_resize": host_refs.list_resize,
    "list_get": host_refs.list_get,
    "list_set": host_refs.list_set,
    "fence_create": host_calls.fence_create,
    "fence_wait": host_calls.fence_wait,
    "fence_query": host_calls.fence_query,
    "fence_signal": host_calls.fence_signal,
    "fence_fail": host_calls.fence_fail,
    "import_is_bound": host_calls.import_is_bound,
    "call": host_calls.call,
    "object_create": host_objects.object_create,
    "object_read": host_objects.object_read,
}
"""By name, in the order of the header; a text names a function of the C library."""

HOST_BYTES = _HEADER_BYTES + SLOT_BYTES * len(FUNCTIONS)


def host_address() -> int:
    """Address of the table; it lives as long as the process."""
    return ctypes.addressof(_table())


@cache
def _table() -> ctypes.Array[ctypes.c_char]:
    register_hal_ref_types()
    addresses = [_address(function) for function in FUNCTIONS.values()]
    table = pack(f"<II{len(addresses)}Q", C_ABI_VERSION, HOST_BYTES, *addresses)
    return ctypes.create_string_buffer(table, len(table))


def _address(function: HostFunction | str) -> int:
    if isinstance(function, str):
        found = find_function(function)
        if found is None:
            raise UnimplementedError(f"this process's C library has no {function}")
        return found
    return ctypes.cast(function, ctypes.c_void_p).value or 0
