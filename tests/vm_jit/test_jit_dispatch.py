"""Kernels in IREE's dispatch ABI, called as its runtime calls them."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from vm_modules import BUFFER_TYPE, LIST_TYPE, ModuleBuilder

from gossamer.errors import OutOfRangeError
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import MOVE_BIT, REF_BIT
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.machine_code.signal_handlers import PROCESS_WORDS
from gossamer.vm.jit.native import NativeKernels, compile_dispatch_functions

CONVENTION = "0rrriiiiiiiii_v"
IDS, SIZES, COUNTS = (0, 1, 2), (3, 4, 5), (6, 7, 8)
"""Cells that workgroup id, size and count arrive in."""

_KERNEL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@pytest.fixture(autouse=True)
def _object_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))


def run(
    address: int | None,
    bindings: Sequence[np.ndarray],
    *,
    workgroup: tuple[int, int, int] = (0, 0, 0),
    constants: Sequence[int] = (),
    local_memory: np.ndarray | None = None,
    interrupt_words: int = PROCESS_WORDS,
) -> int:
    """Call a kernel for one workgroup of 9 by 8 by 7; returns its status."""
    assert address
    memory = np.zeros(0, np.uint8) if local_memory is None else local_memory
    words = np.array([*constants, 0], np.uint32)
    pointers = (ctypes.c_void_p * (len(bindings) + 1))(*[array.ctypes.data for array in bindings])
    lengths = (ctypes.c_uint64 * (len(bindings) + 1))(*[array.nbytes for array in bindings])
    dispatch_state = struct.pack(
        "<IIHHIIHBBQQQQ",
        *(4, 5, 6, len(constants), 9, 8, 7, 1, len(bindings), words.ctypes.data),
        *(ctypes.addressof(pointers), ctypes.addressof(lengths), interrupt_words),
    )
    workgroup_state = struct.pack("<IIHHIQI4x", *workgroup, 0, 0, memory.ctypes.data, memory.nbytes)
    states = [ctypes.create_string_buffer(state, len(state)) for state in (dispatch_state, workgroup_state)]
    return _KERNEL(address)(None, *(ctypes.addressof(state) for state in states))


def compile_kernel(body: object, *rodata: bytes) -> NativeKernels | None:
    builder = ModuleBuilder(*rodata)
    assert callable(body)
    builder.function("kernel", CONVENTION, body)
    return compile_dispatch_functions(builder.module().decoded)


def emit_binding(assembler: Assembler, index: int, ref: int) -> None:
    assembler.emit("const.i32", index, 30)
    assembler.emit("list.get.ref", REF_BIT | 2, 30, BUFFER_TYPE, REF_BIT | ref)


def emit_store(assembler: Assembler, cell: int, index: int, ref: int = 3) -> None:
    assembler.emit("const.i64", index, 32)
    assembler.emit("buffer.store.i32", REF_BIT | ref, 32, cell)


def test_workgroups_know_where_they_are() -> None:
    def body(assembler: Assembler) -> None:
        emit_binding(assembler, 0, 3)
        for index, cell in enumerate((*IDS, *SIZES, *COUNTS)):
            emit_store(assembler, cell, index)
        assembler.emit("discard.refs", tuple(REF_BIT | ref for ref in range(4)))
        assembler.emit("return", ())

    kernels = compile_kernel(body)
    assert kernels is not None
    output = np.zeros(9, np.int32)

    assert run(kernels.address("kernel"), [output], workgroup=(70000, 80000, 3)) == 0
    assert output.tolist() == [70000, 80000, 3, 4, 5, 6, 9, 8, 7]


def test_constants_local_memory_and_rodata_are_buffers() -> None:
    def body(assembler: Assembler) -> None:
        emit_binding(assembler, 0, 3)
        assembler.emit("const.ref.rodata", 0, REF_BIT | 4)
        assembler.emit("const.i64", 1, 32)
        for number, ref in enumerate((0, 1, 4)):
            assembler.emit("buffer.load.i32", REF_BIT | ref, 32, 20 + number)
            assembler.emit("buffer.length", REF_BIT | ref, 34)
            assembler.emit("trunc.i64.i32", 34, 24 + number)
        for index, cell in enumerate((20, 21, 22, 24, 25, 26)):
            emit_store(assembler, cell, index)
        assembler.emit("return", ())

    kernels = compile_kernel(body, struct.pack("<3i", 7, 8, 9))
    assert kernels is not None
    output = np.zeros(6, np.int32)
    memory = np.array([1, 2, 3, 4], np.int32)

    status = run(kernels.address("kernel"), [output], constants=(10, 11), local_memory=memory)

    assert status == 0
    assert output.tolist() == [2, 11, 8, 16, 8, 12]


def test_a_failed_check_says_which_instruction_and_why() -> None:
    def body(assembler: Assembler) -> None:
        emit_binding(assembler, 1, 3)
        emit_store(assembler, 0, 4)
        assembler.emit("return", ())

    kernels = compile_kernel(body)
    assert kernels is not None
    address = kernels.address("kernel")
    first, second = np.zeros(8, np.int32), np.zeros(4, np.int32)

    error = kernels.status_error("kernel", run(address, [first, second]))

    assert isinstance(error, OutOfRangeError)
    assert error.message == "access passes the end of a buffer"
    assert error.backtrace[0].startswith("bytecode m.kernel:")
    assert second.tolist() == [0] * 4
    missing = kernels.status_error("kernel", run(address, [first]))
    assert missing.message == "index is out of range of the list of bindings"


def test_constants_cannot_be_stored_to() -> None:
    def body(assembler: Assembler) -> None:
        emit_store(assembler, 0, 0, ref=1)
        assembler.emit("return", ())

    kernels = compile_kernel(body)
    assert kernels is not None

    status = run(kernels.address("kernel"), [], constants=(1, 2))

    assert kernels.status_error("kernel", status).code.name == "PERMISSION_DENIED"


def _abs_kernel(assembler: Assembler) -> None:
    """64 floats of binding 0 to binding 1, from 64 times the workgroup's number on."""
    emit_binding(assembler, 0, 3)
    emit_binding(assembler, 1, 4)
    head, inside, done = (assembler.new_label() for _ in range(3))
    assembler.emit("ext.i32.i64.s", 0, 10)
    assembler.emit("const.i64", 64, 12)
    assembler.emit("mul.i64", 10, 12, 10)
    assembler.emit("const.i64.zero", 14)
    assembler.emit("br", head, ())
    assembler.block(head)
    assembler.emit("cmp.lt.i64.s", 14, 12, 20)
    assembler.emit("cond_br", 20, inside, (), done, ())
    assembler.block(inside)
    assembler.emit("add.i64", 10, 14, 16)
    assembler.emit("buffer.load.f32", REF_BIT | 3, 16, 20)
    assembler.emit("abs.f32", 20, 20)
    assembler.emit("buffer.store.f32", REF_BIT | 4, 16, 20)
    assembler.emit("const.i64", 1, 18)
    assembler.emit("add.i64", 14, 18, 14)
    assembler.emit("br", head, ())
    assembler.block(done)
    assembler.emit("return", ())


