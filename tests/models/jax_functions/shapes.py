"""Operations that move elements."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, integers, normal

X = normal(4, 7)
CUBE = normal(3, 4, 5)
EMPTY = np.zeros((0, 7), np.float32)

CASES = [
    Case("broadcast", lambda x: lax.broadcast(x, (2, 3)), (X,)),
    Case("broadcast_in_dim", lambda x: lax.broadcast_in_dim(x, (4, 5, 7), (0, 2)), (X,)),
    Case("broadcast_of_ones", lambda x: x + x[:, :1] + x[:1], (X,)),
    Case("concatenate", lambda x, y: lax.concatenate([x, y, x], 1), (X, normal(4, 3))),
    Case("concatenate_empty", lambda x, y: lax.concatenate([x, y], 0), (X, EMPTY)),
    Case("stack", lambda x: jnp.stack([x, x * 2], 1), (X,)),
    Case("iota", lambda x: x + lax.broadcasted_iota(jnp.float32, (4, 7), 1), (X,)),
    Case("arange", lambda x: x[:, :3] * jnp.arange(3, 9, 2), (X,)),
    Case("pad", lambda x: lax.pad(x, 0.5, [(1, 2, 0), (3, 0, 0)]), (X,)),
    Case("pad_negative", lambda x: lax.pad(x, 0.5, [(-1, 2, 0), (3, -2, 0)]), (X,)),
    Case("pad_interior", lambda x: lax.pad(x, 0.5, [(1, 0, 2), (-1, 1, 1)]), (X,)),
    Case("pad_edge", lambda x: jnp.pad(x, 2, mode="edge"), (X,)),
    Case("pad_reflect", lambda x: jnp.pad(x, 2, mode="reflect"), (X,)),
    Case("reshape", lambda x: lax.reshape(x, (2, 14)), (X,)),
    Case("reshape_to_scalar", lambda x: lax.reshape(x, ()), (normal(1, 1),)),
    Case("rev", lambda x: lax.rev(x, (0, 1)), (X,)),
    Case("slice", lambda x: lax.slice(x, (1, 2), (3, 6)), (X,)),
    Case("slice_strided", lambda x: lax.slice(x, (0, 1), (4, 7), (2, 3)), (X,)),
    Case("slice_reversed", lambda x: x[::-2, ::3], (X,)),
    Case("slice_empty", lambda x: x[2:2], (X,)),
    Case("squeeze", lambda x: lax.squeeze(x, (0, 2)), (normal(1, 4, 1),)),
    Case("expand_dims", lambda x: lax.expand_dims(x, (0, 2)), (X,)),
    Case("transpose", lambda x: lax.transpose(x, (2, 0, 1)), (CUBE,)),
    Case("transpose_and_reshape", lambda x: x.transpose(1, 0, 2).reshape(4, 15), (CUBE,)),
    Case("roll", lambda x: jnp.roll(x, 3, 1), (X,)),
    Case("roll_dynamic", lambda x, n: jnp.roll(x, n, 1), (X, np.array(-2, np.int32))),
    Case("tile", lambda x: jnp.tile(x, (2, 3)), (X,)),
    Case("repeat", lambda x: jnp.repeat(x, 3, axis=0), (X,)),
    Case("split", lambda x: lax.split(x, (1, 2, 4), 1), (X,)),
    Case("tril", lambda x: jnp.tril(x, 1), (X,)),
    Case("diag", jnp.diag, (normal(6),)),
    Case("diagonal", jnp.diagonal, (X,)),
    Case("meshgrid", lambda x, y: jnp.meshgrid(x, y), (normal(3), normal(4))),
    Case("one_hot", lambda x: jnp.eye(9)[x], (integers(5, low=0),)),
    Case("kron", jnp.kron, (normal(2, 3), normal(3, 2))),
    Case(
        "depth_to_space",
        lambda x: x.reshape(2, 2, 2, 3, 3).transpose(0, 3, 1, 4, 2).reshape(2, 6, 6)[:, ::2],
        (normal(8, 9),),
    ),
    Case("empty_result", lambda x: x * 2, (EMPTY,)),
    Case("window_view", lambda x: jnp.stack([x[i : i + 3] for i in range(5)]), (normal(7),)),
]
