"""Native executables: what runs, and what is refused before it runs."""

from __future__ import annotations

import gc
import mmap
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from elf_files import (
    HALVE,
    RETURN_7,
    STORE_EXECUTABLE_CONSTANT,
    STORE_LOCAL_MEMORY_SIZE,
    STORE_PROCESSOR_DATA,
    Kernel,
    Library,
    make_elf,
)
from gossamer.drivers.local.executable import elf_image
from gossamer.drivers.local.executable.elf_loader import ElfLoader
from gossamer.drivers.local.runner.runner import runner_for
from gossamer.errors import (
    FailedPreconditionError,
    FormatError,
    InternalStatusError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    StatusError,
    UnavailableError,
    UnimplementedError,
)
from gossamer.format.elf_dynamic import read_elf
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.processor.cpu_features import processor_data
from gossamer.processor.host import host_elf_machine
from gossamer.runtime.devices import new_device

pytestmark = pytest.mark.skipif(host_elf_machine() != 62, reason="needs x86-64 with a POSIX C library")

EMBEDDED, SYSTEM = "embedded-elf-x86_64", "system-elf-x86_64"
FORMATS = pytest.mark.parametrize("format", [EMBEDDED, SYSTEM])


DEFAULTS = Library()


def load(library: Library = DEFAULTS, format: str = EMBEDDED, constants: Sequence[int] = ()) -> Executable:
    return ElfLoader().load(format, make_elf(library), constants)


def run(executable: Executable, buffer: Buffer | None = None, name: str = "kernel") -> None:
    commands = CommandBuffer(make_runner=runner_for)
    bindings = [] if buffer is None else [BufferRef(buffer)]
    commands.dispatch(executable, executable.lookup_function(name), (1, 1, 1), [], bindings)
    commands.finalize()
    commands.run(commands.prepare([]))


def new_buffer(length: int = 64) -> Buffer:
    buffer = HeapAllocator().allocate_buffer(length)
    buffer.to_numpy()[:] = 0
    return buffer


