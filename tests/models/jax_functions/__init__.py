"""Functions of JAX, over every family of `jax.lax` and what is built on it, each with its arguments."""

from __future__ import annotations

from jax_functions import (
    control_flow,
    elementwise,
    indexed,
    linear_algebra,
    networks,
    numbers,
    products,
    reductions,
    shapes,
    symbolic,
    transformed,
)
from jax_functions.case import Case

FAMILIES: dict[str, list[Case]] = {
    module.__name__.partition(".")[2]: module.CASES
    for module in (
        elementwise,
        numbers,
        shapes,
        reductions,
        products,
        indexed,
        linear_algebra,
        control_flow,
        transformed,
        networks,
        symbolic,
    )
}
"""All functions, by family."""