@pytest.mark.parametrize("overlap", ["apart", "same", "shifted"])
def test_buffers_may_overlap(overlap: str) -> None:
    kernels = compile_kernel(_abs_kernel)
    assert kernels is not None
    memory = np.linspace(-1, 1, 400, dtype=np.float32)
    source, target = {
        "apart": (memory[:200], memory[200:400]),
        "same": (memory[:200], memory[:200]),
        "shifted": (memory[:200], memory[3:203]),
    }[overlap]
    expected = memory.copy()
    start = (target.ctypes.data - source.ctypes.data) // 4
    for index in range(64, 128):
        expected[start + index] = abs(expected[index])

    assert run(kernels.address("kernel"), [source, target], workgroup=(1, 0, 0)) == 0
    assert memory.tolist() == expected.tolist()


def test_what_comes_before_a_failing_access_is_done() -> None:
    kernels = compile_kernel(_abs_kernel)
    assert kernels is not None
    source, target = np.full(128, -2, np.float32), np.zeros(100, np.float32)

    status = run(kernels.address("kernel"), [source, target], workgroup=(1, 0, 0))

    assert kernels.status_error("kernel", status).code.name == "OUT_OF_RANGE"
    assert target[:64].tolist() == [0] * 64
    assert target[64:].tolist() == [2] * 36


def test_loops_over_floats_become_vector_code() -> None:
    from gossamer.machine_code.llvm import optimized_text
    from gossamer.vm.jit.analysis.compilable import compilable_functions
    from gossamer.vm.jit.emit.dispatch import emit_dispatch_entry
    from gossamer.vm.jit.emit.module_emitter import emit_module

    builder = ModuleBuilder()
    builder.function("kernel", CONVENTION, _abs_kernel)
    functions = compilable_functions(builder.module().decoded, [0])

    text = optimized_text(emit_module(functions.values(), [0], emit_dispatch_entry))

    assert " x float>" in text


def test_kernels_that_cannot_be_native_are_left_out() -> None:
    def takes_from_the_list(assembler: Assembler) -> None:
        assembler.emit("list.get.ref", REF_BIT | 2, 0, BUFFER_TYPE, REF_BIT | MOVE_BIT | 3)
        assembler.emit("return", ())

    def uses_a_list_of_its_own(assembler: Assembler) -> None:
        assembler.emit("list.alloc", LIST_TYPE, 0, REF_BIT | 3)
        assembler.emit("discard.refs", (REF_BIT | 3,))
        assembler.emit("return", ())

    def recurses(assembler: Assembler) -> None:
        assembler.emit("call", 0, (REF_BIT, REF_BIT | 1, REF_BIT | 2, *range(9)), ())
        assembler.emit("return", ())

    for body in (takes_from_the_list, uses_a_list_of_its_own, recurses):
        assert compile_kernel(body) is None


def test_private_functions_may_be_called() -> None:
    builder = ModuleBuilder()

    def kernel(assembler: Assembler) -> None:
        emit_binding(assembler, 0, 3)
        assembler.emit("call", 1, (REF_BIT | 3, 0), (20, 22))
        emit_store(assembler, 20, 1)
        assembler.emit("return", ())

    def helper(assembler: Assembler) -> None:
        assembler.emit("const.i64.zero", 2)
        assembler.emit("buffer.load.i32", REF_BIT, 2, 4)
        assembler.emit("add.i32", 4, 0, 4)
        assembler.emit("return", (4, 2))

    builder.function("kernel", CONVENTION, kernel)
    builder.function("", "0ri_iI", helper)
    kernels = compile_dispatch_functions(builder.module().decoded)
    assert kernels is not None
    data = np.array([40, 0], np.int32)

    assert run(kernels.address("kernel"), [data], workgroup=(2, 0, 0)) == 0
    assert data.tolist() == [40, 42]
    failed = run(kernels.address("kernel"), [np.zeros(0, np.int32)])
    assert kernels.status_error("kernel", failed).code.name == "OUT_OF_RANGE"
