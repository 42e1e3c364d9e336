"""Parts of models: layers, attention, decoding, optimisers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, integers, normal, positive, truths

X = normal(2, 6, 8)
W = normal(8, 8) / 3
HEADS = normal(2, 6, 2, 4)


def _layer_norm(x, scale, bias):
    centred = x - x.mean(-1, keepdims=True)
    return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * scale + bias


def _attention(q, k, v, mask=None):
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / 2
    if mask is not None:
        scores = jnp.where(mask, scores, -1e9)
    return jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v)


def _cached(cache, new, position):
    cache = lax.dynamic_update_slice(cache, new, (0, position, 0))
    scores = jnp.where(jnp.arange(6) <= position, cache @ new[0, 0], -1e9)
    return cache, jax.nn.softmax(scores) @ cache[0]


def _lstm(x, w):
    def step(state, y):
        h, c = state
        i, f, g, o = jnp.split(jnp.concatenate([h, y]) @ w, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    return lax.scan(step, (jnp.zeros(4), jnp.zeros(4)), x)


def _adam(w, m, v, g):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return w - 0.01 * (m / 0.1) / (jnp.sqrt(v / 0.001) + 1e-8), m, v


def _greedy(w, start):
    def step(i, tokens):
        return tokens.at[i + 1].set(jnp.argmax(w[tokens[i]]).astype(jnp.int32))

    return lax.fori_loop(0, 7, step, jnp.zeros(8, jnp.int32).at[0].set(start))


def _suppress(boxes, scores):
    order = jnp.argsort(-scores)
    low, high = boxes[order, :2], boxes[order, :2] + jnp.abs(boxes[order, 2:])
    extent = jnp.clip(jnp.minimum(high[:, None], high) - jnp.maximum(low[:, None], low), 0)
    shared, area = extent.prod(-1), (high - low).prod(-1)
    overlap = shared / (area[:, None] + area - shared)

    def step(i, kept):
        return kept & ((overlap[i] < 0.3) | (jnp.arange(9) <= i) | ~kept[i])

    return lax.fori_loop(0, 9, step, jnp.ones(9, bool)), order


def _rotary(x):
    angles = jnp.arange(6)[:, None] * 10000.0 ** (-jnp.arange(2) / 2)
    cos, sin = jnp.cos(angles)[:, None], jnp.sin(angles)[:, None]
    even, odd = x[..., ::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


CASES = [
    Case("linear", lambda x, w: jax.nn.relu(x @ w + 1), (X, W)),
    Case("layer_norm", _layer_norm, (X, normal(8), normal(2, 8)[0])),
    Case("rms_norm", lambda x: x * lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6), (X,)),
    Case("batch_norm", lambda x: jax.nn.standardize(x, axis=(0, 1)), (X,)),
    Case(
        "group_norm", lambda x: jax.nn.standardize(x.reshape(2, 6, 2, 4), axis=(1, 3)).reshape(2, 6, 8), (X,)
    ),
    Case("attention", _attention, (HEADS, HEADS * 2, HEADS + 1)),
    Case("attention_masked", _attention, (HEADS, HEADS * 2, HEADS + 1, truths(6, 6))),
    Case("attention_causal", lambda q: _attention(q, q, q, jnp.tril(jnp.ones((6, 6), bool))), (HEADS,)),
    Case("attention_of_jax", jax.nn.dot_product_attention, (HEADS, HEADS * 2, HEADS + 1)),
    Case(
        "attention_grouped", lambda q, k: jax.nn.dot_product_attention(q, k, k), (normal(2, 6, 4, 4), HEADS)
    ),
    Case("attention_cached", _cached, (normal(1, 6, 8), normal(1, 1, 8), np.array(3, np.int32))),
    Case("rotary", _rotary, (HEADS,)),
    Case("lstm", _lstm, (normal(5, 3), normal(7, 16) / 2)),
    Case("embedding_bag", lambda t, i: t[i].mean(1), (normal(10, 4), integers(3, 4, low=0, high=10))),
    Case(
        "max_pool",
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"),
        (normal(1, 6, 6, 3),),
    ),
    Case(
        "average_pool_same",
        lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 3, 3, 1), (1, 2, 2, 1), "SAME") / 9,
        (normal(1, 6, 6, 3),),
    ),
    Case(
        "cross_entropy",
        lambda x, i: -(jax.nn.one_hot(i, 7) * jax.nn.log_softmax(x)).sum(-1).mean(),
        (normal(4, 7), integers(4, low=0, high=7)),
    ),
    Case("adam", _adam, (W, W * 0, W * W * 0, normal(2, 8, 8)[0])),
    Case(
        "sgd_steps",
        lambda w, x: lax.fori_loop(
            0, 3, lambda _, v: v - 0.1 * jax.grad(lambda u: ((x @ u) ** 2).mean())(v), w
        ),
        (W, normal(6, 8)),
    ),
    Case("greedy_decoding", _greedy, (normal(11, 11), np.array(3, np.int32))),
    Case("top_p", lambda x: jnp.cumsum(jax.nn.softmax(jnp.sort(x)[:, ::-1]), -1) < 0.9, (normal(3, 9),)),
    Case("non_maximum_suppression", _suppress, (normal(9, 4), positive(9))),
    Case(
        "mixture_of_experts",
        lambda x, g, w: jnp.einsum("bte,bted->btd", jax.nn.softmax(x @ g), jnp.einsum("btd,edf->btef", x, w)),
        (X, normal(8, 3), normal(3, 8, 8)),
    ),
    Case(
        "message_passing",
        lambda x, a, b: jax.ops.segment_sum(x[a], b, 6),
        (normal(6, 4), integers(13, low=0, high=6), integers(2, 13, low=0, high=6)[0]),
    ),
    Case(
        "kalman_step",
        lambda x, p: (
            x + p @ jnp.linalg.solve(p + jnp.eye(3), -x),
            p - p @ jnp.linalg.inv(p + jnp.eye(3)) @ p,
        ),
        (normal(3), np.eye(3, dtype=np.float32) * 2),
        looseness=10,
    ),
    Case(
        "mel_filter",
        lambda x, f: jnp.log(jnp.abs(jnp.fft.rfft(x)) ** 2 @ f + 1e-6),
        (normal(3, 32), positive(17, 5)),
    ),
    Case(
        "diffusion_step",
        lambda x, e, t: (
            (x - e * jnp.sqrt(1 - jnp.linspace(0.9, 0.1, 10)[t])) / jnp.sqrt(jnp.linspace(0.9, 0.1, 10)[t])
        ),
        (X, X * 0.1, np.array(3, np.int32)),
    ),
    Case("glu", jax.nn.glu, (X,)),
    Case("swish_gate", lambda x, w: jax.nn.silu(x @ w) * (x @ w.T), (X, W)),
    Case(
        "patchify",
        lambda x: x.reshape(1, 3, 2, 3, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(1, 9, 12),
        (normal(1, 6, 6, 3),),
    ),
]
