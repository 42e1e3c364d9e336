"""Modules of a context replaced: what is linked anew, when old states are closed, and what is refused."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
from bytecode_programs import HostModule, HostState, Program, imported

from gossamer.abi.module_interface import ModuleInterface
from gossamer.errors import FailedPreconditionError, InvalidArgumentError
from gossamer.format.module_def import ModuleDependency
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.modules.native import FunctionTable, NativeModule
from gossamer.vm.link.context import Context
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.link.link_errors import ModuleVersionError, UnknownModuleError
from gossamer.vm.link.module import Module


class Recording:
    """Host modules `host`, whose `value` returns a number; their states are kept."""

    def __init__(self) -> None:
        self.states: list[HostState] = []

    def module(self, value: int, *, version: int = 0, name: str = "value") -> HostModule:
        host = HostModule("host", {name: ("0v_i", lambda: value)}, version=version)
        create = host.create_state

        def create_state() -> HostState:
            self.states.append(create())
            return self.states[-1]

        host.create_state = create_state  # type: ignore[method-assign]
        return host

    @property
    def closed(self) -> list[bool]:
        return [state.is_closed for state in self.states]


def caller(name: str = "main", full_name: str = "host.value", *, is_required: bool = True) -> Program:
    """A module whose `f` calls its import where it is there, and returns -1 elsewhere."""

    def body(a: Assembler) -> None:
        there, missing = a.new_label(), a.new_label()
        a.emit("import.resolved", IMPORT_BIT, 0)
        a.emit("cond_br", 0, there, (), missing, ())
        a.block(there)
        a.emit("call", IMPORT_BIT, (), (1,))
        a.emit("return", (1,))
        a.block(missing)
        a.emit("const.i32", -1, 1)
        a.emit("return", (1,))

    program = Program(name=name, imports=(imported(full_name, "0v_i", is_required=is_required),))
    return program.function("f", "0v_i", body)


@pytest.fixture(params=["interpret", "translate"])
def build(request: pytest.FixtureRequest) -> Callable[[Program], Module]:
    return lambda program: program.build(executor=request.param)


def test_importers_of_importers_are_linked_anew(build: Callable[[Program], Module]) -> None:
    host = Recording()
    modules = [host.module(1), build(caller("other", "host.value")), build(caller("main", "other.f"))]
    context = Context(modules)
    context.replace("host", host.module(2))

    assert context.lookup("main.f")() == 2
    assert [module.name for module in context.modules] == ["host", "other", "main"]


def test_what_does_not_import_it_stays_as_it_is(build: Callable[[Program], Module]) -> None:
    host = Recording()
    context = Context([HostModule("still", {"value": ("0v_i", lambda: 5)}), host.module(1)])
    context.register_all([build(caller("apart", "still.value")), build(caller())])
    apart, main = context.lookup("apart.f"), context.lookup("main.f")
    context.replace("host", host.module(2))

    assert context.lookup("apart.f") is apart
    assert context.lookup("main.f") is not main


def test_importers_keep_their_globals() -> None:
    def count(a: Assembler) -> None:
        a.emit("call", IMPORT_BIT, (), (0,))
        a.emit("global.load.i32", 0, 1)
        a.emit("add.i32", 0, 1, 0)
        a.emit("global.store.i32", 0, 0)
        a.emit("return", (0,))

    program = Program(name="main", global_bytes=4, imports=(imported("host.value", "0v_i"),))
    context = Context([Recording().module(1), program.function("count", "0v_i", count).build("translate")])
    assert [context.lookup("main.count")() for _ in range(3)] == [1, 2, 3]
    context.replace("host", Recording().module(10))
    assert [context.lookup("main.count")() for _ in range(2)] == [13, 23]


def test_the_old_state_is_closed_once_nobody_can_call_it(build: Callable[[Program], Module]) -> None:
    host = Recording()
    context = Context([host.module(1), build(caller())])
    held = context.lookup("main.f")
    context.replace("host", host.module(2))
    assert held() == 1
    assert host.closed == [False, False]

    del held
    context.close_replaced()
    assert host.closed == [True, False]
    context.close()
    assert host.closed == [True, True]


def test_closing_closes_replaced_modules_that_are_held() -> None:
    host = Recording()
    context = Context([host.module(1)])
    held = context.lookup("host.value")
    context.replace("host", host.module(2))
    context.close()
    assert host.closed == [True, True]
    assert held() == 1


def test_old_modules_end_with_their_deinitialiser() -> None:
    ends: list[int] = []

    def module(version: int) -> Module:
        functions = {"__deinit": ("0v_v", lambda: ends.append(version)), "f": ("0v_i", lambda: version)}
        return HostModule("host", functions)

    with Context([module(1)]) as context:
        context.replace("host", module(2))
        assert ends == [1]
    assert ends == [1, 2]


def test_nothing_is_left_of_many_modules(build: Callable[[Program], Module]) -> None:
    host = Recording()
    context = Context([host.module(0), build(caller())])
    gc.collect()
    gc.disable()
    try:
        exports: list[weakref.ref[object]] = []
        for version in range(1, 101):
            exports.append(weakref.ref(context.linkage.modules["main"].exports))
            context.replace("host", host.module(version))
            assert context.lookup("main.f")() == version
    finally:
        gc.enable()
    assert host.closed == [True] * 100 + [False]
    assert all(reference() is None for reference in exports)


def test_optional_imports_come_and_go(build: Callable[[Program], Module]) -> None:
    host = Recording()
    context = Context([host.module(1, name="other"), build(caller(is_required=False))])
    assert context.lookup("main.f")() == -1
    context.replace("host", host.module(2))
    assert context.lookup("main.f")() == 2
    context.replace("host", host.module(3, name="other"))
    assert context.lookup("main.f")() == -1


def test_modules_loaded_later_are_out_of_reach() -> None:
    context = Context([Recording().module(1), HostModule("later", {"value": ("0v_i", lambda: 2)})])
    program = caller("host", "later.value").build()
    with pytest.raises(UnknownModuleError, match="later is loaded after host"):
        context.replace("host", program)


def test_a_version_that_is_too_old_for_importers_is_refused() -> None:
    host = Recording()
    program = caller()
    program.dependencies = (ModuleDependency("host", 5, is_required=True),)
    context = Context([host.module(1, version=5), program.build()])
    with pytest.raises(ModuleVersionError, match="main needs host in version 5 or later, but version 4"):
        context.replace("host", host.module(2, version=4))
    assert host.closed == [False, True]
    assert context.lookup("main.f")() == 1


def test_initialisers_do_not_replace_modules() -> None:
    host = Recording()

    def again() -> None:
        context.replace("host", host.module(2))

    context = Context([host.module(1)])
    functions = {"__init": ("0v_v", again), "value": ("0v_i", lambda: 3)}
    with pytest.raises(FailedPreconditionError, match="an initialiser may neither load nor replace"):
        context.replace("host", HostModule("host", functions))
    assert context.lookup("host.value")() == 2


def test_inline_forms_are_those_of_the_module_that_is_there() -> None:
    def module(factor: int, *, has_form: bool) -> Module:
        interface = ModuleInterface("host")
        interface.declare("value", "0v_i")
        functions = FunctionTable(interface)
        form = InlineForm(f"{factor}") if has_form else None
        functions.export("value", inline=form)(lambda: factor)
        return NativeModule(functions)

    context = Context([module(1, has_form=True), caller().build("translate")])
    results: list[object] = []
    for factor, has_form in ((2, True), (3, False), (4, True)):
        results.append(context.lookup("main.f")())
        context.replace("host", module(factor, has_form=has_form))
    assert [*results, context.lookup("main.f")()] == [1, 2, 3, 4]


def test_snapshots_of_another_version_are_refused() -> None:
    def stateful(value_bytes: int) -> Module:
        return Program(name="m", global_bytes=value_bytes).function("f", "0v_v", _return).build()

    context = Context([stateful(4)])
    snapshot = context.snapshot()
    context.replace("m", stateful(8))
    with pytest.raises(InvalidArgumentError, match="snapshot has 4 bytes of globals and 0 refs"):
        context.restore(snapshot)


def _return(a: Assembler) -> None:
    a.emit("return", ())


def test_forks_are_of_the_module_that_is_there(build: Callable[[Program], Module]) -> None:
    host = Recording()
    context = Context([host.module(1), build(caller())])
    context.replace("host", host.module(2))
    fork = context.fork()
    context.replace("host", host.module(3))
    assert (fork.lookup("main.f")(), context.lookup("main.f")()) == (2, 3)
