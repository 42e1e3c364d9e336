"""Gather, scatter, dynamic slices."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, integers, normal, truths

X = normal(6, 7)
ROWS = np.array([5, 0, 2, 2], np.int32)
COLUMNS = np.array([1, 6, 3, 3], np.int32)
AT = np.array(2, np.int32)
FAR = np.array([5, -9, 40, 0], np.int32)
U = normal(4, 7)

CASES = [
    Case("take_rows", lambda x, i: x[i], (X, ROWS)),
    Case("take_columns", lambda x, i: jnp.take(x, i, axis=1), (X, COLUMNS)),
    Case("take_clipped", lambda x, i: x.at[i].get(mode="clip"), (X, FAR)),
    Case("take_filled", lambda x, i: x.at[i].get(mode="fill", fill_value=9.0), (X, FAR)),
    Case("take_along_axis", lambda x, i: jnp.take_along_axis(x, i, 1), (X, integers(6, 3, low=0, high=7))),
    Case("gather_points", lambda x, i, j: x[i, j], (X, ROWS, COLUMNS)),
    Case("gather_negative", lambda x, i: x[-i], (X, ROWS)),
    Case("gather_mixed", lambda x, i: x[:, i, 1:3], (normal(3, 7, 4), COLUMNS)),
    Case("gather_u8_indices", lambda x, i: x[i], (X, ROWS.astype(np.uint8))),
    Case("gather_batched", jax.vmap(lambda x, i: x[i]), (normal(4, 6, 3), ROWS)),
    Case("index_2d", lambda x, i: x[i], (X, integers(2, 3, low=0, high=6))),
    Case("dynamic_slice", lambda x, i: lax.dynamic_slice(x, (i, i), (3, 2)), (X, AT)),
    Case("dynamic_slice_clamped", lambda x, i: lax.dynamic_slice(x, (i * 9, -i), (3, 2)), (X, AT)),
    Case("dynamic_index", lambda x, i: lax.dynamic_index_in_dim(x, i, 1), (X, AT)),
    Case(
        "dynamic_update_slice", lambda x, u, i: lax.dynamic_update_slice(x, u, (i, i)), (X, normal(2, 3), AT)
    ),
    Case(
        "dynamic_update_clamped",
        lambda x, u, i: lax.dynamic_update_slice(x, u, (i * 9, -i)),
        (X, normal(2, 3), AT),
    ),
    Case(
        "dynamic_update_index",
        lambda x, u, i: lax.dynamic_update_index_in_dim(x, u, i, 0),
        (X, normal(7), AT),
    ),
    Case("scatter_rows", lambda x, u: x.at[jnp.array([5, 0, 2, 1])].set(u), (X, U)),
    Case("scatter_add", lambda x, i, u: x.at[i].add(u), (X, ROWS, U)),
    Case("scatter_mul", lambda x, i, u: x.at[i].multiply(u), (X, ROWS, U)),
    Case("scatter_max", lambda x, i, u: x.at[i].max(u), (X, ROWS, U)),
    Case("scatter_min", lambda x, i, u: x.at[i].min(u), (X, ROWS, U)),
    Case("scatter_apply", lambda x, i: x.at[i].apply(jnp.exp), (X, np.array([1, 3], np.int32))),
    Case("scatter_subtract", lambda x, i, u: x.at[i].add(-u), (X, ROWS, U)),
    Case("scatter_points", lambda x, i, j: x.at[i, j].add(1.0), (X, ROWS, COLUMNS)),
    Case("scatter_columns", lambda x, i, u: x.at[:, i].add(u), (X, COLUMNS, normal(6, 4))),
    Case("scatter_dropped", lambda x, i, u: x.at[i].add(u, mode="drop"), (X, FAR, U)),
    Case("scatter_clipped", lambda x, i, u: x.at[i].add(u, mode="clip"), (X, FAR, U)),
    Case("scatter_slice", lambda x, u: x.at[1:5, 0].set(u), (X, normal(4))),
    Case("scatter_strided", lambda x, u: x.at[::2].set(u), (X, normal(3, 7))),
    Case("scatter_scalar", lambda x, i: x.at[i, 3].set(7.0), (X, AT)),
    Case("scatter_i32", lambda x, i: x.at[i].add(3), (integers(6), ROWS)),
    Case("scatter_bool", lambda x, i: x.at[i].set(True), (truths(6), ROWS)),
    Case("scatter_batched", jax.vmap(lambda x, i, u: x.at[i].add(u)), (normal(4, 6, 3), ROWS, normal(4, 3))),
    Case(
        "segment_sum", lambda x, i: jax.ops.segment_sum(x, i, 4), (normal(9, 3), integers(9, low=0, high=4))
    ),
    Case(
        "segment_max", lambda x, i: jax.ops.segment_max(x, i, 4), (normal(9, 3), integers(9, low=0, high=4))
    ),
    Case("embedding", lambda t, i: t[i].sum(1), (normal(11, 4), integers(3, 5, low=0, high=11))),
    Case(
        "max_pool_gradient",
        jax.grad(lambda x: (lax.reduce_window(x, -jnp.inf, lax.max, (2, 2), (2, 2), "VALID") ** 2).sum()),
        (X,),
    ),
    Case(
        "max_pool_gradient_same",
        jax.grad(lambda x: (lax.reduce_window(x, -jnp.inf, lax.max, (3, 3), (1, 2), "SAME") ** 2).sum()),
        (X,),
    ),
    Case(
        "choose",
        lambda i, x: jnp.choose(i, [x[0, :4], x[1, :4], x[2, :4]], mode="clip"),
        (integers(4, low=0, high=3), X),
    ),
    Case(
        "put_along_axis",
        lambda x, i: jnp.put_along_axis(x, i, 0.0, 1, inplace=False),
        (X, integers(6, 2, low=0, high=7)),
    ),
    Case("fill_diagonal", lambda x: jnp.fill_diagonal(x, 0.0, inplace=False), (X,)),
    Case("delete", lambda x: jnp.delete(x, 2, axis=0), (X,)),
    Case("insert", lambda x: jnp.insert(x, 2, 1.0, axis=1), (X,)),
]
