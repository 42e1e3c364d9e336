"""Whole programs in JAX give what JAX gives: models, training, search, filters, simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

from jax_models import make_cases, transformer  # noqa: E402  # what is missing is said first

import gossamer  # noqa: E402

CASES = make_cases()


def assert_same(found: Any, expected: Any) -> None:
    assert jax.tree.structure(found) == jax.tree.structure(jax.tree.map(np.asarray, expected))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert np.asarray(one).dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_a_program_gives_what_jax_gives(name: str) -> None:
    function, arguments = CASES[name]
    module = gossamer.compile(function, inputs=arguments, target="llvm-cpu")
    main = gossamer.Pipeline([module], device="local-sync").main

    assert_same(main(*arguments), jax.jit(function)(*arguments))


@pytest.mark.parametrize("sizes", ["batch, 10", "3, length", "batch, length"])
def test_a_transformer_leaves_batch_and_length_open(sizes: str) -> None:
    weights, tokens = CASES["transformer"][1]
    scope = jax.export.SymbolicScope(["length <= 12"] if "length" in sizes else [])
    example = jax.ShapeDtypeStruct(jax.export.symbolic_shape(sizes, scope=scope), np.int32)
    module = gossamer.compile(transformer, inputs=[weights, example], target="llvm-cpu")
    main = gossamer.Pipeline([module], device="local-sync").main

    for batch, length in ((3, 10), (1, 10), (3, 4)):
        if (batch == 3 or "batch" in sizes) and (length == 10 or "length" in sizes):
            given = np.resize(tokens, (batch, length))
            assert_same(main(weights, given), transformer(weights, given))
