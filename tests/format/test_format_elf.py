from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from elf_files import Library, make_elf
from gossamer.errors import FormatError, StatusError, UnimplementedError
from gossamer.format.archive import read_module
from gossamer.format.elf import SegmentFlags, read_elf_header, read_elf_segments
from gossamer.format.elf_dynamic import read_elf

_SEED = make_elf()


def _patch(data: bytes, offset: int, layout: str, value: int) -> bytes:
    return data[:offset] + struct.pack(layout, value) + data[offset + struct.calcsize(layout) :]


def _read(data: bytes) -> StatusError | None:
    try:
        read_elf(data)
    except StatusError as error:
        return error
    return None


def test_segments_symbols_and_relocations_are_read() -> None:
    image = read_elf(_SEED)

    assert image.header.description == "x86_64 (64-bit, little-endian)"
    assert [segment.flags for segment in image.segments] == [
        SegmentFlags.READ,
        SegmentFlags.READ | SegmentFlags.EXECUTE,
        SegmentFlags.READ | SegmentFlags.WRITE,
    ]
    assert image.symbols == {"iree_hal_executable_library_query": image.segments[1].address}
    assert image.imports == ()
    assert image.relro == (image.segments[2].address, 4096)
    assert {relocation.type for relocation in image.relocations} == {8}
    data_segment = image.segments[2]
    assert all(data_segment.address <= place.address < data_segment.end for place in image.relocations)


@pytest.mark.parametrize(
    ("elf_class", "machine", "description"),
    [
        (2, 183, "aarch64 (64-bit, little-endian)"),
        (1, 40, "arm (32-bit, little-endian)"),
        (2, 243, "riscv (64-bit, little-endian)"),
        (2, 9999, "machine 9999 (64-bit, little-endian)"),
    ],
)
def test_headers_of_other_machines_can_be_read(elf_class: int, machine: int, description: str) -> None:
    data = make_elf(Library(elf_class=elf_class, machine=machine))

    assert read_elf_header(data).description == description


def test_imports_are_listed() -> None:
    assert read_elf(make_elf(Library(undefined_symbol="malloc"))).imports == ("malloc",)


@pytest.mark.parametrize(
    ("offset", "layout", "value", "message"),
    [
        (0, "<I", 0, "does not start with the ELF signature"),
        (4, "<B", 3, "ELF class 3 is unknown"),
        (5, "<B", 0, "byte order 0 is unknown"),
        (5, "<B", 2, "ELF version 16777216"),
        (16, "<H", 2, "type 2 is no shared object"),
        (20, "<I", 2, "ELF version 2, expected 1"),
        (32, "<Q", len(_SEED), "program headers at .* pass the end"),
        (54, "<H", 57, "program headers of 57 bytes"),
        (56, "<H", 0, "there is nothing to load"),
        (56, "<H", 65535, "65535 program headers"),
        (64 + 8, "<Q", 1 << 63, "pass the end of the file"),
        (64 + 32, "<Q", 1 << 63, "pass the end of the file"),
        (64 + 40, "<Q", 1, "do not fit in 1 of memory"),
        (64 + 16, "<Q", 1 << 63, "pass 0x80000000"),
        (64 + 40, "<Q", 1 << 63, "pass 0x80000000"),
        (64 + 48, "<Q", 3, "alignment 3 is no power of two"),
        (64 + 56 + 4, "<I", 7, "writable and executable"),
        (64 + 56 + 16, "<Q", 0, "segments overlap"),
        (64 + 3 * 56, "<I", 3, "file is a program"),
        (64 + 3 * 56, "<I", 9, "there is no dynamic section"),
        (64 + 3 * 56 + 16, "<Q", 1 << 40, "are not in the file"),
        (64 + 4 * 56 + 40, "<Q", 1 << 40, "are in no segment"),
    ],
)
def test_a_wrong_header_says_what_is_wrong(offset: int, layout: str, value: int, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_elf(_patch(_SEED, offset, layout, value))
    assert caught.value.table


def test_only_writable_memory_is_made_read_only() -> None:
    code_address = read_elf(_SEED).segments[1].address
    data = _patch(_SEED, 64 + 4 * 56 + 16, "<Q", code_address)

    with pytest.raises(FormatError, match="to be made read-only, is not writable"):
        read_elf(_patch(data, 64 + 4 * 56 + 40, "<Q", 8))
    assert read_elf(_patch(data, 64 + 4 * 56 + 40, "<Q", 0)).relro == (code_address, 0)


def test_a_file_of_another_kind_says_so() -> None:
    with pytest.raises(FormatError, match=r"expected 64-bit little-endian, found x86_64 \(32-bit"):
        read_elf_segments(make_elf(Library(elf_class=1)))


@pytest.mark.parametrize("length", [0, 3, 15, 23, 40, 63, 100, 399])
def test_a_file_may_end_anywhere(length: int) -> None:
    with pytest.raises(FormatError):
        read_elf(_SEED[:length])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (((17, 64),), "without addends"),
        (((36, 64),), "without addends"),
        (((23, 64), (20, 17)), "procedure table without addends"),
        (((12, 64),), "constructors"),
        (((25, 64), (27, 8)), "constructors"),
    ],
)
def test_what_kernels_do_not_need_is_refused(entries: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(UnimplementedError, match=message):
        read_elf(make_elf(Library(extra_dynamic=entries)))


def test_thread_local_storage_is_refused() -> None:
    segment = struct.pack("<IIQQQQQQ", 7, 4, 0, 0, 0, 0, 0, 8)

    with pytest.raises(UnimplementedError, match="thread-local"):
        read_elf(make_elf(Library(extra_segment=segment)))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (((11, 23),), "SYMENT is 23, expected 24"),
        (((9, 23),), "RELAENT is 23, expected 24"),
        (((8, 25),), "RELASZ is 25, no multiple of 24"),
        (((7, 1 << 40),), "not in the file"),
        (((8, 24 << 40),), "not in the file"),
        (((10, 2),), "passes the string table of 2 bytes"),
        (((4, 0),), "not in the file"),
        (((23, 64),), "PLTRELSZ is missing"),
    ],
)
def test_a_wrong_dynamic_section_says_what_is_wrong(
    entries: tuple[tuple[int, int], ...], message: str
) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_elf(make_elf(Library(extra_dynamic=entries)))
    assert caught.value.table


