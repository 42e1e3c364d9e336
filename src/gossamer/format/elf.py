"""ELF files, as far as a loader of kernels must know them: header, segments, relocation records.

In: bytes of a file, nothing of them believed. Out: `ElfImage`, whose every address is inside a segment and
every file range inside the file. Next: `drivers/local/executable/elf_image.py` maps it. `elf_dynamic` reads
what the dynamic linker reads: symbols and relocations.
Spec: System V ABI, "Object Files"; what must be there is what IREE 3.13.0's loader needs
(`iree/hal/local/elf/elf_module.c`), but for section headers.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from gossamer.errors import FormatError, UnimplementedError
from gossamer.format.module_def import Bytes

ELF_MAGIC = b"\x7fELF"

_HEADER_TABLE = "ELF header"
_SEGMENT_TABLE = "ELF program header"
_HEADER = struct.Struct("<HHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_IDENT_BYTES = 16
_SHARED_OBJECT = 3
_MACHINE_NAMES = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv"}

# Why: code of the small code model reaches 2 GiB, so no larger image is one that a compiler made.
_MAXIMUM_ADDRESS = 1 << 31


class SegmentType(IntEnum):
    """Types of program headers that are looked at; others are notes."""

    LOAD = 1
    DYNAMIC = 2
    INTERPRETER = 3
    TLS = 7
    RELRO = 0x6474E552


class SegmentFlags:
    """Bits of what may be done with a segment's memory."""

    EXECUTE = 1
    WRITE = 2
    READ = 4


@dataclass(frozen=True, slots=True)
class ElfHeader:
    """What kind of ELF file it is.

    Attributes:
        bits: 32 or 64.
        is_little_endian: byte order of its numbers and code.
        type: 3 for a shared object.
        machine: ELF's number of the architecture.
    """

    bits: int
    is_little_endian: bool
    type: int
    machine: int

    @property
    def description(self) -> str:
        """Text such as "aarch64 (64-bit, little-endian)"."""
        name = _MACHINE_NAMES.get(self.machine, f"machine {self.machine}")
        return f"{name} ({self.bits}-bit, {'little' if self.is_little_endian else 'big'}-endian)"


@dataclass(frozen=True, slots=True)
class ElfSegment:
    """A range of memory and the bytes of the file that it starts with; the rest is zero.

    Attributes:
        offset, file_length: the bytes of the file.
        address, length: the memory, from where the image is loaded.
        flags: bits of `SegmentFlags`.
        alignment: of the address the image is loaded at, a power of two.
    """

    offset: int
    file_length: int
    address: int
    length: int
    flags: int
    alignment: int

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + self.length


class ElfRelocation(NamedTuple):
    """A place to write when the image is loaded.

    Attributes:
        address: of the place; 8 bytes there are inside a segment.
        type: number of the machine's relocation type.
        symbol: address of the symbol it names, or 0.
        addend: constant to add.
        is_absolute: `symbol` does not move with the image.
    """

    address: int
    type: int
    symbol: int
    addend: int
    is_absolute: bool


@dataclass(frozen=True, slots=True)
class ElfImage:
    """A shared object, checked.

    Attributes:
        header: what kind of file it is.
        segments: by address; they do not overlap.
        relro: address and length that become read-only once relocated, or None.
        symbols: addresses of what it exports.
        imports: names that others would have to define.
        relocations: in order.
    """

    header: ElfHeader
    segments: tuple[ElfSegment, ...]
    relro: tuple[int, int] | None
    symbols: Mapping[str, int]
    imports: tuple[str, ...]
    relocations: tuple[ElfRelocation, ...]


@dataclass(frozen=True, slots=True)
class ElfSegments:
    """What the program headers say.

    Attributes:
        header: of the file.
        loads: by address; they do not overlap.
        dynamic: address and length of the dynamic section, or None.
        relro: address and length that become read-only once relocated, or None.
    """

    header: ElfHeader
    loads: tuple[ElfSegment, ...]
    dynamic: tuple[int, int] | None
    relro: tuple[int, int] | None

    def require(self, address: int, length: int, table: str, offset: int | None = None) -> tuple[int, int]:
        """Check that a range of memory is inside one segment; returns where that starts and ends.

        Raises: FormatError where it is not.
        """
        for segment in self.loads:
            end = segment.address + segment.length
            if segment.address <= address and address + length <= end:
                return segment.address, end
        raise FormatError(
            f"{length} bytes at address {address:#x} are in no segment", offset=offset, table=table
        )

    def file_offset(self, address: int, length: int, table: str) -> int:
        """Where in the file the contents of a range of memory are.

        Raises: FormatError where they are not.
        """
        for segment in self.loads:
            if segment.address <= address and address + length <= segment.address + segment.file_length:
                return segment.offset + address - segment.address
        raise FormatError(f"{length} bytes at address {address:#x} are not in the file", table=table)


