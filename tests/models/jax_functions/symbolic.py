"""Functions exported with symbolic shapes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, integers, normal

X = normal(5, 4)
B4 = ("b, 4",)


def _attention(x, w):
    q, k, v = jnp.split(x @ w, 3, -1)
    scores = jnp.einsum("bqd,bkd->bqk", q, k)
    mask = jnp.tril(jnp.ones((x.shape[1], x.shape[1]), bool))
    return jax.nn.softmax(jnp.where(mask, scores, -1e9)) @ v


def _layer(x, w):
    y = x + _attention(x, w)
    return jax.nn.standardize(y, epsilon=1e-5) * 2 + 1


def _convolve(x, w):
    return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


CASES = [
    Case("add", lambda x: x + 1, (X,), B4),
    Case("add_two", lambda x, y: x + y, (X, X * 2), ("b, 4", "b, 4")),
    Case("exp", jnp.exp, (X,), B4),
    Case("relu", jax.nn.relu, (X,), B4),
    Case("softmax", jax.nn.softmax, (X,), B4),
    Case("softmax_of_batch", lambda x: jax.nn.softmax(x, 0), (X,), B4),
    Case("sum", lambda x: x.sum(0), (X,), B4),
    Case("mean", lambda x: x.mean(0), (X,), B4),
    Case("max", lambda x: x.max(0), (X,), B4),
    Case("argmax", lambda x: jnp.argmax(x, 0), (X,), B4),
    Case("matmul", lambda x, w: x @ w, (X, normal(4, 3)), ("b, 4", "4, 3")),
    Case("matmul_of_unknown", lambda x, w: x @ w, (X, normal(4, 3)), ("b, k", "k, n")),
    Case("gram", lambda x: x @ x.T, (X,), B4),
    Case(
        "einsum",
        lambda x, y: jnp.einsum("bqd,bkd->bqk", x, y),
        (normal(2, 3, 4), normal(2, 5, 4)),
        ("b, q, 4", "b, k, 4"),
    ),
    Case("reshape", lambda x: x.reshape(x.shape[0] * 4), (X,), B4),
    Case("reshape_split", lambda x: x.reshape(x.shape[0], 2, 2), (X,), B4),
    Case("reshape_merge", lambda x: x.reshape(-1, 4), (normal(2, 3, 4),), ("b, t, 4",)),
    Case("flatten", jnp.ravel, (normal(2, 3, 4),), ("b, t, 4",)),
    Case("transpose", jnp.transpose, (X,), B4),
    Case("concatenate", lambda x, y: jnp.concatenate([x, y]), (X, normal(3, 4)), ("b, 4", "c, 4")),
    Case("stack", lambda x: jnp.stack([x, x + 1]), (X,), B4),
    Case("slice", lambda x: x[1:], (X,), ("b + 1, 4",)),
    Case("slice_last", lambda x: x[:, -1], (X,), ("a, b",)),
    Case("slice_strided", lambda x: x[::2], (X,), B4),
    Case("reversed", lambda x: x[::-1], (X,), B4),
    Case("pad", lambda x: jnp.pad(x, ((1, 2), (0, 1))), (X,), B4),
    Case("broadcast", lambda x: jnp.broadcast_to(x[:, None], (x.shape[0], 3, 4)), (X,), B4),
    Case("broadcast_to_batch", lambda x, y: jnp.broadcast_to(y, x.shape), (X, normal(4)), ("b, 4", "4")),
    Case("ones_like", jnp.ones_like, (X,), B4),
    Case("arange", lambda x: x + jnp.arange(x.shape[0])[:, None], (X,), B4),
    Case("iota_matrix", lambda x: jnp.tril(x), (X,), ("a, b",)),
    Case("eye", lambda x: x @ x.T + jnp.eye(x.shape[0]), (X,), B4),
    Case("one_hot", lambda i: jax.nn.one_hot(i, 5), (integers(7, low=0, high=5),), ("b",)),
    Case("embedding", lambda t, i: t[i], (normal(9, 4), integers(2, 3, low=0, high=9)), ("9, 4", "b, t")),
    Case("gather_from_dynamic", lambda t, i: t[i], (X, np.array([3, 0], np.int32)), ("b, 4", "n")),
    Case(
        "take_along_axis",
        lambda x, i: jnp.take_along_axis(x, i, 1),
        (X, integers(5, 2, low=0, high=4)),
        ("b, 4", "b, 2"),
    ),
    Case(
        "scatter_add",
        lambda x, i, u: x.at[i].add(u),
        (X, np.array([3, 0, 3], np.int32), normal(3, 4)),
        ("b, 4", "n", "n, 4"),
    ),
    Case(
        "dynamic_slice",
        lambda x, i: lax.dynamic_slice(x, (i, 0), (2, 4)),
        (X, np.array(2, np.int32)),
        ("b + 2, 4", ""),
    ),
    Case(
        "dynamic_update_slice",
        lambda x, u, i: lax.dynamic_update_slice(x, u, (i, 0)),
        (X, normal(2, 4), np.array(2, np.int32)),
        ("b + 2, 4", "2, 4", ""),
    ),
    Case("cumsum", lambda x: jnp.cumsum(x, 0), (X,), B4),
    Case("sort", lambda x: jnp.sort(x, 0), (X,), B4),
    Case("top_k", lambda x: lax.top_k(x, 2), (X,), B4),
    Case("where", lambda x: jnp.where(x > 0, x, 0), (X,), B4),
    Case("shape", lambda x: x.sum() / x.shape[0], (X,), B4),
    Case("scan", lambda x: lax.scan(lambda c, y: (c + y, c * y), jnp.zeros(4), x), (X,), B4),
    Case("while", lambda x: lax.fori_loop(0, x.shape[0], lambda i, y: y + x[i], jnp.zeros(4)), (X,), B4),
    Case("cond", lambda x: lax.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, x), (X,), B4),
    Case("vmap", jax.vmap(lambda y: y / (1 + y.sum())), (X,), B4),
    Case("grad", jax.grad(lambda x: (jax.nn.softmax(x) ** 2).sum()), (X,), B4),
    Case("mlp", lambda x, w: jax.nn.gelu(x @ w) @ w.T, (X, normal(4, 8)), ("b, 4", "4, 8")),
    Case(
        "convolution",
        _convolve,
        (normal(2, 6, 7, 3), normal(3, 3, 3, 4)),
        ("b, 6, 7, 3", "3, 3, 3, 4"),
    ),
    Case(
        "convolution_of_unknown",
        _convolve,
        (normal(2, 6, 7, 3), normal(3, 3, 3, 4)),
        ("b, h, w, 3", "3, 3, 3, 4"),
    ),
    Case(
        "max_pool",
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"),
        (normal(2, 6, 8, 3),),
        ("b, 2*h, 2*w, 3",),
    ),
    Case("layer_norm", lambda x: jax.nn.standardize(x, epsilon=1e-5), (X,), B4),
    Case("attention_of_batch", _attention, (normal(2, 6, 4), normal(4, 12)), ("b, 6, 4", "4, 12")),
    Case("attention_of_length", _attention, (normal(2, 6, 4), normal(4, 12)), ("2, t, 4", "4, 12")),
    Case("transformer_layer", _layer, (normal(2, 6, 4), normal(4, 12)), ("b, t, 4", "4, 12")),
    Case(
        "windows", lambda x: jnp.stack([x[i : x.shape[0] - 2 + i] for i in range(3)], 1), (X,), ("b + 3, 4",)
    ),
    Case(
        "split_heads",
        lambda x: x.reshape(x.shape[0], x.shape[1], 2, 2).transpose(0, 2, 1, 3),
        (normal(2, 6, 4),),
        ("b, t, 4",),
    ),
    Case("repeat", lambda x: jnp.repeat(x, 2, 0), (X,), B4),
    Case("tile", lambda x: jnp.tile(x, (2, 3)), (X,), B4),
    Case("outer", lambda x, y: x[:, None] * y, (normal(3), normal(4)), ("a", "b")),
    Case("fft", lambda x: jnp.abs(jnp.fft.rfft(x)), (normal(3, 8),), ("b, 8",)),
    Case("random", lambda x: x + jax.random.uniform(jax.random.key(1), x.shape), (X,), B4),
]
