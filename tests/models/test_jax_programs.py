"""Programs of JAX in every form that it has for them, called as the function is."""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402  # what is missing is said first

import gossamer  # noqa: E402
from gossamer.errors import CompileError  # noqa: E402

Moments = namedtuple("Moments", "mean var")
PARAMETERS = {"w": np.arange(12, dtype=np.float32).reshape(4, 3), "b": np.ones(3, np.float32)}
X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)


def predict(params: Any, x: Any, unused: Any, *, scale: Any) -> Any:
    """Nested arguments and results, one argument that is not looked at, one by name."""
    y = x @ params["w"] * scale + params["b"]
    return {"y": y, "moments": Moments(y.mean(), y.var())}, [x, None]


def expected(scale: float) -> Any:
    y = X @ PARAMETERS["w"] * np.float32(scale) + PARAMETERS["b"]
    return {"y": y, "moments": Moments(y.mean(), y.var())}, [X, None]


def assert_same(found: Any, wanted: Any) -> None:
    assert jax.tree.structure(jax.tree.map(np.asarray, found)).num_leaves == 4
    assert isinstance(found[1], list)
    assert type(found[0]["moments"]).__name__ == "Moments"
    assert found[1][1] is None
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("is_jitted", [False, True])
def test_functions_are_traced_by_example(is_jitted: bool) -> None:
    function: Any = partial(predict, scale=2.0)
    module = gossamer.compile(jax.jit(function) if is_jitted else function, inputs=[PARAMETERS, X, X])

    assert_same(gossamer.Pipeline([module]).main(PARAMETERS, X, X), expected(2.0))


@pytest.mark.parametrize("form", ["lowered", "exported"])
def test_what_jax_made_is_called_as_the_function_is(form: str) -> None:
    jitted = jax.jit(predict)
    make: Any = jitted.lower if form == "lowered" else jax.export.export(jitted)
    main = gossamer.Pipeline([gossamer.compile(make(PARAMETERS, X, X, scale=2.0))]).main

    assert_same(main(PARAMETERS, X, X, scale=np.float32(2.0)), expected(2.0))


def test_arguments_are_given_by_name() -> None:
    module = gossamer.compile(predict, inputs={"params": PARAMETERS, "x": X, "unused": X, "scale": 1.5})
    main = gossamer.Pipeline([module]).main

    assert_same(main(x=X, params=PARAMETERS, unused=None, scale=1.5), expected(1.5))


def test_open_sizes_are_said_by_types() -> None:
    module = gossamer.compile(lambda x, w: jnp.tanh(x @ w), inputs=["?x4xf32", "4x3xf32"], target="llvm-cpu")
    main = gossamer.Pipeline([module]).main

    for rows in (1, 2, 7):
        x = np.resize(X, (rows, 4))
        np.testing.assert_allclose(main(x, PARAMETERS["w"]), np.tanh(x @ PARAMETERS["w"]), rtol=1e-5)


def test_symbolic_examples_stay_symbolic() -> None:
    rows = jax.export.symbolic_shape("b, 4")
    example = jax.ShapeDtypeStruct(rows, np.float32)
    main = gossamer.Pipeline([gossamer.compile(lambda a, b: a + b, inputs=[example, example])]).main

    np.testing.assert_array_equal(main(X, X), X + X)


def test_double_floats_and_integers_stay() -> None:
    with jax.enable_x64(True):
        lowered = jax.jit(lambda x, n: (x * 3, n + 1)).lower(np.float64([0.1]), np.int64(2**40))
    doubled, number = gossamer.Pipeline([gossamer.compile(lowered)]).main(np.array([0.1]), np.int64(2**40))

    assert doubled.dtype == np.float64
    assert doubled[0] == 0.1 * 3
    assert int(number) == 2**40 + 1


def test_help_shows_nested_arguments() -> None:
    lowered = jax.jit(predict).lower(PARAMETERS, X, X, scale=2.0)
    main = gossamer.Pipeline([gossamer.compile(lowered)])["main"]

    assert "params: \"{'b': tensor<3xf32>, 'w': tensor<4x3xf32>}\"" in str(main.__doc__)


def test_what_jax_cannot_trace_is_said() -> None:
    def branches(x: Any) -> Any:
        return x if x > 0 else -x

    with pytest.raises(CompileError, match="JAX cannot trace the function"):
        gossamer.compile(branches, inputs=["f32"])


def test_a_jitted_function_without_inputs_says_what_it_needs() -> None:
    with pytest.raises(CompileError, match="no inputs are given"):
        gossamer.compile(jax.jit(predict))


def test_a_wrong_type_says_what_is_expected() -> None:
    with pytest.raises(CompileError, match="input '4 by 3' is no type of a tensor"):
        gossamer.compile(predict, inputs=["4 by 3"])


def weighted(params: Any, x: Any, mask: Any) -> Any:
    return jnp.where(mask, x @ params["layers"][0]["w"], params["bias"])


WEIGHTS = {
    "layers": [{"w": np.arange(64 * 32, dtype=np.float32).reshape(64, 32) / 1000, "unused": np.ones(3)}],
    "bias": jnp.full((32,), -1, jnp.float32),
}
WIDE = np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)


@pytest.mark.parametrize("rows", ["2", "?"])
@pytest.mark.parametrize("weights", ["inline", "parameters"])
def test_bound_arrays_are_weights_by_name(rows: str, weights: Any) -> None:
    # A mask of one row, since JAX takes open sizes for different.
    inputs = [f"{rows}x64xf32", "1x1xi1"]
    module = gossamer.compile(partial(weighted, WEIGHTS), inputs=inputs, weights=weights)
    given = {} if module.parameters is None else {"model": module.parameters}
    main = gossamer.Pipeline([module], parameters=given).main

    for flag, expected in ((True, WIDE @ WEIGHTS["layers"][0]["w"]), (False, np.full((2, 32), -1.0))):
        np.testing.assert_allclose(main(WIDE, mask=np.array([[flag]])), expected, rtol=1e-5)
    if module.parameters is not None:
        assert {entry.key for entry in module.parameters} == {"params.layers.0.w"}
        assert WEIGHTS["layers"][0]["w"].tobytes() not in module
