"""Undefined symbols of an ELF object."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gossamer.errors import FormatError

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMBOL_TABLE_TYPE = 2


def undefined_symbols(data: bytes) -> list[str]:
    """Names of the symbols that a 64-bit little-endian ELF object needs from elsewhere.

    Raises: FormatError where the bytes are not such an object.
    """
    try:
        return sorted(set(_undefined(data)))
    except FormatError:
        raise
    except (struct.error, IndexError, OverflowError, ValueError) as error:
        raise FormatError("object is damaged", table="ELF") from error


def _undefined(data: bytes) -> Iterator[str]:
    if data[:6] != b"\x7fELF\x02\x01":
        raise FormatError("not a 64-bit little-endian ELF object", table="ELF", offset=0)
    (table_offset,) = struct.unpack_from("<Q", data, 40)
    (section_count,) = struct.unpack_from("<H", data, 60)
    sections: list[tuple[int, ...]] = [
        _SECTION.unpack_from(data, table_offset + 64 * index) for index in range(section_count)
    ]
    for section in sections:
        _, kind, _, _, offset, size, link, *_ = section
        if kind != _SYMBOL_TABLE_TYPE:
            continue
        names = sections[link][4]
        # Why from 1: the first symbol of every table is empty.
        for index in range(1, size // _SYMBOL.size):
            name, _, _, home, _, _ = _SYMBOL.unpack_from(data, offset + _SYMBOL.size * index)
            if home == 0:
                start = names + name
                yield data[start : data.index(b"\0", start)].decode()
