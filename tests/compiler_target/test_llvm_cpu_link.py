"""The linker: what loaders see, what is left out, what is refused."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import pytest
from native_functions import BASELINE, compile_texts

from gossamer.compiler.target.llvm_cpu.link import link_shared_object
from gossamer.compiler.target.llvm_cpu.machines import Machine
from gossamer.drivers.local.executable.elf_image import load_image
from gossamer.errors import InternalError
from gossamer.format.elf import read_elf_segments
from gossamer.format.elf_dynamic import read_elf

# Pointers to functions, constants, calls of another object, and what nobody needs.
TABLE = """
@table = private constant [2 x ptr] [ptr @pick, ptr @call]
@numbers = private constant [4 x i32] [i32 10, i32 20, i32 30, i32 40]
@unused = constant [4096 x i32] zeroinitializer
declare hidden i32 @double(i32)
define internal i32 @pick(i32 %index) nounwind noinline {
  %wide = zext i32 %index to i64
  %place = getelementptr i32, ptr @numbers, i64 %wide
  %number = load i32, ptr %place
  ret i32 %number
}
define internal i32 @call(i32 %index) nounwind noinline {
  %number = call i32 @pick(i32 %index)
  %twice = call i32 @double(i32 %number)
  ret i32 %twice
}
define ptr @query(i32 %version) nounwind {
  %is_known = icmp eq i32 %version, 6
  %result = select i1 %is_known, ptr @table, ptr null
  ret ptr %result
}
"""
DOUBLE = """
define hidden i32 @double(i32 %x) nounwind {
  %twice = mul i32 %x, 2
  ret i32 %twice
}
"""
MACHINES = [BASELINE, Machine("aarch64", "generic", ""), Machine("riscv64", "generic-rv64", "+m,+a,+f,+d,+c")]


def _link(machine: Machine = BASELINE) -> bytes:
    return link_shared_object(compile_texts([TABLE, DOUBLE], machine), "query")


def _call(query: int, index: int) -> tuple[int, int]:
    table = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int)(query)(6)
    pointers = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
    pick, call = (ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(pointers[each] or 0) for each in range(2))
    return pick(index), call(index)


def test_the_systems_loader_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "library.so"
    path.write_bytes(_link())

    query = ctypes.cast(ctypes.CDLL(str(path)).query, ctypes.c_void_p).value

    assert query is not None
    assert _call(query, 2) == (30, 60)


def test_our_loader_takes_it() -> None:
    image = load_image(_link())

    assert _call(image.symbol("query"), 1) == (20, 40)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.architecture)
def test_each_machine_gets_an_image_with_one_export_and_no_imports(machine: Machine) -> None:
    data = _link(machine)

    image = read_elf(data)

    assert list(image.symbols) == ["query"]
    assert image.imports == ()
    assert len(image.relocations) == 2
    segments = read_elf_segments(data)
    assert [segment.flags for segment in segments.loads] == [4, 5, 6]
    assert all((segment.address - segment.offset) % segment.alignment == 0 for segment in segments.loads)


def test_what_the_export_does_not_need_is_left_out() -> None:
    assert len(_link()) < 4096


def test_there_is_a_section_table_as_the_embedded_loader_wants() -> None:
    offset, size, count = struct.unpack_from("<Q", _link(), 40)[0], *struct.unpack_from("<HH", _link(), 58)

    assert (size, count) == (64, 1)
    assert offset + size == len(_link())


def test_what_is_defined_nowhere_is_named() -> None:
    with pytest.raises(InternalError, match="calls what no kernel has: double"):
        link_shared_object(compile_texts([TABLE]), "query")


def test_an_export_has_to_be_there() -> None:
    with pytest.raises(InternalError, match="does not define 'query'"):
        link_shared_object(compile_texts([DOUBLE]), "query")


def test_memory_to_write_is_refused() -> None:
    text = """
@counter = internal global i32 0
define i32 @count() {
  %old = atomicrmw add ptr @counter, i32 1 monotonic
  ret i32 %old
}
"""
    with pytest.raises(InternalError, match="memory to write"):
        link_shared_object(compile_texts([text]), "count")


def test_objects_of_several_machines_are_refused() -> None:
    objects = compile_texts([TABLE]) + compile_texts([DOUBLE], MACHINES[1])

    with pytest.raises(InternalError, match="machines 183 and 62"):
        link_shared_object(objects, "query")
