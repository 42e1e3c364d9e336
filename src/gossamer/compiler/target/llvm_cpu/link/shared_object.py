"""Links objects into a shared object without imports.

The file has three segments, each of which starts on a page of memory of its own but follows the last in the
file: headers, tables and constants; code; and what is writable until relocated, which is pointers and the
dynamic section. What the export does not need is left out.
Spec: System V ABI, "Program Loading and Dynamic Linking"; what must be there is what IREE 3.13.0's loader
needs (`iree/hal/local/elf/elf_module.c`), and `dlopen`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from gossamer.compiler.target.llvm_cpu.link.aarch64 import AARCH64
from gossamer.compiler.target.llvm_cpu.link.layout import Layout, Part
from gossamer.compiler.target.llvm_cpu.link.machine import Machine, Site
from gossamer.compiler.target.llvm_cpu.link.merge import merge_objects
from gossamer.compiler.target.llvm_cpu.link.riscv64 import RISCV64
from gossamer.compiler.target.llvm_cpu.link.x86_64 import X86_64
from gossamer.errors import FormatError, InternalError
from gossamer.format.elf_object import (
    ElfObject,
    ElfSection,
    ObjectRelocation,
    ObjectSymbol,
    SectionFlags,
    SectionType,
    read_elf_object,
)

_MACHINES = {62: X86_64, 183: AARCH64, 243: RISCV64}
_SLOT_BYTES = 8
_FLAGS_OFFSET = 48
_TABLE = "ELF object"


def link_shared_object(objects: Sequence[bytes], export: str) -> bytes:
    """Link objects.

    Args:
        objects: bytes of 64-bit little-endian relocatable objects.
        export: name of the one function that the result offers.
    Raises: FormatError on a damaged object; InternalError for one that refers to what it does not define, or
        has memory to write: code generation makes no such code.
    """
    # Spec: the flags of the ELF header say how code of an object passes floats, on RISC-V.
    flags = struct.unpack_from("<I", objects[0], _FLAGS_OFFSET)[0]
    return _Linker(merge_objects([read_elf_object(data) for data in objects]), flags).link(export)


class _Linker:
    """Objects on their way."""

    def __init__(self, source: ElfObject, flags: int) -> None:
        if source.machine not in _MACHINES:
            raise InternalError(f"objects of machine {source.machine} are not linked here")
        self._source = source
        self._machine: Machine = _MACHINES[source.machine]
        self._layout = Layout(source.machine, flags, self._machine.page_bytes)
        self._relocations: dict[int, list[ObjectRelocation]] = {}
        for relocation in source.relocations:
            if relocation.type not in self._machine.nothing:
                self._relocations.setdefault(relocation.section, []).append(relocation)
        self._contents: dict[int, bytearray] = {}
        self._addresses: dict[int, int] = {}
        self._slots: dict[ObjectSymbol, int] = {}
        self._pointers: list[tuple[int, int]] = []

    def link(self, export: str) -> bytes:
        entry = next((symbol for symbol in self._source.symbols if symbol.name == export), None)
        if entry is None or not entry.section:
            raise InternalError(f"native code does not define {export!r}")
        self._reach(entry.section)
        kept = sorted(self._contents)
        slots = list(dict.fromkeys(self._slot_symbols(kept)))
        pointer_count = len(slots) + sum(1 for _ in self._pointer_sites(kept))
        self._layout.reserve_tables(export, pointer_count)
        self._place(kept, slots)
        for relocation in self._kept_relocations(kept):
            self._apply(relocation)
        for symbol, slot in self._slots.items():
            self._pointers.append((slot, self._address(symbol)))
        sections = [(self._addresses[index], self._contents[index]) for index in kept]
        return self._layout.write(sections, self._address(entry), self._machine.relative, self._pointers)

    def _reach(self, first: int) -> None:
        """Keep a section and all that it needs."""
        missing: list[str] = []
        pending = [first]
        while pending:
            index = pending.pop()
            if index in self._contents:
                continue
            section = self._source.sections[index]
            if section.type == SectionType.NOBITS:
                raise InternalError("native code has memory to write, which kernels cannot share")
            self._contents[index] = bytearray(section.contents)
            for relocation in self._relocations.get(index, ()):
                if relocation.symbol.section:
                    pending.append(relocation.symbol.section)
                else:
                    missing.append(relocation.symbol.name)
        if missing:
            names = ", ".join(sorted(set(missing)))
            raise InternalError(f"native code calls what no kernel has: {names}")

    def _kept_relocations(self, kept: list[int]) -> Iterator[ObjectRelocation]:
        for index in kept:
            yield from self._relocations.get(index, ())

    def _slot_symbols(self, kept: list[int]) -> Iterator[ObjectSymbol]:
        for relocation in self._kept_relocations(kept):
            if relocation.type in self._machine.slots:
                yield relocation.symbol

    def _pointer_sites(self, kept: list[int]) -> Iterator[ObjectRelocation]:
        return (each for each in self._kept_relocations(kept) if each.type == self._machine.pointer)

    def _place(self, kept: list[int], slots: list[ObjectSymbol]) -> None:
        with_pointers = {relocation.section for relocation in self._pointer_sites(kept)}
        parts = {index: _part(self._source.sections[index], index in with_pointers) for index in kept}
        for part in Part:
            for index in kept:
                if parts[index] is part:
                    section = self._source.sections[index]
                    self._addresses[index] = self._layout.place(part, section.length, section.alignment)
        for symbol in slots:
            self._slots[symbol] = self._layout.place(Part.RELOCATED, _SLOT_BYTES, _SLOT_BYTES)

    def _address(self, symbol: ObjectSymbol) -> int:
        return self._addresses[symbol.section] + symbol.offset

    def _apply(self, relocation: ObjectRelocation) -> None:
        contents = self._contents[relocation.section]
        place = self._addresses[relocation.section] + relocation.offset
        if relocation.type == self._machine.pointer:
            self._pointers.append((place, self._address(relocation.symbol) + relocation.addend))
            return
        meant, address = relocation, place
        if relocation.type in self._machine.paired:
            meant, address = self._pair(relocation), self._address(relocation.symbol)
        slot = self._slots.get(meant.symbol, 0) if meant.type in self._machine.slots else 0
        site = Site(
            contents,
            relocation.offset,
            relocation.type,
            address,
            self._address(meant.symbol) + meant.addend,
            slot and slot + meant.addend,
        )
        if relocation.offset + 4 > len(contents) or not self._machine.apply(site):
            raise FormatError(
                f"relocation of type {relocation.type} at {relocation.offset} is unknown", table=_TABLE
            )

    def _pair(self, relocation: ObjectRelocation) -> ObjectRelocation:
        symbol = relocation.symbol
        for other in self._relocations.get(symbol.section, ()):
            if other.offset == symbol.offset and other.type not in self._machine.paired:
                return other
        raise FormatError(f"relocation at {relocation.offset} continues none", table=_TABLE)


def _part(section: ElfSection, has_pointers: bool) -> Part:
    if section.flags & SectionFlags.EXECUTE:
        return Part.CODE
    return Part.RELOCATED if has_pointers or section.flags & SectionFlags.WRITE else Part.CONSTANTS
