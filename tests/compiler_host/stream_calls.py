"""Calls and values as `stream_session` takes and gives them."""

from __future__ import annotations

from collections.abc import Sequence

Json = object


def tensor(
    data: Sequence[float], shape: Sequence[int] | None = None, dtype: str = "float32"
) -> dict[str, Json]:
    """A tensor; one dimension unless a shape is given."""
    numbers = [float(number) if dtype.startswith("float") else number for number in data]
    return {"dtype": dtype, "shape": [len(numbers)] if shape is None else list(shape), "data": numbers}


def keep(value: dict[str, Json]) -> dict[str, Json]:
    """A tensor argument whose contents after the call are added to the results."""
    return {"keep": value}


def result(call: int, index: int = 0) -> dict[str, Json]:
    """A result of an earlier call, itself."""
    return {"result": [call, index]}


def call(function: str, *args: Json, is_async: bool = False, fails: bool = False) -> dict[str, Json]:
    """A call of "module.function"."""
    return {"function": function, "args": list(args), "async": is_async, "fails": fails}