def permissions(address: int) -> str:
    """What the system allows at an address, such as `r-xp`; empty where nothing is mapped."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, allowed = line.split()[:2]
        start, end = (int(bound, 16) for bound in span.split("-"))
        if start <= address < end:
            return allowed
    return ""


@FORMATS
def test_tables_become_functions(format: str) -> None:
    kernels = [
        Kernel("first", bindings=3, constants=2, local_memory_pages=5),
        Kernel("second", bindings=64, constants=64),
    ]
    executable = load(Library(kernels=kernels), format)

    assert executable.format == format
    described = [
        (function.name, function.binding_count, function.constant_count, function.local_memory_bytes)
        for function in executable.functions
    ]
    assert described == [("first", 3, 2, 5 * 4096), ("second", 64, 64, 0)]


@FORMATS
def test_kernels_get_constants_processor_data_and_local_memory(format: str) -> None:
    kernels = [
        Kernel("constant", STORE_EXECUTABLE_CONSTANT, bindings=1),
        Kernel("processor", STORE_PROCESSOR_DATA, bindings=1),
        Kernel("local", STORE_LOCAL_MEMORY_SIZE, bindings=1, local_memory_pages=3),
    ]
    executable = load(Library(kernels=kernels, constant_count=2), format, [0xDEADBEEF, 2])
    buffer = new_buffer()

    run(executable, buffer, "constant")
    assert buffer.to_numpy().view(np.uint32)[0] == 0xDEADBEEF
    run(executable, buffer, "processor")
    assert buffer.to_numpy().view(np.uint64)[0] == processor_data()
    run(executable, buffer, "local")
    assert buffer.to_numpy().view(np.uint32)[0] == 3 * 4096


@FORMATS
def test_denormals_are_flushed(format: str) -> None:
    executable = load(Library(kernels=[Kernel("kernel", HALVE, bindings=1)]), format)
    buffer = new_buffer()
    value = buffer.to_numpy().view(np.float32)[:1]

    value[0] = 3.0
    run(executable, buffer)
    assert value[0] == 1.5
    value[0] = 2e-38
    run(executable, buffer)
    assert value[0] == 0.0


def test_a_kernel_that_fails_is_internal() -> None:
    executable = load(Library(kernels=[Kernel("kernel", RETURN_7)]))

    with pytest.raises(InternalStatusError, match="'kernel' failed with code 7"):
        run(executable)


def test_the_system_loader_can_load_embedded_executables() -> None:
    data = make_elf(Library(kernels=[Kernel("kernel", HALVE, bindings=1)]))
    executable = ElfLoader(use_system_loader=True).load(EMBEDDED, data, [])
    buffer = new_buffer()
    buffer.to_numpy().view(np.float32)[0] = 8

    run(executable, buffer)

    assert buffer.to_numpy().view(np.float32)[0] == 4


def test_libraries_loaded_at_the_same_time_are_different_ones() -> None:
    executables = [load(Library(kernels=[Kernel(f"kernel{i}")]), SYSTEM) for i in range(4)]

    assert [executable.functions[0].name for executable in executables] == [f"kernel{i}" for i in range(4)]
    assert len({executable.functions[0].address for executable in executables}) == 4


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@FORMATS
def test_memory_is_protected_while_loaded_and_given_back(format: str) -> None:
    executable = load(format=format)
    address = executable.functions[0].address
    code_page = address & -mmap.PAGESIZE

    # Tables are two pages above the code, read-only once relocated; data after them stays writable.
    assert permissions(address) == "r-xp"
    assert permissions(code_page - 3 * 4096) == "r--p"
    assert permissions(code_page + 2 * 4096) == "r--p"
    assert permissions(code_page + 3 * 4096) == "rw-p"

    del executable
    gc.collect()
    assert permissions(address) == ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_a_library_that_is_refused_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped: list[tuple[int, int]] = []

    def map_memory(length: int, map_memory: object = elf_image.map_memory) -> int:
        assert callable(map_memory)
        address = map_memory(length)
        assert isinstance(address, int)
        mapped.append((address, length))
        return address

    monkeypatch.setattr(elf_image, "map_memory", map_memory)
    with pytest.raises(UnimplementedError, match="relocation of type 5"):
        load(Library(extra_relocations=[(0, 5, 0)]))
    gc.collect()

    ((address, _),) = mapped
    assert permissions(address) == ""


@pytest.mark.parametrize(
    ("library", "error", "message"),
    [
        (Library(answers_version=5), FailedPreconditionError, r"this version of the runtime \(00000006\)"),
        (Library(version=7), FailedPreconditionError, "has version 7, expected 6"),
        (Library(sanitizer=1), UnavailableError, "sanitizer 1"),
        (Library(has_attributes=False), FailedPreconditionError, "must provide dispatch attributes"),
        (Library(has_names=False), FailedPreconditionError, "must provide function names"),
        (Library(kernels=[Kernel(None)]), FailedPreconditionError, "export 0 missing function name"),
        (Library(kernels=[Kernel("")]), FailedPreconditionError, "export 0 missing function name"),
        (Library(kernels=[Kernel("k", constants=65)]), OutOfRangeError, "65 constants exceeds limit of 64"),
        (Library(kernels=[Kernel("k", bindings=65)]), OutOfRangeError, "65 bindings exceeds limit of 64"),
        (Library(kernels=[Kernel("k", flags=1)]), UnimplementedError, "'k' needs its workgroups run one"),
        (Library(constant_count=2), FailedPreconditionError, "requires 2 constants but caller provided 0"),
        (Library(imports=["?one", "two"]), NotFoundError, "imports 'two', which no plugin provides"),
        (Library(query_name="other"), NotFoundError, "'iree_hal_executable_library_query' not found"),
        (Library(kernels_in_data=True), FormatError, "'kernel' is no code"),
        (Library(export_count=1 << 31), FormatError, "outside of the executable"),
    ],
)
@FORMATS
def test_wrong_tables_are_refused(
    library: Library, error: type[StatusError], message: str, format: str
) -> None:
    with pytest.raises(error, match=message):
        load(library, format)


def test_more_constants_than_the_library_has_are_refused() -> None:
    with pytest.raises(FailedPreconditionError, match="requires 0 constants but caller provided 1"):
        load(constants=[1])


def test_optional_imports_are_left_unresolved() -> None:
    run(load(Library(imports=["?one", "?two"])))


@pytest.mark.parametrize(
    ("library", "error", "message"),
    [
        (
            Library(machine=183),
            FailedPreconditionError,
            r"for aarch64 \(64-bit, little-endian\), but this process runs on x86_64 \(64-bit",
        ),
        (Library(elf_class=1), FailedPreconditionError, r"for x86_64 \(32-bit"),
        (Library(code_flags=7), FormatError, "writable and executable"),
    ],
)
@FORMATS
def test_wrong_files_are_refused(
    library: Library, error: type[StatusError], message: str, format: str
) -> None:
    with pytest.raises(error, match=message):
        load(library, format)


@FORMATS
def test_bytes_that_are_no_elf_file_are_refused(format: str) -> None:
    for data in (b"", b"MZ" * 100, make_elf()[:30]):
        with pytest.raises(FormatError):
            ElfLoader().load(format, data, [])


def test_embedded_executables_stand_alone() -> None:
    with pytest.raises(FailedPreconditionError, match=r"imports symbols \('malloc'\)"):
        load(Library(undefined_symbol="malloc"))


def test_system_libraries_may_use_the_c_library_but_nothing_unknown() -> None:
    load(Library(undefined_symbol="fmaf"), SYSTEM)
    with pytest.raises(FailedPreconditionError, match="loading a shared library failed"):
        # Not lazily: the symbol is missing when the library is loaded, not when a kernel calls it.
        load(Library(undefined_symbol="no_such_function", extra_relocations=[(0, 2 << 32 | 6, 0)]), SYSTEM)


@pytest.mark.parametrize(
    ("policy", "refused"), [("none", {EMBEDDED, SYSTEM}), ("embedded", {SYSTEM}), ("all", set[str]())]
)
@FORMATS
def test_the_policy_decides_what_is_loaded(policy: str, refused: set[str], format: str) -> None:
    device = new_device("local-sync", allow_native=policy)

    assert device.query_i64("hal.executable.format", format) == (True, 1)
    if format in refused:
        allowing = "embedded" if format == EMBEDDED else "all"
        message = f"'{format}' is native code, .* is '{policy}'.* allow_native='{allowing}'"
        with pytest.raises(PermissionDeniedError, match=message):
            device.create_executable(format, make_elf())
    else:
        device.create_executable(format, make_elf())
    device.close()


def test_unknown_policies_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="allow_native is 'some', expected one of none, embedded"):
        new_device("local-sync", allow_native="some")


@pytest.mark.parametrize("format", ["embedded-elf-arm_64", "embedded-elf-x86_32", "system-dll-x86_64"])
def test_formats_of_other_machines_are_not_supported(format: str) -> None:
    device = new_device("local-sync")

    assert device.query_i64("hal.executable.format", format) == (True, 0)
    with pytest.raises(NotFoundError, match=format):
        device.create_executable(format, make_elf())
    with pytest.raises(NotFoundError, match=format):
        ElfLoader().load(format, make_elf(), [])


def test_damaged_tables_are_refused_or_harmless() -> None:
    kernels = [Kernel("first", bindings=2, constants=1), Kernel("second", local_memory_pages=1)]
    seed = make_elf(Library(kernels=kernels, imports=["?import"]))
    image = read_elf(seed)
    data_segment = image.segments[2]
    dynamic = struct.unpack_from("<Q", seed, 64 + 3 * 56 + 8)[0]
    # Safety: only tables and where pointers point to are damaged, not code nor which words are relocated.
    words = [*range(data_segment.offset, dynamic, 4)]
    first_relocation = seed.index(struct.pack("<QQ", image.relocations[0].address, 8))
    addends = [first_relocation + 24 * index + 16 for index in range(len(image.relocations))]
    values = (0, 1, 0xFFFF, 1 << 31, 0xFFFFFFFF, data_segment.end - 1, data_segment.address, 0x3000, 0x2FFF)
    outcomes = {"loaded": 0, "refused": 0}
    for position in words + addends:
        for value in values:
            damaged = seed[:position] + struct.pack("<I", value) + seed[position + 4 :]
            try:
                ElfLoader().load(EMBEDDED, damaged, [])
            except StatusError:
                outcomes["refused"] += 1
            else:
                outcomes["loaded"] += 1

    assert min(outcomes.values()) > 100


def test_threads_may_load_at_the_same_time() -> None:
    data = make_elf()

    def load_many(format: str) -> int:
        return sum(len(ElfLoader().load(format, data, []).functions) for _ in range(50))

    with ThreadPoolExecutor(4) as executor:
        assert list(executor.map(load_many, [EMBEDDED, SYSTEM] * 2)) == [50] * 4
