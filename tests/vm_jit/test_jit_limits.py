"""Functions made to cost the native compiler more than they should."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_jit_loops import count_up
from vm_modules import ModuleBuilder

from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import REF_BIT
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.jit.analysis.compilable import MAX_CALL_DEPTH, MAX_INSTRUCTIONS, compilable_functions
from gossamer.vm.jit.emit.module_emitter import emit_module
from gossamer.vm.jit.instructions.text import MAX_STACK_BYTES
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.translate import Translator


@pytest.fixture(autouse=True)
def _object_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))


def loop_of(count: int, name: str, *operands: int) -> BytecodeModule:
    """A loop whose index is the result of `count` operations in a row."""
    builder = ModuleBuilder()

    def body(assembler: Assembler) -> None:
        def step() -> None:
            assembler.emit("const.i64.zero", 8)
            assembler.emit("add.i64", 8, 4, 8)
            for _ in range(count):
                assembler.emit(name, 8, *operands, 8)
            assembler.emit("buffer.load.i8.u", REF_BIT, 8, 10)

        count_up(assembler, 4, 0, step)
        assembler.emit("return", (10,))

    builder.function("f", "0rI_i", body)
    return builder.module()


@pytest.mark.parametrize(
    ("count", "name", "operands"), [(3000, "not.i64", ()), (3000, "add.i64", (2,)), (60, "add.i64", (8,))]
)
def test_long_chains_of_operations_are_given_up_on(count: int, name: str, operands: tuple[int, ...]) -> None:
    module = loop_of(count, name, *operands)
    functions = compilable_functions(module.decoded, [0])

    text = emit_module(functions.values(), [], lambda text, ordinal: "")

    assert "define internal i32 @f0" in text


def test_sums_of_a_value_with_itself_stay_small() -> None:
    """Ends of intervals double 30 times: as trees they would have 2^30 nodes."""
    module = loop_of(30, "add.i64", 8)
    bound = Translator(module.create_state(), is_native=True).bind(0)

    assert bound(Buffer.wrap(bytes([7])), 1) == 7


def test_functions_that_are_too_long_stay_in_python() -> None:
    assert compilable_functions(loop_of(MAX_INSTRUCTIONS, "not.i64").decoded, [0]) == {}


def test_chains_of_calls_that_are_too_deep_stay_in_python() -> None:
    builder = ModuleBuilder()
    for ordinal in range(MAX_CALL_DEPTH + 3):

        def body(assembler: Assembler, callee: int = ordinal + 1) -> None:
            if callee < MAX_CALL_DEPTH + 3:
                assembler.emit("call", callee, (), ())
            assembler.emit("return", ())

        builder.function(f"f{ordinal}", "0v_v", body)
    decoded = builder.module().decoded

    assert 0 not in compilable_functions(decoded, [0])
    assert 10 in compilable_functions(decoded, [10])


def test_many_buffers_do_not_all_go_to_the_stack() -> None:
    builder = ModuleBuilder()
    count, length = 6, MAX_STACK_BYTES // 4

    def body(assembler: Assembler) -> None:
        assembler.emit("const.i32", 64, 20)
        assembler.emit("const.i64", length, 22)
        for ref in range(count):
            assembler.emit("buffer.alloc", 22, 20, REF_BIT | ref)

        def step() -> None:
            for ref in range(count):
                assembler.emit("buffer.store.i8", REF_BIT | ref, 4, 20)

        count_up(assembler, 4, 0, step)
        assembler.emit("discard.refs", tuple(REF_BIT | ref for ref in range(count)))
        assembler.emit("return", ())

    builder.function("f", "0I_v", body)
    module = builder.module()
    functions = compilable_functions(module.decoded, [0])

    text = emit_module(functions.values(), [], lambda text, ordinal: "")

    assert text.count("alloca [") == 4
    assert text.count("call ptr @calloc") == 2
    assert Translator(module.create_state(), is_native=True).bind(0)(length) is None