def test_relocations_stay_inside_of_segments() -> None:
    with pytest.raises(FormatError, match=r"8 bytes at address .* are in no segment"):
        read_elf(make_elf(Library(extra_relocations=[(8192 - 7, 8, 0)])))
    with pytest.raises(FormatError, match="symbol 9 of 2"):
        read_elf(make_elf(Library(extra_relocations=[(0, 9 << 32 | 1, 0)])))


def test_any_one_word_may_be_wrong() -> None:
    length = len(_SEED)
    for position in range(0, length - 3, 4):
        if not any(_SEED[max(position - 64, 0) : position + 64]):
            continue
        for value in (0, 1, 4, 0x1000, length, length - position, 2**31, 2**32 - 8, 2**32 - 1):
            _read(_patch(_SEED, position, "<I", value))


def test_random_damage() -> None:
    random_source = random.Random(3130)
    used = [position for position in range(len(_SEED)) if any(_SEED[max(position - 8, 0) : position + 8])]
    errors = 0
    for _ in range(3000):
        data = bytearray(_SEED)
        for _ in range(random_source.randrange(1, 4)):
            start, source = random_source.choice(used), random_source.choice(used)
            length = random_source.randrange(1, 16)
            data[start : start + length] = random_source.choice(
                [random_source.randbytes(length), data[source : source + length], b""]
            )
        errors += _read(bytes(data)) is not None
    assert errors > 1000


@pytest.mark.reference
def test_damaged_files_of_the_reference(abs_llvm_cpu_vmfb: Path) -> None:
    seed = embedded_elf(abs_llvm_cpu_vmfb)
    random_source = random.Random(3131)
    assert _read(seed) is None
    for _ in range(1000):
        position = random_source.randrange(min(len(seed), 1024)) & ~3
        _read(
            _patch(seed, position, "<I", random_source.choice([0, 1, 2**31, random_source.getrandbits(32)]))
        )


def embedded_elf(path: Path) -> bytes:
    """The executable in a module."""
    (contents,) = [
        bytes(segment.data)
        for segment in read_module(path.read_bytes()).rodata_segments
        if bytes(segment.data[:4]) == b"\x7fELF"
    ]
    return contents
