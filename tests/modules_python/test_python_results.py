"""What methods return against what they declare: who, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError

FOUR = np.ones(4, np.float32)


async def _later() -> np.ndarray:
    return FOUR


def returning(annotation: object, make: Callable[[], object], *, is_coroutine: bool = False) -> Any:
    """Function of a module that declares one type and returns something."""

    def run(self: object) -> object:
        return make()

    async def run_later(self: object) -> object:
        return make()

    method = run_later if is_coroutine else run
    method.__annotations__ = {"return": annotation}
    cls = gossamer.module("py")(type("Py", (), {"run": gossamer.export(name="run")(method)}))
    return gossamer.Pipeline([cls], device="local-sync").functions.run


def _result_of(returned: Any) -> None:
    returned.result(10)


TENSOR = Annotated[np.ndarray, "4xf32"]


@pytest.mark.parametrize("is_coroutine", [False, True])
@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (TENSOR, None, "expected tensor<4xf32>, found None"),
        (TENSOR, (FOUR, FOUR), "expected tensor<4xf32>, found tuple"),
        (TENSOR, "abc", "expected tensor<4xf32>, found str"),
        (TENSOR, {"x": FOUR}, "expected tensor<4xf32>, found dict"),
        (TENSOR, object(), "expected tensor<4xf32>, found object"),
        (TENSOR, [[1.0], [2.0, 3.0]], "expected tensor<4xf32>, found list"),
        (TENSOR, 3.0, "shape rank mismatch; expected 1 but have 0"),
        (TENSOR, FOUR.astype(np.float64), "element type mismatch; expected f32 .* but have f64"),
        (
            Annotated[np.ndarray, "4xi32"],
            [1.5, 2, 3, 4],
            "element type mismatch; expected i32 .* but have f64",
        ),
        (Annotated[np.ndarray, "?xf32"], None, r"expected tensor<\?xf32>, found None"),
        (np.ndarray, None, "expected !hal.buffer_view, found None"),
        (int, float("nan"), "expected i64, which does not hold nan"),
        (int, float("inf"), "expected i64, which does not hold inf"),
        (int, FOUR, "expected i64, found ndarray"),
    ],
)
def test_what_does_not_fit_is_named(
    annotation: object, value: object, message: str, is_coroutine: bool
) -> None:
    function = returning(annotation, lambda: value, is_coroutine=is_coroutine)

    with pytest.raises(InvalidArgumentError, match=f"result 0 of py.run {message}"):
        _result_of(function())


def test_a_forgotten_await_is_seen() -> None:
    later = _later()
    with pytest.raises(InvalidArgumentError, match="found coroutine; await it first"):
        returning(TENSOR, lambda: later)()
    later.close()


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (TENSOR, [1, 2.5, 3, 4]),
        (Annotated[np.ndarray, "2xi8"], [1, -128]),
        (Annotated[np.ndarray, "f32"], 1.5),
        (Annotated[np.ndarray, "2x2xf64"], [[1, 2], [3, 4]]),
    ],
)
def test_numbers_and_lists_take_the_declared_type(annotation: object, value: Any) -> None:
    np.testing.assert_array_equal(returning(annotation, lambda: value)(), np.array(value))
