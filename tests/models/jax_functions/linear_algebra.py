"""Factorisations and solves. What is unique only up to a sign is compared by its product."""

from __future__ import annotations

import jax.numpy as jnp
import jax.scipy.linalg as jsl
from jax import lax
from jax.scipy.stats import multivariate_normal

from jax_functions.case import Case, definite, normal

A, S = normal(5, 5), definite(5, 5)
B = normal(5, 3)


def _qr_product(x):
    q, r = jnp.linalg.qr(x)
    return q @ r, jnp.abs(r), q.T @ q


def _eigh(x):
    values, vectors = jnp.linalg.eigh(x)
    return values, (vectors * values) @ vectors.T


def _svd(x):
    u, s, vt = jnp.linalg.svd(x, full_matrices=False)
    return s, (u * s) @ vt


CASES = [
    Case("cholesky", jnp.linalg.cholesky, (S,)),
    Case("cholesky_batched", jnp.linalg.cholesky, (definite(3, 4, 4),)),
    Case("cholesky_upper", lambda x: jsl.cholesky(x, lower=False), (S,)),
    Case("triangular_solve", lambda a, b: jsl.solve_triangular(a, b, lower=True), (S, B), looseness=10),
    Case("triangular_solve_upper", lambda a, b: jsl.solve_triangular(a, b), (S, B), looseness=10),
    Case(
        "triangular_solve_transposed",
        lambda a, b: jsl.solve_triangular(a, b, trans=1, lower=True),
        (S, B),
        looseness=10,
    ),
    Case(
        "triangular_solve_unit",
        lambda a, b: jsl.solve_triangular(a, b, lower=True, unit_diagonal=True),
        (S, B),
        looseness=10,
    ),
    Case(
        "triangular_solve_right",
        lambda a, b: lax.linalg.triangular_solve(a, b.T, lower=True),
        (S, B),
        looseness=10,
    ),
    Case(
        "triangular_solve_batched",
        lambda a, b: lax.linalg.triangular_solve(a, b, left_side=True),
        (definite(3, 4, 4), normal(3, 4, 2)),
        looseness=10,
    ),
    Case("cho_solve", lambda a, b: jsl.cho_solve(jsl.cho_factor(a), b), (S, B), looseness=10),
    Case("lu", lambda x: lax.linalg.lu(x), (A,), looseness=10),
    Case("lu_batched", lambda x: lax.linalg.lu(x), (normal(3, 4, 4),), looseness=10),
    Case("lu_of_wide", lambda x: lax.linalg.lu(x), (normal(3, 5),), looseness=10),
    Case("lu_of_tall", lambda x: lax.linalg.lu(x), (normal(5, 3),), looseness=10),
    Case("solve", jnp.linalg.solve, (A, B), looseness=100),
    Case("solve_vector", jnp.linalg.solve, (A, normal(5)), looseness=100),
    Case("inv", jnp.linalg.inv, (S,), looseness=10),
    Case("det", jnp.linalg.det, (A,), looseness=10),
    Case("slogdet", jnp.linalg.slogdet, (A,), looseness=10),
    Case("qr", _qr_product, (A,), looseness=10),
    Case("qr_of_tall", _qr_product, (normal(6, 4),), looseness=10),
    Case("qr_r_only", lambda x: jnp.abs(jnp.linalg.qr(x, mode="r")), (A,), looseness=10),
    Case(
        "qr_complete", lambda x: jnp.abs(jnp.linalg.qr(x, mode="complete")[1]), (normal(6, 4),), looseness=10
    ),
    Case("lstsq", lambda a, b: jnp.linalg.lstsq(a, b)[0], (normal(7, 4), normal(7, 2)), looseness=100),
    Case("eigh", _eigh, (S,), looseness=100),
    Case("eigvalsh", jnp.linalg.eigvalsh, (S,), looseness=100),
    Case("svd", _svd, (normal(6, 4),), looseness=100),
    Case("svd_values", lambda x: jnp.linalg.svd(x, compute_uv=False), (A,), looseness=100),
    Case("pinv", jnp.linalg.pinv, (normal(6, 4),), looseness=100),
    Case("expm", jsl.expm, (A / 4,), looseness=100),
    Case("matrix_power", lambda x: jnp.linalg.matrix_power(x, 5), (A / 3,), looseness=10),
    Case("cross", jnp.cross, (normal(4, 3), normal(2, 4, 3)[0])),
    Case("householder_product", lax.linalg.householder_product, (normal(5, 3), normal(3)), looseness=100),
    Case(
        "tridiagonal_solve",
        lambda d, b: lax.linalg.tridiagonal_solve(0 * d + 1, d + 4, 0 * d + 1, b),
        (normal(5), B),
        looseness=10,
    ),
    Case(
        "mvn_logpdf",
        lambda x, m, c: multivariate_normal.logpdf(x, m, c),
        (normal(5), normal(3, 5)[0], S),
        looseness=100,
    ),
]
