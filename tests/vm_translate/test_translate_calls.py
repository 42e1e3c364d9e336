"""Calls out of translated functions, and failures that pass through them."""

from __future__ import annotations

import gc
import traceback
import weakref
from collections.abc import Callable, Generator
from typing import Any

import pytest
from vm_modules import ModuleBuilder

from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.format.module_def import FunctionSignature, ImportFunction
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import IMPORT_BIT, MOVE_BIT, REF_BIT, SEGMENT_NOT_VARIADIC
from gossamer.vm.bytecode.executor import Executor, Imports
from gossamer.vm.bytecode.limits import Limits
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.bytecode.state import BytecodeState
from gossamer.vm.interpret.interpreter import Interpreter
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import Export, ResumableCallable
from gossamer.vm.translate import Translator


class Importing(ModuleBuilder):
    """A builder of modules that import from `host`."""

    def __init__(self, **imports: str) -> None:
        super().__init__(b"rodata")
        self.imports = tuple(
            ImportFunction(f"host.{name}", FunctionSignature(convention), is_required=False)
            for name, convention in imports.items()
        )

    def linked(
        self, resumable: ResumableCallable | None = None, **callables: Callable[..., object]
    ) -> tuple[BytecodeState, Imports]:
        """A state, and the callables as its imports."""
        imports: list[Function | None] = []
        for imported in self.imports:
            name = imported.full_name.removeprefix("host.")
            export = Export(name, imported.signature.calling_convention)
            found = callables.get(name)
            imports.append(None if found is None else Function("host", export, found, resumable))
        return self.module(imports=self.imports).create_state(), imports


def executors(linked: tuple[BytecodeState, Imports]) -> list[Executor]:
    return [Interpreter(*linked), Translator(*linked, is_native=False)]


def test_spans_arrive_as_lists_of_values_or_tuples() -> None:
    builder = Importing(each="0CiDICIiD_I")

    def body(assembler: Assembler) -> None:
        segments = (2, SEGMENT_NOT_VARIADIC, 2)
        assembler.emit("call.variadic", IMPORT_BIT, segments, (0, 1, 2, 2, 0, 2, 1), (4,))
        assembler.emit("return", (4,))

    builder.function("f", "0iiI_I", body)
    seen: list[object] = []

    def each(*arguments: object) -> int:
        seen.append(arguments)
        return 7

    for executor in executors(builder.linked(each=each)):
        assert executor.bind(0)(1, 2, 3) == 7
    assert seen == [([1, 2], 3, [(3, 1), (3, 2)])] * 2


def test_several_results_come_as_a_tuple() -> None:
    builder = Importing(pair="0v_iI")

    def body(assembler: Assembler) -> None:
        assembler.emit("call", IMPORT_BIT, (), (5, 6))
        assembler.emit("return", (6, 5))

    builder.function("f", "0v_Ii", body)

    for executor in executors(builder.linked(pair=lambda: (1, 2))):
        assert executor.bind(0)() == (2, 1)


def test_a_moved_ref_does_not_outlive_the_call_it_was_moved_into() -> None:
    builder = Importing(make="0v_r", take="0r_v", look="0v_i")

    def body(assembler: Assembler) -> None:
        assembler.emit("call", IMPORT_BIT, (), (REF_BIT,))
        assembler.emit("call", IMPORT_BIT | 1, (REF_BIT | MOVE_BIT,), ())
        assembler.emit("call", IMPORT_BIT | 2, (), (0,))
        assembler.emit("return", (0,))

    builder.function("f", "0v_i", body)

    class Thing:
        pass

    made: list[weakref.ref[Thing]] = []

    def make() -> Thing:
        thing = Thing()
        made.append(weakref.ref(thing))
        return thing

    linked = builder.linked(make=make, take=lambda thing: None, look=lambda: int(made[-1]() is None))
    for executor in executors(linked):
        gc.collect()
        assert executor.bind(0)() == 1


def test_a_missing_optional_import_fails_when_called() -> None:
    builder = Importing(nothing="0v_v")
    builder.function("f", "0v_v", lambda assembler: _call_and_return(assembler, IMPORT_BIT))

    for executor in executors(builder.linked()):
        with pytest.raises(NotFoundError, match=r"host\.nothing"):
            executor.bind(0)()


def _call_and_return(assembler: Assembler, ordinal: int) -> None:
    assembler.emit("const.i32", 1, 20)
    assembler.emit("call", ordinal, (), ())
    assembler.emit("return", ())


def _failing() -> Importing:
    builder = Importing(fail="0v_v")
    builder.function("", "0v_v", lambda assembler: _call_and_return(assembler, IMPORT_BIT))
    builder.function("outer", "0v_v", lambda assembler: _call_and_return(assembler, 0))
    return builder


def test_failures_carry_the_same_backtrace_as_the_interpreters() -> None:
    def fail() -> None:
        raise InvalidArgumentError("wrong")

    backtraces: list[list[str]] = []
    for executor in executors(_failing().linked(fail=fail)):
        with pytest.raises(StatusError) as caught:
            executor.bind(1)()
        backtraces.append(caught.value.backtrace)

    assert backtraces[0] == backtraces[1]
    assert [frame.rpartition(":")[0] for frame in backtraces[1]] == ["bytecode m@0", "bytecode m.outer"]


def test_foreign_exceptions_pass_with_notes() -> None:
    def fail() -> None:
        raise KeyError("mine")

    notes: list[list[str]] = []
    for executor in executors(_failing().linked(fail=fail)):
        with pytest.raises(KeyError, match="mine") as caught:
            executor.bind(1)()
        notes.append(caught.value.__notes__)

    assert notes[0] == notes[1]


