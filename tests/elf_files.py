"""Small ELF libraries that loader tests are made of: hand-assembled x86-64 kernels with their tables."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

_PAGE = 4096

RETURN_0 = bytes.fromhex("31C0 C3")
RETURN_7 = bytes.fromhex("B807000000 C3")
# binding 0 [0] = executable constant 0
STORE_EXECUTABLE_CONSTANT = bytes.fromhex("488B07 8B00 488B4E20 488B09 8901 31C0 C3")
# binding 0 [0] = first word of the processor data
STORE_PROCESSOR_DATA = bytes.fromhex("488B4720 488B4E20 488B09 488901 31C0 C3")
# binding 0 [0] = size of local memory; local memory [size - 1] = 1
STORE_LOCAL_MEMORY_SIZE = bytes.fromhex("8B4218 488B4E20 488B09 8901 488B5210 C64402FF01 31C0 C3")
# binding 0 [0] = binding 0 [0] * 0.5
HALVE = bytes.fromhex("488B4E20 488B09 F30F1001 B80000003F 660F6EC8 F30F59C1 F30F1101 31C0 C3")


@dataclass(frozen=True)
class Kernel:
    """An export and its needs; `name` None leaves the pointer to it null."""

    name: str | None
    code: bytes = RETURN_0
    bindings: int = 0
    constants: int = 0
    local_memory_pages: int = 0
    flags: int = 0


@dataclass(frozen=True)
class Library:
    """What the tables and headers say; the defaults are right."""

    kernels: Sequence[Kernel] = (Kernel("kernel"),)
    version: int = 6
    sanitizer: int = 0
    imports: Sequence[str] = ()
    constant_count: int = 0
    has_names: bool = True
    has_attributes: bool = True
    query_name: str = "iree_hal_executable_library_query"
    answers_version: int = 6
    machine: int = 62
    elf_class: int = 2
    code_flags: int = 5
    undefined_symbol: str = ""
    extra_dynamic: Sequence[tuple[int, int]] = ()
    extra_segment: bytes = b""
    kernels_in_data: bool = False
    export_count: int | None = None
    extra_relocations: Sequence[tuple[int, int, int]] = ()
    """Of (offset in the data, type, addend)."""


@dataclass
class _Data:
    """The data segment: bytes, and which words of it are pointers."""

    address: int
    contents: bytearray = field(default_factory=bytearray)
    pointers: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def append(self, contents: bytes, pointers: Sequence[tuple[int, int]] = ()) -> int:
        """Add bytes; `pointers` are (offset in them, address pointed to)."""
        self.contents.extend(bytes(-len(self.contents) % 16))
        address = self.address + len(self.contents)
        self.contents.extend(contents)
        self.pointers.extend((address + offset, target) for offset, target in pointers if target)
        return address

    def strings(self, texts: Sequence[str | None]) -> int:
        """Add an array of pointers to strings."""
        targets = [0 if text is None else self.append(text.encode() + b"\0") for text in texts]
        return self.append(bytes(8 * len(targets)), [(8 * i, target) for i, target in enumerate(targets)])


def make_elf(library: Library = Library()) -> bytes:
    """The file of a library; its query function accepts version `answers_version` only."""
    headers_length = 64 + 6 * 56 + len(library.extra_segment)
    names = [library.query_name, *([library.undefined_symbol] if library.undefined_symbol else [])]
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in names)
    symbols_offset = headers_length
    hash_offset = symbols_offset + 24 * (1 + len(names))
    hash_table = struct.pack("<IIII", 1, 1 + len(names), 1, 0) + bytes(4 * len(names))
    strings_offset = hash_offset + len(hash_table)
    relocations_offset = (strings_offset + len(strings) + 7) & -8

    # The number of relocations is needed before they are known: tables first, at their final addresses.
    code_start, data_start = 3 * _PAGE, 5 * _PAGE
    data, code = _tables(library, code_start, data_start)
    relocations = [(address, 8, target) for address, target in data.pointers]
    relocations += [(data_start + offset, kind, addend) for offset, kind, addend in library.extra_relocations]
    rela = b"".join(struct.pack("<QQq", address, kind, addend) for address, kind, addend in relocations)
    dynamic = [
        (30, 8), (7, relocations_offset), (8, len(rela)), (9, 24), (6, symbols_offset), (11, 24),
        (5, strings_offset), (10, len(strings)), (4, hash_offset), *library.extra_dynamic, (0, 0),
    ]  # fmt: skip
    dynamic_address = data.append(b"".join(struct.pack("<QQ", *entry) for entry in dynamic))

    first_end = relocations_offset + len(rela)
    # File offsets are addresses modulo the page, as the system's loader wants them.
    code_offset = (first_end + _PAGE - 1) & -_PAGE
    data_offset = code_offset + _PAGE
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, code_start, 20)
    if library.undefined_symbol:
        symbols += struct.pack("<IBBHQQ", 2 + len(library.query_name), 0x12, 0, 0, 0, 0)
    segments = [
        struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, first_end, first_end, _PAGE),
        struct.pack(
            "<IIQQQQQQ", 1, library.code_flags, code_offset, code_start, 0, len(code), len(code), _PAGE
        ),
        struct.pack("<IIQQQQQQ", 1, 6, data_offset, data_start, 0, len(data.contents), 2 * _PAGE, _PAGE),
        struct.pack(
            "<IIQQQQQQ", 2, 6, dynamic_address - data_start + data_offset, dynamic_address, 0,
            16 * len(dynamic), 16 * len(dynamic), 8,
        ),
        struct.pack("<IIQQQQQQ", 0x6474E552, 4, data_offset, data_start, 0, 0, _PAGE, 1),
        struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 0),
        *([library.extra_segment] if library.extra_segment else []),
    ]  # fmt: skip
    identification = b"\x7fELF" + bytes([library.elf_class, 1, 1]) + bytes(9)
    header = struct.pack(
        "<HHIQQQIHHHHHH", 3, library.machine, 1, 0, 64, 0, 0, 64, 56, len(segments), 64, 0, 0
    )
    first = identification + header + b"".join(segments) + symbols + hash_table + strings
    first = first.ljust(relocations_offset, b"\0") + rela
    return first.ljust(code_offset, b"\0") + code.ljust(_PAGE, b"\0") + bytes(data.contents)


def _tables(library: Library, code_start: int, data_start: int) -> tuple[_Data, bytes]:
    data = _Data(data_start)
    code = bytearray(32)
    addresses: list[int] = []
    for kernel in library.kernels:
        addresses.append(code_start + len(code))
        code.extend(kernel.code.ljust(-(-len(kernel.code) // 16) * 16, b"\xcc"))
    if library.kernels_in_data:
        addresses = [data_start for _ in addresses]
    functions = data.append(bytes(8 * len(addresses)), [(8 * i, a) for i, a in enumerate(addresses)])
    attributes = data.append(
        b"".join(
            struct.pack("<QHBB52x", k.flags, k.local_memory_pages, k.constants, k.bindings)
            for k in library.kernels
        )
    )
    names = data.strings([kernel.name for kernel in library.kernels])
    imports = data.strings(library.imports)
    name = data.append(b"library\0")
    header = data.append(struct.pack("<IIQII", library.version, 0, 0, 0, library.sanitizer), [(8, name)])
    count = len(library.kernels) if library.export_count is None else library.export_count
    table = bytearray(128)
    struct.pack_into("<I", table, 8, len(library.imports))
    struct.pack_into("<I", table, 24, count)
    struct.pack_into("<I", table, 104, library.constant_count)
    pointers = [(0, header), (32, functions)]
    pointers += [(16, imports)] if library.imports else []
    pointers += [(40, attributes)] if library.has_attributes else []
    pointers += [(64, names)] if library.has_names else []
    tables = data.append(bytes(table), pointers)
    # xor eax, eax; cmp edi, version; jne to ret; lea rax, [rip + tables]; ret
    displacement = tables - (code_start + 14)
    query = bytes.fromhex("31C0 83FF") + bytes([library.answers_version]) + bytes.fromhex("7507 488D05")
    code[:15] = query + struct.pack("<i", displacement) + b"\xc3"
    return data, bytes(code)
