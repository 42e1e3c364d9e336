"""Linked native code, as it is kept on disk: bytes that can be anywhere in memory, and what loading adds.

Three parts follow each other, each from a page of its own: code, constants, data. Offsets count from the
first. Encoded: a magic, u32 lengths and counts, the parts, then tables of u64 and names.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from gossamer.errors import FormatError
from gossamer.versions import CODE_IMAGE_VERSION

PAGE_BYTES = 4096

_MAGIC = b"GSMRIMG%d" % CODE_IMAGE_VERSION
_HEADER = struct.Struct("<8s8I")
_NUMBER = struct.Struct("<Q")
_POINTER = struct.Struct("<QQ")
_TABLE = "code image"


class CodeImage(NamedTuple):
    """Code without a place.

    Attributes:
        code: may be executed.
        constants: may be read.
        data: may be written.
        data_length: bytes of memory of `data`; what follows it is zero.
        symbols: offset of each function by name.
        pointers: (place, offset): the place holds the address of the offset.
        imports: (place, name): the place holds the address of a function that is elsewhere.
    """

    code: bytes
    constants: bytes
    data: bytes
    data_length: int
    symbols: dict[str, int]
    pointers: tuple[tuple[int, int], ...]
    imports: tuple[tuple[int, str], ...]

    @property
    def constants_offset(self) -> int:
        """Where the constants start."""
        return page_end(len(self.code))

    @property
    def data_offset(self) -> int:
        """Where the data starts."""
        return page_end(self.constants_offset + len(self.constants))

    @property
    def length(self) -> int:
        """Bytes of memory, whole pages."""
        return page_end(self.data_offset + self.data_length)


def page_end(offset: int) -> int:
    """The end of the page an offset is in, or the offset itself where it is one."""
    return (offset + PAGE_BYTES - 1) & -PAGE_BYTES


def encode_code_image(image: CodeImage) -> bytes:
    """Bytes of an image."""
    names = "\0".join([*image.symbols, *(name for _, name in image.imports)]).encode()
    header = _HEADER.pack(
        _MAGIC,
        len(image.code),
        len(image.constants),
        len(image.data),
        image.data_length,
        len(image.symbols),
        len(image.pointers),
        len(image.imports),
        len(names),
    )
    return b"".join(
        (
            *(header, image.code, image.constants, image.data),
            *(_NUMBER.pack(offset) for offset in image.symbols.values()),
            *(_POINTER.pack(*pointer) for pointer in image.pointers),
            *(_NUMBER.pack(place) for place, _ in image.imports),
            names,
        )
    )


def decode_code_image(encoded: bytes) -> CodeImage:
    """The image that bytes are of.

    Raises: FormatError where they are none, or where anything in it is out of its bounds.
    """
    if len(encoded) < _HEADER.size or not encoded.startswith(_MAGIC):
        raise FormatError("no code image of this version", offset=0, table=_TABLE)
    header = _HEADER.unpack_from(encoded)
    code_length, constants_length, data_bytes, data_length, symbols, pointers, imports, names_length = header[
        1:
    ]
    lengths = (
        *(code_length, constants_length, data_bytes),
        *(_NUMBER.size * symbols, _POINTER.size * pointers, _NUMBER.size * imports, names_length),
    )
    if _HEADER.size + sum(lengths) != len(encoded) or data_bytes > data_length:
        raise FormatError(f"lengths do not add up to {len(encoded)} bytes", table=_TABLE)
    parts: list[bytes] = []
    position = _HEADER.size
    for length in lengths:
        parts.append(encoded[position : position + length])
        position += length
    code, constants, data, symbol_table, pointer_table, import_table, name_bytes = parts
    names = name_bytes.decode("utf-8", "replace").split("\0") if name_bytes else []
    if len(names) != symbols + imports:
        raise FormatError(f"{len(names)} names for {symbols + imports} symbols", table=_TABLE)
    image = CodeImage(
        code,
        constants,
        data,
        data_length,
        dict(zip(names[:symbols], _numbers(symbol_table), strict=True)),
        tuple((place, offset) for place, offset in _POINTER.iter_unpack(pointer_table)),
        tuple(zip(_numbers(import_table), names[symbols:], strict=True)),
    )
    _check_bounds(image)
    return image


def _numbers(table: bytes) -> list[int]:
    return [number for (number,) in _NUMBER.iter_unpack(table)]


def _check_bounds(image: CodeImage) -> None:
    places = [place for place, _ in (*image.pointers, *image.imports)]
    if any(place < image.constants_offset or place + 8 > image.length for place in places):
        raise FormatError("a pointer is outside of the constants and data", table=_TABLE)
    if any(offset > image.length for _, offset in image.pointers):
        raise FormatError("a pointer points outside of the image", table=_TABLE)
    if any(offset >= len(image.code) for offset in image.symbols.values()):
        raise FormatError("a function is outside of the code", table=_TABLE)
