"""Modules replaced while programs run: what calls meet, for every kind of importer and of exporter."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Annotated

import numpy as np
import pytest
from c_compiler import CompileC
from replaceable_modules import B_KINDS, MAIN_KINDS, hook, make_b, make_main

import gossamer
from gossamer.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from gossamer.hal.timeline.fence import Fence
from gossamer.tools.assemble.module import assemble_module
from gossamer.vm.link.link_errors import SignatureMismatchError, UnknownFunctionError
from gossamer.vm.loading import bytecode_module

QUICK_B_KINDS = [kind for kind in B_KINDS if kind != "c"]


def both(version: int, x: int = 1) -> int:
    """What `main.g(x)` returns where both of its calls reach one version."""
    return (x + version) * 1001


@pytest.mark.parametrize("exporter", B_KINDS)
@pytest.mark.parametrize("importer", MAIN_KINDS)
def test_a_call_under_way_ends_on_the_old_module(importer: str, exporter: str, compile_c: CompileC) -> None:
    pauses: list[Callable[[], None]] = []
    modules = [make_b(exporter, 1, compile_c), hook(lambda: pauses.pop()() if pauses else None)]
    pipeline = gossamer.Pipeline([*modules, make_main(importer, compile_c)], device="local-sync")
    assert pipeline.g(1) == both(1)

    pauses.append(lambda: pipeline.replace("b", make_b(exporter, 2, compile_c)))
    assert pipeline.g(1) == both(1)
    assert pipeline.g(1) == both(2)


@pytest.mark.parametrize("importer", MAIN_KINDS)
def test_modules_of_any_kind_follow_each_other(importer: str, compile_c: CompileC) -> None:
    modules = [make_b("bytecode", 0, compile_c), hook(lambda: None), make_main(importer, compile_c)]
    pipeline = gossamer.Pipeline(modules, device="local-sync")
    call = pipeline.g
    for version, exporter in enumerate([*B_KINDS, "bytecode"], 1):
        pipeline.replace("b", make_b(exporter, version, compile_c))
        assert call(1) == pipeline.g(1) == both(version)
        assert pipeline.modules["b"].f(1) == 1 + version


@pytest.mark.parametrize("importer", MAIN_KINDS)
def test_no_call_of_other_threads_is_lost_or_mixed(importer: str, compile_c: CompileC) -> None:
    modules = [make_b("bytecode", 0, compile_c), hook(lambda: time.sleep(0.0001))]
    pipeline = gossamer.Pipeline([*modules, make_main(importer, compile_c)], device="local-sync")
    replaced = calls = 0
    is_over = threading.Event()
    failures: list[str] = []

    def call() -> None:
        nonlocal calls
        last = 0
        while not is_over.is_set():
            before = replaced
            first, second = divmod(pipeline.g(1), 1000)
            after = replaced
            version = first - 1
            # The switch comes before `replaced` is counted up.
            if first != second or not max(before, last) <= version <= after + 1:
                failures.append(f"{version=} {second=} {before=} {after=} {last=}")
            last = version
            calls += 1

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for version in range(1, 41):
            pipeline.replace("b", make_b(QUICK_B_KINDS[version % 4], version, compile_c))
            replaced = version
            while calls < 3 * version and not failures and any(map(threading.Thread.is_alive, threads)):
                time.sleep(0.0001)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert not failures, failures[:5]
    assert calls >= 3 * 40


WRONG_B = """\
vm.module @b version 0
{body}
"""
TAKES_I64 = """vm.export @f
vm.func @f(%i0:1: i64) -> (i64) {
^bb0:
  vm.return %i0:1
}"""
HAS_NO_F = """vm.export @h
vm.func @h(%i0: i32) -> (i32) {
^bb0:
  vm.return %i0
}"""
FAILS = """vm.export @f
vm.export @__init
vm.func @f(%i0: i32) -> (i32) {
^bb0:
  vm.return %i0
}
vm.func @__init() -> () {
^bb0:
  %i0 = vm.const.i32 9
  vm.fail %i0, "not today"
}"""


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            TAKES_I64,
            SignatureMismatchError,
            r"b\.f is \(i64\) -> \(i64\), but main expects \(i32\)",
        ),
        (HAS_NO_F, UnknownFunctionError, "main imports b.f, but b exports no such function"),
        (FAILS, FailedPreconditionError, "not today"),
    ],
    ids=["other types", "no export", "initialiser"],
)
@pytest.mark.parametrize("importer", MAIN_KINDS)
def test_where_replacing_fails_nothing_has_changed(
    importer: str, body: str, error: type[Exception], message: str, compile_c: CompileC
) -> None:
    modules = [make_b("python", 1, compile_c), hook(lambda: None), make_main(importer, compile_c)]
    pipeline = gossamer.Pipeline(modules, device="local-sync")
    pipeline.state["b.version"] = 7
    linkage = pipeline.context.linkage

    with pytest.raises(error, match=message) as caught:
        pipeline.replace("b", bytecode_module(assemble_module(WRONG_B.format(body=body))))

    assert "while replacing module 'b'" in str(caught.value)
    assert pipeline.context.linkage is linkage
    assert pipeline.g(1) == both(7)
    assert pipeline.state["b.version"] == 7


SCALE = """\
func.func @scale(%x: tensor<{shape}xf32>) -> tensor<{shape}xf32> {{
  %k = arith.constant dense<{factor}.0> : tensor<{shape}xf32>
  %y = arith.mulf %x, %k : tensor<{shape}xf32>
  return %y : tensor<{shape}xf32>
}}
"""
PROGRAM = """\
func.func private @b.scale(%x: tensor<16xf32>) -> tensor<16xf32>
func.func @run(%x: tensor<16xf32>) -> tensor<16xf32> {
  %y = call @b.scale(%x) : (tensor<16xf32>) -> tensor<16xf32>
  %z = call @b.scale(%y) : (tensor<16xf32>) -> tensor<16xf32>
  return %z : tensor<16xf32>
}
"""


def scale(factor: int, shape: str = "16") -> bytes:
    """Module `b`, whose `scale` multiplies by a factor."""
    return gossamer.compile_text(f"module @b {{\n{SCALE.format(shape=shape, factor=factor)}}}")


def test_compiled_modules_are_replaced_under_load() -> None:
    files = [scale(factor) for factor in (2, 3, 5)]
    program = gossamer.compile_text(f"module @program {{\n{PROGRAM}}}")
    x = np.arange(16, dtype=np.float32)
    expected = {float(factor * factor) for factor in (2, 3, 5)}
    failures: list[object] = []
    is_over = threading.Event()
    with gossamer.Pipeline([files[0], program], device="local-sync") as pipeline:

        def call() -> None:
            while not is_over.is_set():
                y = pipeline.run(x)
                if float(y[1]) not in expected or not np.array_equal(y, x * y[1]):
                    failures.append(y)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(1, 31):
                pipeline.replace("b", files[turn % 3])
                np.testing.assert_array_equal(pipeline.run(x), x * (2, 3, 5)[turn % 3] ** 2)
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
    assert not failures


def test_functions_of_the_replaced_module_take_what_the_new_one_takes() -> None:
    with gossamer.Pipeline([scale(2)], device="local-sync") as pipeline:
        held = pipeline.scale
        assert held.inputs[0].shape == (16,)

        pipeline.replace("b", scale(3, "8"))

        assert held.inputs[0].shape == (8,)
        np.testing.assert_array_equal(held(np.ones(8, np.float32)), np.full(8, 3, np.float32))
        assert pipeline.fork().scale(np.ones(8, np.float32))[0] == 3
        with pytest.raises(InvalidArgumentError):
            held(np.ones(16, np.float32))


def test_functions_that_are_gone_say_so(compile_c: CompileC) -> None:
    with gossamer.Pipeline([make_b("bytecode", 1, compile_c)], device="local-sync") as pipeline:
        held = pipeline.f
        pipeline.replace("b", bytecode_module(assemble_module(WRONG_B.format(body=HAS_NO_F))))

        with pytest.raises(UnknownFunctionError, match="module b exports no function 'f'; it exports h"):
            held(1)
        with pytest.raises(AttributeError, match="module 'b' has no function 'f'; it has h"):
            pipeline.f  # noqa: B018
        assert pipeline.h(4) == 4


def test_only_a_module_of_the_name_takes_the_place(compile_c: CompileC) -> None:
    with gossamer.Pipeline([make_b("bytecode", 1, compile_c)], device="local-sync") as pipeline:
        with pytest.raises(InvalidArgumentError, match="module 'hook' cannot replace 'b'"):
            pipeline.replace("b", hook(lambda: None))
        with pytest.raises(NotFoundError, match="no module named 'c' is loaded"):
            pipeline.replace("c", make_b("bytecode", 2, compile_c))
        with pytest.raises(NotFoundError, match=r"failed to open file 'nowhere\.vmfb'"):
            pipeline.replace("b", "nowhere.vmfb")
        assert pipeline.f(1) == 2


@gossamer.module("later")
class Later:
    """Its function waits until a test lets it go on, also where nobody holds the call any more."""

    def __init__(self, version: int, may_go_on: threading.Event, closed: list[int]) -> None:
        self.version, self.may_go_on, self.closed = version, may_go_on, closed

    @gossamer.export
    async def version_later(self) -> Annotated[np.ndarray, "1xi32"]:
        while not self.may_go_on.is_set():
            await asyncio.sleep(0.001)
        return np.array([self.version], np.int32)

    def close(self) -> None:
        self.closed.append(self.version)


def test_the_old_state_stays_until_coroutines_are_done_with_it() -> None:
    may_go_on = threading.Event()
    closed: list[int] = []
    first, second = (gossamer.python_module(Later, version, may_go_on, closed) for version in (1, 2))
    with gossamer.Pipeline([first], device="local-sync") as pipeline:
        done = Fence.create()
        view = pipeline.version_later(signal=done)
        pipeline.replace("later", second)
        assert not closed

        may_go_on.set()
        done.wait()
        assert view.to_numpy() == [1]
        assert pipeline.version_later().result() == [2]
        deadline = time.monotonic() + 20
        while not closed and time.monotonic() < deadline:
            time.sleep(0.001)
            pipeline.context.close_replaced()
        assert closed == [1]
    assert closed == [1, 2]
