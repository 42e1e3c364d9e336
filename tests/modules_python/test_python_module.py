"""Modules written in Python: called, calling, with state, fences and exceptions of their own."""

import asyncio
import threading
import traceback
from typing import Annotated

import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError, NotFoundError, StatusCode, StatusError
from gossamer.hal.timeline.fence import Fence

Vector = Annotated[np.ndarray, "4xf32"]


@gossamer.module("counter", version=3)
class Counter:
    def __init__(self, start: int = 0) -> None:
        self.count = start
        self.total = np.zeros(4, np.float32)

    @gossamer.export
    def add(self, value: Vector) -> Vector:
        self.count += 1
        self.total = self.total + value
        return self.total

    @gossamer.export
    def how_many(self) -> int:
        return self.count

    @gossamer.export(name="fail.now")
    def fail(self, code: Annotated[int, "i32"]) -> None:
        raise KeyError(f"number {code}")

    @gossamer.export
    def both(
        self, flag: bool, scale: Annotated[float, "f32"]
    ) -> tuple[Annotated[int, "i32"], Annotated[float, "f64"]]:
        return (1 if flag is True else 0), scale


@gossamer.module("doubler")
class Doubler:
    @gossamer.imports("counter.add", minimum_version=2)
    def add(self, value: Vector) -> Vector: ...

    @gossamer.imports("nowhere.at_all", optional=True)
    def missing(self) -> None: ...

    @gossamer.export
    def add_twice(self, value: Vector) -> Vector:
        self.add(value)
        return self.add(value)

    @gossamer.export
    def call_missing(self) -> None:
        self.missing()


def pipeline(*modules: object) -> gossamer.Pipeline:
    return gossamer.Pipeline(list(modules), device="local-sync")  # type: ignore[arg-type]


def test_a_python_module_calls_another() -> None:
    program = pipeline(Counter, Doubler)

    result = program.add_twice(np.arange(4, dtype=np.float32))

    np.testing.assert_array_equal(result, [0, 2, 4, 6])
    assert program.modules["counter"].how_many() == 2


def test_state_belongs_to_the_pipeline() -> None:
    first, second = pipeline(Counter), pipeline(Counter)

    first.add(np.ones(4, np.float32))

    assert first.how_many() == 1
    assert second.how_many() == 0
    np.testing.assert_array_equal(first.state["counter.total"], np.ones(4))


def test_state_can_be_set_saved_and_forked() -> None:
    program = pipeline(Counter)
    program.add(np.ones(4, np.float32))
    saved = program.state.snapshot()
    fork = program.fork()

    program.state["counter.count"] = 41
    program.add(np.ones(4, np.float32))
    assert (program.how_many(), fork.how_many()) == (42, 1)
    np.testing.assert_array_equal(fork.add(np.ones(4, np.float32)), [2, 2, 2, 2])

    program.state.restore(saved)
    assert program.how_many() == 1


def test_results_are_copies() -> None:
    program = pipeline(Counter)

    first = program.add(np.ones(4, np.float32))
    program.add(np.ones(4, np.float32))

    np.testing.assert_array_equal(first, np.ones(4))


def test_arguments_are_read_only_and_checked() -> None:
    seen: list[np.ndarray] = []

    @gossamer.module("reader")
    class Reader:
        @gossamer.export
        def read(self, value: Annotated[np.ndarray, "?x2xi32"]) -> None:
            seen.append(value)

    program = pipeline(Reader)
    program.read(np.ones((3, 2), np.int32))

    assert not seen[0].flags.writeable
    with pytest.raises(InvalidArgumentError, match="shape 3x3, expected"):
        program.read(np.ones((3, 3), np.int32))
    with pytest.raises(InvalidArgumentError, match="dtype float32, expected int32"):
        program.read(np.ones((3, 2), np.float32))


def test_results_are_checked() -> None:
    @gossamer.module("liar")
    class Liar:
        @gossamer.export
        def wrong_shape(self) -> Vector:
            return np.zeros(5, np.float32)

        @gossamer.export
        def wrong_type(self) -> Vector:
            return np.zeros(4, np.int64)

        @gossamer.export
        def wrong_count(self) -> tuple[int, int]:
            return (1, 2, 3)  # type: ignore[return-value]

    program = pipeline(Liar)
    with pytest.raises(InvalidArgumentError, match="dimension 0 mismatch; expected 4 but have 5"):
        program.wrong_shape()
    with pytest.raises(InvalidArgumentError, match="expected f32"):
        program.wrong_type()
    with pytest.raises(InvalidArgumentError, match="returned 3 results, declared 2"):
        program.wrong_count()


def test_scalars() -> None:
    assert pipeline(Counter).both(True, 0.1) == (1, float(np.float32(0.1)))


def test_an_exception_reaches_the_caller_as_itself() -> None:
    program = pipeline(Counter)

    with pytest.raises(KeyError, match="number 7") as raised:
        program.modules["counter"]["fail.now"](7)

    assert any(frame.name == "fail" for frame in traceback.extract_tb(raised.value.__traceback__))