class Waiting:
    """Something to wait for."""

    def wait(self) -> None:
        """Return at once."""


def drain(generator: Generator[object, None, object], yielded: list[object]) -> object:
    """Run a generator to its end; returns its result."""
    while True:
        try:
            yielded.append(next(generator))
        except StopIteration as stopped:
            return stopped.value


def _resumable_module() -> Importing:
    builder = Importing(wait="0i_i")

    def waits(assembler: Assembler) -> None:
        following = assembler.new_label()
        assembler.emit("call.yieldable", IMPORT_BIT, (0,), following, (1,))
        assembler.block(following)
        assembler.emit("return", (1,))

    def calls(assembler: Assembler) -> None:
        assembler.emit("call", 0, (0,), (1,))
        assembler.emit("call", 0, (1,), (2,))
        assembler.emit("return", (2,))

    def computes(assembler: Assembler) -> None:
        assembler.emit("return", (0,))

    builder.function("waits", "0i_i", waits)
    builder.function("calls", "0i_i", calls)
    builder.function("computes", "0i_i", computes)
    return builder


def test_the_generator_form_yields_what_imports_wait_for() -> None:
    waited = [Waiting(), Waiting()]

    def resumable(value: int) -> Generator[object, None, object]:
        yield waited[value]
        return value + 1

    linked = _resumable_module().linked(resumable=resumable, wait=lambda value: value + 1)
    for executor in executors(linked):
        form = executor.bind_resumable(1)
        assert form is not None
        seen: list[object] = []

        assert drain(form(0), seen) == 2
        assert seen == waited
        assert executor.bind(1)(0) == 2


def test_functions_that_never_wait_have_no_generator_form() -> None:
    linked = _resumable_module().linked(wait=lambda value: value)

    assert Translator(*linked).bind_resumable(2) is None


def _recursive(**settings: Any) -> BytecodeModule:
    builder = ModuleBuilder()

    def body(assembler: Assembler) -> None:
        more, done = assembler.new_label(), assembler.new_label()
        assembler.emit("const.i32", 1, 1)
        assembler.emit("cond_br", 0, more, (), done, ())
        assembler.block(more)
        assembler.emit("sub.i32", 0, 1, 0)
        assembler.emit("call", 0, (0,), (2,))
        assembler.emit("add.i32", 2, 1, 2)
        assembler.emit("br", done, ((2, 0),))
        assembler.block(done)
        assembler.emit("return", (0,))

    builder.function("count", "0i_i", body)
    return builder.module(**settings)


def test_recursion_may_go_deeper_than_pythons() -> None:
    assert Translator(_recursive().create_state()).bind(0)(3000) == 3000


def test_limits_on_steps_hold() -> None:
    executor = Translator(_recursive(limits=Limits(max_steps=100)).create_state())

    with pytest.raises(StatusError, match="RESOURCE_EXHAUSTED"):
        executor.bind(0)(1000)
    assert executor.bind(0) is executor.bind(0)


def test_pythons_tracebacks_show_the_text() -> None:
    def fail() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        Translator(*_failing().linked(fail=fail), is_native=False).bind(1)()

    text = "".join(traceback.format_exception(caught.value))
    assert "import_0()" in text
    assert "function_0()" in text


def test_a_ref_is_moved_out_of_its_register_once() -> None:
    builder = Importing(take="0rrr_i")

    def body(assembler: Assembler) -> None:
        moved = REF_BIT | MOVE_BIT
        assembler.emit("const.ref.rodata", 0, REF_BIT)
        assembler.emit("const.ref.rodata", 0, REF_BIT | 1)
        assembler.emit("call", IMPORT_BIT, (moved, moved, REF_BIT), (0,))
        assembler.emit("call", IMPORT_BIT, (REF_BIT | 1, moved | 1, moved | 1), (0,))
        assembler.emit("return", (0,))

    builder.function("f", "0v_i", body)
    seen: list[list[bool]] = []

    def take(*arguments: object) -> int:
        seen.append([argument is None for argument in arguments])
        return 0

    for executor in executors(builder.linked(take=take)):
        executor.bind(0)()

    assert seen == [[False, True, True], [False, False, True]] * 2


def _loop(*, calls: bool) -> Importing:
    """A function that turns as often as its argument says, perhaps with a call of an import in each turn."""
    builder = Importing(count="0v_v")

    def body(assembler: Assembler) -> None:
        head, done, inside = (assembler.new_label() for _ in range(3))
        assembler.emit("const.i32.zero", 1)
        assembler.emit("const.i32", 1, 2)
        assembler.emit("br", head, ())
        assembler.block(head)
        assembler.emit("cmp.lt.i32.s", 1, 0, 3)
        assembler.emit("cond_br", 3, inside, (), done, ())
        assembler.block(inside)
        if calls:
            assembler.emit("call", IMPORT_BIT, (), ())
        assembler.emit("add.i32", 1, 2, 1)
        assembler.emit("br", head, ())
        assembler.block(done)
        assembler.emit("return", (1,))

    builder.function("f", "0i_i", body)
    return builder


@pytest.mark.parametrize("calls", [True, False])
def test_what_is_called_once_is_interpreted_where_it_only_calls(calls: bool) -> None:
    seen: list[int] = []
    translator = Translator(*_loop(calls=calls).linked(count=lambda: seen.append(1)), is_native=False)
    called_once = translator.bind_once(0)

    assert called_once(3) == 3
    assert len(seen) == (3 if calls else 0)
    assert (called_once is translator.bind(0)) == (not calls)
