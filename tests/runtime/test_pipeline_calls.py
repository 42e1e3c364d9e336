"""Calling a pipeline's functions: arguments, names, errors, memory."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from typing import Annotated, Any

import ml_dtypes
import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence

CALLS_MLIR = """
builtin.module @calls {
  func.func @absolute(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %0 = math.absf %x : tensor<?x2xf32>
    return %0 : tensor<?x2xf32>
  }
  func.func @scalars(%a: i32, %b: i64, %c: f32) -> (i32, i64, f32) {
    return %a, %b, %c : i32, i64, f32
  }
  func.func @bits(%x: tensor<2xi32>) -> tensor<2xi32> {
    return %x : tensor<2xi32>
  }
  func.func @half(%x: tensor<2xbf16>) -> tensor<2xbf16> {
    return %x : tensor<2xbf16>
  }
  func.func @nothing() {
    return
  }
}
"""


@gossamer.module("named")
class Named:
    """A module whose arguments have names of their own."""

    @gossamer.export
    def subtract(
        self, left: Annotated[np.ndarray, "2xf32"], right: Annotated[np.ndarray, "2xf32"]
    ) -> Annotated[np.ndarray, "2xf32"]:
        return left - right


@pytest.fixture(scope="module")
def pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([Named, gossamer.compile_text(CALLS_MLIR)], device="local-sync")


@pytest.fixture(scope="module")
def async_pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(CALLS_MLIR, asynchronous=True)], device="local-task")


class DlpackOnly:
    """A tensor of another library."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> object:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class ArrayOnly:
    """Something NumPy can make an array of."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.array


X = np.array([[1, -2], [-3, 4]], np.float32)


@pytest.mark.parametrize(
    "argument",
    [
        X,
        X.tolist(),
        X.T.copy().T,
        X[::1, ::-1][:, ::-1],
        DlpackOnly(X),
        ArrayOnly(X),
        BufferView.from_numpy(X, gossamer.get_device("local-sync").allocator, copy=True),
    ],
    ids=["array", "list", "transposed", "strided", "dlpack", "__array__", "buffer view"],
)
def test_tensors_are_taken_in_many_forms(pipeline: gossamer.Pipeline, argument: object) -> None:
    np.testing.assert_array_equal(pipeline.absolute(argument), abs(X))


def test_results_are_the_callers_to_change(pipeline: gossamer.Pipeline) -> None:
    source = X.copy()
    result = pipeline.absolute(source)
    result += 1
    np.testing.assert_array_equal(source, X)
    np.testing.assert_array_equal(pipeline.absolute(source), abs(X))


def test_scalars_take_the_declared_width(pipeline: gossamer.Pipeline) -> None:
    assert pipeline.scalars(2**32 - 1, -1, 0.1) == (-1, -1, float(np.float32(0.1)))
    assert pipeline.scalars(np.int8(3), np.uint64(4), np.float16(6)) == (3, 4, 6.0)
    assert pipeline.nothing() is None
    with pytest.raises(InvalidArgumentError, match=r"argument a of calls\.scalars is 'x', expected i32"):
        pipeline.scalars("x", 0, 0)


def test_integers_of_one_width_stand_for_each_other(pipeline: gossamer.Pipeline) -> None:
    values = np.array([2**32 - 1, 7], np.uint32)
    np.testing.assert_array_equal(pipeline.bits(values), values.view(np.int32))


def test_bfloat16_passes_through(pipeline: gossamer.Pipeline) -> None:
    values = np.array([1.5, -2], ml_dtypes.bfloat16)
    result = pipeline.half(values)
    assert result.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(result, values)
    np.testing.assert_array_equal(pipeline.half([1.5, -2]), values)


def test_arguments_have_names(pipeline: gossamer.Pipeline) -> None:
    left, right = np.array([5, 6], np.float32), np.array([1, 2], np.float32)
    subtract = pipeline.modules["named"].subtract
    assert [each.name for each in subtract.inputs] == ["left", "right"]
    for result in (
        subtract(left, right),
        subtract(left=left, right=right),
        subtract(right=right, left=left),
        subtract(left, right=right),
    ):
        np.testing.assert_array_equal(result, [4, 4])


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((1,), {}, "takes 2 arguments, got 1: right missing"),
        ((1, 2, 3), {}, "takes 2 arguments, got 3"),
        ((1,), {"left": 2}, "got argument 'left' twice"),
        ((1,), {"up": 2}, "has no argument 'up'; it takes left, right"),
        (([1, 2], [1, 2, 3]), {}, "argument right of named.subtract has shape 3, expected 2"),
        ((np.ones(2), [1, 2]), {}, r"left of named.subtract has dtype float64, expected float32; .*astype"),
        (([[1, 2]], [1, 2]), {}, "has shape 1x2, expected 2"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    pipeline: gossamer.Pipeline, arguments: tuple[Any, ...], keywords: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        pipeline.modules["named"].subtract(*arguments, **keywords)


def test_sizes_are_checked_by_the_declaration(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(InvalidArgumentError, match=r"has shape 2x3, expected \?x2"):
        pipeline.absolute(np.ones((2, 3), np.float32))


def test_functions_that_are_not_there_are_named(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(NotFoundError, match="no function 'teapot'; it has absolute"):
        pipeline.main["teapot"]
    with pytest.raises(AttributeError):
        _ = pipeline.teapot
    with pytest.raises(InvalidArgumentError, match="has 5 functions"):
        pipeline(X)


def test_synchronous_functions_take_no_fences(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(InvalidArgumentError, match="is synchronous: it takes no fences"):
        pipeline.absolute(X, signal=Fence.create())


def test_synchronous_functions_do_not_block_a_loop(pipeline: gossamer.Pipeline) -> None:
    async def run() -> list[np.ndarray]:
        absolute = pipeline.main["absolute"]
        return list(await asyncio.gather(*(absolute.submit(X * step) for step in range(8))))

    for step, result in enumerate(asyncio.run(run())):
        np.testing.assert_array_equal(result, abs(X * step))


def test_asynchronous_calls_give_invocations(async_pipeline: gossamer.Pipeline) -> None:
    gate = Fence.create()
    call = async_pipeline.absolute(X, wait=gate)
    assert not call.done()
    with pytest.raises(TimeoutError):
        call.result(timeout=0.01)
    gate.signal()
    np.testing.assert_array_equal(call.result(timeout=10), abs(X))
    assert call.done()


@pytest.mark.parametrize("kind", ["sync", "async", "error"])
def test_memory_does_not_grow(
    pipeline: gossamer.Pipeline, async_pipeline: gossamer.Pipeline, kind: str
) -> None:
    def call() -> None:
        if kind == "sync":
            pipeline.absolute(X)
        elif kind == "async":
            async_pipeline.absolute(X).result(10)
        else:
            with pytest.raises(InvalidArgumentError):
                pipeline.bits(np.ones(3, np.int32))

    for _ in range(200):
        call()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            call()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 50_000


def test_tasks_are_made_of_calls(async_pipeline: gossamer.Pipeline) -> None:
    async def run() -> Any:
        task = asyncio.create_task(async_pipeline.absolute(X))
        async with asyncio.TaskGroup() as group:
            in_group = group.create_task(async_pipeline.absolute(-X))
        return await asyncio.wait_for(task, 10), await in_group

    for result in (*asyncio.run(run()), asyncio.run(async_pipeline.absolute(X))):
        np.testing.assert_array_equal(result, abs(X))


def test_a_task_of_a_call_cancels_it(async_pipeline: gossamer.Pipeline) -> None:
    gate = Fence.create()

    async def run() -> Any:
        call = async_pipeline.absolute(X, wait=gate)
        task = asyncio.create_task(call)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return call

    with pytest.raises(gossamer.StatusError, match="CANCELLED"):
        asyncio.run(run()).result(10)
    gate.signal()


def test_a_call_under_way_is_no_argument(
    pipeline: gossamer.Pipeline, async_pipeline: gossamer.Pipeline
) -> None:
    under_way = async_pipeline.absolute(X)
    for function, arguments in ((pipeline.absolute, (under_way,)), (pipeline.scalars, (under_way, 1, 2))):
        with pytest.raises(InvalidArgumentError, match="await it first, and pass its result"):
            function(*arguments)
    assert under_way.result(10) is not None


@pytest.mark.parametrize("keyword", ["wait", "signal"])
def test_what_is_no_fence_is_named(async_pipeline: gossamer.Pipeline, keyword: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{keyword}= of calls.absolute expected .*, found int"):
        async_pipeline.absolute(X, **{keyword: 3})


@pytest.mark.parametrize("modules", ["calls.vmfb", b"IREE", Named], ids=["path", "bytes", "class"])
def test_modules_are_given_as_a_list(modules: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"expected a list: Pipeline\(\[module, ...\]\)"):
        gossamer.Pipeline(modules)


def test_a_program_in_the_place_of_a_path_is_recognised() -> None:
    with pytest.raises(NotFoundError, match="this is MLIR text, expected a path or the bytes of a module"):
        gossamer.Pipeline([CALLS_MLIR])
