"""Coroutines of Python modules: imports that are awaited, results of any type, errors, loops."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import numpy as np
import pytest

import gossamer

Vector = Annotated[np.ndarray, "?xf32"]
Four = Annotated[np.ndarray, "4xf32"]

SLOW = gossamer.compile_text(
    """
    builtin.module @slow {
      func.func @work(%x: tensor<4xf32>) -> tensor<4xf32> {
        %0 = arith.addf %x, %x : tensor<4xf32>
        return %0 : tensor<4xf32>
      }
      func.func @broken(%x: tensor<4xf32>) -> tensor<4xf32> {
        %c0 = arith.constant 0 : index
        %i = tensor.extract %x[%c0] : tensor<4xf32>
        %zero = arith.constant 0.0 : f32
        %ok = arith.cmpf une, %i, %zero : f32
        cf.assert %ok, "first element is zero"
        return %x : tensor<4xf32>
      }
    }""",
    asynchronous=True,
)


@gossamer.module("glue")
class Glue:
    @gossamer.imports("slow.work")
    async def work(self, x: Four) -> Four: ...

    @gossamer.export
    async def twice(self, x: Four) -> Four:
        return await self.work(await self.work(x))

    @gossamer.export
    async def both(self, x: Four) -> Four:
        one, other = await asyncio.gather(self.work(x), self.work(-x))
        return one - other

    @gossamer.export
    async def total(self, x: Four) -> Annotated[int, "i32"]:
        return int((await self.work(x)).sum())

    @gossamer.export
    async def positive(self, x: Vector) -> Vector:
        await asyncio.sleep(0)
        return x[x > 0]

    @gossamer.export
    async def where(self) -> Annotated[np.ndarray, "1xi64"]:
        return np.array([id(asyncio.get_running_loop())], np.int64)

    @gossamer.export
    async def fails(self, x: Four) -> Four:
        await asyncio.sleep(0)
        raise KeyError("no such camera")


X = np.array([1, -2, 3, -4], np.float32)


@pytest.fixture(params=["local-sync", "local-task"])
def program(request: pytest.FixtureRequest) -> gossamer.Pipeline:
    return gossamer.Pipeline([SLOW, Glue], device=request.param)


def test_an_awaited_import_gives_its_results(program: gossamer.Pipeline) -> None:
    for _ in range(20):
        np.testing.assert_array_equal(program.twice(X).result(10), 4 * X)


def test_imports_are_gathered(program: gossamer.Pipeline) -> None:
    np.testing.assert_array_equal(program.both(X).result(10), 4 * X)


def test_results_that_are_known_only_in_the_end(program: gossamer.Pipeline) -> None:
    assert program.total(X).result(10) == -4
    np.testing.assert_array_equal(program.positive(X).result(10), [1, 3])
    np.testing.assert_array_equal(program.positive(-np.abs(X)).result(10), [])


def test_an_exception_reaches_the_caller_as_itself(program: gossamer.Pipeline) -> None:
    async def awaited() -> None:
        await program.fails(X)

    with pytest.raises(KeyError, match="no such camera"):
        program.fails(X).result(10)
    with pytest.raises(KeyError, match="no such camera"):
        asyncio.run(awaited())


def test_an_exception_reaches_an_importing_coroutine_as_itself() -> None:
    @gossamer.module("outer")
    class Outer:
        @gossamer.imports("glue.fails")
        async def fails(self, x: Four) -> Four: ...

        @gossamer.export
        async def caught(self, x: Four) -> Annotated[bool, "i1"]:
            try:
                await self.fails(x)
            except KeyError:
                return True
            return False

    assert gossamer.Pipeline([SLOW, Glue, Outer], device="local-task").caught(X).result(10)


def test_a_failure_of_a_compiled_module_reaches_the_await() -> None:
    @gossamer.module("outer")
    class Outer:
        @gossamer.imports("slow.broken")
        async def broken(self, x: Four) -> Four: ...

        @gossamer.export
        async def run(self, x: Four) -> Four:
            return await self.broken(x)

    program = gossamer.Pipeline([SLOW, Outer], device="local-task")

    np.testing.assert_array_equal(program.run(X).result(10), X)
    with pytest.raises(gossamer.StatusError, match="first element is zero"):
        program.run(np.zeros(4, np.float32)).result(10)


def test_coroutines_run_on_the_callers_loop_when_asked(program: gossamer.Pipeline) -> None:
    async def run() -> tuple[int, int, int]:
        loop = asyncio.get_running_loop()
        elsewhere = await program.where()
        with gossamer.coroutines_on(loop):
            here = await program.where()
        return int(elsewhere[0]), int(here[0]), id(loop)

    elsewhere, here, loop = asyncio.run(run())

    assert here == loop != elsewhere


def test_a_coroutine_may_block_on_another_call(program: gossamer.Pipeline) -> None:
    @gossamer.module("outer")
    class Outer:
        @gossamer.export
        async def run(self, x: Four) -> Four:
            return program.twice(x).result(10)

    np.testing.assert_array_equal(gossamer.Pipeline([Outer]).run(X).result(10), 4 * X)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_coroutines_run_in_a_child_process(program: gossamer.Pipeline) -> None:
    program.twice(X).result(10)
    pid = os.fork()
    if pid == 0:
        child = gossamer.Pipeline([SLOW, Glue], device="local-sync")
        os._exit(0 if (child.twice(X).result(10) == 4 * X).all() else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        ("i32", None, "expected i32, found NoneType"),
        ("i32", 1 << 40, "which does not hold 1099511627776"),
        ("i8", 300, "which does not hold 300"),
        ("i32", 1.5, "which does not hold 1.5"),
        ("f32", "7", "expected f32, found str"),
    ],
)
def test_results_that_do_not_fit_are_refused(annotation: str, value: object, message: str) -> None:
    base = float if annotation.startswith("f") else int
    type_of_result = Annotated[base, annotation]

    @gossamer.module("bad")
    class Bad:
        @gossamer.export
        def run(self) -> Annotated[int, "i32"]:
            return value  # type: ignore[return-value]

        run.__annotations__["return"] = type_of_result

    with pytest.raises(gossamer.StatusError, match=message):
        gossamer.Pipeline([Bad]).run()


def test_results_of_another_number_are_refused() -> None:
    @gossamer.module("bad")
    class Bad:
        @gossamer.export
        def nothing(self) -> None:
            return 1  # type: ignore[return-value]

        @gossamer.export
        def two(self) -> tuple[Annotated[int, "i32"], Annotated[int, "i32"]]:
            return 1  # type: ignore[return-value]

    program = gossamer.Pipeline([Bad])

    with pytest.raises(gossamer.StatusError, match="nothing returned int, but declares no result"):
        program.nothing()
    with pytest.raises(gossamer.StatusError, match="two returned int, declared a tuple of 2 results"):
        program.two()
