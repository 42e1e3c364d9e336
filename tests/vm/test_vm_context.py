"""Contexts: load order, initialisers, state, forks, closing."""

import threading
from collections.abc import Callable

import pytest
from bytecode_programs import HostModule, HostState, Program, imported, moved, r

from gossamer.errors import (
    AbortedError,
    FailedPreconditionError,
    FormatError,
    InvalidArgumentError,
    NotFoundError,
)
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.bytecode.globals import GLOBALS_ATTR
from gossamer.vm.link.context import Context, Signal
from gossamer.vm.link.link_errors import UnknownFunctionError
from gossamer.vm.link.module import Module, ModuleState
from gossamer.vm.objects.buffer import Buffer


def counter(**settings: object) -> Program:
    """A module with an i32 it counts up, starting at 100, and a buffer it keeps."""
    program = Program(name="counter", global_bytes=8, global_refs=1, **settings)  # type: ignore[arg-type]

    def initialize(a: Assembler) -> None:
        a.emit("const.i32", 100, 0)
        a.emit("global.store.i32", 4, 0)
        a.emit("const.i64", 4, 2)
        a.emit("const.i32", 16, 0)
        a.emit("buffer.alloc", 2, 0, r(0))
        a.emit("global.store.ref", 0, 2, moved(0))
        a.emit("return", ())

    def increment(a: Assembler) -> None:
        a.emit("global.load.i32", 4, 0)
        a.emit("const.i32", 1, 1)
        a.emit("add.i32", 0, 1, 0)
        a.emit("global.store.i32", 4, 0)
        a.emit("global.load.ref", 0, 2, r(0))
        a.emit("const.i64.zero", 2)
        a.emit("buffer.store.i32", r(0), 2, 0)
        a.emit("return", (0,))

    def kept(a: Assembler) -> None:
        a.emit("global.load.ref", 0, 2, r(0))
        a.emit("return", (r(0),))

    program.function("__init", "0v_v", initialize)
    program.function("increment", "0v_i", increment)
    return program.function("kept", "0v_r", kept)


NAMED = ((GLOBALS_ATTR, "count\ti32\t4\ti32\nlast\t!vm.buffer\t0\ttensor<1xi32>"),)


def logger(log: list[str], name: str, *exports: str) -> HostModule:
    def call(export: str) -> Callable[..., None]:
        return lambda *arguments: log.append(f"{name}.{export}{list(arguments)}")

    return HostModule(
        name,
        {export: ("0i_v" if export == "__notify" else "0v_v", call(export)) for export in exports},
    )


def test_protocols_fit() -> None:
    module: Module = counter().build()
    state: ModuleState = module.create_state()

    assert isinstance(module, Module)
    assert isinstance(state, ModuleState)


def test_functions_are_looked_up_once() -> None:
    context = Context([counter().build()])
    function = context.lookup("counter.increment")

    assert function is context.lookup("counter.increment")
    assert (function.name, function.full_name) == ("increment", "counter.increment")
    assert function.calling_convention == "0v_i"
    assert not function.is_async
    assert function() == 101
    assert context.modules[0].name == "counter"
    assert context.module("counter") is context.modules[0]


def test_initialisers_run_in_load_order_and_deinitialisers_in_reverse() -> None:
    log: list[str] = []
    modules = [logger(log, name, "__init", "__deinit") for name in ("a", "b")]

    context = Context(modules)
    context.close()
    context.close()

    assert log == ["a.__init[]", "b.__init[]", "b.__deinit[]", "a.__deinit[]"]
    with pytest.raises(FailedPreconditionError, match="closed"):
        context.lookup("a.__init")
    with pytest.raises(FailedPreconditionError, match="closed"):
        context.register(modules[0])


def test_a_context_closes_itself() -> None:
    log: list[str] = []
    with Context([logger(log, "a", "__deinit")]):
        assert log == []
    assert log == ["a.__deinit[]"]


def test_later_modules_are_told_first_to_give_up_resources() -> None:
    log: list[str] = []
    context = Context([logger(log, name, "__notify") for name in ("a", "b")])

    context.notify(Signal.SUSPEND)
    context.notify(Signal.RESUME)

    assert log == ["b.__notify[1]", "a.__notify[1]", "a.__notify[0]", "b.__notify[0]"]


@pytest.mark.parametrize(("name", "convention"), [("__init", "0i_v"), ("__notify", "0v_v")])
def test_functions_that_contexts_call_take_what_they_give(name: str, convention: str) -> None:
    module = Program(name="m").function(name, convention, lambda a: a.emit("return", ())).build()

    with pytest.raises(InvalidArgumentError, match=f"m.{name} has the calling convention '{convention}'"):
        Context([module]).notify(Signal.RESUME)


def test_a_deinitialiser_that_takes_something_is_not_called() -> None:
    with Context([Program(name="m").function("__deinit", "0i_v", lambda a: a.emit("return", ())).build()]):
        pass


def failing(name: str) -> Program:
    body = lambda a: (a.emit("const.i32", 10, 0), a.emit("fail", 0, b"no luck"))  # noqa: E731
    return Program(name=name).function("__init", "0v_v", body)


def test_a_failing_initialiser_unloads_what_was_loaded_with_it() -> None:
    log: list[str] = []
    context = Context([logger(log, "kept", "__deinit")])

    with pytest.raises(AbortedError) as caught:
        context.register_all([logger(log, "new", "__init", "__deinit"), failing("broken").build()])

    assert caught.value.annotations == ["while loading module 'broken'"]
    assert [module.name for module in context.modules] == ["kept"]
    assert log == ["new.__init[]", "new.__deinit[]"]
    context.register(counter().build())


