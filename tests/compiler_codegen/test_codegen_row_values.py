"""Rows that are computed with values of whole rows, in one dispatch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from kernel_cases import check, random_array

REDUCE = """linalg.reduce {{ {name} }} ins(%{of} : tensor<{rows}x{columns}x{type}>)
  outs(%{start} : tensor<{rows}x{type}>) dimensions = [1]"""


def program(body: str, rows: int, columns: int, type: str = "f32") -> str:
    """A function of %a, with %zero, %least and %out to reduce and write into; `body` defines %r.

    `sum(x)`, `max(x)` and `spread(x)` stand for reductions of rows, and for what they give as rows.
    """
    whole, row = f"tensor<{rows}x{columns}x{type}>", f"tensor<{rows}x{type}>"
    lines: list[str] = []
    for line in body.strip().splitlines():
        name, value = line.strip().split(" = ")
        kind, _, argument = value.partition("(")
        source = argument.rstrip(")")
        if kind in ("sum", "max"):
            combiner, start = {"sum": ("arith.addf", "zero"), "max": ("arith.maximumf", "least")}[kind]
            reduce = REDUCE.format(
                name=combiner, of=source, start=start, rows=rows, columns=columns, type=type
            )
            lines.append(f"{name} = {reduce}")
        elif kind == "spread":
            lines.append(
                f"{name} = linalg.broadcast ins(%{source} : {row}) outs(%out : {whole}) dimensions = [1]"
            )
        else:
            lines.append(f"{name} = {value} : {whole}")
    return f"""func.func @f(%a: {whole}) -> {whole} {{
      %zero = arith.constant dense<0.0> : {row}
      %least = arith.constant dense<-1.0e4> : {row}
      %out = tensor.empty() : {whole}
      {chr(10).join(lines)}
      return %r : {whole}
    }}"""


CENTRED = """
  %s = sum(a)
  %m = spread(s)
  %d = arith.subf %a, %m
  %q = arith.mulf %d, %d
  %v = sum(q)
  %w = spread(v)
  %r = arith.divf %d, %w
"""
TWO_COSTLY = """
  %e = math.exp %a
  %s = sum(e)
  %m = spread(s)
  %d = arith.divf %e, %m
  %t = max(d)
  %n = spread(t)
  %x = math.exp %n
  %r = arith.subf %d, %x
"""
COSTLY_BELOW_CHEAP = """
  %e = math.exp %a
  %y = arith.addf %e, %a
  %s = sum(y)
  %m = spread(s)
  %u = arith.subf %y, %m
  %r = arith.mulf %u, %e
"""


def centred(a: np.ndarray) -> np.ndarray:
    d = a - a.sum(1, keepdims=True)
    return d / (d * d).sum(1, keepdims=True)


def two_costly(a: np.ndarray) -> np.ndarray:
    d = np.exp(a) / np.exp(a).sum(1, keepdims=True)
    return d - np.exp(d.max(1, keepdims=True))


def costly_below_cheap(a: np.ndarray) -> np.ndarray:
    y = np.exp(a) + a
    return (y - y.sum(1, keepdims=True)) * np.exp(a)


@pytest.mark.parametrize("shape", [(3, 5), (1, 40), (33, 17)])
@pytest.mark.parametrize(
    ("body", "function"),
    [
        pytest.param(CENTRED, centred, id="cheap-values-are-computed-again"),
        pytest.param(TWO_COSTLY, two_costly, id="one-of-two-costly-values-is-kept"),
        pytest.param(COSTLY_BELOW_CHEAP, costly_below_cheap, id="a-costly-value-below-a-cheap-one"),
    ],
)
def test_rows(body: str, function: Callable[[np.ndarray], np.ndarray], shape: tuple[int, int]) -> None:
    array = random_array(*shape) * np.float32(0.25)

    check(
        program(body, *shape), [array], function(array.astype(np.float64)).astype(np.float32), tolerance=2e-5
    )


def test_rows_of_half_floats() -> None:
    array = random_array(4, 9, dtype=np.float16) / np.float16(4)
    expected = two_costly(array.astype(np.float64)).astype(np.float16)

    check(program(TWO_COSTLY, 4, 9, "f16"), [array], expected, tolerance=4e-3)


def test_value_of_a_row_that_also_leaves_the_program() -> None:
    array = random_array(4, 9)
    text = """func.func @f(%a: tensor<4x9xf32>) -> (tensor<4xf32>, tensor<4x9xf32>) {
      %z = arith.constant dense<0.0> : tensor<4xf32>
      %e = tensor.empty() : tensor<4x9xf32>
      %s = linalg.reduce { arith.addf } ins(%a : tensor<4x9xf32>) outs(%z : tensor<4xf32>) dimensions = [1]
      %b = linalg.broadcast ins(%s : tensor<4xf32>) outs(%e : tensor<4x9xf32>) dimensions = [1]
      %r = arith.subf %a, %b : tensor<4x9xf32>
      return %s, %r : tensor<4xf32>, tensor<4x9xf32>
    }"""

    check(text, [array], [array.sum(1), array - array.sum(1, keepdims=True)], tolerance=1e-5)


def test_sum_of_a_square_along_rows_that_is_read_along_columns() -> None:
    array = random_array(6, 6)
    text = """func.func @f(%a: tensor<6x6xf32>) -> tensor<6x6xf32> {
      %z = arith.constant dense<0.0> : tensor<6xf32>
      %e = tensor.empty() : tensor<6x6xf32>
      %s = linalg.reduce { arith.addf } ins(%a : tensor<6x6xf32>) outs(%z : tensor<6xf32>) dimensions = [1]
      %b = linalg.broadcast ins(%s : tensor<6xf32>) outs(%e : tensor<6x6xf32>) dimensions = [0]
      %r = arith.subf %a, %b : tensor<6x6xf32>
      return %r : tensor<6x6xf32>
    }"""

    check(text, [array], array - array.sum(1), tolerance=1e-5)
