"""Native loops ask whether to go on where they may go on for long, and only there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from test_jit_loops import count_up
from vm_modules import ModuleBuilder

from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import REF_BIT
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.limits.errors import CallCancelledError, CallResourceError, CallTimeoutError
from gossamer.limits.scope import call_limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.jit.analysis.compilable import compilable_functions
from gossamer.vm.jit.emit.module_emitter import emit_module
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.translate import Translator

QUESTION = "call i1 @is_interrupted"


@pytest.fixture(autouse=True)
def _object_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))


def module_of(convention: str, body: Callable[[Assembler], None]) -> BytecodeModule:
    builder = ModuleBuilder()
    builder.function("f", convention, body)
    return builder.module()


def questions(convention: str, body: Callable[[Assembler], None]) -> int:
    """How many places of the function's text ask."""
    functions = compilable_functions(module_of(convention, body).decoded, [0])
    return emit_module(functions.values(), [], lambda text, ordinal: "").count(QUESTION)


def endless(assembler: Assembler) -> None:
    """`i += 1` for ever."""
    head = assembler.new_label()
    assembler.emit("const.i32", 1, 2)
    assembler.emit("br", head, ())
    assembler.block(head)
    assembler.emit("add.i32", 0, 2, 0)
    assembler.emit("br", head, ())


def double_loop(limit: int) -> Callable[[Assembler], None]:
    """Adds up over two loops from 0 to a constant."""

    def body(assembler: Assembler) -> None:
        assembler.emit("const.i64", limit, 2)

        def step() -> None:
            assembler.emit("add.i64", 4, 6, 8)

        count_up(assembler, 4, 2, lambda: count_up(assembler, 6, 2, step))
        assembler.emit("return", (8,))

    return body


def walk(assembler: Assembler) -> None:
    """`target[i] = source[i]` for i below the argument."""

    def step() -> None:
        assembler.emit("buffer.load.i32", REF_BIT, 4, 10)
        assembler.emit("buffer.store.i32", REF_BIT | 1, 4, 10)

    count_up(assembler, 4, 0, step)
    assembler.emit("return", ())


def stay(assembler: Assembler) -> None:
    """As `walk`, but always at one place."""

    def step() -> None:
        assembler.emit("buffer.load.i32", REF_BIT, 2, 10)
        assembler.emit("buffer.store.i32", REF_BIT | 1, 2, 10)

    count_up(assembler, 4, 0, step)
    assembler.emit("return", ())


def test_loops_that_memory_bounds_ask_in_their_checked_copy_only() -> None:
    assert questions("0IrrI_v", walk) == 1


def test_loops_that_stay_at_one_place_ask_in_both_copies() -> None:
    assert questions("0IIrr_v", stay) == 2


def test_nests_with_few_turns_do_not_ask() -> None:
    assert questions("0v_I", double_loop(100)) == 0


def test_nests_with_many_turns_ask_in_the_outer_loop() -> None:
    assert questions("0v_I", double_loop(1000)) == 1
    assert questions("0v_I", double_loop(100_000)) == 2


def native(convention: str, body: Callable[[Assembler], None]) -> Callable[..., object]:
    return Translator(module_of(convention, body).create_state(), is_native=True).bind(0)


def test_an_endless_native_loop_ends_with_its_deadline() -> None:
    function = native("0i_v", endless)
    with call_limits(timeout=0.05), pytest.raises(CallTimeoutError, match=r"bytecode m\.f:\d+"):
        function(0)


def test_an_endless_native_loop_ends_when_it_is_cancelled() -> None:
    function = native("0i_v", endless)
    with call_limits() as scope:
        threading.Timer(0.05, scope.cancel).start()
        with pytest.raises(CallCancelledError):
            function(0)


def test_turns_of_native_loops_are_steps() -> None:
    function = native("0i_v", endless)
    with call_limits(max_steps=10_000) as scope, pytest.raises(CallResourceError, match="10000 steps"):
        function(0)
    assert scope.word.steps == -1


def test_a_loop_that_memory_bounds_takes_no_steps() -> None:
    function = native("0IrrI_v", walk)
    source, target = Buffer.wrap(bytes(range(200))), Buffer.allocate(200)
    with call_limits(max_steps=1) as scope:
        function(50, source, target, 0)
    assert target.data.tolist() == list(range(200))
    assert scope.word.steps == 1


def test_what_a_native_function_allocates_is_accounted_for() -> None:
    def body(assembler: Assembler) -> None:
        assembler.emit("const.i32", 64, 20)
        assembler.emit("buffer.alloc", 0, 20, REF_BIT)

        def step() -> None:
            assembler.emit("buffer.store.i8", REF_BIT, 4, 20)

        count_up(assembler, 4, 0, step)
        assembler.emit("discard.refs", (REF_BIT,))
        assembler.emit("return", ())

    function = native("0I_v", body)
    function(1 << 17)
    with call_limits(max_memory=1 << 16) as scope:
        function(100)
        with pytest.raises(CallResourceError, match="65536 bytes"):
            function(1 << 17)
        assert scope.used_memory == 0
