"""Random bits are those of XLA; numbers keep to their distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import gossamer
from gossamer.errors import CompileError


def _run(body: str, result: str, *arguments: npt.NDArray[Any], parameters: str = "") -> npt.NDArray[Any]:
    text = f"func.func @f({parameters}) -> {result} {{\n{body}\n  return %r : {result}\n}}"
    with gossamer.Pipeline([gossamer.compile_text(text)]) as pipeline:
        return np.asarray(pipeline.f(*arguments))


@pytest.mark.parametrize(
    ("algorithm", "type", "bits"),
    [
        # From `jax.lax.rng_bit_generator` of the key [1, 2, 3, 4], JAX 0.10.2 on a CPU.
        ("THREE_FRY", "4xui32", [1576285164, 2249660814, 740599976, 2425682526]),
        ("PHILOX", "4xui32", [512747620, 1298009047, 1267190206, 761827841]),
        ("DEFAULT", "4xui32", [512747620, 1298009047, 1267190206, 761827841]),
    ],
)
def test_bits(algorithm: str, type: str, bits: list[int]) -> None:
    state = np.array([1, 2, 3, 4], np.uint32).view(np.uint64)
    body = (
        f"  %s, %r = stablehlo.rng_bit_generator %k, algorithm = {algorithm} "
        f": (tensor<2xui64>) -> (tensor<2xui64>, tensor<{type}>)"
    )

    found = _run(body, f"tensor<{type}>", state, parameters="%k: tensor<2xui64>")

    assert found.tolist() == bits


def _numbers(distribution: str, type: str, low: str, high: str, shape: str = "50x201") -> str:
    return (
        f"  %l = stablehlo.constant dense<{low}> : tensor<{type}>\n"
        f"  %h = stablehlo.constant dense<{high}> : tensor<{type}>\n"
        "  %s = stablehlo.constant dense<[50, 201]> : tensor<2xi64>\n"
        f"  %r = stablehlo.rng %l, %h, %s, distribution = {distribution} : "
        f"(tensor<{type}>, tensor<{type}>, tensor<2xi64>) -> tensor<{shape}x{type}>"
    )


@pytest.mark.parametrize("type", ["f16", "bf16", "f32"])
def test_normal_numbers(type: str) -> None:
    found = _run(_numbers("NORMAL", type, "3.0", "2.0"), f"tensor<50x201x{type}>").astype(np.float64)

    assert abs(found.mean() - 3) < 0.1
    assert abs(found.std() - 2) < 0.1
    assert abs(((found - 3) ** 4).mean() / found.std() ** 4 - 3) < 0.2, "the fourth moment is a normal one's"


@pytest.mark.parametrize(
    ("type", "low", "high"),
    [("f16", "0.0", "1.0"), ("f32", "-1.0", "3.0"), ("i32", "-5", "10"), ("ui8", "3", "200")],
)
def test_uniform_numbers(type: str, low: str, high: str) -> None:
    found = _run(_numbers("UNIFORM", type, low, high), f"tensor<50x201x{type}>").astype(np.float64)

    first, end = float(low), float(high)
    assert first <= found.min()
    assert found.max() <= end
    assert "f" in type or set(np.unique(found)) == set(range(int(first), int(end)))
    assert abs(found.mean() - (first + end - ("f" not in type)) / 2) < 0.02 * (end - first)


def test_normal_numbers_of_unknown_shape_are_refused() -> None:
    with pytest.raises(CompileError, match=r"'stablehlo\.rng' is not supported"):
        _run(_numbers("NORMAL", "f32", "0.0", "1.0", "?x201"), "tensor<?x201xf32>")