def test_a_missing_optional_import_is_an_error_only_when_called() -> None:
    with pytest.raises(NotFoundError, match=r"optional import nowhere\.at_all"):
        pipeline(Counter, Doubler).call_missing()


def test_minimum_versions_hold() -> None:
    @gossamer.module("strict")
    class Strict:
        @gossamer.imports("counter.how_many", minimum_version=9)
        def how_many(self) -> int: ...

    with pytest.raises(StatusError, match=r"version"):
        pipeline(Counter, Strict)


def test_instances_can_be_made_with_arguments() -> None:
    assert pipeline(gossamer.python_module(Counter, start=5)).how_many() == 5


def test_storage_of_a_result_is_written_in_place() -> None:
    @gossamer.module("writer")
    class Writer:
        @gossamer.export
        def fill(self, value: Vector, out: Annotated[np.ndarray, "4xf32", gossamer.Output(0)]) -> Vector:
            out[...] = value * 2
            return out

    program = pipeline(Writer)
    assert "{iree.abi.output = 0 : index}" in program.fill.function.declaration
    np.testing.assert_array_equal(program.fill(np.ones(4, np.float32), np.zeros(4, np.float32)), [2, 2, 2, 2])


@gossamer.module("slow")
class Slow:
    @gossamer.export
    def with_fences(self, value: Vector, *, wait: Fence | None, signal: Fence | None) -> Vector:
        result = np.zeros(4, np.float32)

        def work() -> None:
            if wait is not None:
                wait.wait()
            if signal is not None:
                signal.signal()

        threading.Thread(target=work).start()
        return result + value

    @gossamer.export
    async def coroutine(self, value: Vector) -> Vector:
        await asyncio.sleep(0)
        if value[0] < 0:
            raise ArithmeticError("negative")
        return value + 1


def test_a_function_that_takes_fences_is_awaited() -> None:
    async def run() -> np.ndarray:
        return await pipeline(Slow).with_fences(np.ones(4, np.float32))

    np.testing.assert_array_equal(asyncio.run(run()), np.ones(4))


def test_a_coroutine_function_gets_its_fences_taken_care_of() -> None:
    program = pipeline(Slow)

    assert program.coroutine.is_async
    np.testing.assert_array_equal(program.coroutine(np.ones(4, np.float32)).result(10), [2, 2, 2, 2])


def test_fences_by_hand() -> None:
    program = pipeline(Slow)
    wait, signal = Fence.create(), Fence.create()

    view = program.coroutine(np.ones(4, np.float32), wait=wait, signal=signal)

    assert signal.query() is StatusCode.DEFERRED
    wait.signal()
    signal.wait(10)
    np.testing.assert_array_equal(view.to_numpy(), [2, 2, 2, 2])


def test_a_failed_coroutine_fails_its_fence() -> None:
    program = pipeline(Slow)

    invocation = program.coroutine(np.full(4, -1, np.float32))

    with pytest.raises(ArithmeticError, match="negative"):
        invocation.result(10)
    with pytest.raises(StatusError, match="ArithmeticError: negative"):
        invocation.fence.wait(10)


def test_a_failed_wait_fence_reaches_the_result() -> None:
    program = pipeline(Slow)
    wait = Fence.create()
    wait.fail(StatusError("camera unplugged", code=StatusCode.UNAVAILABLE))

    with pytest.raises(StatusError, match="camera unplugged"):
        program.coroutine(np.ones(4, np.float32), wait=wait).result(10)


def test_a_synchronous_function_takes_no_fences() -> None:
    with pytest.raises(InvalidArgumentError, match="synchronous: it takes no fences"):
        pipeline(Counter).how_many(signal=Fence.create())


def test_arguments_by_name() -> None:
    program = pipeline(Counter)

    np.testing.assert_array_equal(program.add(value=np.ones(4, np.float32)), np.ones(4))
    with pytest.raises(InvalidArgumentError, match="no argument 'value2'; it takes value"):
        program.add(value2=1)
    with pytest.raises(InvalidArgumentError, match="takes 1 arguments, got 0: value missing"):
        program.add()


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotated[int, "i7"], "'i7' is no scalar type"),
        (Annotated[np.ndarray, "4xq32"], "unhandled element type prefix in 'q32'"),
        (Annotated[np.ndarray, "axf32"], "'axf32' is no tensor type"),
    ],
)
def test_bad_annotations_are_named(annotation: object, message: str) -> None:
    class Bad:
        def run(self, value):  # type: ignore[no-untyped-def]
            return None

    Bad.run.__annotations__ = {"value": annotation, "return": None}
    gossamer.export(Bad.run)
    with pytest.raises(InvalidArgumentError, match=message) as raised:
        gossamer.module("bad")(Bad)

    assert "Bad.run(value)" in str(raised.value)


def test_parameters_need_annotations() -> None:
    class Bad:
        @gossamer.export
        def run(self, value):  # type: ignore[no-untyped-def]
            return value

    with pytest.raises(InvalidArgumentError, match=r"Bad\.run\(value\) needs an annotation"):
        gossamer.module("bad")(Bad)
