"""Functions of JAX, compiled and compared with JAX itself."""

from __future__ import annotations

import pytest

pytest.importorskip("jax", reason="JAX is not installed")

from check_jax import check, chosen, compiler  # what is missing is said first
from jax_functions.case import Case

# JAX warns of itself.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("FutureWarning", "DeprecationWarning")
]

# Why: they need custom calls, or windows over dimensions of unknown size, that nothing here lowers.
REFUSED = frozenset(
    {
        "indexed.max_pool_gradient_same",
        "linear_algebra.cho_solve",
        "linear_algebra.cholesky",
        "linear_algebra.cholesky_batched",
        "linear_algebra.cholesky_upper",
        "linear_algebra.det",
        "linear_algebra.eigh",
        "linear_algebra.eigvalsh",
        "linear_algebra.expm",
        "linear_algebra.householder_product",
        "linear_algebra.inv",
        "linear_algebra.lstsq",
        "linear_algebra.lu",
        "linear_algebra.lu_batched",
        "linear_algebra.lu_of_tall",
        "linear_algebra.lu_of_wide",
        "linear_algebra.mvn_logpdf",
        "linear_algebra.pinv",
        "linear_algebra.qr",
        "linear_algebra.qr_complete",
        "linear_algebra.qr_of_tall",
        "linear_algebra.qr_r_only",
        "linear_algebra.slogdet",
        "linear_algebra.solve",
        "linear_algebra.solve_vector",
        "linear_algebra.svd",
        "linear_algebra.svd_values",
        "linear_algebra.triangular_solve",
        "linear_algebra.triangular_solve_batched",
        "linear_algebra.triangular_solve_right",
        "linear_algebra.triangular_solve_transposed",
        "linear_algebra.triangular_solve_unit",
        "linear_algebra.triangular_solve_upper",
        "linear_algebra.tridiagonal_solve",
        "networks.kalman_step",
        "reductions.approx_max_k",
        "reductions.approx_min_k",
        "symbolic.convolution_of_unknown",
        "symbolic.cumsum",
        "transformed.cholesky_gradient",
        "transformed.solve_gradient",
    }
)
_CASES = [pytest.param(name, case, id=name) for name, case in chosen([])]


@pytest.mark.parametrize(("name", "case"), _CASES)
def test_a_function_gives_what_jax_gives(name: str, case: Case) -> None:
    verdict = check(case, compiler("vmvx"))

    assert verdict[0] == ("refused" if name in REFUSED else "right"), verdict[1]