def read_elf_header(data: Bytes) -> ElfHeader:
    """What kind of ELF file some bytes are; those of other machines can be read too.

    Raises: FormatError when they are no ELF file.
    """
    if len(data) < _IDENT_BYTES + 8:
        raise FormatError(f"file of {len(data)} bytes is too short", offset=len(data), table=_HEADER_TABLE)
    if bytes(data[:4]) != ELF_MAGIC:
        raise FormatError("file does not start with the ELF signature", offset=0, table=_HEADER_TABLE)
    elf_class, byte_order = data[4], data[5]
    if elf_class not in (1, 2):
        raise FormatError(f"ELF class {elf_class} is unknown", offset=4, table=_HEADER_TABLE)
    if byte_order not in (1, 2):
        raise FormatError(f"byte order {byte_order} is unknown", offset=5, table=_HEADER_TABLE)
    order = "<" if byte_order == 1 else ">"
    elf_type, machine, version = struct.unpack_from(f"{order}HHI", data, _IDENT_BYTES)
    if version != 1:
        raise FormatError(f"ELF version {version}, expected 1", offset=20, table=_HEADER_TABLE)
    return ElfHeader(32 * elf_class, byte_order == 1, elf_type, machine)


def read_elf_segments(data: Bytes, *, allows_tls: bool = False) -> ElfSegments:
    """Segments of a 64-bit little-endian shared object.

    Args:
        allows_tls: thread-local storage is no reason to refuse it.
    Raises: FormatError when they are wrong, UnimplementedError when it needs thread-local storage.
    """
    header = read_elf_header(data)
    if header.bits != 64 or not header.is_little_endian:
        raise FormatError(
            f"expected 64-bit little-endian, found {header.description}", offset=4, table=_HEADER_TABLE
        )
    if header.type != _SHARED_OBJECT:
        raise FormatError(f"type {header.type} is no shared object", offset=16, table=_HEADER_TABLE)
    if len(data) < _IDENT_BYTES + _HEADER.size:
        raise FormatError("header passes the end of the file", offset=len(data), table=_HEADER_TABLE)
    fields = _HEADER.unpack_from(data, _IDENT_BYTES)
    table_offset, entry_size, count = fields[4], fields[8], fields[9]
    if entry_size != _SEGMENT.size:
        raise FormatError(
            f"program headers of {entry_size} bytes, expected {_SEGMENT.size}", offset=54, table=_HEADER_TABLE
        )
    if table_offset > len(data) or count > (len(data) - table_offset) // _SEGMENT.size:
        raise FormatError(
            f"{count} program headers at {table_offset} pass the end", offset=32, table=_HEADER_TABLE
        )
    positions = [table_offset + index * _SEGMENT.size for index in range(count)]
    return _read_segments(data, header, positions, allows_tls=allows_tls)


def _read_segments(
    data: Bytes, header: ElfHeader, positions: Sequence[int], *, allows_tls: bool
) -> ElfSegments:
    loads: list[ElfSegment] = []
    dynamic: tuple[int, int] | None = None
    relro: tuple[int, int] | None = None
    for index, position in enumerate(positions):
        kind, flags, offset, address, _, file_length, length, alignment = _SEGMENT.unpack_from(data, position)
        if kind == SegmentType.LOAD:
            segment = ElfSegment(offset, file_length, address, length, flags & 7, max(alignment, 1))
            _check_load(segment, len(data), index, position)
            loads.append(segment)
        elif kind == SegmentType.DYNAMIC:
            dynamic = address, file_length
        elif kind == SegmentType.RELRO:
            relro = address, length
        elif kind == SegmentType.TLS and not allows_tls:
            raise UnimplementedError("executable uses thread-local storage, which kernels cannot have")
        elif kind == SegmentType.INTERPRETER:
            raise FormatError(
                "file is a program, not a library", offset=position, table=_SEGMENT_TABLE, index=index
            )
    if not loads:
        raise FormatError("there is nothing to load", offset=32, table=_HEADER_TABLE)
    loads.sort(key=lambda segment: segment.address)
    for before, after in pairwise(loads):
        if before.end > after.address:
            raise FormatError(
                f"segments overlap at address {after.address:#x}", offset=32, table=_SEGMENT_TABLE
            )
    return ElfSegments(header, tuple(loads), dynamic, relro)


def _check_load(segment: ElfSegment, file_length: int, index: int, position: int) -> None:
    message = ""
    if segment.offset > file_length or segment.file_length > file_length - segment.offset:
        message = f"{segment.file_length} bytes at {segment.offset} pass the end of the file"
    elif segment.file_length > segment.length:
        message = f"{segment.file_length} bytes of the file do not fit in {segment.length} of memory"
    elif segment.address > _MAXIMUM_ADDRESS or segment.length > _MAXIMUM_ADDRESS - segment.address:
        message = f"{segment.length} bytes at address {segment.address:#x} pass {_MAXIMUM_ADDRESS:#x}"
    elif segment.alignment & (segment.alignment - 1) or segment.alignment > _MAXIMUM_ADDRESS:
        message = f"alignment {segment.alignment} is no power of two up to {_MAXIMUM_ADDRESS:#x}"
    elif segment.flags & SegmentFlags.WRITE and segment.flags & SegmentFlags.EXECUTE:
        message = "memory that is writable and executable is not allowed"
    if message:
        raise FormatError(message, offset=position, table=_SEGMENT_TABLE, index=index)
