"""Reductions, windows, cumulative operations, sorting."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, complex_numbers, integers, normal, positive

X, M, IMAGE = normal(4, 7), integers(4, 7), normal(2, 8, 9, 3)
EMPTY = np.zeros((0, 7), np.float32)


def _window(x, init, combine, padding="VALID", **others):
    return lax.reduce_window(x, init, combine, (1, 3, 2, 1), (1, 2, 2, 1), padding, **others)


CASES = [
    Case("sum", lambda x: x.sum(), (X,)),
    Case("sum_of_dimension", lambda x: x.sum(0), (X,)),
    Case("sum_of_nothing", lambda x: x.sum(0), (EMPTY,)),
    Case("sum_c64", lambda x: x.sum(1), (complex_numbers(4, 7),)),
    Case("prod", lambda x: x.prod(1), (X,), looseness=10),
    Case("prod_i32", lambda x: x.prod(1), (M,)),
    Case("max", lambda x: x.max(1), (X,)),
    Case("min_i32", lambda x: x.min(0), (M,)),
    Case("max_of_nan", lambda x: jnp.log(x).max(1), (X,)),
    Case("mean", lambda x: x.mean((0, 1)), (X,)),
    Case("var", lambda x: x.var(1), (X,)),
    Case("std", lambda x: x.std(), (X,)),
    Case("median", lambda x: jnp.median(x, 1), (X,)),
    Case("percentile", lambda x: jnp.percentile(x, 30.0, axis=1), (X,)),
    Case("bitwise_or", lambda x: lax.reduce(x, np.int32(0), lax.bitwise_or, (1,)), (M,)),
    Case("bitwise_and", lambda x: lax.reduce(x, np.int32(-1), lax.bitwise_and, (0,)), (M,)),
    Case("argmax", lambda x: jnp.argmax(x, 1), (X,)),
    Case("argmax_of_equal", lambda x: jnp.argmax(x, 1), (M % 2,)),
    Case("argmin_of_all", lambda x: jnp.argmin(x), (X,)),
    Case("sum_of_two", lambda x, y: (x.sum(0), y.sum(0)), (X, M)),
    Case("logsumexp", lambda x: jax.nn.logsumexp(x, 1), (X,)),
    Case("softmax", lambda x: jax.nn.softmax(x, 0), (X,)),
    Case("log_softmax", lambda x: jax.nn.log_softmax(x, 1), (X,)),
    Case("norm", lambda x: jnp.linalg.norm(x, axis=1), (X,)),
    Case("window_max", lambda x: _window(x, -jnp.inf, lax.max), (IMAGE,)),
    Case("window_min_same", lambda x: _window(x, jnp.inf, lax.min, "SAME"), (IMAGE,)),
    Case("window_sum", lambda x: _window(x, 0.0, lax.add, "SAME"), (IMAGE,)),
    Case("window_mul", lambda x: _window(x, 1.0, lax.mul), (IMAGE,), looseness=10),
    Case("window_dilated", lambda x: _window(x, 0.0, lax.add, window_dilation=(1, 2, 2, 1)), (IMAGE,)),
    Case("window_base_dilated", lambda x: _window(x, 0.0, lax.add, base_dilation=(1, 2, 1, 1)), (IMAGE,)),
    Case("cumsum", lambda x: lax.cumsum(x, 1), (X,)),
    Case("cumsum_reversed", lambda x: lax.cumsum(x, 0, reverse=True), (X,)),
    Case("cumsum_i32", lambda x: lax.cumsum(x, 1), (M,)),
    Case("cumprod", lambda x: lax.cumprod(x, 1), (X,), looseness=10),
    Case("cummax", lambda x: lax.cummax(x, 1), (X,)),
    Case("cummin", lambda x: lax.cummin(x, 0), (X,)),
    Case("cumlogsumexp", lambda x: lax.cumlogsumexp(x, 1), (X,)),
    Case("associative_scan", lambda x: lax.associative_scan(jnp.multiply, x, axis=1), (positive(4, 7),)),
    Case("sort", lambda x: lax.sort(x, 1), (X,)),
    Case("sort_i32", lambda x: lax.sort(x, 0), (M,)),
    Case("sort_descending", lambda x: jnp.sort(x, 1, descending=True), (X,)),
    Case("sort_two", lambda x, y: lax.sort((x, y), dimension=1, num_keys=1), (M, X)),
    Case("sort_two_keys", lambda x, y: lax.sort((x, y), dimension=1, num_keys=2), (M, X)),
    Case("sort_of_nan", lambda x: lax.sort(jnp.log(x), 1), (X,)),
    Case("argsort", lambda x: jnp.argsort(x, 1), (X,)),
    Case("lexsort", lambda x, y: jnp.lexsort((x, y)), (integers(9), normal(9))),
    Case("top_k", lambda x: lax.top_k(x, 3), (X,)),
    Case("top_k_i32", lambda x: lax.top_k(x, 2), (M,)),
    Case("approx_max_k", lambda x: lax.approx_max_k(x, 3), (X,)),
    Case("approx_min_k", lambda x: lax.approx_min_k(x, 3), (X,)),
    Case("searchsorted", lambda x, y: jnp.searchsorted(x, y), (np.sort(normal(9)), normal(5))),
    Case("bincount", lambda x: jnp.bincount(x, length=8), (integers(20, low=0),)),
    Case("histogram", lambda x: jnp.histogram(x, bins=5)[0], (normal(50),)),
    Case("unique", lambda x: jnp.unique(x, size=8, fill_value=0), (integers(20),)),
    Case("nonzero", lambda x: jnp.nonzero(x > 0, size=9, fill_value=-1), (normal(12),)),
    Case("diff", lambda x: jnp.diff(x, axis=1), (X,)),
    Case("trapezoid", lambda x: jnp.trapezoid(x, axis=1), (X,)),
    Case("interp", jnp.interp, (normal(6), np.sort(normal(9)), normal(9))),
    Case("convolve", lambda x, y: jnp.convolve(x, y), (normal(9), normal(4))),
]
