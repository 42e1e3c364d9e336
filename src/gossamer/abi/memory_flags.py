"""Memory types, usages and accesses of buffers: bit sets, as programs carry them.

Spec: `iree/hal/buffer.h` of IREE 3.13.0. Names are IREE's, without its prefixes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag

WHOLE_BUFFER = -1
"""A length that means: to the end of the buffer."""

ALIGNMENT = 64
"""Bytes; every allocation starts on such a boundary because kernels use aligned vector moves."""


class MemoryType(IntFlag):
    """Where memory is and who can see it."""

    NONE = 0
    OPTIMAL = 0x01
    HOST_VISIBLE = 0x02
    HOST_COHERENT = 0x04
    HOST_CACHED = 0x08
    HOST_LOCAL = 0x46
    DEVICE_VISIBLE = 0x10
    DEVICE_LOCAL = 0x30


class BufferUsage(IntFlag):
    """What a buffer may be used for."""

    NONE = 0
    TRANSFER_SOURCE = 0x1
    TRANSFER_TARGET = 0x2
    TRANSFER = 0x3
    DISPATCH_INDIRECT_PARAMETERS = 0x100
    DISPATCH_UNIFORM_READ = 0x200
    DISPATCH_STORAGE_READ = 0x400
    DISPATCH_STORAGE_WRITE = 0x800
    DISPATCH_STORAGE = 0xC00
    DISPATCH_IMAGE_READ = 0x1000
    DISPATCH_IMAGE_WRITE = 0x2000
    DISPATCH_IMAGE = 0x3000
    DISPATCH = 0x3F00
    SHARING_EXPORT = 0x10000
    SHARING_REPLICATE = 0x20000
    SHARING_CONCURRENT = 0x40000
    SHARING_IMMUTABLE = 0x80000
    MAPPING_SCOPED = 0x1000000
    MAPPING_PERSISTENT = 0x2000000
    MAPPING_OPTIONAL = 0x4000000
    MAPPING_ACCESS_RANDOM = 0x8000000
    MAPPING_ACCESS_SEQUENTIAL_WRITE = 0x10000000
    DEFAULT = 0xC03
    MAPPING = 0x9000000


class MemoryAccess(IntFlag):
    """What may be done with the contents of a buffer."""

    NONE = 0
    READ = 0x1
    WRITE = 0x2
    DISCARD = 0x4
    DISCARD_WRITE = 0x6
    MAY_ALIAS = 0x8
    UNALIGNED = 0x10
    ANY = 0x20
    ALL = 0x7


_MEMORY_TYPE_ORDER = (
    MemoryType.HOST_LOCAL,
    MemoryType.DEVICE_LOCAL,
    MemoryType.OPTIMAL,
    MemoryType.HOST_VISIBLE,
    MemoryType.HOST_COHERENT,
    MemoryType.HOST_CACHED,
    MemoryType.DEVICE_VISIBLE,
)
_COMBINED_USAGES = (
    BufferUsage.TRANSFER,
    BufferUsage.DISPATCH,
    BufferUsage.DISPATCH_STORAGE,
    BufferUsage.DISPATCH_IMAGE,
    BufferUsage.MAPPING,
)
# Iterating a flag class yields its single bits, from the lowest.
_USAGE_ORDER = (*_COMBINED_USAGES, *BufferUsage)
_ACCESS_ORDER = (
    MemoryAccess.ALL,
    MemoryAccess.DISCARD_WRITE,
    MemoryAccess.READ,
    MemoryAccess.WRITE,
    MemoryAccess.DISCARD,
    MemoryAccess.MAY_ALIAS,
    MemoryAccess.ANY,
)


def memory_type_name(value: int) -> str:
    """Text such as `HOST_VISIBLE|DEVICE_VISIBLE`: combined names first, then single bits."""
    return _name_bits(value, _MEMORY_TYPE_ORDER)


def buffer_usage_name(value: int) -> str:
    """Text such as `TRANSFER|DISPATCH_STORAGE`: combined names first, then single bits."""
    return _name_bits(value, _USAGE_ORDER)


def memory_access_name(value: int) -> str:
    """Text such as `READ|WRITE`: combined names first, then single bits."""
    return _name_bits(value, _ACCESS_ORDER)


def _name_bits(value: int, order: Sequence[IntFlag]) -> str:
    names: list[str] = []
    remaining = value
    for flag in order:
        # Why int: inverting a flag drops the bits its class has no name for.
        bits = int(flag)
        if remaining & bits == bits:
            names.append(str(flag.name))
            remaining &= ~bits
    if remaining:
        names.append(f"{remaining:X}h")
    return "|".join(names)
