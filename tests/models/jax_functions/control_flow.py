"""Loops and branches."""

from __future__ import annotations

import jax
import jax.experimental.ode
import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, normal

X, N = normal(5), np.array(4, np.int32)
W = normal(5, 5) / 3


def _newton(x):
    return lax.while_loop(lambda y: jnp.abs(y * y - x) > 1e-4, lambda y: (y + x / y) / 2, x)


def _collatz(n):
    def step(state):
        value, count = state
        return lax.cond(value % 2 == 0, lambda v: v // 2, lambda v: 3 * v + 1, value), count + 1

    return lax.while_loop(lambda state: state[0] != 1, step, (n, 0))


CASES = [
    Case("fori", lambda x: lax.fori_loop(0, 5, lambda i, y: y * 0.5 + i, x), (X,)),
    Case("fori_dynamic", lambda x, n: lax.fori_loop(0, n, lambda i, y: y * 0.5 + i, x), (X, N)),
    Case("fori_never", lambda x, n: lax.fori_loop(n, 0, lambda i, y: y * 2, x), (X, N)),
    Case("fori_updates", lambda x, n: lax.fori_loop(0, n, lambda i, y: y.at[i].set(y[i] * 2), x), (X, N)),
    Case("while", _newton, (np.array(7.0, np.float32),)),
    Case("while_of_two", _collatz, (np.array(27, np.int32),)),
    Case(
        "while_nested",
        lambda x, n: lax.fori_loop(0, n, lambda i, y: lax.fori_loop(0, i, lambda j, z: z + j, y), x),
        (X, N),
    ),
    Case("while_batched", jax.vmap(_newton), (np.array([2.0, 3.0, 50.0], np.float32),)),
    Case("scan_sum", lambda x: lax.scan(lambda c, y: (c + y, c * y), 0.0, x), (X,)),
    Case(
        "scan_rnn",
        lambda x, w: lax.scan(lambda h, y: (jnp.tanh(w @ h + y),) * 2, jnp.zeros(5), x),
        (normal(6, 5), W),
    ),
    Case("scan_reversed", lambda x: lax.scan(lambda c, y: (c * 0.5 + y,) * 2, 0.0, x, reverse=True), (X,)),
    Case("scan_unrolled", lambda x: lax.scan(lambda c, y: (c + y, c), 0.0, x, unroll=2), (X,)),
    Case("scan_of_nothing", lambda x: lax.scan(lambda c, y: (c + y, c), 1.0, x), (normal(0),)),
    Case(
        "scan_gradient",
        jax.grad(lambda w, x: lax.scan(lambda h, y: (jnp.tanh(w @ h + y), None), jnp.zeros(5), x)[0].sum()),
        (W, normal(6, 5)),
    ),
    Case("map", lambda x: lax.map(lambda y: y.sum() * y, x), (normal(4, 5),)),
    Case("map_batched", lambda x: lax.map(lambda y: y.sum() * y, x, batch_size=2), (normal(5, 3),)),
    Case("cond", lambda x, n: lax.cond(n > 3, lambda y: y * 2, lambda y: y - 1, x), (X, N)),
    Case("cond_other", lambda x, n: lax.cond(n > 9, lambda y: y * 2, lambda y: y - 1, x), (X, N)),
    Case(
        "cond_nested",
        lambda x, n: lax.cond(n > 3, lambda y: lax.cond(n > 5, jnp.sin, jnp.cos, y), jnp.exp, x),
        (X, N),
    ),
    Case(
        "cond_of_two",
        lambda x, n: lax.cond(n > 3, lambda y: (y, y.sum()), lambda y: (y * 2, y[0]), x),
        (X, N),
    ),
    Case("cond_gradient", jax.grad(lambda x, n: lax.cond(n > 3, jnp.sin, jnp.cos, x).sum()), (X, N)),
    Case("cond_batched", jax.vmap(lambda x: lax.cond(x > 0, jnp.sin, jnp.exp, x)), (X,)),
    Case("switch", lambda x, n: lax.switch(n - 3, [jnp.sin, jnp.cos, jnp.exp], x), (X, N)),
    Case("switch_beyond", lambda x, n: lax.switch(n, [jnp.sin, jnp.cos, jnp.exp], x), (X, N)),
    Case("switch_before", lambda x, n: lax.switch(n - 9, [jnp.sin, jnp.cos, jnp.exp], x), (X, N)),
    Case(
        "custom_root",
        lambda x: lax.custom_root(
            lambda y: y**3 - x,
            x,
            lambda f, y: lax.fori_loop(0, 20, lambda _, z: z - f(z) / (3 * z**2), y),
            lambda g, y: y / g(1.0),
        ),
        (np.array(2.0, np.float32),),
    ),
    Case(
        "conjugate_gradient",
        lambda x: jax.scipy.sparse.linalg.cg(lambda v: (W @ W.T + jnp.eye(5)) @ v, x)[0],
        (X,),
        looseness=10,
    ),
    Case(
        "ode_step",
        lambda x: lax.fori_loop(0, 10, lambda _, y: y + 0.1 * jnp.stack([y[1], -y[0]]), x),
        (normal(2),),
    ),
    Case(
        "odeint",
        lambda x: jax.experimental.ode.odeint(lambda y, t: -y, x, jnp.linspace(0.0, 1.0, 4)),
        (X,),
        looseness=10,
    ),
    Case("closed_call", jax.checkpoint(lambda x: jnp.sin(jnp.cos(x))), (X,)),
    Case("jit_nested", lambda x: jax.jit(lambda y: y * 2)(x) + jax.jit(lambda y: y * 2)(x + 1), (X,)),
    Case("optimization_barrier", lambda x: lax.optimization_barrier((x, x * 2)), (X,)),
]
