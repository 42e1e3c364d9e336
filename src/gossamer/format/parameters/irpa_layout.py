"""Records of `.irpa` archives, version 0: a header, entries, names and metadata, then the parameters' bytes.

    header                 at a multiple of 16; all its offsets count from its own start
    entry table            one record for each parameter, each at a multiple of 16
    metadata segment       names and metadata, wherever entries say
    storage segment        bytes of parameters, at a multiple of the first one's alignment

A header may name another one further on in the file. All numbers are little-endian; records are packed.
Spec: `iree/schemas/parameter_archive.h` of IREE 3.13.0.
"""

from __future__ import annotations

import struct
from enum import IntEnum

MAGIC = b"IRPA"
HEADER_ALIGNMENT = 16
ENTRY_ALIGNMENT = 16
DATA_ALIGNMENT = 64
FILE_ALIGNMENT = 4096
"""Sizes of files are multiples of it, so that they can be mapped whole."""

PREFIX = struct.Struct("<4sHHQQQ")
"""Magic, major and minor version, size of the header, offset of the next header or 0, flags."""

HEADER = struct.Struct("<4sHHQQQQQQQQQQ")
"""The prefix; number of entries; offset and length of entry table, metadata segment, storage segment."""

ENTRY = struct.Struct("<QIQQQQQQ")
"""Size of the record, type, flags, offset and length of name and of metadata, least alignment."""

SPLAT = struct.Struct("<Q16sB")
"""After ENTRY: length of the parameter, pattern, length of the pattern."""

RANGE = struct.Struct("<QQ")
"""After ENTRY of DATA: offset in the storage segment and length. After ENTRY of EXTERNAL: of the path, then
another one of the bytes in that file."""


class EntryType(IntEnum):
    """What a record of the entry table is."""

    SKIP = 0
    SPLAT = 1
    DATA = 2
    EXTERNAL = 3


def align(offset: int, alignment: int) -> int:
    """The first multiple of `alignment` from `offset` on."""
    return -(-offset // alignment) * alignment
