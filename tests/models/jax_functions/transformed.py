"""Functions made by `grad`, `vmap`, `jvp` and their kin."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jax_functions.case import Case, definite, integers, normal, positive

X, W = normal(4, 7), normal(7, 3)
IMAGE, KERNEL = normal(2, 6, 7, 3), normal(3, 3, 3, 4)


def _loss(w, x):
    return (jnp.tanh(x @ w) ** 2).mean()


def _convolution(w, x):
    return (
        lax.conv_general_dilated(x, w, (2, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) ** 2
    ).sum()


@jax.custom_vjp
def _clipped(x):
    return jnp.sin(x)


_clipped.defvjp(lambda x: (_clipped(x), x), lambda x, g: (jnp.clip(g * jnp.cos(x), -0.1, 0.1),))

CASES = [
    Case("grad", jax.grad(_loss), (W, X)),
    Case("grad_of_both", jax.grad(_loss, argnums=(0, 1)), (W, X)),
    Case("value_and_grad", jax.value_and_grad(_loss), (W, X)),
    Case("hessian", jax.hessian(lambda x: (jnp.sin(x) * x**2).sum()), (normal(4),)),
    Case("jacfwd", jax.jacfwd(lambda x: jnp.sin(x) * x.sum()), (normal(4),)),
    Case("jacrev", jax.jacrev(lambda x: jnp.sin(x) * x.sum()), (normal(4),)),
    Case("jvp", lambda x, t: jax.jvp(jnp.tanh, (x,), (t,)), (X, normal(2, 4, 7)[0])),
    Case("vjp", lambda x, t: jax.vjp(jnp.tanh, x)[1](t), (X, normal(2, 4, 7)[0])),
    Case("linearize", lambda x: jax.linearize(jnp.sin, x)[1](x), (X,)),
    Case("custom_vjp", jax.grad(lambda x: _clipped(x).sum()), (X,)),
    Case("vmap_dot", jax.vmap(jnp.dot), (X, normal(2, 4, 7)[0])),
    Case("vmap_of_vmap", jax.vmap(jax.vmap(lambda a, b: a * b + 1), in_axes=(0, None)), (X, normal(7))),
    Case("vmap_out_axes", jax.vmap(lambda a: jnp.cumsum(a), out_axes=1), (X,)),
    Case(
        "vmap_slice", jax.vmap(lambda x, i: lax.dynamic_slice(x, (i,), (3,))), (X, integers(4, low=0, high=9))
    ),
    Case(
        "vmap_update",
        jax.vmap(lambda x, i: lax.dynamic_update_slice(x, jnp.ones(2), (i,))),
        (X, integers(4, low=0, high=9)),
    ),
    Case("vmap_sort", jax.vmap(jnp.sort), (X,)),
    Case("per_example_gradients", jax.vmap(jax.grad(_loss), (None, 0)), (W, X)),
    Case("conv_weight_gradient", jax.grad(_convolution), (KERNEL, IMAGE)),
    Case("conv_input_gradient", jax.grad(_convolution, 1), (KERNEL, IMAGE)),
    Case(
        "average_pool_gradient",
        jax.grad(
            lambda x: (lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") ** 2).sum()
        ),
        (IMAGE,),
    ),
    Case("gather_gradient", jax.grad(lambda x, i: (x[i] ** 2).sum()), (X, integers(5, low=0, high=4))),
    Case("sort_gradient", jax.grad(lambda x: (jnp.sort(x, 1) * jnp.arange(7)).sum()), (X,)),
    Case("cumsum_gradient", jax.grad(lambda x: (jnp.cumsum(x, 1) ** 2).sum()), (X,)),
    Case("cumprod_gradient", jax.grad(lambda x: jnp.cumprod(x, 1).sum()), (positive(4, 7),), looseness=10),
    Case("max_gradient", jax.grad(lambda x: x.max(1).sum()), (X,)),
    Case("softmax_gradient", jax.grad(lambda x: (jax.nn.softmax(x) ** 2).sum()), (X,)),
    Case(
        "cross_entropy_gradient",
        jax.grad(lambda x, i: -jnp.take_along_axis(jax.nn.log_softmax(x), i[:, None], 1).mean()),
        (X, integers(4, low=0, high=7)),
    ),
    Case(
        "cholesky_gradient",
        jax.grad(lambda a: jnp.log(jnp.diag(jnp.linalg.cholesky(a))).sum()),
        (definite(4, 4),),
        looseness=10,
    ),
    Case(
        "solve_gradient",
        jax.grad(lambda a, b: jnp.linalg.solve(a, b).sum()),
        (definite(4, 4), normal(4)),
        looseness=100,
    ),
    Case(
        "scan_of_gradients",
        lambda w, x: lax.scan(lambda v, _: (v - 0.1 * jax.grad(_loss)(v, x), _loss(v, x)), w, None, 3),
        (W, X),
    ),
]