def test_failures_of_deinitialisers_are_ignored() -> None:
    body = lambda a: (a.emit("const.i32", 10, 0), a.emit("fail", 0, b"no luck"))  # noqa: E731
    Context([Program(name="m").function("__deinit", "0v_v", body).build()]).close()


def test_states_are_closed_even_when_loading_fails() -> None:
    states: list[HostState] = []
    host = HostModule("host", {"__init": ("0v_v", lambda: None)})
    host.callables["__init"] = lambda: (_ for _ in ()).throw(NotFoundError("nothing there"))
    create = host.create_state
    host.create_state = lambda: states.append(create()) or states[-1]  # type: ignore[method-assign]

    with pytest.raises(NotFoundError):
        Context([host])

    assert [state.is_closed for state in states] == [True]


def test_contexts_of_one_module_do_not_share_state() -> None:
    module = counter().build()
    first, second = Context([module]), Context([module])

    first.lookup("counter.increment")()
    first.lookup("counter.increment")()

    assert second.lookup("counter.increment")() == 101
    assert first.lookup("counter.kept")() is not second.lookup("counter.kept")()


def test_globals_have_their_recorded_names() -> None:
    context = Context([counter(attrs=NAMED).build()])
    count = context.globals["counter.count"]

    assert sorted(context.globals) == ["counter.count", "counter.last"]
    assert (count.name, count.type, count.storage_type) == ("count", "i32", "i32")
    assert context.globals["counter.last"].type == "tensor<1xi32>"
    assert count.get() == 100
    count.set(41)
    assert context.lookup("counter.increment")() == 42
    assert count.get() == 42


def test_globals_without_names_are_called_by_type_and_place() -> None:
    context = Context([counter().build()])
    assert {name: access.get() for name, access in context.globals.items()} == {
        "counter.i32@4": 100,
        "counter.!vm.buffer@0": context.lookup("counter.kept")(),
    }


def test_globals_take_values_of_their_type_only() -> None:
    context = Context([counter(attrs=NAMED).build()])
    with pytest.raises(InvalidArgumentError, match="expected an integer"):
        context.globals["counter.count"].set("many")
    with pytest.raises(InvalidArgumentError, match="does not fit i32"):
        context.globals["counter.count"].set(1 << 40)
    with pytest.raises(InvalidArgumentError, match="source ref type mismatch"):
        context.globals["counter.last"].set(object())
    replacement = Buffer.allocate(4)
    context.globals["counter.last"].set(replacement)
    assert context.lookup("counter.kept")() is replacement


@pytest.mark.parametrize(
    "line",
    [
        "count\ti32\t4",
        "count\ti32\tx\ti32",
        "count\ti32\t5\ti32",
        "count\ti8\t0\ti8",
        "b\t!vm.buffer\t1\t!vm.buffer",
        "b\t!x\t0\t!x",
    ],
)
def test_wrong_records_of_globals_are_refused(line: str) -> None:
    context = Context([counter(attrs=((GLOBALS_ATTR, line),)).build()])
    with pytest.raises(FormatError):
        _ = context.globals


def test_snapshots_hold_values_and_contents() -> None:
    context = Context([counter().build()])
    increment, kept = context.lookup("counter.increment"), context.lookup("counter.kept")
    increment()
    snapshot = context.snapshot()
    increment()

    for _ in range(2):
        context.restore(snapshot)
        buffer = kept()
        assert isinstance(buffer, Buffer)
        assert buffer.view("i")[0] == 101
        assert increment() == 102


def test_forks_start_equal_and_go_their_own_ways() -> None:
    context = Context([counter().build()])
    increment = context.lookup("counter.increment")
    increment()
    fork = context.fork()

    increment()
    fork_increment = fork.lookup("counter.increment")

    assert fork_increment() == 102
    assert fork_increment() == 103
    assert increment() == 103
    assert context.lookup("counter.kept")() is not fork.lookup("counter.kept")()


def test_forks_link_to_forks() -> None:
    user = Program(name="user", imports=(imported("counter.increment", "0v_i"),))
    user.function("f", "0v_i", lambda a: (a.emit("call", IMPORT_BIT, (), (0,)), a.emit("return", (0,))))
    context = Context([counter().build(), user.build()])
    fork = context.fork()

    assert fork.lookup("user.f")() == 101
    assert fork.lookup("counter.increment")() == 102
    assert context.lookup("user.f")() == 101


def test_forks_do_not_initialise_again() -> None:
    log: list[str] = []
    context = Context([logger(log, "a", "__init")])
    context.fork()
    assert log == ["a.__init[]"]


def test_contexts_may_be_used_from_threads() -> None:
    module = counter().build()
    results: list[object] = []

    def use() -> None:
        context = Context([module])
        increment = context.lookup("counter.increment")
        results.append([increment() for _ in range(50)][-1])

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [150] * 6


def test_states_have_no_other_exports() -> None:
    exports = counter().build().create_state().link(())
    with pytest.raises(NotFoundError, match="no export 'x'"):
        exports.bind("x")
    with pytest.raises(UnknownFunctionError):
        Context([counter().build()]).lookup("counter.x")


def test_callables_are_bound_once() -> None:
    exports = counter().build().create_state().link(())
    assert exports.bind("increment") is exports.bind("increment")
    assert exports.bind_resumable("increment") is exports.bind_resumable("increment")
