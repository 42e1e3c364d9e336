"""From text to code in memory, compiled, linked and loaded; and again from disk."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from gossamer.errors import FormatError, InternalError, UnimplementedError
from gossamer.format.elf_object import read_elf_object
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.machine_code import compiled_code as native_code
from gossamer.machine_code.code_image import decode_code_image, encode_code_image
from gossamer.machine_code.compiled_code import NativeCode, find_native_code, load_native_code
from gossamer.machine_code.libc import find_function
from gossamer.machine_code.link import link_object
from gossamer.machine_code.llvm import LlvmCode, compile_object
from gossamer.machine_code.loaded_code import LoadedCode
from gossamer.processor import host

# Every way to refer to something: calls, addresses taken, constants, zeroed and filled memory, tables.
PROGRAM = """
@zeroed = internal global [3 x i64] zeroinitializer
@counter = internal global i64 40
@numbers = internal constant [4 x double] [double 1.0, double 2.0, double 3.0, double 4.0]
@table = internal global [2 x ptr] [ptr @one, ptr @two]
@pointed = internal global ptr getelementptr (i8, ptr @counter, i64 0)

declare double @fmod(double, double)
declare i64 @strlen(ptr)

define internal i64 @one() noinline {
  ret i64 1
}

define internal i64 @two() noinline {
  ret i64 2
}

define i64 @count() {
  %pointer = load ptr, ptr @pointed
  %old = load i64, ptr %pointer
  %new = add i64 %old, 1
  store i64 %new, ptr @counter
  store i64 %new, ptr @zeroed
  ret i64 %new
}

define i64 @last() {
  %value = load i64, ptr @zeroed
  ret i64 %value
}

define i64 @choose(i64 %index) {
  %cell = getelementptr ptr, ptr @table, i64 %index
  %function = load ptr, ptr %cell
  %value = call i64 %function()
  ret i64 %value
}

define double @remainder_of(double %x, i64 %index) {
  %cell = getelementptr double, ptr @numbers, i64 %index
  %number = load double, ptr %cell
  %value = call double @fmod(double %x, double %number)
  ret double %value
}

define ptr @address_of_strlen() {
  ret ptr @strlen
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    return tmp_path / "native"


def check_program(code: NativeCode) -> None:
    count = ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("count"))
    last = ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("last"))
    choose = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("choose"))
    remainder = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_int64)(
        code.address("remainder_of")
    )
    address = ctypes.CFUNCTYPE(ctypes.c_void_p)(code.address("address_of_strlen"))

    assert last() == 0
    assert (count(), count(), last()) == (41, 42, 42)
    assert (choose(0), choose(1)) == (1, 2)
    assert remainder(10.0, 3) == 2.0
    assert address() == find_function("strlen")


def test_all_kinds_of_references_work() -> None:
    check_program(load_native_code(PROGRAM, find_function))


def test_llvm_loads_the_same_objects() -> None:
    check_program(LlvmCode(compile_object(PROGRAM), find_function))


def test_code_from_disk_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    load_native_code(PROGRAM, find_function)

    def fail(text: str) -> bytes:
        raise AssertionError("compiled again")

    monkeypatch.setattr("gossamer.machine_code.llvm.compile_object", fail)
    check_program(load_native_code(PROGRAM, find_function))


def test_code_is_found_by_its_origin() -> None:
    assert find_native_code("program", find_function) is None
    load_native_code(PROGRAM, find_function)
    assert find_native_code("program", find_function) is None
    load_native_code(PROGRAM, find_function, origin="program")
    found = find_native_code("program", find_function)

    assert found is not None
    check_program(found)
    assert found.find("count")
    assert not found.find("missing")


def test_llvm_loads_objects_of_other_architectures_from_disk_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_code, "host_architecture", lambda: "another")
    for _ in range(2):
        check_program(load_native_code(PROGRAM, find_function))

    (path,) = folder.iterdir()
    assert path.read_bytes()[32:36] == b"\x7fELF"


