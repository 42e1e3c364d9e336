"""FatELF files: ELF files for several machines in one, of which a loader takes its own.

    header      0 u32 magic | 4 u16 version | 6 u8 record count | 7 reserved
    record      0 u16 machine | 2 u8 ABI | 3 u8 its version | 4 u8 word size | 5 u8 byte order | 6 reserved
                8 u64 offset | 16 u64 size

Numbers are little-endian. Spec: `iree/hal/local/elf/fatelf.h` of IREE 3.13.0.
"""

from __future__ import annotations

import struct

from gossamer.errors import FailedPreconditionError, FormatError, UnimplementedError
from gossamer.format.elf import ElfHeader
from gossamer.format.module_def import Bytes
from gossamer.versions import FAT_ELF_VERSION

FAT_ELF_MAGIC = 0x1F0E70FA
FAT_ELF_HEADER = struct.Struct("<IHBx")
FAT_ELF_RECORD = struct.Struct("<HBBBB2xQQ")

_TABLE = "FatELF header"
_ABIS = (0, 3, 255)
_WORD_SIZE_64 = 2
_LITTLE_ENDIAN = 1


def select_elf(data: Bytes, machine: int) -> Bytes:
    """The ELF file for a 64-bit little-endian machine; bytes that are no FatELF as they are.

    Args:
        data: borrowed; what is returned is a part of it.
        machine: ELF's number of the architecture.
    Raises: FormatError on damaged tables, UnimplementedError for another version, FailedPreconditionError
        naming the machines it is for where this one is not among them.
    """
    if len(data) < FAT_ELF_HEADER.size or FAT_ELF_HEADER.unpack_from(data)[0] != FAT_ELF_MAGIC:
        return data
    _, version, count = FAT_ELF_HEADER.unpack_from(data)
    if version != FAT_ELF_VERSION:
        raise UnimplementedError(f"FatELF has version {version}, expected {FAT_ELF_VERSION}")
    tables_end = FAT_ELF_HEADER.size + count * FAT_ELF_RECORD.size
    if tables_end > len(data):
        raise FormatError(
            f"{count} records end at byte {tables_end} of a file of {len(data)}", offset=6, table=_TABLE
        )
    others: list[str] = []
    for index in range(count):
        position = FAT_ELF_HEADER.size + index * FAT_ELF_RECORD.size
        found, abi, _, word_size, byte_order, offset, size = FAT_ELF_RECORD.unpack_from(data, position)
        if (found, word_size, byte_order) != (machine, _WORD_SIZE_64, _LITTLE_ENDIAN) or abi not in _ABIS:
            bits = 64 if word_size == _WORD_SIZE_64 else 32
            others.append(ElfHeader(bits, byte_order == _LITTLE_ENDIAN, 3, found).description)
            continue
        if offset < tables_end or offset + size > len(data):
            raise FormatError(
                f"bytes [{offset}, {offset + size}) of record {index} are outside of the file of {len(data)}",
                offset=position,
                table=_TABLE,
            )
        return memoryview(data)[offset : offset + size]
    raise FailedPreconditionError(
        f"FatELF has no executable for this machine; it is for {', '.join(others) or 'none'}"
    )
