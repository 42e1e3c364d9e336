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

# Why: they need windows over dimensions of unknown size, and LAPACK's `gtsv`, which nothing here lowers.
REFUSED = frozenset(
    {"linear_algebra.tridiagonal_solve", "symbolic.convolution_of_unknown", "symbolic.cumsum"}
)
_CASES = [pytest.param(name, case, id=name) for name, case in chosen([])]


@pytest.mark.parametrize(("name", "case"), _CASES)
def test_a_function_gives_what_jax_gives(name: str, case: Case) -> None:
    verdict = check(case, compiler("vmvx"))

    assert verdict[0] == ("refused" if name in REFUSED else "right"), verdict[1]