def test_a_damaged_file_is_made_anew(folder: Path) -> None:
    load_native_code(PROGRAM, find_function)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    check_program(load_native_code(PROGRAM, find_function))

    assert path.read_bytes() == whole


@pytest.mark.parametrize("cause", ["processor_identity", "source_version"])
def test_code_of_another_processor_or_of_other_sources_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    load_native_code(PROGRAM, find_function)
    native_code._compiler_identity.cache_clear()
    monkeypatch.setattr(native_code, cause, lambda: "another")
    load_native_code(PROGRAM, find_function)
    native_code._compiler_identity.cache_clear()

    assert len(list(folder.iterdir())) == 2


def test_code_on_disk_needs_no_llvm(folder: Path) -> None:
    load_native_code(PROGRAM, find_function)
    code = (
        "import sys\n"
        "from gossamer.machine_code.libc import find_function\n"
        "from gossamer.machine_code.compiled_code import load_native_code\n"
        f"load_native_code({PROGRAM!r}, find_function)\n"
        "sys.exit('llvmlite' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_symbols_nobody_knows_are_refused_before_they_are_called() -> None:
    text = "declare i32 @nobody()\ndefine i32 @f() {\n %r = call i32 @nobody()\n ret i32 %r\n}\n"

    with pytest.raises(InternalError, match="nobody"):
        load_native_code(text, find_function)
    with pytest.raises(InternalError, match="nobody"):
        LlvmCode(compile_object(text), find_function)


def test_functions_that_are_not_there_have_no_address() -> None:
    code = load_native_code("define void @f() {\n ret void\n}\n", find_function)

    with pytest.raises(InternalError, match="'g'"):
        code.address("g")
    with pytest.raises(InternalError, match="'g'"):
        LlvmCode(compile_object("define void @f() {\n ret void\n}\n"), find_function).address("g")


def test_thread_local_memory_is_refused() -> None:
    text = "@x = thread_local global i32 1\ndefine i32 @f() {\n %r = load i32, ptr @x\n ret i32 %r\n}\n"

    with pytest.raises(UnimplementedError, match="thread-local"):
        link_object(read_elf_object(compile_object(text)))


@pytest.mark.parametrize("data", [b"", b"\x7fELF\x02\x01", b"\x7fELF\x02\x01" + b"\xff" * 100])
def test_damaged_objects_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_elf_object(data)


def test_objects_cut_off_anywhere_are_refused() -> None:
    data = compile_object(PROGRAM)
    for length in range(0, len(data), 61):
        with pytest.raises((FormatError, UnimplementedError)):
            read_elf_object(data[:length])


def test_images_cut_off_anywhere_are_refused() -> None:
    encoded = encode_code_image(link_object(read_elf_object(compile_object(PROGRAM))))
    for length in range(0, len(encoded), 61):
        with pytest.raises(FormatError):
            decode_code_image(encoded[:length])


def test_pointers_outside_of_an_image_are_refused() -> None:
    image = link_object(read_elf_object(compile_object(PROGRAM)))
    for wrong in (
        image._replace(pointers=((image.length - 4, 0),)),
        image._replace(pointers=((image.data_offset, 1 << 40),)),
        image._replace(imports=((0, "strlen"),)),
        image._replace(symbols={"f": len(image.code)}),
    ):
        with pytest.raises(FormatError):
            decode_code_image(encode_code_image(wrong))


def test_memory_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    image = link_object(read_elf_object(compile_object(PROGRAM)))
    released: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "gossamer.machine_code.loaded_code.unmap_memory", lambda *mapping: released.append(mapping)
    )
    code = LoadedCode(image, find_function)
    start = code.address("count")
    del code

    ((address, length),) = released
    assert address <= start < address + length == address + image.length


def test_the_processor_is_described_without_llvm() -> None:
    assert host.host_triple().startswith(host.host_architecture())
    if sys.platform == "linux":
        assert host.processor_identity()
        assert host.processor_flags()
