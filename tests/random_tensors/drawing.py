"""What operations of random programs draw by, and write with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from tensor_program import TensorProgram, Value

Draw = Callable[[Any], Any]


def pick(draw: Draw, program: TensorProgram, fits: Callable[[Value], bool] = lambda _: True) -> Value | None:
    found = [value for value in program.values if fits(value)]
    return draw(st.sampled_from(found)) if found else None


def listed(numbers: Sequence[Any]) -> str:
    return f"[{', '.join(map(str, numbers))}]"
