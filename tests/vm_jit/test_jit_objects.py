"""Objects on disk, and when LLVM is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_jit_loops import count_up
from vm_modules import ModuleBuilder

from gossamer.errors import PermissionDeniedError
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import REF_BIT
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List
from gossamer.vm.translate import Translator


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    return tmp_path / "native"


def test_importing_the_vm_does_not_import_llvm() -> None:
    code = (
        "import sys, gossamer.vm.bytecode.module, gossamer.vm.translate, gossamer.vm.jit.native, "
        "gossamer.vm.jit.native_callable; sys.exit('llvmlite' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def summing_module() -> BytecodeModule:
    """`sum(buffer, count)` adds i32s up and stores each sum."""
    builder = ModuleBuilder()

    def body(assembler: Assembler) -> None:
        def step() -> None:
            assembler.emit("buffer.load.i32", REF_BIT, 4, 10)
            assembler.emit("add.i32", 10, 12, 12)
            assembler.emit("buffer.store.i32", REF_BIT, 4, 12)

        assembler.emit("const.i32.zero", 12)
        count_up(assembler, 4, 0, step)
        assembler.emit("cmp.nz.ref", REF_BIT, 14)
        assembler.emit("discard.refs", (REF_BIT,))
        assembler.emit("return", (12, 14))

    builder.function("sum", "0rI_ii", body)
    return builder.module()


def test_loops_of_ordinary_functions_run_natively(folder: Path) -> None:
    bound = Translator(summing_module().create_state(), is_native=True).bind(0)
    buffer = Buffer.wrap(bytearray(b"".join(value.to_bytes(4, "little") for value in (1, 2, 3, 4))))

    assert bound(buffer, 4) == (10, 1)
    assert list(buffer.view("i")) == [1, 3, 6, 10]
    assert len(list(folder.iterdir())) == 1


def test_an_object_on_disk_is_used_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = Buffer.allocate(16)
    Translator(summing_module().create_state(), is_native=True).bind(0)(buffer, 1)

    def fail(text: str) -> bytes:
        raise AssertionError("compiled again")

    monkeypatch.setattr("gossamer.machine_code.llvm.compile_object", fail)
    assert Translator(summing_module().create_state(), is_native=True).bind(0)(buffer, 1) == (0, 1)


def test_native_failures_name_the_function_and_the_instruction() -> None:
    module = summing_module()
    bound = Translator(module.create_state(), is_native=True).bind(0)

    with pytest.raises(PermissionDeniedError) as caught:
        bound(Buffer.wrap(bytes(16)), 4)
    place = caught.value.backtrace[0]
    assert place.startswith("bytecode m.sum:")
    offset = int(place.rpartition(":")[2])
    names = {
        instruction.offset: instruction.opcode.name
        for instruction in module.decoded.functions[0].instructions
    }
    assert names[offset] == "buffer.store.i32"


def test_refs_that_are_no_buffers_take_the_slow_way() -> None:
    bound = Translator(summing_module().create_state(), is_native=True).bind(0)

    assert bound(List(), 0) == (0, 1)
    assert bound(None, 0) == (0, 0)


def test_native_code_can_be_turned_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOSSAMER_JIT", "0")

    assert Translator(summing_module().create_state()).bind(0)(Buffer.allocate(16), 4) == (0, 1)
    assert not folder.exists()


def test_memory_of_buffers_made_in_a_call_is_given_back() -> None:
    builder = ModuleBuilder()

    def body(assembler: Assembler) -> None:
        def step() -> None:
            assembler.emit("buffer.store.i64", REF_BIT, 4, 4)

        assembler.emit("const.i32", 64, 20)
        assembler.emit("const.i64", 1 << 22, 22)
        assembler.emit("buffer.alloc", 22, 20, REF_BIT)
        count_up(assembler, 4, 0, step)
        assembler.emit("discard.refs", (REF_BIT,))
        assembler.emit("return", ())

    builder.function("f", "0I_v", body)
    bound = Translator(builder.module().create_state(), is_native=True).bind(0)
    resident = _resident_pages()
    for _ in range(200):
        bound(1 << 19)

    # 200 calls write 4 MiB each; a few MiB may stay with the allocator.
    assert (_resident_pages() - resident) * 4096 < 64 << 20


def _resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])
