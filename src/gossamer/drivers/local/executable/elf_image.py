"""Loads ELF libraries: our own loader, for embedded executables, and the system's, for the others.

In: bytes of a file. Out: a `NativeImage`. Our loader maps fresh memory, copies segments, relocates, then
protects; it runs nothing of the library and resolves no symbols outside of it. The system's loader gets the
bytes as a file in memory; it may resolve symbols of this process and runs constructors.
Source: what `iree/hal/local/elf/elf_module.c` of IREE 3.13.0 accepts.
"""

from __future__ import annotations

import mmap
import os
import platform
import struct
from functools import cache, partial
from itertools import pairwise

from gossamer.drivers.local.executable.native_image import NativeImage
from gossamer.errors import FailedPreconditionError, StatusError, UnimplementedError
from gossamer.format.elf import (
    ElfHeader,
    ElfImage,
    ElfSegment,
    SegmentFlags,
    read_elf_header,
    read_elf_segments,
)
from gossamer.format.elf_dynamic import read_elf
from gossamer.format.module_def import Bytes
from gossamer.machine_code.host_memory import view_memory
from gossamer.machine_code.libc import (
    close_library,
    find_symbol,
    library_base,
    map_memory,
    open_library,
    protect_memory,
    unmap_memory,
)
from gossamer.processor.host import host_elf_machine

_ADDRESS = struct.Struct("<Q")
_ADDRESS_MASK = (1 << 64) - 1


# Relocation types of x86-64 that position independent libraries have.
_NONE = 0
_ABSOLUTE = 1
_GLOBAL_DATA = 6
_JUMP_SLOT = 7
_RELATIVE = 8


def require_host(data: Bytes) -> None:
    """Check that a file is for this process; CPU features it may need are not recorded in it.

    Raises: FormatError when it is no ELF file, FailedPreconditionError when it is for another architecture.
    """
    header = read_elf_header(data)
    machine = host_elf_machine()
    if machine is None:
        raise FailedPreconditionError(f"this {platform.machine()} process cannot load native executables")
    if (header.bits, header.is_little_endian, header.machine) != (64, True, machine):
        host = ElfHeader(64, True, header.type, machine)
        raise FailedPreconditionError(
            f"executable is for {header.description}, but this process runs on {host.description}"
        )


def load_image(data: Bytes) -> NativeImage:
    """Load a library with our own loader.

    Args:
        data: the file; not needed afterwards.
    Raises: FormatError on bad bytes, UnimplementedError on what kernels do not need, FailedPreconditionError
        when it is for another machine or imports symbols.
    """
    require_host(data)
    image = read_elf(data)
    if image.imports:
        raise FailedPreconditionError(
            f"executable imports symbols ({', '.join(map(repr, image.imports[:5]))}); "
            "embedded executables must define all they use"
        )
    _require_separate_pages(image)
    alignment = max(mmap.PAGESIZE, *(segment.alignment for segment in image.segments))
    first = image.segments[0].address & -alignment
    length = _page_end(image.segments[-1].end) - first
    # Why: the system aligns to pages only; where a segment wants more, the rest in front stays unused.
    mapped_length = length + (alignment - mmap.PAGESIZE)
    mapping = map_memory(mapped_length)
    bias = ((mapping + alignment - 1) & -alignment) - first
    release = partial(unmap_memory, mapping, mapped_length)
    try:
        _fill(image, data, bias, view_memory(first + bias, length), first)
        _protect(image, bias)
    except BaseException:
        release()
        raise
    symbols = {name: bias + address for name, address in image.symbols.items()}
    return NativeImage(bias, image.segments, symbols, release)


def _page_end(address: int) -> int:
    return (address + mmap.PAGESIZE - 1) & -mmap.PAGESIZE


def _require_separate_pages(image: ElfImage) -> None:
    # Why: a page has one protection, so the later segment would change that of the earlier.
    for before, after in pairwise(image.segments):
        shares_page = _page_end(before.end) > after.address & -mmap.PAGESIZE
        if shares_page and before.flags != after.flags and before.length and after.length:
            raise FailedPreconditionError(
                f"executable has segments of different protection on one page of {mmap.PAGESIZE} bytes"
            )


def _fill(image: ElfImage, data: Bytes, bias: int, memory: memoryview, first: int) -> None:
    """Write an image's segments and relocations.

    Args:
        memory: where the image is loaded, from address `first` on.
    """
    contents = memoryview(data)
    for segment in image.segments:
        start, length = segment.address - first, segment.file_length
        memory[start : start + length] = contents[segment.offset : segment.offset + length]
    for relocation in image.relocations:
        address, kind, symbol, addend, is_absolute = relocation
        if kind == _RELATIVE:
            value = bias + addend
        elif kind == _ABSOLUTE:
            value = symbol + addend + (0 if is_absolute else bias)
        elif kind in (_GLOBAL_DATA, _JUMP_SLOT):
            value = symbol + (0 if is_absolute else bias)
        elif kind == _NONE:
            continue
        else:
            raise UnimplementedError(f"executable has a relocation of type {kind}")
        _ADDRESS.pack_into(memory, address - first, value & _ADDRESS_MASK)


def _protect(image: ElfImage, bias: int) -> None:
    for segment in image.segments:
        if segment.length:
            start = (bias + segment.address) & -mmap.PAGESIZE
            end = _page_end(bias + segment.end)
            protect_memory(start, end - start, _protection(segment))
    if image.relro is not None:
        # Whole pages only: what follows on the last page may be data that stays writable.
        start = (bias + image.relro[0]) & -mmap.PAGESIZE
        end = (bias + sum(image.relro)) & -mmap.PAGESIZE
        if start < end:
            protect_memory(start, end - start, mmap.PROT_READ)


def _protection(segment: ElfSegment) -> int:
    protection = mmap.PROT_READ if segment.flags else 0
    if segment.flags & SegmentFlags.WRITE:
        protection |= mmap.PROT_WRITE
    if segment.flags & SegmentFlags.EXECUTE:
        protection |= mmap.PROT_EXEC
    return protection


def open_image(data: Bytes, symbol: str) -> NativeImage:
    """Load a library with the system's loader.

    Args:
        data: the file; not needed afterwards.
        symbol: the one that will be asked for.
    Raises: as `load_image`, and FailedPreconditionError when the system refuses it or has no files in memory.
    """
    require_host(data)
    segments = read_elf_segments(data).loads
    if not hasattr(os, "memfd_create"):
        raise UnimplementedError("loading system libraries needs files in memory, which this system lacks")
    _share_math_library()
    file = os.memfd_create("gossamer-executable")
    try:
        with open(file, "wb", closefd=False) as stream:
            stream.write(data)
        # Why the file stays open while the library is loaded: its number is the library's name, and the
        # system's loader takes a library of the same name for the same library.
        handle = open_library(f"/proc/self/fd/{file}")
    except BaseException:
        os.close(file)
        raise
    release = partial(_close_image, handle, file)
    try:
        address = find_symbol(handle, symbol)
        base = 0 if address is None else library_base(address)
    except StatusError:
        release()
        raise
    return NativeImage(
        base - (segments[0].address & -mmap.PAGESIZE),
        segments,
        {} if address is None else {symbol: address},
        release,
    )


def _close_image(handle: int, file: int) -> None:
    close_library(handle)
    os.close(file)


@cache
def _share_math_library() -> None:
    """Let libraries find `fmaf` and such, which their compiler calls without naming the library."""
    try:
        open_library("libm.so.6", is_global=True)
    except StatusError:
        # Elsewhere the C library has these functions itself.
        return
