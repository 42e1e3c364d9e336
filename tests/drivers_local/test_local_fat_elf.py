"""FatELF executables: the part for this machine is taken; those without one are refused with a reason."""

from __future__ import annotations

import struct

import pytest

from elf_files import make_elf
from gossamer.drivers.local.executable.elf_loader import ElfLoader
from gossamer.errors import FailedPreconditionError, FormatError, UnimplementedError
from gossamer.format.fat_elf import FAT_ELF_HEADER, FAT_ELF_MAGIC, FAT_ELF_RECORD, select_elf

X86_64, AARCH64 = 62, 183
FORMAT = "embedded-elf-x86_64"


def fat_elf(*parts: tuple[int, bytes], version: int = 1, abi: int = 0, word_size: int = 2) -> bytes:
    offset = -(FAT_ELF_HEADER.size + len(parts) * FAT_ELF_RECORD.size) // 64 * -64
    records, contents = b"", b""
    for machine, data in parts:
        start = offset + len(contents)
        records += FAT_ELF_RECORD.pack(machine, abi, 0, word_size, 1, start, len(data))
        contents += data + bytes(-len(data) % 64)
    tables = FAT_ELF_HEADER.pack(FAT_ELF_MAGIC, version, len(parts)) + records
    return tables.ljust(offset, b"\0") + contents


def test_the_part_for_this_machine_is_loaded() -> None:
    data = fat_elf((AARCH64, b"other"), (X86_64, make_elf()))

    assert ElfLoader().load(FORMAT, data, []).functions


def test_other_files_are_left_alone() -> None:
    for data in (b"", b"abc", make_elf()):
        assert select_elf(data, X86_64) is data


def test_none_for_this_machine() -> None:
    message = r"no executable for this machine; it is for aarch64 \(64-bit, little-endian\)$"
    with pytest.raises(FailedPreconditionError, match=message):
        ElfLoader().load(FORMAT, fat_elf((AARCH64, make_elf())), [])
    with pytest.raises(FailedPreconditionError, match=r"it is for .*\(32-bit"):
        ElfLoader().load(FORMAT, fat_elf((X86_64, make_elf()), word_size=1), [])
    with pytest.raises(FailedPreconditionError, match="it is for none"):
        ElfLoader().load(FORMAT, fat_elf(), [])


def test_other_versions() -> None:
    with pytest.raises(UnimplementedError, match="FatELF has version 2, expected 1"):
        select_elf(fat_elf((X86_64, b"x"), version=2), X86_64)


@pytest.mark.parametrize("cut", [8, 20, 31, 64, 100])
def test_files_cut_short(cut: int) -> None:
    data = fat_elf((X86_64, make_elf()))
    with pytest.raises(FormatError):
        ElfLoader().load(FORMAT, data[:cut], [])


@pytest.mark.parametrize(
    ("offset", "size"), [(0, 4), (8, 4), (64, 1 << 63), (1 << 63, 1 << 63), (1 << 20, 1)]
)
def test_parts_outside_of_the_file(offset: int, size: int) -> None:
    data = bytearray(fat_elf((X86_64, make_elf())))
    struct.pack_into("<QQ", data, FAT_ELF_HEADER.size + 8, offset, size)
    with pytest.raises(FormatError, match="outside of the file"):
        select_elf(bytes(data), X86_64)
